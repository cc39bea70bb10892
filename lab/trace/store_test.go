package trace

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/gopacket/layers"
)

// A connection of a few bare headers reads the same, whether it is kept as
// nothing more than these, or in full because somebody keeps one of its packets.
func TestKeptOrNot(t *testing.T) {
	compareKept(t, "probes", probes(t))
	for _, trap := range traps {
		f := newForge(t)
		trap.make(f)
		compareKept(t, trap.name, f.pcap())
	}
}

func compareKept(t *testing.T, name string, file []byte) {
	t.Helper()
	var kept []*Packet
	with, err := Read(bytes.NewReader(file), Options{Packets: func(p *Packet) { kept = append(kept, p.Keep()) }})
	if err != nil {
		t.Fatal(err)
	}
	var passing []string
	without, err := Read(bytes.NewReader(file), Options{Packets: func(p *Packet) { passing = append(passing, shown(p)) }})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := everything(without), everything(with); got != want {
		t.Errorf("%s: not kept\n%skept\n%s", name, got, want)
	}
	all, err := Read(bytes.NewReader(file), Options{Keep: true})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := everything(all), everything(with); got != want {
		t.Errorf("%s: sessions kept\n%spackets kept\n%s", name, got, want)
	}
	for i, p := range kept {
		if p.Connection != nil && with.Connection(p.Connection.ID) != p.Connection {
			t.Errorf("%s: packet %d is kept, and its connection is not", name, p.Number)
		}
		if got, want := passing[i], shown(p); got != want {
			t.Errorf("%s: not kept\n%s\nkept\n%s", name, got, want)
		}
	}
}

// What one loop over the connections is given, another one leaves alone.
func TestLoopsAreIndependent(t *testing.T) {
	tr := read(t, probes(t))
	for c := range tr.Connections() {
		want := *c
		for range tr.Connections() {
		}
		if got := *tr.Connection(c.ID); *c != want || got != want {
			t.Errorf("got %+v\nand by its ID %+v\nwant %+v", *c, got, want)
		}
	}
}

// shown is what is said of a packet, what the packets before it make of it included.
func shown(p *Packet) string {
	text := p.Line(Relative)
	if p.TCP != nil {
		text += fmt.Sprintf(", window %d, analysis %b", p.TCP.Window, p.TCP.Analysis)
	}
	return text
}

// everything is all that is said of the connections and sessions of a trace.
func everything(tr *Trace) string {
	var b strings.Builder
	for c := range tr.Connections() {
		d := *c
		d.Announced, d.Transfer = nil, nil
		fmt.Fprintf(&b, "%+v\n", d)
		if c.Announced != nil {
			fmt.Fprintf(&b, "  %+v\n", *c.Announced)
		}
		if c.Transfer != nil {
			fmt.Fprintf(&b, "  %+v\n", *c.Transfer)
		}
	}
	for s := range tr.Sessions() {
		fmt.Fprintf(&b, "session %d %q %v %d %v\n", s.Control.ID, s.User, s.TLS, s.TLSFrom, s.Overlong)
		for _, l := range s.Lines {
			fmt.Fprintf(&b, "%+v\n", *l)
		}
		for _, r := range s.Unsolicited {
			fmt.Fprintf(&b, "%+v\n", reply(r))
		}
		for _, e := range s.Exchanges {
			fmt.Fprintf(&b, "%q %q %+v %v\n", e.Command, e.Argument, *e.Line, e.Data)
			for _, r := range e.Replies {
				fmt.Fprintf(&b, "  %+v\n", reply(r))
			}
		}
		for _, a := range s.Announcements {
			fmt.Fprintf(&b, "%+v\n", *a)
		}
	}
	tr.WriteJSON(&b)
	return b.String()
}

// reply is a reply without its lines.
func reply(r *Reply) Reply {
	copied := *r
	copied.Lines = nil
	return copied
}

// probes are connections of a few headers: unanswered, refused, half open, closed
// at once, to an announced port and from port 20, in a row and mixed.
func probes(t testing.TB) []byte {
	f := newForge(t)
	var clients, servers []*peer
	for port := 40000; port < 40012; port++ {
		c, s := f.pair(fmt.Sprintf("%s:%d", clientIP, port), serverIP+":80")
		clients, servers = append(clients, c), append(servers, s)
		c.segment(plainSYN(), "")
		c.seq++
	}
	for i, c := range clients {
		s := servers[i]
		answer := &layers.TCP{SYN: true, ACK: true, Window: 100 + uint16(i)}
		switch i {
		case 0: // nobody answers
		case 1:
			c.seq--
			c.segment(plainSYN(), "") // again
			c.segment(plainSYN(), "")
		case 2:
			s.segment(&layers.TCP{RST: true, ACK: true}, "")
		case 3, 4, 5, 6:
			s.segment(answer, "")
			s.seq++
			if i > 3 {
				c.segment(&layers.TCP{ACK: i == 4, RST: i > 4}, "")
			}
			for n := 0; i > 5 && n < stubPackets; n++ { // more than a stub has room for
				c.segment(&layers.TCP{RST: true}, "")
			}
		case 7:
			c.segment(&layers.TCP{FIN: true}, "")
		case 8:
			c.seq += 90_000
			c.segment(plainSYN(), "") // another connection between the same ports
		case 9:
			c.seq += 500
			c.segment(&layers.TCP{FIN: true, ACK: true}, "") // with a hole in front
		case 10:
			c.segment(&layers.TCP{ACK: true, PSH: true}, "GET / HTTP/1.0\r\n\r\n")
		case 11:
			s.segment(&layers.TCP{ACK: true}, "") // an answer to another number
		}
	}
	for port, scale := range []uint8{0, 3} { // the data fills the window that the stub knows of
		c, s := f.pair(fmt.Sprintf("%s:%d", clientIP, 41000+port), serverIP+":80")
		c.segment(&layers.TCP{SYN: true, Window: 16, Options: windowScale(scale)}, "")
		c.seq++
		s.segment(&layers.TCP{SYN: true, ACK: true, Window: 100, Options: windowScale(scale)}, "")
		s.seq++
		c.segment(&layers.TCP{ACK: true, Window: 16}, "")
		s.segment(&layers.TCP{ACK: true, Window: 100}, strings.Repeat("x", 16<<scale))
	}
	six, _ := f.pair("[2001:db8::1]:42000", "[2001:db8::21]:80")
	six.segment(plainSYN(), "")
	x := f.login()
	x.ask("PASV", "227 Entering Passive Mode (192,0,2,21,14,84).")
	lone, _ := f.pair(clientIP+":24626", serverIP+":3668")
	lone.segment(plainSYN(), "")
	lone, _ = f.pair(serverIP+":20", clientIP+":5000")
	lone.segment(plainSYN(), "")
	x.quit()
	return f.pcap()
}

func windowScale(shift uint8) []layers.TCPOption {
	return []layers.TCPOption{{OptionType: layers.TCPOptionKindWindowScale, OptionLength: 3, OptionData: []byte{shift}}}
}
