package capture_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/internal/forge"
)

// What follows the end of a connection between the same ports, far from it, is another
// one, even if its SYN is not in the capture; what repeats the end is not.
func TestReusedWithoutSYN(t *testing.T) {
	for _, c := range []struct {
		name  string
		again func(x forge.Session)
		want  int // connections
	}{
		{"another session", func(x forge.Session) {
			x.Client.Seq += 300_000_000
			x.Server.Seq += 1_800_000_000
			x.Ask("USER eve", "331 password?")
		}, 2},
		{"another forge.Session, near", func(x forge.Session) {
			x.Client.Seq += 1000
			x.Server.Seq += 64_000
			x.Ask("USER eve", "331 password?")
		}, 2},
		{"the end once more", func(x forge.Session) {
			x.Client.Seq--
			x.Client.FIN()
			x.Server.ACK()
			x.Server.SegmentAt(-10, "P.", "goodbye.\r\n")
		}, 1},
		{"an answer whose SYN is lost", func(x forge.Session) {
			x.Client.Seq += 300_000_000
			x.Server.Seq += 300_000_000
			x.Server.SegmentAt(0, "S.", "")
		}, 2},
		{"a reset", func(x forge.Session) {
			x.Client.Seq += 300_000_000
			x.Client.SegmentAt(0, "R", "")
		}, 1},
	} {
		f := forge.New()
		x := f.Login()
		x.Quit()
		f.Pass(5 * time.Minute)
		c.again(x)
		if n := read(t, f.PCAP()).NumConnections(); n != c.want {
			t.Errorf("%s: got %d connections, want %d", c.name, n, c.want)
		}
	}
	f := forge.New()
	x := f.Login()
	x.Client.Seq += 300_000_000
	x.Server.Seq += 300_000_000
	x.Server.SegmentAt(0, "S.", "")
	noAnswer := &forge.Capture{Frames: append(f.Frames[:1:1], f.Frames[2:]...)}
	for _, f := range []*forge.Capture{f, noAnswer} {
		if n := read(t, f.PCAP()).NumConnections(); n != 2 {
			t.Errorf("%d frames, of which an answer follows whose SYN and the end before it are lost: got %d connections, want 2", len(f.Frames), n)
		}
	}
	f = forge.New()
	x = f.Login()
	x.Client.Seq += 300_000_000 // it has not ended: a gap, or garbage
	x.Ask("NOOP", "200 ok")
	if n := read(t, f.PCAP()).NumConnections(); n != 1 {
		t.Errorf("a jump in a connection that goes on: got %d connections, want 1", n)
	}
}

// Where the recorder lost a SYN, the other side's part of the handshake says where the
// stream begins, so that what else it lost is missing.
func TestLostBeginning(t *testing.T) {
	f := forge.New()
	c, s := f.Dial(forge.Client+":3171", forge.Server+":21")
	f.Frames = f.Frames[1:2] // the SYN and ACK alone
	s.Send("220 ready\r\n")
	c.Send("USER a\r\n")
	f.Drop(1)
	forge.Session{Capture: f, Client: c, Server: s}.Ask("PASS b", "230 in")
	tr := read(t, f.PCAP())
	if got := tr.Connection(0).ClientFlow.Missing; got != 8 {
		t.Errorf("%d bytes of the client are missing, want 8", got)
	}
	if e := tr.Session(0).Exchanges; len(e) != 1 || !e[0].AfterGap {
		t.Errorf("got %s", gist(tr))
	}
	f = forge.New()
	c, s = f.Dial(forge.Client+":3171", forge.Server+":21")
	f.Drop(1) // the SYN and ACK
	s.Send("220 ready\r\n")
	f.Drop(1)
	forge.Session{Capture: f, Client: c, Server: s}.Ask("USER a", "230 in")
	if got := read(t, f.PCAP()).Connection(0).ServerFlow.Missing; got != 11 {
		t.Errorf("%d bytes of the server are missing, want 11", got)
	}
}

// Data may come with the SYN (RFC 7413), and may come again if the server did not take it.
func TestFastOpen(t *testing.T) {
	for _, taken := range []bool{true, false} {
		f := forge.New()
		c, s := f.Pair(forge.Client+":3171", forge.Server+":21")
		c.Seq--
		s.Seq--
		c.SegmentAt(0, "S", "USER a\r\n")
		c.Seq++
		if taken {
			c.Seq += 8
		}
		s.SegmentAt(0, "S.", "")
		s.Seq++
		if c.ACK(); !taken {
			c.Send("USER a\r\n")
		}
		s.Send("220 ready\r\n331 password?\r\n")
		forge.Session{Capture: f, Client: c, Server: s}.Ask("PASS b", "230 in")
		tr := read(t, f.PCAP())
		if got, want := gist(tr), "user a; - 220; USER a 331; PASS b 230"; got != want {
			t.Errorf("taken %v: got %s, want %s", taken, got, want)
		}
		if x := tr.Connection(0); !x.HandshakeSeen || x.ClientFlow.Bytes != 16 {
			t.Errorf("taken %v: got %+v", taken, x)
		}
	}
}

// A session of which the capture has one direction is shown with that direction.
func TestOneDirection(t *testing.T) {
	for _, client := range []bool{true, false} {
		f := forge.New()
		x := f.Login()
		passive(x, 99)
		x.Ask("LIST", "150 here", "226 done")
		x.Quit()
		var kept []forge.Frame
		for _, p := range f.Frames {
			if (p.Data[5] == 21) == client { // the address of the receiver
				kept = append(kept, p)
			}
		}
		f.Frames = kept
		tr := read(t, f.PCAP())
		s := tr.Session(0)
		if s == nil {
			t.Errorf("client %v: no session", client)
			continue
		}
		got := fmt.Sprint(len(s.Exchanges), " ", len(s.Unsolicited), " ", tr.Connection(1).Role)
		want := "5 0 other"
		if !client {
			want = "0 7 data"
		}
		if got != want {
			t.Errorf("client %v: got %s, want %s", client, got, want)
		}
	}
}

