package tls

import (
	"bytes"
	"cmp"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"ftplab/lab/analysis/tcp"
	"ftplab/lab/internal/fuzzing"
)

// script writes packets as bytes, which a fuzzer can change: the direction and
// whether a gap is before it, the length, the data.
func script(packets []packet) (b []byte) {
	for _, p := range packets {
		for piece := p.data; len(piece) > 0; {
			n := min(len(piece), 1<<14)
			b = append(b, byte(p.dir))
			b = binary.BigEndian.AppendUint16(b, uint16(n))
			b = append(b, piece[:n]...)
			piece = piece[n:]
		}
	}
	return b
}

const scriptGap = 2 // the bit of a gap; 100 bytes are missing

// chunks reads a script.
func chunks(b []byte) (list []tcp.Chunk, dirs []int) {
	var seq [2]int64
	for len(b) >= 3 {
		dir, gap, n := int(b[0]&1), b[0]&scriptGap != 0, int(binary.BigEndian.Uint16(b[1:]))
		data := b[3:min(3+n, len(b))]
		b = b[3+len(data):]
		if gap {
			seq[dir] += 100
		}
		list = append(list, tcp.Chunk{Seq: seq[dir], Data: data, Packet: len(list) + 1, ReadableAt: len(list) + 1, AfterGap: gap})
		dirs = append(dirs, dir)
		seq[dir] += int64(len(data))
	}
	return list, dirs
}

// play reads a script in chunks of at most size bytes.
func play(b []byte, keys *Keys, size int) *heard {
	h := newHeard(keys)
	list, dirs := chunks(b)
	for i, c := range list {
		for len(c.Data) > 0 {
			piece := c
			piece.Data = c.Data[:min(size, len(c.Data))]
			h.Add(dirs[i], piece)
			c.Data, c.Seq, c.AfterGap = c.Data[len(piece.Data):], piece.Seq+int64(len(piece.Data)), false
		}
	}
	h.Close()
	return h
}

// seeds are short sessions of each version, in clear after.
func seeds(f *testing.F) (scripts [][]byte, logs []string) {
	add := func(c *capture) {
		c.add(fromClient, []byte("NOOP\r\n"))
		scripts, logs = append(scripts, script(c.packets)), append(logs, c.keylog.String())
		gap := script(c.packets)
		gap[len(gap)/2] |= scriptGap
		scripts, logs = append(scripts, gap), append(logs, c.keylog.String())
	}
	for _, version := range []uint16{tls.VersionTLS10, tls.VersionTLS12, tls.VersionTLS13} {
		client, server := configs(version)
		client.CurvePreferences = []tls.CurveID{tls.X25519, tls.CurveP256}
		server.CurvePreferences = client.CurvePreferences[1:] // the client has to try again
		server.Certificates = server.Certificates[1:]         // the shorter one
		client.ClientSessionCache = tls.NewLRUClientSessionCache(1)
		add(shortSession(f, client, server))
		add(shortSession(f, client, server)) // without a certificate
	}
	return scripts, logs
}

// shortSession records a session with one command and one reply.
func shortSession(f *testing.F, client, server *tls.Config) *capture {
	c := new(capture)
	client = client.Clone()
	client.KeyLogWriter = c
	const line = "NOOP\r\n"
	say := func(conn *tls.Conn) error { _, err := io.WriteString(conn, line); return err }
	hear := func(conn *tls.Conn) error { _, err := io.ReadFull(conn, make([]byte, len(line))); return err }
	clientErr, serverErr := converse(c, client, server,
		func(conn *tls.Conn) error { return cmp.Or(say(conn), hear(conn)) },
		func(conn *tls.Conn) error { return cmp.Or(hear(conn), say(conn)) })
	if clientErr != nil || serverErr != nil {
		f.Fatalf("%v, %v", clientErr, serverErr)
	}
	return c
}

