package capture_test

import (
	"encoding/binary"
	"fmt"
	"slices"
	"testing"
	"time"

	"ftplab/lab/analysis/ftp"
	"ftplab/lab/internal/forge"
)

// stamps is the option of TCP timestamps, with two NOPs in front.
func stamps(value, echo uint32) []byte {
	b := binary.BigEndian.AppendUint32([]byte{1, 1, 8, 10}, value)
	return binary.BigEndian.AppendUint32(b, echo)
}

// A SYN that is sent again is measured from the one that was answered: the last one before the
// answer, but the first one where each has an answer. The timestamps are those of Linux, which
// echoes the first SYN for good, of gVisor, whose SYNs are alike, and none.
func TestHandshakeRTT(t *testing.T) {
	const syn, answer = true, false
	type packet struct {
		at          time.Duration // milliseconds
		syn         bool
		value, echo uint32
	}
	for _, test := range []struct {
		name      string
		packets   []packet
		syn, want time.Duration // milliseconds
		trip      time.Duration // to the ACK, which comes 1 ms after the last packet; 0 if it is not known
	}{
		{"one SYN", []packet{{0, syn, 5, 0}, {20, answer, 7, 5}}, 0, 20, 21},
		{"the SYN and ACK again", []packet{{0, syn, 5, 0}, {20, answer, 7, 5}, {1020, answer, 8, 5}}, 0, 20, 0},
		{"recorded at the server, whose answer was lost", []packet{{0, syn, 5, 0}, {0, answer, 7, 5}, {1000, syn, 6, 0}, {1000, answer, 8, 5}}, 0, 0, 0},
		{"a lost SYN, with timestamps", []packet{{0, syn, 5, 0}, {1000, syn, 6, 0}, {1020, answer, 7, 6}}, 1000, 20, 21},
		{"a lost SYN, of two alike", []packet{{0, syn, 5, 0}, {1000, syn, 5, 0}, {1020, answer, 7, 5}}, 1000, 20, 0},
		{"a lost SYN, without timestamps", []packet{{0, syn, 0, 0}, {1000, syn, 0, 0}, {3000, syn, 0, 0}, {3020, answer, 0, 0}}, 3000, 20, 0},
		{"a lost SYN, and the answer again", []packet{{0, syn, 5, 0}, {1000, syn, 6, 0}, {1020, answer, 7, 6}, {2020, answer, 8, 6}}, 1000, 20, 0},
		{"a lost SYN and ACK, from Linux", []packet{{0, syn, 5, 0}, {1000, syn, 6, 0}, {1020, answer, 8, 5}}, 1000, 20, 0},
		{"a lost SYN and ACK, from gVisor", []packet{{0, syn, 5, 0}, {1000, syn, 5, 0}, {1020, answer, 7, 5}}, 1000, 20, 0},
		{"a long path, Linux", []packet{{0, syn, 5, 0}, {1000, syn, 6, 0}, {1200, answer, 7, 5}, {2200, answer, 8, 5}}, 0, 1200, 0},
		{"a long path, gVisor", []packet{{0, syn, 5, 0}, {1000, syn, 5, 0}, {1200, answer, 7, 5}, {2200, answer, 7, 5}}, 0, 1200, 0},
		{"every packet twice", []packet{{0, syn, 5, 0}, {0, syn, 5, 0}, {20, answer, 7, 5}, {20, answer, 7, 5}}, 0, 20, 21},
		{"a lost SYN, every packet twice", []packet{{0, syn, 5, 0}, {0, syn, 5, 0}, {1000, syn, 6, 0}, {1000, syn, 6, 0}, {1020, answer, 7, 6}, {1020, answer, 7, 6}}, 1000, 20, 21},
		{"a lost SYN, without timestamps, all twice", []packet{{0, syn, 0, 0}, {3000, syn, 0, 0}, {3020, answer, 0, 0}, {0, syn, 0, 0}, {3000, syn, 0, 0}, {3020, answer, 0, 0}}, 3000, 20, 0},
		{"a long path, every packet twice", []packet{{0, syn, 5, 0}, {0, syn, 5, 0}, {1000, syn, 5, 0}, {1000, syn, 5, 0}, {1200, answer, 7, 5}, {1200, answer, 7, 5}, {2200, answer, 7, 5}, {2200, answer, 7, 5}}, 0, 1200, 0},
		{"a long path, without timestamps", []packet{{0, syn, 0, 0}, {1000, syn, 0, 0}, {1200, answer, 0, 0}, {2200, answer, 0, 0}}, 0, 1200, 0},
	} {
		f := forge.New()
		began := f.Clock
		c, s := f.Pair(forge.Client+":3171", forge.Server+":21")
		for _, p := range test.packets {
			f.Clock = began.Add(p.at * time.Millisecond)
			from, flags := s, "S."
			if p.syn {
				from, flags = c, "S"
			}
			if p.value > 0 {
				from.Options = stamps(p.value, p.echo)
			}
			from.SegmentAt(-1, flags, "")
		}
		c.ACK()
		x := read(t, f.PCAP()).Connection(0)
		if got, want := x.HandshakeRTT, test.want*time.Millisecond; !x.HandshakeSeen || got != want {
			t.Errorf("%s: got %v, want %v", test.name, got, want)
		}
		if got, want := time.Duration(x.SYNTime-x.FirstTime), test.syn*time.Millisecond; got != want {
			t.Errorf("%s: the SYN that was answered came %v after the first, want %v", test.name, got, want)
		}
		if want := test.trip * time.Millisecond; x.RoundTrip != want && x.RoundTripKnown || x.RoundTripKnown != (want > 0) {
			t.Errorf("%s: got the round trip %v, known: %v, want %v", test.name, x.RoundTrip, x.RoundTripKnown, want)
		}
	}
}

