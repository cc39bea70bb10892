package capture_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/report/text"
	"ftplab/lab/internal/forge"
)

// A capture reads the same whether its facts fit into memory or are read again, a few
// connections at a time.
func TestKeptOrReadAgain(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: large captures, each read twice")
	}
	compareReadings(t, "probes", probes(t))
	compareReadings(t, "crowd", crowd(t))
	compareReadings(t, "lines", tooManyLines(t))
	compareReadings(t, "snapped", snapped(t))
	compareReadings(t, "fragments", fragmented(t))
	for _, trap := range traps {
		f := forge.New()
		trap.make(f)
		compareReadings(t, trap.name, f.PCAP())
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
	f := forge.New()
	x := f.Login()
	x.Ask("PASV", "227 Entering Passive Mode (192,0,2,21,14,84).")
	client, server := f.Dial(forge.Client+":24626", forge.Server+":3668")
	x.Ask("RETR file", "150 Here it comes.")
	server.Send("331 password please\r\n230 in\r\n200 this is a dialogue itself\r\n")
	client.Send("USER a\r\nPASS b\r\nTYPE I\r\n")
	server.Close()
	x.Server.Send("226 Done.\r\n")
	x.Ask("PORT 198,51,100,100,12,100", "200 ok")
	x.Ask("STOR file", "150 Go on.")
	_, client = f.Dial(forge.Server+":20", forge.Client+":3172")
	client.Send("220 what looks like a dialogue\r\n")
	client.Close()
	x.Server.Send("226 Done.\r\n")
	x.Ask("EPSV", "229 Extended (|||3669|)")
	late, _ := f.Pair(forge.Client+":24627", forge.Server+":3669")
	late.SegmentAt(0, "S", "") // it never carries anything
	server, _ = f.Dial(forge.Server+":20", forge.Client+":4000")
	server.Send("nobody announced this")
	x.Quit()
	overheard, told := f.Pair(forge.Client+":3999", forge.Server+":21")
	told.Send("220 the server is the first to be seen\r\n")
	overheard.Send("USER late\r\n")

	const clients = 80
	var all []forge.Frame
	for _, p := range f.Frames {
		for i := range clients {
			c := forge.Frame{At: p.At, Data: bytes.Clone(p.Data)}
			at := 26 // the source address
			if c.Data[at] == 192 {
				at = 30
			}
			c.Data[at+3] = byte(i)
			for _, port := range []int{34, 36} {
				if i%3 == 0 && binary.BigEndian.Uint16(c.Data[port:]) == 21 {
					binary.BigEndian.PutUint16(c.Data[port:], 2121)
				}
			}
			all = append(all, c)
		}
	}
	f.Frames = all
	return f.PCAP()
}

// tooManyLines is a capture whose first session has more lines than are read, and whose
// second one therefore has none.
func tooManyLines(t testing.TB) []byte {
	f := forge.New()
	for i := range 2 {
		c, s := f.Dial(fmt.Sprintf("%s:%d", forge.Client, 3171+i), forge.Server+":21")
		s.Send("220 ok\r\n")
		c.Send("USER a\r\n")
		for range 60 * (1 - i) {
			s.SegmentAt(0, ".", strings.Repeat("\n", 2000))
			s.Seq += 2000
		}
	}
	return f.PCAP()
}