// FuzzSession reads any bytes with any keys. It ends, it hands out no more than came
// in, what it keeps is bounded, and how the bytes are cut into chunks does not matter.
func FuzzSession(f *testing.F) {
	scripts, logs := seeds(f)
	for i := range scripts {
		f.Add(scripts[i], logs[i])
	}
	f.Add(script([]packet{{fromServer, []byte("220 x\r\n")}, {fromClient, []byte("\x16\x03\x01\x00\x02")}}), "")
	f.Fuzz(func(t *testing.T, b []byte, log string) {
		if len(b) > maxWaiting/2 {
			return // how long one direction waits for the other is counted in bytes
		}
		var keys Keys
		keys.Read(strings.NewReader(log))
		fuzzing.Burst(b, func(b []byte) { readSession(t, b, &keys) })
	})
}

// readSession reads a session twice, each time with the secrets of a key log alone.
func readSession(t *testing.T, b []byte, log *Keys) {
	h := play(b, &Keys{secrets: log.secrets}, 1<<16)
	out := 0
	for dir := range h.data {
		out += len(strings.ReplaceAll(h.data[dir]+h.clear[dir], "[gap]", ""))
	}
	if out > len(b) {
		t.Errorf("%d bytes in, %d out", len(b), out)
	}
	for _, n := range []int{len(h.Problems), len(h.Alerts), len(h.Tickets), len(h.Certificates[0]), len(h.Certificates[1])} {
		if n > maxListed {
			t.Errorf("got a list of %d", n)
		}
	}
	for dir := range h.halves {
		if n := cap(h.halves[dir].reader.buf); n > 4*maxRecord {
			t.Errorf("a buffer of %d bytes", n)
		}
	}
	pieces := 64 // at most so many and one for each packet, so that an execution stays cheap
	if len(b) > 0 && b[len(b)-1]%8 == 0 {
		pieces = 512
	}
	size := 1 + len(b)/pieces
	if got, want := play(b, &Keys{secrets: log.secrets}, size).describe(), h.describe(); got != want {
		t.Errorf("in pieces of %d bytes got\n%s\nin chunks\n%s", size, got, want)
	}
}

// shortScripts are sessions without their longest packets, so that an execution is cheap.
func shortScripts(f *testing.F) (scripts [][]byte) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		client, server := configs(version)
		server.CurvePreferences = []tls.CurveID{tls.CurveP256}
		packets := session(f, client, server).packets
		short := slices.DeleteFunc(packets, func(p packet) bool { return len(p.data) > 400 })
		scripts = append(scripts, script(short))
	}
	return scripts
}

// FuzzRecords cuts any bytes into records. All that is not missing comes out again, in
// order: as a record, as bytes in clear, or as bytes that are neither.
func FuzzRecords(f *testing.F) {
	for _, s := range shortScripts(f) {
		f.Add(s)
	}
	f.Add(script([]packet{{0, []byte("\x17\x03\x03\x00\x02ab\x17\x03\x03\xff\xffgarbage")}, {0, []byte("\x15\x03\x03\x00\x02\x01\x00")}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		fuzzing.Burst(b, func(b []byte) { readRecords(t, b) })
	})
}

// readRecords cuts the client's part of a script into records.
func readRecords(t *testing.T, b []byte) {
	var r recordReader
	var end int64
	list, dirs := chunks(b)
	var stream []byte // with zeros for what is missing
	drain := func() {
		for {
			rec, ok := r.next()
			if !ok {
				return
			}
			if rec.body.Seq < end {
				t.Fatalf("a record at %d after the end of the one before, %d", rec.body.Seq, end)
			}
			end = rec.body.Seq + int64(len(rec.body.Data))
			if end > int64(len(stream)) || !bytes.Equal(stream[rec.body.Seq:end], rec.body.Data) {
				t.Fatalf("at %d got bytes %x", rec.body.Seq, rec.body.Data)
			}
			if rec.skipped < 0 || len(rec.body.Data) > maxRecord && rec.kind == wholeRecord {
				t.Fatalf("got %d bytes, %d skipped", len(rec.body.Data), rec.skipped)
			}
		}
	}
	for i, c := range list {
		if dirs[i] != 0 {
			continue
		}
		stream = append(append(stream, make([]byte, c.Seq-int64(len(stream)))...), c.Data...)
		r.push(c)
		drain()
		r.detach()
	}
	r.final = true
	drain()
	if n := r.waiting(); n > 0 {
		t.Errorf("%d bytes were not read", n)
	}
}

// FuzzHandshake reads any handshake messages.
func FuzzHandshake(f *testing.F) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		client, server := configs(version)
		for _, p := range session(f, client, server).packets {
			if p.data[0] == typeHandshake {
				f.Add(p.data[recordHeader:])
			}
		}
	}
	f.Add([]byte("\x0b\x00\x00\x08\x00\x00\x05\x00\x00\x02ab\x04\x00\x00\x07\x00\x00\x00\x09\x00\x01t"))
	f.Fuzz(func(t *testing.T, b []byte) {
		fuzzing.Burst(b, func(b []byte) { readHandshake(t, b) })
	})
}

