package capture_test

import (
	"fmt"
	"testing"
	"time"

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
