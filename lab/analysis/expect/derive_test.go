package expect

import (
	"strings"
	"testing"

	"ftplab/lab/internal/forge"
)

// sessions are forged twice: as they were seen once, and as another run might
// have it.
var sessions = []struct {
	name string
	run  func(t testing.TB, g *recording, again bool)
}{
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

func TestDerivedWantPasses(t *testing.T) {
	for _, s := range sessions {
		t.Run(s.name, func(t *testing.T) {
			seen, again := &recording{forge.New(), false}, &recording{forge.New(), false}
			s.run(t, seen, false)
			s.run(t, again, true)
			want := derive(t, seen.capture(t), hosts)
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

// A capture without names: both ends on one address, told apart by their ports.
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

// Bytes from in front of a stream, of an older connection perhaps, have no number that a
// want could have.
func TestDerivedWantOfOlderBytes(t *testing.T) {
	g := &recording{forge.New(), false}
	ctl := login(g)
	ctl.SegmentAt(-500_000, "P.", "USER old\r\n")
	quit(ctl)
	want := derive(t, g.capture(t), hosts)
	if strings.Contains(want, "seq -") {
		t.Errorf("a negative number in\n%s", want)
	}
	if v := verdict(t, want, g); !v.Pass {
		t.Errorf("the want\n%s\nreports\n%s", want, v.Report())
	}
}