// The round trip of the path is the same wherever the recorder is: from the SYN to the ACK that ends the
// handshake. If that ACK waited for data, or is not in the capture, the round trip is not known.
func TestRoundTrip(t *testing.T) {
	for _, test := range []struct {
		name          string
		answer, after time.Duration // milliseconds
		rest          func(client, server *forge.End)
		known         bool
	}{
		{"recorded at the client", 80, 1, func(c, _ *forge.End) { c.ACK() }, true},
		{"in the middle", 30, 51, func(c, _ *forge.End) { c.ACK() }, true},
		{"at the server", 1, 80, func(c, _ *forge.End) { c.ACK() }, true},
		{"the ACK waits for a command", 1, 80, func(c, _ *forge.End) { c.Send("USER anonymous\r\n") }, false},
		{"the client closes", 1, 80, func(c, _ *forge.End) { c.FIN() }, false},
		{"the client resets", 1, 80, func(c, _ *forge.End) { c.RST() }, false},
		{"the server speaks before the recorded ACK", 1, 80, func(c, s *forge.End) { s.Send("220 ready\r\n"); c.ACK() }, false},
		{"the ACK and the greeting lost by the recorder", 1, 80, func(c, s *forge.End) {
			s.Send("220 ready\r\n")
			c.Capture.Drop(0)
			c.ACK()
		}, false},
		{"an old duplicate", 1, 80, func(c, _ *forge.End) { c.SegmentAt(100, ".", ""); c.ACK() }, false},
		{"no ACK", 1, 80, func(_, _ *forge.End) {}, false},
		{"the client's network card computes its checksums", 1, 80, func(c, s *forge.End) {
			c.ACK()
			spoil(c.Capture)
			s.Send("220 ready\r\n")
			spoil(c.Capture)
			c.Segment("P.", "QUIT\r\n")
			spoil(c.Capture)
			s.ACK()
		}, true},
		{"and it sends a FIN only", 1, 80, func(c, s *forge.End) {
			c.ACK()
			spoil(c.Capture)
			c.FIN()
			spoil(c.Capture)
			s.ACK()
		}, true},
		{"and the ACK waits for a command", 1, 80, func(c, s *forge.End) {
			c.Segment("P.", "QUIT\r\n")
			spoil(c.Capture)
			s.ACK()
			c.SegmentAt(-6, ".", "")
			spoil(c.Capture)
		}, false},
		{"the ACK is damaged, and the client sends the command alone", 1, 80, func(c, s *forge.End) {
			c.ACK()
			spoil(c.Capture)
			c.Send("QUIT\r\n")
		}, false},
	} {
		f := forge.New()
		client, server := f.Pair(forge.Client+":3171", forge.Server+":21")
		client.Segment("S", "")
		f.Pass((test.answer - 1) * time.Millisecond)
		server.Segment("S.", "")
		f.Pass((test.after - 1) * time.Millisecond)
		test.rest(client, server)
		x := read(t, f.PCAP()).Connection(0)
		if want := (test.answer + test.after) * time.Millisecond; x.RoundTripKnown != test.known || test.known && x.RoundTrip != want {
			t.Errorf("%s: got %v, known: %v, want %v, known: %v", test.name, x.RoundTrip, x.RoundTripKnown, want, test.known)
		}
	}
}