// snapped is a session to another port than 21, of which the ends of the lines are not
// left: what is, one after the other, does not sound like FTP, although each line does.
func snapped(t testing.TB) []byte {
	f := forge.New()
	c, s := f.Pair(forge.Client+":3171", forge.Server+":2121")
	c.Send("well, well\r\n")
	s.Send("hello there\r\n")
	for _, line := range []string{"USER adelaide", "PASS secret", "TYPE Image"} {
		c.Send(line + "\r\n")
		s.Send("200 as you like\r\n")
	}
	for i := range f.Frames {
		f.Frames[i].Cut(54 + 7)
	}
	return f.PCAP()
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

// portFacts is all that is said of a data port.
func portFacts(a *ftp.DataPort) string {
	port := *a
	port.Unseen = nil
	text := fmt.Sprintf("  %+v\n", port)
	if a.Unseen != nil {
		text += fmt.Sprintf("    %+v\n", *a.Unseen)
	}
	return text
}

// factsOf is all that is said of a connection.
func factsOf(c *ftp.Connection) string {
	d := *c
	d.DataPort, d.Transfer, d.Unseen, d.TLS, d.Proxy = nil, nil, nil, nil, nil
	text := fmt.Sprintf("%+v\n", d)
	if c.TLS != nil {
		t := c.TLS
		text += fmt.Sprintf("  TLS %d %v %d %v %+v %v %d\n", t.From, t.InMiddle, t.Client, t.Resumed, t.Flows, t.Alerts, len(t.Problems))
	}
	if c.DataPort != nil {
		text += portFacts(c.DataPort)
	}
	for _, transfer := range []*ftp.Transfer{c.Transfer, c.Unseen} {
		if transfer != nil {
			text += fmt.Sprintf("  %+v\n", *transfer)
		}
	}
	if c.Proxy != nil {
		text += fmt.Sprintf("  %+v\n", *c.Proxy)
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
		b.WriteString(portFacts(a))
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
	f := forge.New()
	var clients, servers []*forge.End
	for port := 40000; port < 40012; port++ {
		c, s := f.Pair(fmt.Sprintf("%s:%d", forge.Client, port), forge.Server+":80")
		clients, servers = append(clients, c), append(servers, s)
		c.SegmentAt(0, "S", "")
		c.Seq++
	}
	for i, c := range clients {
		s := servers[i]
		s.Window = 100 + uint16(i)
		switch i {
		case 0: // nobody answers
		case 1:
			c.Seq--
			c.SegmentAt(0, "S", "") // again
			c.SegmentAt(0, "S", "")
		case 2:
			s.SegmentAt(0, "R.", "")
		case 3, 4, 5, 6:
			s.SegmentAt(0, "S.", "")
			s.Seq++
			if i > 3 {
				flags := "R"
				if i == 4 {
					flags = "."
				}
				c.SegmentAt(0, flags, "")
			}
			for n := 0; i > 5 && n < 64; n++ { // more than a stub has room for
				c.SegmentAt(0, "R", "")
			}
		case 7:
			c.SegmentAt(0, "F", "")
		case 8:
			c.Seq += 90_000
			c.SegmentAt(0, "S", "") // another connection between the same ports
		case 9:
			c.Seq += 500
			c.SegmentAt(0, "F.", "") // with a hole in front
		case 10:
			c.SegmentAt(0, "P.", "GET / HTTP/1.0\r\n\r\n")
		case 11:
			s.SegmentAt(0, ".", "") // an answer to another number
		}
	}
	fullWindows(f)
	six, _ := f.Pair("[2001:db8::1]:42000", "[2001:db8::21]:80")
	six.SegmentAt(0, "S", "")
	x := f.Login()
	x.Ask("PASV", "227 Entering Passive Mode (192,0,2,21,14,84).")
	lone, _ := f.Pair(forge.Client+":24626", forge.Server+":3668")
	lone.SegmentAt(0, "S", "")
	lone, _ = f.Pair(forge.Server+":20", forge.Client+":5000")
	lone.SegmentAt(0, "S", "")
	x.Quit()
	return f.PCAP()
}

// fullWindows adds connections whose data fills the window that the stub knows of.
func fullWindows(f *forge.Capture) {
	for port, scale := range []uint8{0, 3} {
		c, s := f.Pair(fmt.Sprintf("%s:%d", forge.Client, 41000+port), forge.Server+":80")
		c.Window, s.Window = 16, 100
		c.Options = []byte{3, 3, scale, 0}
		s.Options = c.Options
		c.SegmentAt(0, "S", "")
		c.Seq++
		s.SegmentAt(0, "S.", "")
		s.Seq++
		c.SegmentAt(0, ".", "")
		s.SegmentAt(0, ".", strings.Repeat("x", 16<<scale))
	}
}

// fragmented is a session whose packets are all in two fragments.
func fragmented(t testing.TB) []byte {
	f := formatSession(t)
	var all []forge.Frame
	for i, p := range f.Frames {
		all = append(all, fragmentsOf(p, i)...)
	}
	f.Frames = all
	return f.PCAP()
}

// fragmentsOf cuts an Ethernet frame after the first eight bytes of what IPv4 carries.
func fragmentsOf(p forge.Frame, id int) []forge.Frame {
	const header = 14 + 20
	first := forge.Frame{At: p.At, Data: bytes.Clone(p.Data[:header+8])}
	second := forge.Frame{At: p.At, Data: append(bytes.Clone(p.Data[:header]), p.Data[header+8:]...)}
	for i, x := range []forge.Frame{first, second} {
		binary.BigEndian.PutUint16(x.Data[16:], uint16(len(x.Data)-14))
		binary.BigEndian.PutUint16(x.Data[18:], uint16(id))
		binary.BigEndian.PutUint16(x.Data[20:], uint16([]int{0x2000, 1}[i]))
	}
	return []forge.Frame{first, second}
}

// TestDialoguesTakeOneReading asks that sessions that follow each other are read in one
// reading of the file, even if there is room for only one of them at a time.
func TestDialoguesTakeOneReading(t *testing.T) {
	const sessions = 20
	name := filepath.Join(t.TempDir(), "sessions.pcap")
	writeSessions(t, name, sessions)
	file, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	r := &counted{Reader: bytes.NewReader(file)}
	c, err := capture.Read(r, capture.Tight(capture.Options{}))
	if err != nil {
		t.Fatal(err)
	}
	for _, data := range []bool{false, true} {
		r.bytes = 0
		seen := 0
		for range c.Dialogues(data) {
			seen++
		}
		if c.Err() != nil || seen != sessions || r.bytes != len(file) {
			t.Errorf("data %t: read %d bytes for %d sessions (%v), want %d for %d", data, r.bytes, seen, c.Err(), len(file), sessions)
		}
	}
}

// counted counts the bytes that are read.
type counted struct {
	*bytes.Reader
	bytes int
}

func (c *counted) ReadAt(b []byte, at int64) (int, error) {
	n, err := c.Reader.ReadAt(b, at)
	c.bytes += n
	return n, err
}
