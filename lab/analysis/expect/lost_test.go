package expect

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"ftplab/lab/analysis/internal/ranges"
	"ftplab/lab/internal/forge"
)

// A line about a packet that was lost cannot be judged if other packets show that it was sent. It
// is missing if nothing shows that.
func TestLost(t *testing.T) {
	without := func(frame int) func() *recording {
		return func() *recording {
			g := activeListing()
			g.Drop(len(g.Frames) - frame)
			return g
		}
	}
	refused := func(lost int) func() *recording {
		return func() *recording {
			g := &recording{forge.New(), false}
			login(g)
			data, _ := g.Pair("192.0.2.21:20", "198.51.100.100:3172")
			data.Segment("S", "")
			data.Peer.Seq = 0
			data.Peer.Segment("R.", "")
			g.Drop(lost)
			return g
		}
	}
	// The server has no data for the client, so nothing but the client's ACK shows its SYN.
	answered := func() *recording {
		g := &recording{forge.New(), false}
		data := connect(g, "192.0.2.21:20", "198.51.100.100:3172")
		data.Segment("P.", "0123456789")
		data.Peer.Segment(".", "")
		data.Peer.Segment("R.", "")
		g.Drop(4)
		return g
	}
	// The answer to PASS is lost, and sent again after the next command.
	again := func() *recording {
		g := &recording{forge.New(), false}
		ctl := login(g)
		ctl.Peer.Segment("P.", "200 Fine\r\n")
		ctl.Segment("P.", "LIST\r\n")
		ctl.Peer.SegmentAt(-10, "P.", "200 Fine\r\n")
		g.Drop(2)
		return g
	}
	// A host asks for an address, connects to it, and one of the packets of DNS is lost.
	asked := func(server string, lost int) func() *recording {
		return func() *recording {
			g := &recording{forge.New(), false}
			arp(g)
			dns(g, "198.51.100.100", "192.0.2.53")
			g.Drop(lost)
			connect(g, "198.51.100.100:3171", server)
			return g
		}
	}
	// A FIN is lost, and sent again after the other one.
	finAgain := func() *recording {
		g := &recording{forge.New(), false}
		data := dataConn(g)
		data.Segment("F.", "")
		data.Peer.Segment("F.", "")
		data.SegmentAt(-1, "F.", "")
		g.Drop(2)
		return g
	}
	// A SYN is lost, and sent again after the answer to it.
	synAgain := func() *recording {
		g := &recording{forge.New(), false}
		data, peer := g.Pair("192.0.2.21:20", "198.51.100.100:3172")
		data.Segment("S", "")
		g.Drop(0)
		peer.Segment("S.", "")
		peer.SegmentAt(-1, "S.", "")
		data.SegmentAt(-1, "S", "")
		data.Segment(".", "")
		return g
	}
	// A packet of the handshake of the control connection is lost.
	opened := func(lost int) func() *recording {
		return func() *recording {
			g := &recording{forge.New(), false}
			login(g)
			g.Frames = slices.Delete(g.Frames, lost, lost+1)
			return g
		}
	}
	// Only the number of the last ACK shows the FIN of the server.
	finNumbered := func() *recording {
		g := &recording{forge.New(), false}
		data := dataConn(g)
		data.Peer.Segment("F.", "")
		data.Segment("F.", "")
		g.Drop(0)
		data.Segment(".", "")
		return g
	}
	// Only the lost packet shows that this is FTP.
	greeting := func() *recording {
		g := &recording{forge.New(), false}
		ctl := connect(g, "198.51.100.100:3171", "192.0.2.21:21")
		ctl.Peer.Segment("P.", "Hello\r\n")
		ctl.Peer.Segment("P.", "220 Ready\r\n")
		ctl.Segment(".", "")
		g.Drop(1)
		return g
	}
	// An ICMP error is about a SYN.
	unreachable := func() *recording {
		g := &recording{forge.New(), false}
		arp(g)
		ctl, _ := g.Pair("198.51.100.100:3171", "192.0.2.21:21")
		ctl.Segment("S", "")
		const ethernet, quoted = 14, 28
		g.IP(nameAddr, clientAddr, 1, append([]byte{3, 1, 0, 0, 0, 0, 0, 0}, g.Last(0).Data[ethernet:ethernet+quoted]...))
		g.Drop(1)
		return g
	}
	// The first packet is an answer, perhaps to a host without a part in this.
	begins := func(server, to string) func() *recording {
		return func() *recording {
			g := &recording{forge.New(), false}
			g.UDP(server, to+":3170", []byte("\x00\x01\x85\x80\x00\x00\x00\x00\x00\x00\x00\x00"))
			login(g)
			return g
		}
	}
	// The first packet is a reply of ARP: to the client, or about the client's own address.
	replies := func(own bool) func() *recording {
		return func() *recording {
			g := &recording{forge.New(), false}
			arp(g)
			g.Frames = g.Frames[1:]
			if reply := g.Frames[0].Data; own {
				const sender, target = 28, 38
				copy(reply[sender:], reply[target:])
			}
			return g
		}
	}
	const asks = "arp client > * arp\narp client > * \"who-has *\"\n"
	// The other side sends data, and no ACK of the handshake comes.
	early := func(data string) func() *recording {
		return func() *recording {
			g := &recording{forge.New(), false}
			server, client := g.Pair("192.0.2.21:20", "198.51.100.100:3172")
			server.Segment("S", data)
			client.Segment("S.", "")
			client.Segment("P.", "0123456789")
			return g
		}
	}
	const names = "dns client.* > nameserver.53 udp\nctl client.* > *.21\nctl ...\ndns client > nameserver \"A? ftp1.example.test.\"\ndns nameserver > client \"1/4/4 A 192.0.2.21\"\n"
	const before = "ctl client.* > server.21\nctl ...\nctl server > client \"230 *\"\n" // the line below it is the fourth
	const reset = dataDeclared + "ctl client.* > server.21\nctl ...\ndata server > client [S]\ndata client > server [R.]\n"
	lossy := strings.Replace(before, ".21\n", ".21 lossy\n", 1)
	for _, test := range []struct {
		name, want      string
		forge           func() *recording
		wrong, unjudged string
	}{
		{"the ACK of the handshake, before the greeting", activeWant, without(3), "", "[6] @3"},
		{"the ACK of the handshake, before data of its own side", activeWant, without(17), "missing 18", ""},
		{"a SYN that was refused", reset, refused(1), "", "[4] @12"},
		{"its reset", reset, refused(0), "missing 5", ""},
		{"the SYN and ACK of a side without data", dataDeclared + dataHandshake + "data server > client seq 1:11\ndata client > server [R.]\n", answered, "", "[3] @1"},
		{"the ACK of the handshake, before data of the other side", dataDeclared + dataHandshake + "data client > server seq 1:11\n", early(""), "", "[4] @3"},
		{"no ACK of the handshake with TCP Fast Open", dataDeclared + "data server > client [S]\ndata server > client seq 1:4\ndata client > server [S.]\ndata server > client [.]\ndata client > server seq 1:11\n", early("abc"), "missing 5", ""},
		{"a reply, and its retransmission has a line", before + "ctl server > client \"200 *\"\nctl client > server \"LIST\"\nctl server > client [P.] length 10\n", again, "", "[4] @12"},
		{"a reply of which the retransmission needs no line", lossy + "ctl server > client \"200 *\"\nctl client > server \"LIST\"\n", again, "", "[4] @12"},
		{"no line for it on a lossy path", lossy + "ctl client > server \"LIST\"\n", again, "unwanted 4 @13", ""},
		{"another reply", before + "ctl server > client \"250 *\"\nctl client > server \"LIST\"\nctl server > client [P.] length 10\n", again, "missing 4", ""},
		{"the greeting", "ctl client.* > server.21\nctl ...\nctl server > client \"Hello\"\nctl server > client \"220 *\"\n", greeting, "", "[4] @5"},
		{"a FIN of which the retransmission needs no line", strings.Replace(dataDeclared, "3172", "3172 lossy", 1) + dataHandshake + "data server > client seq 1:56\ndata server > client [F.]\ndata client > server [F.]\n", finAgain, "", "[6] @5"},
		{"a SYN of which the retransmission needs no line", strings.Replace(dataDeclared, "3172", "3172 lossy", 1) + "data server > client [S]\ndata client > server [S.]\n", synAgain, "", "[2] @1"},
		{"a SYN, and its retransmission has a line", dataDeclared + "data server > client [S]\ndata client > server [S.]\ndata client > server [S.]\ndata server > client [S]\ndata server > client [.]\n", synAgain, "", "[2] @1"},
		{"no line for a SYN that was sent again", strings.Replace(dataDeclared, "3172", "3172 lossy", 1) + "data client > server [S.]\n", synAgain, "unwanted 2 @3", ""},
		{"a SYN that no line wants", "ctl client.* > server.21\nctl server > client [S.]\nctl ...\n", opened(0), "", "[] @1"},
		{"a SYN where ... is", "ctl client.* > server.21\nctl ...\nctl server > client [S.]\nctl ...\n", opened(0), "", ""},
		{"a SYN-ACK that no line wants", "ctl client.* > server.21\nctl client > server [S]\nctl client > server [.]\nctl ...\n", opened(1), "", "[] @1"},
		{"a SYN-ACK where ... is", "ctl client.* > server.21\nctl client > server [S]\nctl ...\nctl server > client \"220 *\"\nctl ...\n", opened(1), "", ""},
		{"a FIN that only a later number shows", dataDeclared + dataHandshake + "data server > client seq 1:56\ndata client > server [F.]\ndata server > client [F.]\n", finNumbered, "", "[7] @6"},
		{"bytes that only a later number shows", dataDeclared + dataHandshake + "data server > client seq 1:56\ndata server > client seq 56:60\n", func() *recording {
			g := &recording{forge.New(), false}
			data := dataConn(g)
			data.Segment("P.", "abcd")
			g.Drop(0)
			data.Segment(".", "")
			return g
		}, "", "[6] @5"},
		{"the number of a FIN after a lost SYN-ACK and lost data", dataDeclared + dataHandshake + "data client > server seq 1:56\ndata client > server [F.] seq 56\ndata server > client [F.]\n", func() *recording {
			g := &recording{forge.New(), false}
			data := connect(g, "192.0.2.21:20", "198.51.100.100:3172")
			data.Peer.Segment("P.", strings.Repeat("x", 55))
			g.Frames = g.Frames[:1]
			data.Segment(".", "")
			data.Peer.Segment("F.", "")
			data.Segment("F.", "")
			return g
		}, "", "[3 5 6] @1"},
		{"a question", names, asked("192.0.2.21:21", 1), "", "[4] @3"},
		{"the answer with the address of the next connection", names, asked("192.0.2.21:21", 0), "", "[5] @4"},
		{"an answer with another address", names, asked("192.0.2.22:21", 0), "missing 5", ""},
		{"a SYN that an ICMP error shows", "ctl client.* > server.21\nicmp * > client icmp\nctl client > server [S]\nicmp * > client length *\n", unreachable, "", "[1 3] @3"},
		{"all before an answer", "ctl client.* > server.21\nother client.* > server.22\nicmp * > client icmp\nother ...\nicmp * > client length *\n", func() *recording { g := unreachable(); g.Frames = g.Frames[2:]; return g }, "", "[2] @1"},
		{"a connection after an answer to a host of the want", before + "data server.20 > client.3172\n", begins("192.0.2.53:53", "198.51.100.100"), "undeclared 0 @1", "[4] @1"},
		{"a connection after an answer to another host", before + "data server.20 > client.3172\n", begins("192.0.2.53:53", "198.51.100.9"), "not found 4, undeclared 0 @1", ""},
		{"a connection after an announcement of multicast DNS", before + "data server.20 > client.3172\n", begins("192.0.2.53:5353", "198.51.100.100"), "not found 4, undeclared 0 @1", ""},
		{"a request of ARP before its reply", asks + "arp * > client \"* is-at *\"\n", replies(false), "", "[2] @1"},
		{"a request of ARP before a reply that nobody asked for", asks + "arp client > * \"* is-at *\"\n", replies(true), "missing 2", ""},
		{"a SYN to another port than that of the error", "ctl client.* > server.22\nicmp * > client icmp\nctl client > server [S]\nicmp * > client length *\n", unreachable, "not found 1", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			v := verdict(t, test.want, test.forge())
			compareUnjudged(t, v, test.wrong, test.unjudged)
		})
	}
}