// The first FIN of a capture is not the first one of the connection if it acknowledges another one, or
// if the capture has one side only.
func TestClosedFirst(t *testing.T) {
	for _, test := range []struct {
		name        string
		first, want ftp.Side
		drops       []int // of the last frames: the server's FIN, the client's, and the last ACK
	}{
		{"a whole capture", ftp.Server, ftp.Server, nil},
		{"without the second FIN", ftp.Server, ftp.Server, []int{1}},
		{"without the first FIN", ftp.Client, "", []int{2}},
		{"without both", "", "", []int{2, 1}},
	} {
		f := forge.New()
		client, server := f.Dial(forge.Client+":4000", forge.Server+":5000")
		server.Send("the file")
		client.ACK()
		server.FIN()
		client.FIN()
		server.ACK()
		for _, n := range test.drops {
			f.Drop(n)
		}
		if x := read(t, f.PCAP()).Connection(0); x.FirstFIN != test.first || x.ClosedFirst() != test.want {
			t.Errorf("%s: got %q and %q, want %q and %q", test.name, x.FirstFIN, x.ClosedFirst(), test.first, test.want)
		}
	}
}

// What the number of a later packet, or an acknowledgement, shows to have been sent is unseen, if it comes
// after all that the capture has. A FIN counts as a byte. An acknowledgement shows nothing if it is of more than its
// sender's later FIN, or if the host that it comes from acknowledges less later.
func TestUnseen(t *testing.T) {
	const text = "226 Done\r\n"
	for _, test := range []struct {
		name string
		lost []int  // from the end
		more uint32 // what is acknowledged although nobody has sent it
		want int64
	}{
		{"nothing", nil, 0, 0},
		{"the text, its acknowledgement and both FINs: the number of the last ACK", []int{4, 3, 2, 1}, 0, int64(len(text)) + 1},
		{"the text, the FIN and the last ACK: the FIN of the other side", []int{4, 2, 0}, 0, int64(len(text)) + 1},
		{"the FIN", []int{2}, 0, 1},
		{"all from the text on", []int{4, 3, 2, 1, 0}, 0, 0},
		{"the text, which is a gap before the FIN", []int{4}, 0, 0},
		{"anything of what is acknowledged before the FIN", nil, 500, 0},
		{"the FINs after what is acknowledged", []int{2, 1, 0}, 500, 500},
		{"the FIN after what is acknowledged, but not in the client's FIN", []int{2, 0}, 500, 1},
	} {
		f := forge.New()
		client, server := f.Dial(forge.Client+":3171", forge.Server+":21")
		server.Send("220 ready\r\n")
		server.Segment("P.", text)
		server.Seq += test.more
		client.Segment(".", "")
		server.Seq -= test.more
		server.Segment("F.", "")
		client.Segment("F.", "")
		server.Segment(".", "")
		for _, back := range test.lost {
			f.Frames[len(f.Frames)-1-back].Data = nil
		}
		f.Frames = slices.DeleteFunc(f.Frames, func(x forge.Frame) bool { return x.Data == nil })
		if x := read(t, f.PCAP()).Connection(0); x.ServerFlow.Unseen != test.want || x.ClientFlow.Unseen > 1 {
			t.Errorf("without %s: got %d unseen of the server and %d of the client, want %d", test.name, x.ServerFlow.Unseen, x.ClientFlow.Unseen, test.want)
		}
	}
}