// saidLogin is the gist of forge.Login.
const saidLogin = "user anonymous; - 220; USER anonymous 331; PASS me@mypc.test 230"

// A SYN within a connection that goes on does not end it, unless the other side answers the SYN. Each test is read with the
// facts kept in memory, and again from the file.
func TestSYNWithin(t *testing.T) {
	for _, c := range []struct {
		name string
		play func(x forge.Session, again *forge.End)
		want string
	}{
		{"one SYN", func(x forge.Session, again *forge.End) {
			again.SegmentAt(0, "S", "")
			x.Server.ACK()
			x.Ask("NOOP", "200 ok")
		}, saidLogin + "; NOOP 200; QUIT 221"},
		{"a SYN that is sent again", func(x forge.Session, again *forge.End) {
			again.SegmentAt(0, "S", "")
			x.Ask("NOOP", "200 ok")
			again.SegmentAt(0, "S", "")
			again.SegmentAt(0, "S", "")
			x.Ask("STAT", "211 ok")
		}, saidLogin + "; NOOP 200; STAT 211; QUIT 221"},
		{"several SYNs", func(x forge.Session, again *forge.End) {
			for range 3 {
				again.SegmentAt(0, "S", "")
				again.Seq += 70_000
			}
			x.Ask("NOOP", "200 ok")
		}, saidLogin + "; NOOP 200; QUIT 221"},
		{"a SYN and a command after it", func(x forge.Session, again *forge.End) {
			again.SegmentAt(0, "S", "")
			again.SegmentAt(1, "P.", "DELE a\r\n")
			x.Ask("NOOP", "200 ok")
		}, saidLogin + "; NOOP 200; QUIT 221; user ; DELE a"},
		{"a SYN with the next number", func(x forge.Session, again *forge.End) {
			x.Client.SegmentAt(0, "S", "")
			x.Ask("NOOP", "200 ok")
		}, saidLogin + "; NOOP 200; QUIT 221"},
	} {
		f := forge.New()
		x := f.Login()
		again := *x.Client
		again.Seq += 300_000_000
		c.play(x, &again)
		x.Quit()
		for name, tr := range map[string]*capture.Capture{"kept": read(t, f.PCAP()), "read again": readAgain(t, f.PCAP())} {
			if got := gist(tr); got != c.want {
				t.Errorf("%s, %s: got %s, want %s", c.name, name, got, c.want)
			}
		}
		compareReadings(t, c.name, f.PCAP())
	}
}

// A client that has lost its connection, as after a restart, opens another one from the same port. What it gets in answer
// to its SYN shows it that the server still has the old one, which it resets.
func TestHalfOpen(t *testing.T) {
	f := forge.New()
	x := f.Login()
	again := *x.Client
	again.Seq += 300_000_000
	again.SegmentAt(0, "S", "")
	x.Server.ACK()
	x.Client.Segment("R", "")
	peer := *x.Server
	peer.Seq += 900_000_000
	again.Peer, peer.Peer = &peer, &again
	again.Segment("S", "")
	peer.Segment("S.", "")
	again.ACK()
	y := forge.Session{Capture: f, Client: &again, Server: &peer}
	peer.Send("220 FTP server ready.\r\n")
	y.Ask("USER ada", "331 Password?")
	y.Quit()
	for name, tr := range map[string]*capture.Capture{"kept": read(t, f.PCAP()), "read again": readAgain(t, f.PCAP())} {
		if got, want := gist(tr), saidLogin+"; user ada; - 220; USER ada 331; QUIT 221"; got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
		if n := tr.NumConnections(); n != 2 {
			t.Errorf("%s: got %d connections, want 2", name, n)
		}
	}
}

// readAgain reads a capture whose facts are not kept.
func readAgain(t *testing.T, file []byte) *capture.Capture {
	t.Helper()
	tr, err := capture.Read(bytes.NewReader(file), capture.Tight(capture.Options{}))
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// A second connection to the same data port belongs to no command before it, if the capture lacks commands after that one.
func TestSamePortWithLostCommands(t *testing.T) {
	for _, lost := range []bool{false, true} {
		f := forge.New()
		x := entered(f)
		for i := range 3 {
			begin := len(f.Frames)
			x.Ask("PORT 198,51,100,100,195,82", "200 ok")
			x.Ask(fmt.Sprintf("RETR f%d", i), "150 here")
			if lost && i == 1 {
				f.Frames = f.Frames[:begin]
			}
			s, c := f.Pair(forge.Server+":20", forge.Client+":50002")
			s.Seq, c.Seq = s.Seq+uint32(i)*100_000_000, c.Seq+uint32(i)*100_000_000
			s.Handshake()
			s.Send("data")
			s.Close()
			x.Server.Send("226 done\r\n")
		}
		tr := read(t, f.PCAP())
		var got []string
		for id := 1; id < tr.NumConnections(); id++ {
			name := "-"
			if x := tr.Connection(id).Transfer; x != nil {
				name = x.Argument
			}
			got = append(got, name)
		}
		want := "[f0 f1 f2]"
		if lost {
			want = "[f0 - f2]"
		}
		if fmt.Sprint(got) != want {
			t.Errorf("commands lost %v: got %v, want %s", lost, got, want)
		}
	}
}
