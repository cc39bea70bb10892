package capture_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/report/text"
	"regexp"
	"strings"
	"testing"

	"github.com/google/gopacket/layers"
)

// A capture reads the same whether its facts fit into memory or are read again, a few
// connections at a time.
func TestKeptOrReadAgain(t *testing.T) {
	compareReadings(t, "probes", probes(t))
	compareReadings(t, "crowd", crowd(t))
	compareReadings(t, "lines", tooManyLines(t))
	compareReadings(t, "snapped", snapped(t))
	compareReadings(t, "fragments", fragmented(t))
	for _, trap := range traps {
		f := newForge(t)
		trap.make(f)
		compareReadings(t, trap.name, f.pcap())
	}
}

func compareReadings(t *testing.T, name string, file []byte) {
	t.Helper()
	kept, err := capture.Read(bytes.NewReader(file), capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	again, err := capture.Read(bytes.NewReader(file), capture.Tight(capture.Options{}))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := everything(again), everything(kept); got != want {
		t.Errorf("%s: read again\n%skept\n%s", name, got, want)
	}
	for c := range kept.Connections() {
		if got, want := factsOf(again.Connection(c.ID)), factsOf(c); got != want {
			t.Errorf("%s: read by its ID\n%swant\n%s", name, got, want)
		}
	}
	for s := range kept.Sessions() {
		if got, want := told(again.Session(s.Control.ID)), told(s); got != want {
			t.Errorf("%s: session read by its ID\n%swant\n%s", name, got, want)
		}
	}
	if again.Err() != nil {
		t.Errorf("%s: %v", name, again.Err())
	}
}

// crowd is a capture of many connections at a time,
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

// A loop may be left, and others may run within it.
func TestLoopsAreIndependent(t *testing.T) {
	for _, opts := range []capture.Options{{}, capture.Tight(capture.Options{})} {
		tr, err := capture.Read(bytes.NewReader(crowd(t)), opts)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for c := range tr.Connections() {
			want := factsOf(c)
			for range tr.Packets() {
				break
			}
			for range tr.Connections() {
				break
			}
			for range tr.Sessions() {
				break
			}
			if got := factsOf(c); got != want || c.ID != n {
				t.Errorf("got\n%swant\n%s", got, want)
			}
			if n++; n == 5 {
				break
			}
		}
	}
}

// shown is what is said of a packet.
func shown(p *capture.Packet) string {
	line := text.Line(p, text.Relative)
	if s := p.Segment; s != nil {
		line += fmt.Sprintf(", window %d, analysis %b, %s of %+v", s.Window, s.Analysis, p.From, *p.Connection)
	}
	return line
}

// everything is all that is said of the packets, connections and sessions of a capture.
func everything(tr *capture.Capture) string {
	var b strings.Builder
	for p := range tr.Packets() {
		fmt.Fprintln(&b, pointers.ReplaceAllString(shown(p), "@"))
	}
	for c := range tr.Connections() {
		b.WriteString(factsOf(c))
	}
	for s := range tr.Sessions() {
		b.WriteString(told(s))
	}
	text.JSON(&b, "x.pcap", tr)
	text.Story(&b, "capture", tr)
	return b.String()
}

var pointers = regexp.MustCompile(`0x[0-9a-f]+`)

// factsOf is all that is said of a connection.
func factsOf(c *ftp.Connection) string {
	d := *c
	d.DataPort, d.Transfer = nil, nil
	text := fmt.Sprintf("%+v\n", d)
	if c.DataPort != nil {
		text += fmt.Sprintf("  %+v\n", *c.DataPort)
	}
	if c.Transfer != nil {
		text += fmt.Sprintf("  %+v\n", *c.Transfer)
	}
	return text
}

// told is all that is said of a session.
func told(s *ftp.Session) string {
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
	for _, a := range s.DataPorts {
		fmt.Fprintf(&b, "%+v\n", *a)
	}
	return b.String()
}

// reply is a reply without its lines.
func reply(r *ftp.Reply) ftp.Reply {
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
			for n := 0; i > 5 && n < 64; n++ { // more than a stub has room for
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

// fragmented is a session whose packets are all in two fragments.
func fragmented(t testing.TB) []byte {
	f := formatSession(t)
	var all []forged
	for i, p := range f.packets {
		all = append(all, fragmentsOf(p, i)...)
	}
	f.packets = all
	return f.pcap()
}

// fragmentsOf cuts an Ethernet frame behind the first eight bytes of what IPv4 carries.
func fragmentsOf(p forged, id int) []forged {
	const header = 14 + 20
	first := forged{at: p.at, data: bytes.Clone(p.data[:header+8])}
	second := forged{at: p.at, data: append(bytes.Clone(p.data[:header]), p.data[header+8:]...)}
	for i, x := range []forged{first, second} {
		binary.BigEndian.PutUint16(x.data[16:], uint16(len(x.data)-14))
		binary.BigEndian.PutUint16(x.data[18:], uint16(id))
		binary.BigEndian.PutUint16(x.data[20:], uint16([]int{0x2000, 1}[i]))
	}
	return []forged{first, second}
}