// A FIN after all other packets may be lost, unless the connection was reset, or the recorder says that it lost nothing.
func TestLostFIN(t *testing.T) {
	w, err := Parse("test.txtar", 1, dataDeclared+dataHandshake+"data server > client seq 1:56\ndata server > client [F.]\ndata client > server [F.]\ndata ...\n")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name            string
		end             func(server *forge.End)
		kept            []int // of the frames; nil for all
		complete        bool
		wrong, unjudged string
	}{
		{"the end is lost", func(*forge.End) {}, nil, false, "", "[7] @6"},
		{"there is no end", func(*forge.End) {}, nil, true, "missing 7", ""},
		{"an ACK that a FIN may follow", func(server *forge.End) { server.Peer.Segment(".", "") }, nil, false, "", "[7] @7"},
		{"a reset", func(server *forge.End) { server.Peer.Segment("R.", "") }, nil, false, "missing 7", ""},
		{"one side, and its end is lost", func(*forge.End) {}, []int{1}, false, "", "[2 4 5 6 7] @1"},
		{"one side without an end", func(*forge.End) {}, []int{1}, true, "missing 7", "[2 4 5 6] @1"},
		{"one side, from the middle to before its end", func(*forge.End) {}, []int{2, 3}, false, "", "[2 3 5 6 7] @1"},
	} {
		g := &recording{forge.New(), false}
		data := dataConn(g)
		data.Segment("F.", "")
		test.end(data)
		if test.kept != nil {
			all := g.Frames
			g.Frames = nil
			for _, i := range test.kept {
				g.Frames = append(g.Frames, all[i])
			}
		}
		c := g.capture(t)
		c.Complete = test.complete
		v, err := w.Judge(c, hosts)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(test.name, func(t *testing.T) { compareUnjudged(t, v, test.wrong, test.unjudged) })
	}
}

