package expect

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/internal/forge"
)

// A session is forged twice: as it was seen once, and as another run might have it.
type session struct {
	name string
	run  func(t testing.TB, g *recording, again bool)
}

var sessions = []session{
	{"active", func(t testing.TB, g *recording, again bool) {
		ctl := login(g)
		port := "198.51.100.100:40000"
		if again {
			port = "198.51.100.100:50000"
		}
		ctl.Segment("P.", "PORT "+g.hostPort(port)+"\r\n")
		ctl.Peer.Segment("P.", "200 Fine\r\n")
		ctl.Segment("P.", "LIST\r\n")
		data := connect(g, "192.0.2.21:20", port)
		ctl.Peer.Segment("P.", "150 Here it comes\r\n")
		if again {
			data.Segment("FP.", strings.Repeat("x", 110))
			ctl.Peer.Segment("P.", "226 0.000 seconds (measured here), 1.19 Mbytes per second\r\n")
		} else {
			data.Segment(".", strings.Repeat("x", 55))
			data.Peer.Segment(".", "")
			data.Segment("P.", strings.Repeat("x", 55))
			data.Segment("F.", "")
		}
		data.Peer.Segment("F.", "")
		data.Segment(".", "")
		if !again {
			ctl.Peer.Segment("P.", "226 0.001 seconds (measured here), 390.10 Kbytes per second\r\n")
		}
		quit(ctl)
	}},
	{"abort", func(t testing.TB, g *recording, again bool) {
		ctl := login(g)
		ctl.Segment("P.", "PASV\r\n")
		ctl.Peer.Segment("P.", "227 Call me ("+g.hostPort("192.0.2.21:40000")+")\r\n")
		ctl.Segment("P.", "RETR file\r\n")
		data := connect(g, "198.51.100.100:41000", "192.0.2.21:40000")
		ctl.Peer.Segment("P.", "150 Here it comes\r\n")
		data.Peer.Segment(".", strings.Repeat("x", 1000))
		if again {
			ctl.Peer.Segment("P.", "426 Broken off\r\n")
			ctl.Segment("P.", "ABOR\r\n")
		} else {
			ctl.Segment("P.", "ABOR\r\n")
			data.Peer.Segment(".", strings.Repeat("x", 1000))
			ctl.Peer.Segment("P.", "426 Broken off\r\n")
		}
		ctl.Peer.Segment("P.", "226 Aborted\r\n")
		data.Peer.Segment("F.", "")
		quit(ctl)
	}},
	{"loss", func(t testing.TB, g *recording, again bool) {
		ctl := login(g)
		if again {
			ctl.Peer.SegmentAt(-11, "P.", "230 Go on\r\n")
		} else {
			ctl.SegmentAt(-19, "P.", "PASS me@mypc.test\r\n")
		}
		quit(ctl)
	}},
	{"in a hurry", func(t testing.TB, g *recording, again bool) {
		ctl := login(g)
		ctl.Segment("P.", "QUIT\r\n")
		if !again {
			ctl.Segment("F.", "")
			ctl.Peer.Segment("P.", "221 Bye\r\n")
			ctl.Peer.Segment("F.", "")
			ctl.Segment("R", "")
		} else {
			ctl.Peer.Segment("P.", "221 Bye\r\n")
			ctl.Peer.Seq -= 9 // the two crossed
			ctl.SegmentAt(0, "F.", "")
			ctl.Peer.Seq += 9
			ctl.Segment("R", "")
			ctl.Peer.Segment("F.", "")
			ctl.Segment("R", "")
		}
	}},
	{"late reply", func(t testing.TB, g *recording, _ bool) { lateReply(g) }},
	{"DNS", func(t testing.TB, g *recording, again bool) {
		if again {
			arp(g)
		}
		dns(g, "198.51.100.100", "192.0.2.53")
		quit(login(g))
	}},
	{"DNS on one address", func(t testing.TB, g *recording, _ bool) {
		dns(g, "127.0.0.1", "127.0.0.1")
		quit(login(g))
	}},
	{"not FTP", func(t testing.TB, g *recording, again bool) {
		web := connect(g, "198.51.100.100:1025", "192.0.2.21:80")
		web.Segment("P.", "GET / HTTP/1.0\r\n\r\n")
		web.Peer.Segment("P.", "HTTP/1.0 200 OK\r\n\r\nhello")
		g.UDP("198.51.100.100:9", "192.0.2.21:9", []byte("hey"))
	}},
}

