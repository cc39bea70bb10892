package capture_test

import (
	"bytes"
	"hash/crc32"
	"runtime/metrics"
	"strings"
	"testing"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/report/text"
	"ftplab/lab/analysis/tcp"
	"ftplab/lab/internal/forge"
)

// FuzzRead reads any file: it may be damaged in any way, but the reading ends,
// in memory that follows the size of the file, and what it says fits together.
func FuzzRead(f *testing.F) {
	for _, trap := range traps {
		g := forge.New()
		trap.make(g)
		f.Add(g.PCAP())
	}
	g := formatSession(f)
	for _, c := range containers {
		f.Add(c.write(linkEthernet, g.Frames[:12]))
	}
	for _, e := range encapsulations {
		f.Add(e.file(g))
	}
	g = forge.New()
	others(g)
	optionsTrap(g)
	f.Add(g.PCAP())
	f.Add(bothSides(f))
	for _, p := range places {
		f.Add(placed(f, formatSession(f), p.names, p.at))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		before := heapBytes()
		packets := 0
		tr, err := capture.Read(bytes.NewReader(file), capture.Options{})
		if err != nil {
			return
		}
		for p := range tr.Packets() {
			packets++
			text.Line(p, text.Relative)
			text.Line(p, text.Absolute)
		}
		if held := heapBytes() - before; held > int64(len(file))+64<<20 {
			t.Errorf("%d bytes of memory for a file of %d", held, len(file))
		}
		if packets != tr.Size {
			t.Errorf("%d packets handed out, %d counted", packets, tr.Size)
		}
		consistent(t, tr)
		if crc32.ChecksumIEEE(file)%8 == 0 { // it takes most of the time
			compareReadings(t, "fuzz", file)
		}
	})
}

// heapBytes is how many bytes the heap holds.
func heapBytes() int64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return int64(sample[0].Value.Uint64())
}

// consistent checks what holds for every trace.
func consistent(t *testing.T, tr *capture.Capture) {
	t.Helper()
	i := -1
	for c := range tr.Connections() {
		i++
		if c.ID != i || c.FirstPacket < 1 || c.LastPacket < c.FirstPacket || c.LastPacket > tr.Size {
			t.Errorf("connection %d is number %d, packets %d to %d", i, c.ID, c.FirstPacket, c.LastPacket)
		}
		for _, f := range []tcp.Flow{c.ClientFlow, c.ServerFlow} {
			if f.Bytes < 0 || f.Missing < 0 || f.Bytes > f.Wire || f.Segments > f.Packets {
				t.Errorf("connection %d: impossible %+v", i, f)
			}
		}
		// Who opened a data connection that was open before the capture, and is known by its
		// hosts alone, cannot be seen. Without its announcement, only an inferred one has a transfer.
		unseen := c.Role == ftp.Data && c.Inferred && c.OpenedBy == ""
		if !unseen && (c.Role == ftp.Data) != (c.Mode != "") || c.DataPort != nil && c.Control < 0 || c.Transfer != nil && c.DataPort == nil && !c.Inferred {
			t.Errorf("connection %d: role %s, mode %q, announced %v, control %d", i, c.Role, c.Mode, c.DataPort, c.Control)
		}
	}
	if i+1 != tr.NumConnections() {
		t.Errorf("%d connections, and %d in number", i+1, tr.NumConnections())
	}
	for s := range tr.Sessions() {
		if s.Control.Role != ftp.Control {
			t.Errorf("a session on connection %d, which is %s", s.Control.ID, s.Control.Role)
		}
		seq := map[ftp.Side]int64{}
		for _, l := range s.Lines {
			if last, ok := seq[l.From]; l.End <= l.Seq || ok && l.Seq < last || l.Packet < 1 || l.Packet > tr.Size {
				t.Errorf("a line of the %s at %d:%d, packet %d, after %d", l.From, l.Seq, l.End, l.Packet, seq[l.From])
			}
			seq[l.From] = l.End
		}
		for _, e := range s.Exchanges {
			for i, r := range e.Replies {
				// The final reply is the last one, or came too early, in front of all others.
				last := i+1 == len(e.Replies) || i == 0
				if r.Code < 0 || r.Code > 999 || !last && (r.Code < 100 || r.Code > 199) {
					t.Errorf("%s has %d replies, number %d is %d", e.Command, len(e.Replies), i, r.Code)
				}
			}
		}
	}
}

// FuzzDialogue cuts a dialogue into segments of any sizes, repeats some and
// exchanges others: the session read from it stays the same.
func FuzzDialogue(f *testing.F) {
	f.Add("USER a\r\nPASS b\r\nPORT 127,0,0,1,12,100\r\nLIST\r\nQUIT\r\n", "220 ok\r\n331 pw\r\n230-hi\r\n there\r\n230 in\r\n200 ok\r\n150 x\r\n226 y\r\n221 z\r\n", []byte{3, 200, 7, 90, 1})
	f.Add("USER a\nPASV\r\nEPSV\r\n", "220 ok\r\n230 in\r\n227 (1,2,3,4,5,6)\r\n229 x (|||99|)\r\n", []byte{1, 1, 255, 2})
	f.Add("\xff\xf4\xff\xf2ABOR\r\n\r\nEPRT |2|::1|9|\r\n", "421 bye", []byte{128})
	f.Add("USER a\r\nAUTH TLS\r\n\x16\x03\x01\x00", "220 ok\r\n234 go\r\n\x16\x03", []byte{2, 9})
	f.Fuzz(func(t *testing.T, client, server string, cuts []byte) {
		if len(client)+len(server) > 4000 || strings.Contains(client+server, "\x03") || strings.Contains(client+server, "\x00") {
			return // a record of TLS is known by the beginning of a segment, a probe by its zero
		}
		tell := func(cuts []byte) string {
			g := forge.New()
			c, s := g.Dial(forge.Client+":3171", forge.Server+":21")
			say(c, client, cuts)
			say(s, server, cuts)
			tr := read(t, g.PCAP())
			consistent(t, tr)
			return numbered.ReplaceAllString(facts(tr), "@")
		}
		if got, want := tell(cuts), tell(nil); got != want {
			t.Errorf("cut at %v: got\n%swant\n%s", cuts, got, want)
		}
	})
}

// facts are the sessions of a trace, without what depends on segments.
func facts(tr *capture.Capture) string {
	_, sessions, _ := strings.Cut(describe(tr), "session")
	return sessions
}

// say sends text in segments. Each cut is the length of one; one with its high
// bit set is sent twice, and one with the next bit set is sent after its
// successor.
func say(p *forge.End, text string, cuts []byte) {
	for i := 0; len(text) > 0; i++ {
		n := len(text)
		var cut byte
		if i < len(cuts) {
			cut = cuts[i]
			n = min(int(cut&63)+1, n)
		}
		p.SegmentAt(0, "P.", text[:n])
		if cut&128 != 0 {
			p.SegmentAt(0, "P.", text[:n])
		}
		if cut&64 != 0 && len(p.Capture.Frames) > 4 && i > 0 {
			p.Capture.Swap(0)
		}
		p.Seq += uint32(n)
		text = text[n:]
	}
}