// The numbers of a transfer are not known in a capture that begins in the middle of it, but its end is
// judged.
func TestLateTransfer(t *testing.T) {
	const segments, length = 3000, 100
	g := &recording{forge.New(), false}
	data := connect(g, "192.0.2.21:20", "198.51.100.100:3172")
	for range segments {
		data.Segment(".", strings.Repeat("x", length))
		data.Peer.Segment(".", "")
	}
	data.Segment("F.", "")
	data.Peer.Segment("F.", "")
	g.Frames = g.Frames[100:]
	want := dataDeclared + dataHandshake
	for i := range 4 {
		want += fmt.Sprintf("data server > client [.] seq %d:%d\n", 1+i*length, 1+(i+1)*length)
	}
	end := 1 + segments*length
	want += fmt.Sprintf("data server > client seq %d:%d\ndata client > server [.] seq 1\ndata server > client seq %d:%d\ndata server > client [F.] seq %d\ndata client > server [F.]\n", 1+4*length, 1000*length, 1000*length, end, end)
	v := verdict(t, want, g)
	last := v.Lines[len(v.Lines)-1]
	if len(v.Mismatches) > 0 || last.Packet != len(g.Frames) || len(v.Unjudged) != 1 {
		t.Errorf("the last line is frame %d, want %d, and no mismatches:\n%s", last.Packet, len(g.Frames), v.Report())
	}
	v = verdict(t, strings.Replace(want, "server > client [F.]", "server > client [R.]", 1), g)
	if len(v.Mismatches) == 0 {
		t.Errorf("want that a wrong end is noticed:\n%s", v.Report())
	}
}