// unusual are sessions that few clients have, or of which the capture lacks something.
var unusual = []session{
	{"a long reply to a client that has closed", func(t testing.TB, g *recording, again bool) {
		ctl := login(g)
		ctl.Segment("P.", "HELP\r\n")
		if !again {
			ctl.Segment("F.", "")
		}
		for i := range maxJoined {
			ctl.Peer.Segment("P.", fmt.Sprintf("214-%d\r\n", i))
		}
		ctl.Peer.Segment("P.", "214 that is all\r\n")
		if again {
			ctl.SegmentAt(0, "F.", "")
		}
		ctl.Peer.Segment("F.", "")
	}},
	{"passwords in other ways", func(t testing.TB, g *recording, again bool) {
		ctl := connect(g, "198.51.100.100:3171", "192.0.2.21:21")
		for _, command := range []string{"PASS", "PASS ", "pass secret"} {
			ctl.Segment("P.", command+"\r\n")
			ctl.Peer.Segment("P.", "530 No\r\n")
		}
		quit(ctl)
	}},
	{"packets of an older connection", func(t testing.TB, g *recording, again bool) {
		ctl := login(g)
		if !again {
			ctl.SegmentAt(-500_000, "P.", "USER old\r\n")
			ctl.SegmentAt(-400_000, "F.", "")
		}
		quit(ctl)
	}},
	{"the start is missing", func(t testing.TB, g *recording, again bool) {
		ctl := login(g)
		if !again {
			g.Frames = g.Frames[6:]
		}
		quit(ctl)
	}},
	{"packets are missing", func(t testing.TB, g *recording, again bool) {
		ctl := login(g)
		if !again {
			g.Drop(3)
			g.Drop(3)
		}
		closedDataConn(g)
		if !again {
			g.Drop(4)
		}
		quit(ctl)
	}},
	{"an answer of DNS without its question", func(t testing.TB, g *recording, again bool) {
		dns(g, "198.51.100.100", "192.0.2.53")
		g.Drop(1)
		quit(login(g))
	}},
}

func TestDerivedWantPasses(t *testing.T) {
	for _, s := range slices.Concat(sessions, unusual) {
		t.Run(s.name, func(t *testing.T) {
			seen, again := &recording{forge.New(), false}, &recording{forge.New(), false}
			s.run(t, seen, false)
			s.run(t, again, true)
			want := derive(t, seen.capture(t), hosts)
			if openPart.MatchString(want) {
				t.Errorf("a whole connection is left open in\n%s", want)
			}
			for _, g := range []*recording{seen, again} {
				if v := verdict(t, want, g); !v.Pass {
					t.Errorf("the want\n%s\nreports\n%s", want, v.Report())
				}
			}
		})
	}
}

func TestDerivedWantIsStrict(t *testing.T) {
	g := &recording{forge.New(), false}
	sessions[0].run(t, g, false)
	want := derive(t, g.capture(t), hosts)
	for _, line := range []string{
		"data  server.20 > client.*",
		`"PORT 198,51,100,100,*"`,
		"@list",
		"after @list",
		"seq 1:111",
		"[F.] seq 111",
		"|ctl",
	} {
		if !strings.Contains(want, line) {
			t.Errorf("the want has no %s:\n%s", line, want)
		}
	}
	if strings.Contains(want, "me@mypc.test") {
		t.Errorf("the want has the password in it:\n%s", want)
	}
}

