package report

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/expect"
	"ftplab/lab/analysis/packet"
)

// A forge writes captures of invented sessions, as pcap files. Its packets are
// one millisecond apart unless the clock is moved.
type forge struct {
	w     io.Writer
	clock time.Time
	snap  int // bytes kept of a frame, 0 for all
	frame []byte
	count int
}

// newForge begins a capture on w.
func newForge(w io.Writer) *forge {
	header := binary.LittleEndian.AppendUint32(nil, 0xa1b23c4d) // nanoseconds
	header = binary.LittleEndian.AppendUint16(header, 2)
	header = binary.LittleEndian.AppendUint16(header, 4)
	header = append(header, make([]byte, 8)...)
	header = binary.LittleEndian.AppendUint32(header, 1<<18)
	header = binary.LittleEndian.AppendUint32(header, 1) // Ethernet
	w.Write(header)
	return &forge{w: w, clock: time.Date(2001, 2, 21, 13, 50, 46, 0, time.UTC)}
}

// An end is one end of a forged connection.
type end struct {
	f    *forge
	addr netip.AddrPort
	seq  uint32 // of the next byte
	win  uint16
	peer *end
}

// dial opens a connection between two addresses.
func (f *forge) dial(from, to string) (a, b *end) {
	a = &end{f: f, addr: netip.MustParseAddrPort(from), seq: 1000, win: 65535}
	b = &end{f: f, addr: netip.MustParseAddrPort(to), seq: 4_294_967_000, win: 17520}
	a.peer, b.peer = b, a
	a.segment(packet.SYN, "")
	a.seq++
	b.segment(packet.SYN|packet.ACK, "")
	b.seq++
	a.segment(packet.ACK, "")
	return a, b
}

// send sends text in one segment, which the other end acknowledges.
func (e *end) send(text string) {
	e.segment(packet.PSH|packet.ACK, text)
	e.seq += uint32(len(text))
	e.peer.segment(packet.ACK, "")
}

// close closes a connection from both sides, e first.
func (e *end) close() {
	e.segment(packet.FIN|packet.ACK, "")
	e.seq++
	e.peer.segment(packet.ACK, "")
	e.peer.segment(packet.FIN|packet.ACK, "")
	e.peer.seq++
	e.segment(packet.ACK, "")
}

// segment writes one segment with the next sequence number.
func (e *end) segment(flags uint8, payload string) {
	f := e.f
	be := binary.BigEndian
	p := append(f.frame[:0], 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0) // Ethernet
	p = append(p, 0x45, 0)
	p = be.AppendUint16(p, uint16(40+len(payload)))
	p = append(p, 0, 0, 0x40, 0, 64, 6, 0, 0)
	p = append(append(p, e.addr.Addr().AsSlice()...), e.peer.addr.Addr().AsSlice()...)
	p = be.AppendUint16(be.AppendUint16(p, e.addr.Port()), e.peer.addr.Port())
	ack := uint32(0)
	if flags&packet.ACK != 0 {
		ack = e.peer.seq
	}
	p = be.AppendUint32(be.AppendUint32(p, e.seq), ack)
	p = append(p, 5<<4, flags)
	p = append(be.AppendUint16(p, e.win), 0, 0, 0, 0)
	p = append(p, payload...)
	f.frame = p
	f.record(p)
}

// record writes a frame.
func (f *forge) record(frame []byte) {
	kept := frame
	if f.snap > 0 && len(kept) > f.snap {
		kept = kept[:f.snap]
	}
	var head [16]byte
	binary.LittleEndian.PutUint32(head[0:], uint32(f.clock.Unix()))
	binary.LittleEndian.PutUint32(head[4:], uint32(f.clock.Nanosecond()))
	binary.LittleEndian.PutUint32(head[8:], uint32(len(kept)))
	binary.LittleEndian.PutUint32(head[12:], uint32(len(frame)))
	f.w.Write(head[:])
	f.w.Write(kept)
	f.clock = f.clock.Add(time.Millisecond)
	f.count++
}