// unanswered is a recording of n questions for different names, without answers.
func unanswered(n int) *recording {
	g := &recording{forge.New(), false}
	for i := range n {
		dns(g, "198.51.100.100", "192.0.2.53")
		g.Drop(0)
		const name, end = 13, 4 // bytes
		copy(g.Last(0).Data[len(g.Last(0).Data)-end-name:], fmt.Sprintf("%05d", i))
	}
	return g
}

// The cost of many questions without an answer, and of many connections of another host, grows with their
// number, not with its square.
func TestLostAnswersCost(t *testing.T) {
	cost := func(n int) float64 {
		g := unanswered(n)
		for i := range n {
			data, _ := g.Pair(fmt.Sprintf("198.51.100.9:%d", 10000+i), "192.0.2.22:21")
			data.Segment("S", "")
		}
		return testing.AllocsPerRun(1, func() { verdict(t, "dns client.* > nameserver.53 udp\ndns ...\n", g) })
	}
	if once, twice := cost(500), cost(1000); twice > 2.5*once {
		t.Errorf("twice as many need %.0f allocations instead of %.0f", twice, once)
	}
}

// A wrong line is compared with each packet, and only the differences that are printed are formatted.
func TestWrongLinesCost(t *testing.T) {
	const n, most = 200, 10 // allocations for each line and packet
	g := unanswered(n)
	for _, line := range []string{"dns client > nameserver \"A? *x%d\"\n", "dns nameserver > client \"A? *x%d\"\n"} {
		want := "dns client.* > nameserver.53 udp\n"
		for i := range n {
			want += fmt.Sprintf(line, i)
		}
		if cost := testing.AllocsPerRun(1, func() { verdict(t, want, g) }); cost > n*n*most {
			t.Errorf("%s: %.1f allocations for each line and packet, want at most %d", line, cost/(n*n), most)
		}
	}
}

