package capture_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/gopacket/layers"
)

// What follows the end of a connection between the same ports, far from it, is another
// one, even if its SYN is not in the capture; what repeats the end is not.
func TestReusedWithoutSYN(t *testing.T) {
	for _, c := range []struct {
		name  string
		again func(x session)
		want  int // connections
	}{
		{"another session", func(x session) {
			x.client.seq += 300_000_000
			x.server.seq += 1_800_000_000
			x.ask("USER eve", "331 password?")
		}, 2},
		{"another session, near", func(x session) {
			x.client.seq += 1000
			x.server.seq += 64_000
			x.ask("USER eve", "331 password?")
		}, 2},
		{"the end once more", func(x session) {
			x.client.seq--
			x.client.fin()
			x.server.ack()
			x.server.at(-10, "goodbye.\r\n")
		}, 1},
		{"an answer whose SYN is lost", func(x session) {
			x.client.seq += 300_000_000
			x.server.seq += 300_000_000
			x.server.segment(&layers.TCP{SYN: true, ACK: true, Window: 1}, "")
		}, 2},
		{"a reset", func(x session) {
			x.client.seq += 300_000_000
			x.client.segment(&layers.TCP{RST: true}, "")
		}, 1},
	} {
		f := newForge(t)
		x := f.login()
		x.quit()
		f.clock = f.clock.Add(5 * time.Minute)
		c.again(x)
		if n := read(t, f.pcap()).NumConnections(); n != c.want {
			t.Errorf("%s: got %d connections, want %d", c.name, n, c.want)
		}
	}
	f := newForge(t)
	x := f.login()
	x.client.seq += 300_000_000 // it has not ended: a gap, or garbage
	x.ask("NOOP", "200 ok")
	if n := read(t, f.pcap()).NumConnections(); n != 1 {
		t.Errorf("a jump in a connection that goes on: got %d connections, want 1", n)
	}
}

// Where the recorder lost a SYN, the other side's part of the handshake says where the
// stream begins, so that what else it lost is missing.
func TestLostBeginning(t *testing.T) {
	f := newForge(t)
	c, s := f.dial(clientIP+":3171", serverIP+":21")
	f.packets = f.packets[1:2] // the SYN and ACK alone
	s.send("220 ready\r\n")
	c.send("USER a\r\n")
	f.drop(1)
	session{f, c, s}.ask("PASS b", "230 in")
	tr := read(t, f.pcap())
	if got := tr.Connection(0).ClientFlow.Missing; got != 8 {
		t.Errorf("%d bytes of the client are missing, want 8", got)
	}
	if e := tr.Session(0).Exchanges; len(e) != 1 || !e[0].AfterGap {
		t.Errorf("got %s", gist(tr))
	}
	f = newForge(t)
	c, s = f.dial(clientIP+":3171", serverIP+":21")
	f.drop(1) // the SYN and ACK
	s.send("220 ready\r\n")
	f.drop(1)
	session{f, c, s}.ask("USER a", "230 in")
	if got := read(t, f.pcap()).Connection(0).ServerFlow.Missing; got != 11 {
		t.Errorf("%d bytes of the server are missing, want 11", got)
	}
}

// Data may come with the SYN (RFC 7413), and may come again if the server did not take it.
func TestFastOpen(t *testing.T) {
	for _, taken := range []bool{true, false} {
		f := newForge(t)
		c, s := f.pair(clientIP+":3171", serverIP+":21")
		c.seq--
		s.seq--
		c.segment(&layers.TCP{SYN: true, Window: 64240}, "USER a\r\n")
		c.seq++
		if taken {
			c.seq += 8
		}
		s.segment(&layers.TCP{SYN: true, ACK: true, Window: 65160}, "")
		s.seq++
		if c.ack(); !taken {
			c.send("USER a\r\n")
		}
		s.send("220 ready\r\n331 password?\r\n")
		session{f, c, s}.ask("PASS b", "230 in")
		tr := read(t, f.pcap())
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
		f := newForge(t)
		x := f.login()
		x.passive(99)
		x.ask("LIST", "150 here", "226 done")
		x.quit()
		var kept []forged
		for _, p := range f.packets {
			if (p.data[5] == 21) == client { // the address of the receiver
				kept = append(kept, p)
			}
		}
		f.packets = kept
		tr := read(t, f.pcap())
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