// control opens a control connection and logs in.
func (f *forge) control(user string) (client, server *end) {
	client, server = f.dial("198.51.100.100:3171", "192.0.2.21:21")
	server.send("220 FTP server ready.\r\n")
	f.clock = f.clock.Add(1400 * time.Millisecond)
	client.send("USER " + user + "\r\n")
	server.send("331 Guest login ok.\r\n")
	client.send("PASS me@mypc.test\r\n")
	server.send("230 Logged in.\r\n")
	return client, server
}

// active makes a transfer in active mode, to the client's port 12*256+low.
func (f *forge) active(client, server *end, low int, command, data string) {
	client.send(fmt.Sprintf("PORT 198,51,100,100,12,%d\r\n", low))
	server.send("200 PORT command successful.\r\n")
	client.send(command + "\r\n")
	from, _ := f.dial("192.0.2.21:20", fmt.Sprintf("198.51.100.100:%d", 12*256+low))
	server.send("150 Opening ASCII mode data connection.\r\n")
	from.send(data)
	from.close()
	server.send("226 Transfer complete.\r\n")
}

// activeListing is a whole session with one listing of 164 bytes.
func activeListing(w io.Writer) {
	f := newForge(w)
	client, server := f.control("anonymous")
	f.active(client, server, 100, "LIST", string(bytes.Repeat([]byte("x"), 162))+"\r\n")
	client.send("QUIT\r\n")
	server.send("221 Goodbye.\r\n")
	server.close()
}

// download is a session with a download in passive mode, of segments of 1452
// bytes, each two acknowledged by one ACK. The capture holds headers only.
func download(w io.Writer, bytes int64) {
	f := newForge(w)
	client, server := f.control("anonymous")
	client.send("PASV\r\n")
	server.send("227 Entering Passive Mode (192,0,2,21,113,94)\r\n")
	client.send("RETR file.bin\r\n")
	to, from := f.dial("198.51.100.100:24001", "192.0.2.21:29022")
	server.send("150 Here it comes.\r\n")
	f.snap = 64
	const mss = 1452
	segment := string(make([]byte, mss))
	for sent, n := int64(0), 0; sent < bytes; n++ {
		f.clock = f.clock.Add(-990 * time.Microsecond) // 10 µs apart
		size := min(mss, bytes-sent)
		from.segment(packet.ACK, segment[:size])
		from.seq += uint32(size)
		sent += size
		if n%2 == 1 {
			to.segment(packet.ACK, "")
		}
	}
	from.close()
	f.snap = 0
	server.send("226 Transfer complete.\r\n")
	client.send("QUIT\r\n")
	server.send("221 Goodbye.\r\n")
	server.close()
}

// read makes a Report of a capture that make writes.
func read(t testing.TB, make func(io.Writer)) *Report {
	t.Helper()
	return judgedBy(t, nil, make)
}

// judgedBy makes a Report of a capture that make writes, with a verdict on it.
func judgedBy(t testing.TB, v *expect.Verdict, make func(io.Writer)) *Report {
	t.Helper()
	name := filepath.Join(t.TempDir(), "capture.pcap")
	file, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	make(file)
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	c, err := capture.Open(name, capture.Options{NoHash: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	r, err := New(c, v)
	if err != nil {
		t.Fatal(err)
	}
	if r.Trace.Cut != "" {
		t.Fatal(r.Trace.Cut)
	}
	r.Capture, r.Command = "capture.pcap", "ftplab explain --html capture.pcap"
	return r
}

// reportOn reads a capture in memory.
func reportOn(file []byte, v *expect.Verdict) (*Report, error) {
	c, err := capture.Read(bytes.NewReader(file), capture.Options{NoHash: true})
	if err != nil {
		return nil, err
	}
	return New(c, v)
}