// compareUnjudged compares a verdict's summary, and the lines that it does not judge, with what they should be.
func compareUnjudged(t *testing.T, v *Verdict, wrong, unjudged string) {
	t.Helper()
	got := ""
	for _, u := range v.Unjudged {
		got = fmt.Sprintf("%v @%d", u.Lines, u.From)
	}
	if s := summary(v); s != wrong || got != unjudged {
		t.Errorf("got %q and unjudged %q, want %q and %q\n%s", s, got, wrong, unjudged, v.Report())
	}
}

// TestMayBeLost asks that a line is compared with each lost packet once, however often the search asks, and
// that the answer is that of lostAt.
func TestMayBeLost(t *testing.T) {
	const packets = 50
	asked, other := &line{number: 1}, &line{number: 2}
	compared := 0
	side := unrecordedSide{lostFor: map[*line]ranges.Set{}}
	for i := range packets {
		side.lost = append(side.lost, lost{from: 7 * i % packets, to: 7*i%packets + i%3, fits: func(l *line) bool {
			compared++
			return l == asked && i%4 == 0
		}})
	}
	for at := range packets + 3 {
		for _, l := range []*line{asked, other} {
			before := compared
			want := side.lostAt(l, at) != nil
			compared = before
			if got := side.mayBeLost(l, at); got != want {
				t.Errorf("line %d before element %d: got %v, want %v", l.number, at, got, want)
			}
		}
	}
	if compared != 2*packets {
		t.Errorf("got %d comparisons, want %d", compared, 2*packets)
	}
}