// readHandshake reads messages in two pieces. All of them come out again.
func readHandshake(t *testing.T, b []byte) {
	var m messageReader
	var got []byte
	for _, piece := range [][]byte{b[:len(b)/2], b[len(b)/2:]} {
		m.push(piece)
		for {
			typ, body, ok := m.next()
			if !ok {
				break
			}
			got = append(got, typ, byte(len(body)>>16), byte(len(body)>>8), byte(len(body)))
			got = append(got, body...)
			if hello, err := readClientHello(body); err == nil && len(hello.Versions) > len(body)+1 {
				t.Errorf("got versions %v", hello.Versions)
			}
			readServerHello(body)
			for _, v := range []Version{TLS12, TLS13} {
				if list, err := readCertificates(body, v, 1); err == nil && len(list) > maxListed {
					t.Errorf("got %d certificates", len(list))
				}
			}
			s := NewSession(new(Keys))
			s.Client = fromClient
			s.encryptedExtensions(body)
			s.newTicket(&record{}, body, true)
			s.newTicket(&record{}, body, false)
		}
	}
	if !bytes.HasPrefix(b, got) {
		t.Errorf("of %x got %x", b, got)
	}
}

// FuzzKeys reads any key log.
func FuzzKeys(f *testing.F) {
	client, server := configs(tls.VersionTLS13)
	f.Add(session(f, client, server).keylog.String())
	f.Add("# comment\r\n\nCLIENT_RANDOM xx yy\nCLIENT_RANDOM 00\n" + strings.Repeat("x", 3000) + "\n")
	f.Fuzz(func(t *testing.T, log string) {
		fuzzing.Burst([]byte(log), func(log []byte) { readKeys(t, log) })
	})
}

// readKeys reads a key log. A line is a secret, passed over, or bad.
func readKeys(t *testing.T, log []byte) {
	var keys Keys
	bad, err := keys.Read(bytes.NewReader(log))
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.Count(log, []byte("\n")) + 1
	if keys.Len()+len(bad) > lines {
		t.Errorf("%d secrets and %d bad lines of %d", keys.Len(), len(bad), lines)
	}
	for i, b := range bad {
		if b.Line < 1 || b.Line > lines || i > 0 && b.Line <= bad[i-1].Line {
			t.Errorf("got %s of %d lines", b, lines)
		}
	}
	var again Keys
	var copied bytes.Buffer
	for name, secret := range keys.secrets {
		fmt.Fprintf(&copied, "%s %x %x\n", name.label, name.random, secret)
	}
	if bad, err := again.Read(&copied); err != nil || bad != nil || again.Len() != keys.Len() {
		t.Errorf("of %d secrets came back %d: %v, %v", keys.Len(), again.Len(), bad, err)
	}
}
