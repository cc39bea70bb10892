package expect

import (
	"strings"
	"testing"
)

// sessions are forged twice: as they were seen once, and as another run might
// have it.
var sessions = []struct {
	name string
	run  func(t testing.TB, g *forge, again bool)
}{
	{"active", func(t testing.TB, g *forge, again bool) {
		ctl := login(g)
		port, list := "198.51.100.100:40000", "PORT 198,51,100,100,156,64\r\n"
		if again {
			port, list = "198.51.100.100:50000", "PORT 198,51,100,100,195,80\r\n"
		}
		ctl.send(true, "P.", list)
		ctl.send(false, "P.", "200 Fine\r\n")
		ctl.send(true, "P.", "LIST\r\n")
		data := g.connect("192.0.2.21:20", port)
		ctl.send(false, "P.", "150 Here it comes\r\n")
		if again {
			data.send(true, "FP.", strings.Repeat("x", 110))
			ctl.send(false, "P.", "226 Done\r\n")
		} else {
			data.send(true, ".", strings.Repeat("x", 55))
			data.send(false, ".", "")
			data.send(true, "P.", strings.Repeat("x", 55))
			data.send(true, "F.", "")
		}
		data.send(false, "F.", "")
		data.send(true, ".", "")
		if !again {
			ctl.send(false, "P.", "226 Done\r\n")
		}
		quit(ctl)
	}},
	{"abort", func(t testing.TB, g *forge, again bool) {
		ctl := login(g)
		ctl.send(true, "P.", "PASV\r\n")
		ctl.send(false, "P.", "227 Call me (192,0,2,21,156,64)\r\n")
		ctl.send(true, "P.", "RETR file\r\n")
		data := g.connect("198.51.100.100:41000", "192.0.2.21:40000")
		ctl.send(false, "P.", "150 Here it comes\r\n")
		data.send(false, ".", strings.Repeat("x", 1000))
		if again {
			ctl.send(false, "P.", "426 Broken off\r\n")
			ctl.send(true, "P.", "ABOR\r\n")
		} else {
			ctl.send(true, "P.", "ABOR\r\n")
			data.send(false, ".", strings.Repeat("x", 1000))
			ctl.send(false, "P.", "426 Broken off\r\n")
		}
		ctl.send(false, "P.", "226 Aborted\r\n")
		data.send(false, "F.", "")
		quit(ctl)
	}},
	{"loss", func(t testing.TB, g *forge, again bool) {
		ctl := login(g)
		if again {
			ctl.packet(false, "P.", "230 Go on\r\n", ctl.sent[0]-11, ctl.sent[1])
		} else {
			ctl.packet(true, "P.", "PASS me@mypc.test\r\n", 17, ctl.sent[0])
		}
		quit(ctl)
	}},
	{"in a hurry", func(t testing.TB, g *forge, again bool) {
		ctl := login(g)
		ctl.send(true, "P.", "QUIT\r\n")
		if !again {
			ctl.send(true, "F.", "")
			ctl.send(false, "P.", "221 Bye\r\n")
			ctl.send(false, "F.", "")
			ctl.send(true, "R", "")
		} else {
			client, server := ctl.sent[1], ctl.sent[0]
			ctl.send(false, "P.", "221 Bye\r\n")
			ctl.packet(true, "F.", "", client, server)
			ctl.send(true, "R", "")
			ctl.send(false, "F.", "")
			ctl.send(true, "R", "")
		}
	}},
	{"DNS", func(t testing.TB, g *forge, again bool) {
		if again {
			g.arp()
		}
		g.dns(t)
		quit(login(g))
	}},
	{"not FTP", func(t testing.TB, g *forge, again bool) {
		web := g.connect("198.51.100.100:1025", "192.0.2.21:80")
		web.send(true, "P.", "GET / HTTP/1.0\r\n\r\n")
		web.send(false, "P.", "HTTP/1.0 200 OK\r\n\r\nhello")
		g.udp("198.51.100.100:9", "192.0.2.21:9", []byte("hey"))
	}},
}

func TestDerivedWantPasses(t *testing.T) {
	for _, s := range sessions {
		t.Run(s.name, func(t *testing.T) {
			seen, again := &forge{}, &forge{}
			s.run(t, seen, false)
			s.run(t, again, true)
			want := derive(t, seen.capture(t), hosts)
			for _, g := range []*forge{seen, again} {
				if v := verdict(t, want, g); !v.Pass {
					t.Errorf("the want\n%s\nreports\n%s", want, v.Report())
				}
			}
		})
	}
}

func TestDerivedWantIsStrict(t *testing.T) {
	g := &forge{}
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
	g := &forge{}
	ctl := g.connect("127.0.0.1:40000", "127.0.0.1:21")
	ctl.send(false, "P.", "220 Welcome\r\n")
	ctl.send(true, "P.", "PASV\r\n")
	ctl.send(false, "P.", "227 Call me (127,0,0,1,156,65)\r\n")
	ctl.send(true, "P.", "LIST\r\n")
	data := g.connect("127.0.0.1:41000", "127.0.0.1:40001")
	data.send(false, "P.", "listing\r\n")
	data.send(false, "F.", "")
	data.send(true, "F.", "")
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
	g := &forge{}
	ctl := login(g)
	ctl.packet(true, "P.", "USER old\r\n", ^uint32(0)-500_000, ctl.sent[0])
	quit(ctl)
	want := derive(t, g.capture(t), hosts)
	if strings.Contains(want, "seq -") {
		t.Errorf("a negative number in\n%s", want)
	}
	if v := verdict(t, want, g); !v.Pass {
		t.Errorf("the want\n%s\nreports\n%s", want, v.Report())
	}
}