// TestDataInSYN reads data that comes with a SYN. Its receiver has it if it acknowledges it; most acknowledge the SYN only.
func TestDataInSYN(t *testing.T) {
	for _, test := range []struct {
		name string
		play func(client, server *forge.End)
		want []string
	}{
		{"not acknowledged, and other bytes in its place", func(c, s *forge.End) {
			c.SegmentAt(-1, "S", "DELE everything, and more\r\n")
			s.SegmentAt(-1, "S.", "")
			c.Say("< 220 ready\n> QUIT\n< 221 bye")
		}, []string{"QUIT 221"}},
		{"not acknowledged, and sent again", func(c, s *forge.End) {
			c.SegmentAt(-1, "S", "QUIT\r\n")
			s.SegmentAt(-1, "S.", "")
			c.Say("< 220 ready\n> QUIT\n< 221 bye")
		}, []string{"QUIT 221"}},
		{"acknowledged with the SYN", func(c, s *forge.End) {
			c.SegmentAt(-1, "S", "NOOP\r\n")
			c.Seq += 6
			s.SegmentAt(-1, "S.", "")
			c.Say("< 220 ready\n< 200 ok\n> QUIT\n< 221 bye")
		}, []string{"NOOP 200", "QUIT 221"}},
		{"acknowledged later, as its receiver kept it", func(c, s *forge.End) {
			c.SegmentAt(-1, "S", "NOOP\r\n")
			s.SegmentAt(-1, "S.", "")
			c.Seq += 6
			c.Say("< 220 ready\n< 200 ok\n> QUIT\n< 221 bye")
		}, []string{"NOOP 200", "QUIT 221"}},
	} {
		f := forge.New()
		client, server := f.Pair(forge.Client+":3171", forge.Server+":21")
		test.play(client, server)
		client.Close()
		var got []string
		for s := range read(t, f.PCAP()).Sessions() {
			for _, x := range s.Exchanges {
				got = append(got, fmt.Sprint(x.Line.Text, " ", x.Final()))
			}
			if s.Control.Missing() != 0 {
				t.Errorf("%s: %d bytes are missing, want none", test.name, s.Control.Missing())
			}
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

// TestWhoOpens names the side that opened a connection.
func TestWhoOpens(t *testing.T) {
	for _, test := range []struct {
		name string
		play func(client, server *forge.End)
		want ftp.Side
	}{
		{"a server that answers the SYN with a SYN", func(c, s *forge.End) {
			c.SegmentAt(-1, "S", "")
			s.SegmentAt(-1, "S", "")
			c.SegmentAt(-1, "S.", "")
			s.ACK()
			c.Say("< 220 ready\n> QUIT\n< 221 bye").Close()
		}, ftp.Client},
		{"one that has acknowledged before, with another number", func(c, s *forge.End) {
			c.SegmentAt(-1, "S", "")
			s.SegmentAt(777_000, ".", "")
			s.SegmentAt(-1, "S", "")
			c.SegmentAt(-1, "S.", "")
			s.ACK()
			c.Say("< 220 ready\n> QUIT\n< 221 bye").Close()
		}, ftp.Client},
		{"an answer that answers nothing, and a RST", func(c, s *forge.End) {
			s.SegmentAt(-1, "S.", "")
			c.Segment("R", "")
		}, ""},
		{"an answer whose SYN is not in the capture", func(c, s *forge.End) {
			s.SegmentAt(-1, "S.", "")
			c.ACK()
			c.Say("< 220 ready\n> QUIT\n< 221 bye").Close()
		}, ftp.Client},
	} {
		f := forge.New()
		test.play(f.Pair(forge.Client+":3171", forge.Server+":21"))
		all := read(t, f.PCAP())
		if n, first := len(slices.Collect(all.Connections())), all.Connection(0); n != 1 || first.OpenedBy != test.want {
			t.Errorf("%s: got %d connections, the first opened by %q, want one opened by %q", test.name, n, first.OpenedBy, test.want)
		}
	}
}

// Without a SYN, the side with a port of a service is the server of a connection that is not FTP, whichever side the first
// packet comes from.
func TestClientByPort(t *testing.T) {
	for _, first := range []int{0, 1} {
		f := forge.New()
		ends := [2]*forge.End{}
		ends[0], ends[1] = f.Pair(forge.Client+":40001", forge.Server+":80")
		ends[first].Segment(".", "")
		ends[1-first].Segment(".", "")
		for c := range read(t, f.PCAP()).Connections() {
			if c.Client.Port() != 40001 || c.OpenedBy != "" {
				t.Errorf("the first packet is of end %d: got the client %s, opened by %q", first, c.Client, c.OpenedBy)
			}
		}
	}
}
