package trace

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/gopacket/layers"
)

// A capture reads the same, whether its connections and sessions are made anew when
// they are looked at, or kept, because somebody asks for it or keeps the packets.
func TestKeptOrNot(t *testing.T) {
	compareKept(t, "probes", probes(t))
	compareKept(t, "crowd", crowd(t))
	compareKept(t, "lines", tooManyLines(t))
	compareKept(t, "snapped", snapped(t))
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
	for c := range all.Connections() {
		if c.Role != Other && all.Connection(c.ID) != c {
			t.Errorf("%s: connection %d, which is %s, is not kept", name, c.ID, c.Role)
		}
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

// crowd is a capture of more connections at a time than there is room for on the desk,
// each with some of what sessions are made of.
func crowd(t testing.TB) []byte {
	f := newForge(t)
	x := f.login()
	x.ask("PASV", "227 Entering Passive Mode (192,0,2,21,14,84).")
	client, server := f.dial(clientIP+":24626", serverIP+":3668")
	x.ask("RETR file", "150 Here it comes.")
	server.send("331 password please\r\n230 in\r\n200 this is a dialogue itself\r\n")
	client.send("USER a\r\nPASS b\r\nTYPE I\r\n")
	server.close()
	x.server.send("226 Done.\r\n")
	x.ask("PORT 198,51,100,100,12,100", "200 ok")
	x.ask("STOR file", "150 Go on.")
	server, client = f.dial(serverIP+":20", clientIP+":3172")
	client.send("220 what looks like a dialogue\r\n")
	client.close()
	x.server.send("226 Done.\r\n")
	x.ask("EPSV", "229 Extended (|||3669|)")
	late, _ := f.pair(clientIP+":24627", serverIP+":3669")
	late.segment(plainSYN(), "") // it never carries anything
	server, _ = f.dial(serverIP+":20", clientIP+":4000")
	server.send("nobody announced this")
	x.quit()
	overheard, told := f.pair(clientIP+":3999", serverIP+":21")
	told.send("220 the server is the first to be seen\r\n")
	overheard.send("USER late\r\n")

	const clients = 250
	var all []forged
	for _, p := range f.packets {
		for i := range clients {
			c := forged{at: p.at, data: bytes.Clone(p.data)}
			at := 26 // the source address
			if c.data[at] == 192 {
				at = 30
			}
			c.data[at+3] = byte(i)
			for _, port := range []int{34, 36} {
				if i%3 == 0 && binary.BigEndian.Uint16(c.data[port:]) == 21 {
					binary.BigEndian.PutUint16(c.data[port:], 2121)
				}
			}
			all = append(all, c)
		}
	}
	f.packets = all
	return f.pcap()
}

// tooManyLines is a capture whose first session has more lines than are read, and whose
// second one therefore has none.
func tooManyLines(t testing.TB) []byte {
	f := newForge(t)
	for i := range 2 {
		c, s := f.dial(fmt.Sprintf("%s:%d", clientIP, 3171+i), serverIP+":21")
		s.send("220 ok\r\n")
		c.send("USER a\r\n")
		for range 60 * (1 - i) {
			s.segment(&layers.TCP{ACK: true}, strings.Repeat("\n", 2000))
			s.seq += 2000
		}
	}
	return f.pcap()
}

// snapped is a session to another port than 21, of which the ends of the lines are not
// left: what is, one behind the other, does not sound like FTP, although each line does.
func snapped(t testing.TB) []byte {
	f := newForge(t)
	c, s := f.pair(clientIP+":3171", serverIP+":2121")
	c.send("well, well\r\n")
	s.send("hello there\r\n")
	for _, line := range []string{"USER adelaide", "PASS secret", "TYPE Image"} {
		c.send(line + "\r\n")
		s.send("200 as you like\r\n")
	}
	for i := range f.packets {
		f.packets[i].snap = min(len(f.packets[i].data), 54+7)
	}
	return f.pcap()
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
	tr = read(t, crowd(t))
	for i, s := range slices.Collect(tr.Sessions()) {
		if got, want := told(s), told(tr.Session(s.Control.ID)); i >= tr.NumSessions() || got != want {
			t.Errorf("session %d\n%s\nmade anew\n%s", i, got, want)
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
		b.WriteString(told(s))
	}
	tr.WriteJSON(&b)
	return b.String()
}

// told is all that is said of a session.
func told(s *Session) string {
	var b strings.Builder
	fmt.Fprintf(&b, "session %d %s %q %v %d %v\n", s.Control.ID, s.Control.History, s.User, s.TLS, s.TLSFrom, s.Overlong)
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

// A desk that is too small grows, and what lies on it is found where it lies.
func TestDeskGrows(t *testing.T) {
	d := &desk{places: make([]*conn, 4)}
	var lying []*conn
	for id := range 4 {
		lying = append(lying, d.begin(id+8, netip.AddrPort{}, netip.AddrPort{}))
	}
	for range 4 {
		d.miss()
	}
	if len(d.places) != 8 {
		t.Errorf("got %d places, want 8", len(d.places))
	}
	for _, r := range lying {
		if *d.place(r.ID) != r {
			t.Errorf("connection %d does not lie in its place", r.ID)
		}
	}
}