// A capture without names: both ends on one address, which only their ports distinguish.
func TestDerivedWantOfOneHost(t *testing.T) {
	g := &recording{forge.New(), false}
	ctl := connect(g, "127.0.0.1:40000", "127.0.0.1:21")
	ctl.Peer.Segment("P.", "220 Welcome\r\n")
	ctl.Segment("P.", "PASV\r\n")
	ctl.Peer.Segment("P.", "227 Call me (127,0,0,1,156,65)\r\n")
	ctl.Segment("P.", "LIST\r\n")
	data := connect(g, "127.0.0.1:41000", "127.0.0.1:40001")
	data.Peer.Segment("P.", "listing\r\n")
	data.Peer.Segment("F.", "")
	data.Segment("F.", "")
	c := g.capture(t)
	want := derive(t, c, nil)
	w, err := Parse("derived", 1, want)
	if err != nil {
		t.Fatalf("%v in\n%s", err, want)
	}
	v, err := w.Judge(c, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !v.Pass {
		t.Errorf("the want\n%s\nreports\n%s", want, v.Report())
	}
}

// Of many connections each is judged by itself, and is still the one that its declaration means.
func TestDerivedWantOfMany(t *testing.T) {
	g := &recording{forge.New(), false}
	ctl := login(g)
	ctl.Segment("P.", "PASV\r\n")
	ctl.Peer.Segment("P.", "227 Call me ("+g.hostPort("192.0.2.21:20000")+")\r\n")
	ctl.Segment("P.", "RETR file\r\n")
	data := connect(g, "198.51.100.100:41000", "192.0.2.21:20000")
	ctl.Peer.Segment("P.", "150 Here it comes\r\n")
	data.Peer.Segment("F.", "")
	data.Segment("F.", "")
	ctl.Peer.Segment("P.", "226 Done\r\n")
	quit(ctl)
	for i := range maxJudged {
		connect(g, fmt.Sprintf("198.51.100.100:%d", 2000+i), "192.0.2.21:20000")
	}
	want := derive(t, g.capture(t), hosts)
	if v := verdict(t, want, g); !v.Pass {
		t.Errorf("the want\n%s\nreports\n%s", want[:2000], v.Report())
	}
}

// openPart is a line of a want of which the whole connection is left open.
var openPart = regexp.MustCompile(`(?m)^(ctl|data)\w* +\.\.\. +# any packets$`)

// Whatever a recorder or a network did to the packets of a session, the capture passes the
// want that is derived from it.
func TestDerivedWantOfDamage(t *testing.T) {
	total, open := 0, 0
	for _, s := range slices.Concat(sessions, unusual) {
		g := &recording{forge.New(), false}
		s.run(t, g, false)
		whole := derive(t, g.capture(t), hosts)
		for what, file := range damages(g) {
			c, err := capture.Read(bytes.NewReader(file), capture.Options{})
			if err != nil {
				t.Fatal(err)
			}
			want := derive(t, c, hosts)
			w, err := Parse("derived", 1, want)
			if err != nil {
				t.Fatalf("%s, %s: %v in\n%s", s.name, what, err, want)
			}
			v, err := w.Judge(c, hosts)
			if err != nil {
				t.Fatal(err)
			}
			if !v.Pass {
				t.Errorf("%s, %s: the want\n%s\nreports\n%s", s.name, what, want, v.Report())
			}
			if common, err := Common([]string{whole, want}); err == nil {
				if _, err := Parse("common", 1, common); err != nil {
					t.Errorf("%s, %s: %v in\n%s", s.name, what, err, common)
				}
			}
			if total++; openPart.MatchString(want) {
				open++
			}
		}
	}
	if total < 1000 && !testing.Short() || open > total/100 {
		t.Errorf("of %d wants, %d leave a whole connection open", total, open)
	}
}

// damages returns the files of a recording in which one thing is wrong, by what it is. With -short, it is
// wrong with every fifth packet only.
func damages(g *recording) map[string][]byte {
	files := map[string][]byte{}
	add := func(what string, at int, frames []forge.Frame) {
		if testing.Short() && at%5 != 0 {
			return
		}
		files[fmt.Sprintf("%s %d", what, at+1)] = forge.PCAP(1, frames)
	}
	for i, f := range g.Frames {
		rest := g.Frames[i+1:]
		add("missing", i, slices.Concat(g.Frames[:i], rest))
		add("again after it", i, slices.Insert(slices.Clone(g.Frames), i, f))
		add("at the end", i, append(slices.Concat(g.Frames[:i], rest), f))
		early := max(0, i-3)
		add("early", i, slices.Concat(g.Frames[:early], []forge.Frame{f}, g.Frames[early:i], rest))
		add("begin at", i, g.Frames[i:])
		add("snap length 34+", i, cutAll(g.Frames, 34+2*i))
		short := slices.Clone(g.Frames)
		short[i].Cut(57)
		add("cut short", i, short)
	}
	return files
}

// cutAll returns frames of which the recorder kept only the first bytes.
func cutAll(frames []forge.Frame, bytes int) []forge.Frame {
	short := slices.Clone(frames)
	for i := range short {
		short[i].Cut(bytes)
	}
	return short
}

// Two hosts with one name are written as their addresses.
func TestDeriveOneNameForTwoHosts(t *testing.T) {
	g := activeListing()
	want := derive(t, g.capture(t), Hosts{"www": {clientAddr, serverAddr}})
	if !strings.Contains(want, "192.0.2.21.20 > 198.51.100.100.3172") {
		t.Errorf("got\n%s", want)
	}
}

// BenchmarkDerive fails if the time to derive a want grows with the square of the number of commands.
func BenchmarkDerive(b *testing.B) {
	fourfold(b, 2000, "commands", func(s forge.Session, i int) {
		s.Ask(fmt.Sprintf("SIZE f%d", i), "213 1")
	}, func(c *capture.Capture) func() error {
		return func() error { return Derive(io.Discard, c, nil) }
	})
}

// BenchmarkJudge fails if the time to judge a capture grows with the square of the number of connections.
func BenchmarkJudge(b *testing.B) {
	fourfold(b, maxJudged, "data connections", func(s forge.Session, i int) {
		s.Active(10_000+uint16(i), "LIST", "a listing\r\n")
	}, func(c *capture.Capture) func() error {
		var text strings.Builder
		if err := Derive(&text, c, nil); err != nil {
			b.Fatal(err)
		}
		w, err := Parse("derived", 1, text.String())
		if err != nil {
			b.Fatal(err)
		}
		return func() error {
			v, err := w.Judge(c, nil)
			if err == nil && !v.Pass {
				b.Error(v.Report())
			}
			return err
		}
	})
}

// BenchmarkLacking fails if the time to find the connections of a want grows with the square of their number,
// if all have the same ends and the capture lacks half of them.
func BenchmarkLacking(b *testing.B) {
	fourfold(b, 125, "data connections", func(s forge.Session, i int) {
		s.Active(10_000+uint16(i), "LIST", "a listing\r\n")
	}, func(c *capture.Capture) func() error {
		var text strings.Builder
		for i := range 2 * c.NumConnections() {
			fmt.Fprintf(&text, "data%d *.* > *.*\n", i)
		}
		w, err := Parse("stars", 1, text.String())
		if err != nil {
			b.Fatal(err)
		}
		return func() error {
			_, err := w.Judge(c, nil)
			return err
		}
	})
}

// BenchmarkAstray fails if the time to look for doubts grows with the square of the number of connections that are bound,
// and that an earlier place lacks.
func BenchmarkAstray(b *testing.B) {
	growth(b, 10_000, "connections", func(n int) time.Duration {
		j, v := &judge{want: &Want{}, capture: &evidence{source: &capture.Capture{}}, framesOf: map[int][]int{}}, &Verdict{}
		for i := range n {
			x, name := &ftp.Connection{Identity: ftp.Identity{ID: i}}, fmt.Sprint("data", i)
			j.astray = append(j.astray, astray{x, "client"})
			j.framesOf[i] = []int{i}
			j.bindings = append(j.bindings, &binding{declaration: &declaration{name: name, proto: "tcp"}, conn: x})
			v.Connections = append(v.Connections, Connection{})
			v.Mismatches = append(v.Mismatches, Mismatch{Connection: name, Kind: Unwanted})
		}
		begin := time.Now()
		if j.setDoubtsApart(v); len(v.Unjudged) != n || len(v.Mismatches) > 0 {
			b.Errorf("got %d connections that cannot be judged, want %d", len(v.Unjudged), n)
		}
		return time.Since(begin)
	})
}

// fourfold compares how long something takes for sessions with n actions and with four times as many.
func fourfold(b *testing.B, n int, actions string, act func(s forge.Session, i int), prepare func(*capture.Capture) func() error) {
	growth(b, n, actions, func(n int) time.Duration {
		f := forge.New()
		s := f.Login()
		for i := range n {
			act(s, i)
		}
		s.Quit()
		c, err := capture.Read(bytes.NewReader(f.PCAP()), capture.Options{})
		if err != nil {
			b.Fatal(err)
		}
		do := prepare(c)
		begin := time.Now()
		if err := do(); err != nil {
			b.Fatal(err)
		}
		return time.Since(begin)
	})
}

// growth reports how many times as long something takes for four times n, and fails if this is much more than four.
func growth(b *testing.B, n int, of string, took func(n int) time.Duration) {
	const most = 10
	fastest := func(n int) float64 { return float64(min(took(n), took(n), took(n))) } // on a busy machine
	var times float64
	for b.Loop() {
		times = fastest(4*n) / fastest(n)
	}
	if b.ReportMetric(times, "x-fourfold"); times > most {
		b.Errorf("%d %s take %.0f times as long as %d, want %d times at most", 4*n, of, times, n, most)
	}
}

// TestExtents compares the furthest end of some ranges with the one that is found by a look at all.
func TestExtents(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		var all extents
		for range r.IntN(8) {
			start := r.Int64N(20)
			all = append(all, piece{start: start, end: start + r.Int64N(20)})
		}
		sorted := slices.Clone(all)
		sorted.sort()
		for at := range int64(20) {
			want := int64(math.MinInt64)
			for _, p := range all {
				if p.start <= at {
					want = max(want, p.end)
				}
			}
			if got := sorted.reach(at); got != want {
				t.Fatalf("of %v at %d got %d, want %d", all, at, got, want)
			}
		}
	}
}
