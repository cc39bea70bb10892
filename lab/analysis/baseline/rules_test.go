// For each rule a capture that breaks it, and one that comes close and does not.

package baseline

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"ftplab/lab/internal/forge"
)

// A ruleTest breaks a rule, and almost breaks it.
type ruleTest struct{ breaks, near func(*forge.Capture) }

// ruleTestOf is the test of a rule. Rules of what only TLS shows have none here, see
// TestTLSRules.
func ruleTestOf(rule string) (test ruleTest, ok bool) {
	for _, tests := range []map[string]ruleTest{ruleTests, besideTests} {
		if test, ok = tests[rule]; ok {
			break
		}
	}
	return test, ok
}

var ruleTests = map[string]ruleTest{
	"server-greets-first": {
		breaks: dialogue("> USER ada\n> PASS secret\n< 220 ready\n< 331 go on\n< 230 in"),
		near: func(f *forge.Capture) { // the two crossed: the server had not heard it
			t := f.Control()
			t.Say("> USER ada")
			t.Seq -= 10
			t.Peer.Segment("P.", "220 ready\r\n")
			t.Seq += 10
			t.Say("< 331 go on\n> PASS secret\n< 230 in").Close()
		},
	},
	"one-command-at-a-time": {
		breaks: session1("> TYPE I\n+ PWD\n+ SYST\n+ FEAT\n< 200 ok\n< 257 \"/\"\n< 215 UNIX\n< 502 no"),
		near:   session1("> PASV\n< 227 (192,0,2,21,100,0)\n> RETR a\n< 150 here\n> ABOR\n< 426 broken off\n< 226 aborted"),
	},
	"reply-answers-command": {
		breaks: session1("< 227 (192,0,2,21,100,0)\n> PASV"),
		near:   session1("> PWD\n< 257 \"/\"\n< 421 it is late"),
	},
	"reply-fits-command": {
		breaks: session1("> PWD\n< 226 done"),
		near:   session1("> PWD\n< 250 \"/\"\n> FEAT\n< 502 never heard of it"),
	},
	"reply-well-formed": {
		breaks: session1("> SYST\n< UNIX of some kind"),
		near:   session1("> SYST\n< 215-UNIX\n+ of some kind\n+ 215\n> NOOP\n< 200"),
	},
	"reply-of-normal-length": {
		breaks: session1("> PWD\n< 257 " + strings.Repeat("Ab", 2050)),
		near:   session1("> PWD\n< 257 " + strings.Repeat("Ab", 2040)),
	},
	"sides-keep-their-roles": {
		breaks: session1("< QUIT\n< 221 bye"),
		near:   session1("> HELP\n< 214-these are known:\n+ QUIT\n+ 214 no more"),
	},
	"commands-are-ftp": {
		breaks: session1("> GET / HTTP/1.0\n< 500 what?"),
		near:   session1("> XYZZY\n< 500 what?"),
	},
	"control-carries-dialogue": {
		breaks: session1(strings.Repeat("> "+strings.Repeat("ZGF0YQ", 20)+"\n< 500 what?\n", 8)),
		near:   session1("> HELP\n< 214-\n" + strings.Repeat("+   a long help, line by line, that goes on and on\n", 30) + "+ 214 that was it"),
	},
	"pbsz-before-prot": {
		breaks: session1("> PROT P\n< 200 ok"),
		near:   session1("> PROT P\n< 503 PBSZ first\n> PBSZ 0\n< 200 ok\n> PROT P\n< 200 ok"),
	},
	"login-before-transfer": {
		breaks: dialogue("< 220 ready\n> PASV\n< 227 (192,0,2,21,100,0)\n> RETR secret\n< 150 here\n< 226 done\n> QUIT\n< 221 bye"),
		near:   dialogue("< 220 ready\n> PASV\n< 530 who are you?\n> RETR secret\n< 530 who are you?\n> USER ftp\n< 230 in\n> LIST\n< 150 here\n< 226 done"),
	},
	"no-guessing": {
		breaks: func(f *forge.Capture) {
			for i := range 8 {
				f.Control().Say(fmt.Sprintf("< 220 hi\n> USER root\n< 331 and?\n> PASS pass%d\n< 530 no", i)).Close()
			}
		},
		near: func(f *forge.Capture) { // three users of one machine mistype, and get in
			for i := range 3 {
				user := fmt.Sprintf("> USER user%d\n< 331 and?\n", i)
				f.Control().Say("< 220 hi\n" + user + "> PASS oops\n< 530 no\n" + user + "> PASS ooops\n< 530 no\n" + user + "> PASS right\n< 230 in").Close()
			}
		},
	},
	"own-address": {
		breaks: session1("> PORT 203,0,113,7,31,64\n< 200 ok\n> LIST\n< 150 here\n< 226 done"),
		near: func(f *forge.Capture) { // behind an address translator
			f.Control().Say(hello).Say("> PORT 192,168,1,7,31,64\n< 200 ok\n> LIST\n< 150 here\n< 226 done").Say(bye).Peer.Close()
		},
	},
	"unprivileged-port": {
		breaks: session1("> PORT 198,51,100,100,0,25\n< 200 ok\n> LIST\n< 425 no"),
		near:   session1("> PORT 198,51,100,100,4,0\n< 200 ok\n> LIST\n< 150 here\n< 226 done"),
	},
	"announcement-well-formed": {
		breaks: session1("> PORT 198,51,100,100,12\n< 501 what?"),
		near:   session1("> EPRT |1|198.51.100.100|3172|\n< 200 ok\n> LIST\n< 150 here\n< 226 done"),
	},
	"announcement-used": {
		breaks: session1(strings.Repeat("> PASV\n< 227 (192,0,2,21,100,0)\n", 12)),
		near:   session1(strings.Repeat("> PASV\n< 227 (192,0,2,21,100,0)\n> LIST\n< 550 no\n", 12)),
	},
	"data-is-announced": {
		breaks: func(f *forge.Capture) {
			t := f.Control().Say(hello)
			download(f, aServer+":20", aClient+":6000", opener, 100)
			t.Say(bye).Peer.Close()
		},
		near: func(f *forge.Capture) { // RFC 959's default: the port of the control connection
			t := f.Control().Say(hello).Say("> LIST\n< 150 here")
			download(f, aServer+":20", t.Addr.String(), opener, 100)
			t.Say("< 226 done").Say(bye).Peer.Close()
		},
	},
	"data-with-the-partner": {
		breaks: func(f *forge.Capture) {
			t := f.Control().Say(hello).Say("> PASV\n< 227 (192,0,2,21,100,0)")
			d := download(f, "203.0.113.66", aServer+":25600", answerer, 100)
			refuse(f, aClient, d.Peer.Addr.String()) // the client comes too late
			t.Say("> RETR a\n< 150 here\n< 226 done").Say(bye).Peer.Close()
		},
		near: func(f *forge.Capture) { // a translator with many numbers
			t := f.Control().Say(hello).Say("> PASV\n< 227 (192,0,2,21,100,0)")
			download(f, "198.51.100.101", aServer+":25600", answerer, 100)
			t.Say("> RETR a\n< 150 here\n< 226 done").Say(bye).Peer.Close()
		},
	},
	"data-in-time": {
		breaks: transfer(70*time.Second, "RETR a", answerer, 100),
		near:   transfer(50*time.Second, "RETR a", answerer, 100),
	},
	"active-from-port-20": {
		breaks: active(":2020"),
		near:   active(":20"),
	},
	"passive-high-ports": {
		breaks: func(f *forge.Capture) { passiveFrom(f, ":1023") },
		near:   func(f *forge.Capture) { passiveFrom(f, ":1024") },
	},
	"one-connection-a-transfer": {
		breaks: twoConnections(100),
		near:   twoConnections(0), // the first attempt failed
	},
	"data-flows-one-way": {
		breaks: func(f *forge.Capture) {
			t := f.Control().Say(hello).Say("> PASV\n< 227 (192,0,2,21,100,0)")
			d := dial(f, aClient, aServer+":25600")
			t.Say("> RETR a\n< 150 here")
			d.Say("< uid=0(root)\n> cat /etc/shadow\n< root:x").Peer.Close()
			t.Say("< 226 done").Say(bye).Peer.Close()
		},
		near: func(f *forge.Capture) { // a keep-alive probe of one byte
			t := f.Control().Say(hello).Say("> PASV\n< 227 (192,0,2,21,100,0)")
			d := dial(f, aClient, aServer+":25600")
			t.Say("> RETR a\n< 150 here")
			d.Peer.Segment("P.", "all of it")
			d.SegmentAt(-1, "P.", "\x00")
			d.Peer.Close()
			t.Say("< 226 done").Say(bye).Peer.Close()
		},
	},
	"sender-closes": {
		breaks: func(f *forge.Capture) {
			t := f.Control().Say(hello).Say("> PASV\n< 227 (192,0,2,21,100,0)")
			d := dial(f, aClient, aServer+":25600")
			t.Say("> RETR a\n< 150 here")
			d.FIN()
			d.Peer.Segment("P.", "the rest")
			d.Segment("R.", "")
			t.Say("< 226 done").Say(bye).Peer.Close()
		},
		near: transfer(0, "STOR a", opener, 100),
	},
	"data-ends-with-fin": {
		breaks: cutByReset(""),
		near:   cutByReset("> ABOR\n"),
	},
	"bytes-agree": {
		breaks: func(f *forge.Capture) { sized(f, 1000, 999) },
		near:   func(f *forge.Capture) { sized(f, 1000, 1000) },
	},
	"arguments-of-normal-length": {
		breaks: session1("> RETR " + strings.Repeat("Ab", 128) + "\n< 550 no"),
		near:   session1("> RETR " + strings.Repeat("dir/", 60) + strings.Repeat("é", 255) + "\n< 550 no"),
	},
	"arguments-are-text": {
		breaks: session1("> RETR " + strings.Repeat("\x90", 16) + "\xeb\x1f\x5e\n< 550 no"),
		near:   session1("> RETR caf\xe9 \x90\x91\x92 men\xfc\n< 550 no"), // an old character set
	},
	"no-format-strings": {
		breaks: session1("> CWD %08x%08x%n\n< 550 no"),
		near:   session1("> CWD 100%natural%20food%20%28new%29 %Y-%m-%d\n< 550 no"),
	},
	"no-climbing": {
		breaks: session1("> RETR ../../../../etc/hosts\n< 550 no"),
		near:   session1("> CWD ../..\n< 250 ok\n> CWD ../../..\n< 250 ok\n> RETR ../readme...txt\n< 550 no"),
	},
	"no-known-exploits": {
		breaks: dialogue("< 220 ready\n> USER ada:)\n< 331 go on\n> PASS x"),
		near:   dialogue("< 220 ready\n> USER ada\n< 331 go on\n> PASS :)\n< 230 in\n> SITE CHMOD 644 smile:).txt\n< 200 ok"),
	},
	"no-floods": {
		breaks: session1(strings.Repeat("> CWD /pub\n< 250 ok\n", 9)),
		near:   session1(strings.Repeat("> CWD /pub\n< 250 ok\n> CWD /\n< 250 ok\n", 20)),
	},
	"retransmission-repeats": {
		breaks: func(f *forge.Capture) {
			t := f.Control().Say(hello)
			t.Say("> DELE a.txt\n< 250 gone")
			t.SegmentAt(-12, "P.", "DELE z.txt\r\n")
			t.Say(bye).Peer.Close()
		},
		near: func(f *forge.Capture) { // the same bytes, cut otherwise
			t := f.Control().Say(hello)
			t.Say("> TYPE I\n< 200 ok\n> PWD\n< 257 \"/\"")
			t.SegmentAt(-13, "P.", "TYPE I\r\nPWD\r\n")
			t.Say(bye).Peer.Close()
		},
	},
	"ftp-at-the-ftp-port": {
		breaks: func(f *forge.Capture) {
			f.Control().Say("< SSH-2.0-some_server\n> SSH-2.0-some_client").Close()
		},
		near: func(f *forge.Capture) {
			t := f.Control()
			t.Segment("P.", "\x16\x03\x01\x00\x05hello")
			t.Peer.Segment("P.", "\x16\x03\x03\x00\x05hello")
			t.Close()
		},
	},
	"calls-are-meant": {
		breaks: func(f *forge.Capture) { knocks(f, 60, func(int) string { return aServer + ":21" }) },
		near:   func(f *forge.Capture) { knocks(f, 40, func(int) string { return aServer + ":21" }) },
	},
	"clock-runs-forward": {
		breaks: func(f *forge.Capture) {
			t := f.Control().Say(hello)
			f.Pass(-time.Hour)
			t.Say(bye).Peer.Close()
		},
		near: func(f *forge.Capture) {
			t := f.Control().Say(hello)
			f.Pass(-time.Millisecond * 900)
			t.Say("> NOOP\n< 200 ok")
			f.Pass(20 * 24 * time.Hour)
			t.Say(bye).Peer.Close()
		},
	},
	"looks-like-a-scan": {
		breaks: manyListings(6, 1),
		near:   manyListings(6, 10),
	},
	"fin-before-its-data": {
		breaks: func(f *forge.Capture) { lateData(f, true) },
		near:   func(f *forge.Capture) { lateData(f, false) },
	},
	"226-before-the-end": {
		breaks: func(f *forge.Capture) { listingWith226(f, true) },
		near:   func(f *forge.Capture) { listingWith226(f, false) },
	},
	"reset-after-quit": {
		breaks: func(f *forge.Capture) {
			t := f.Control().Say(hello).Say("> QUIT")
			t.FIN()
			t.Say("< 221 bye")
			t.Segment("R.", "")
		},
		near: session1(""),
	},
	"server-hung-up": {
		breaks: func(f *forge.Capture) {
			t := f.Control().Say(hello)
			f.Pass(5 * time.Minute)
			t.Say("< 421 good night").Peer.Close()
		},
		near: session1(""),
	},
	"session-without-quit": {
		breaks: func(f *forge.Capture) { f.Control().Say(hello).Close() },
		near:   func(f *forge.Capture) { f.Control().Say(hello) }, // the capture ends before the session
	},
}

// TestResets asks how much weight each way of resetting a data connection has: ""
// is none.
func TestResets(t *testing.T) {
	const ask = "> PASV\n< 227 (192,0,2,21,100,0)\n> RETR a\n< 150 here"
	for name, test := range map[string]struct {
		want Severity
		data func(d *forge.End)
		end  string
	}{
		"none":                         {"", func(d *forge.End) { d.Peer.Close() }, "< 226 done"},
		"by the server, in the middle": {Odd, func(d *forge.End) { d.Peer.Segment("R.", "") }, "< 226 done"},
		"by the client, in the middle": {Odd, func(d *forge.End) { d.Segment("R.", "") }, "< 226 done"},
		"behind the end of the file":   {Note, func(d *forge.End) { d.Peer.FIN(); d.Segment("R.", "") }, "< 226 done"},
		"behind both FINs":             {Note, func(d *forge.End) { d.Peer.Close(); d.Segment("R.", "") }, "< 226 done"},
		"and told by 426":              {Note, func(d *forge.End) { d.Segment("R.", "") }, "< 426 broken off"},
		"after ABOR":                   {Note, func(d *forge.End) { d.Segment("R.", "") }, "> ABOR\n< 226 done"},
		"and the rest not recorded":    {Note, func(d *forge.End) { d.Segment("R.", "") }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := forged(t, func(f *forge.Capture) {
				c := f.Control().Say(hello).Say(ask)
				d := dial(f, aClient, aServer+":25600")
				d.Peer.Segment("P.", "some of it")
				test.data(d)
				if test.end != "" {
					c.Say(test.end).Say(bye).Peer.Close()
				}
			})
			for _, s := range []Severity{Violation, Odd, Note} {
				want := 0
				if s == test.want {
					want = 1
				}
				if n := count(got, "data-ends-with-fin", s); n != want {
					t.Errorf("got %d of weight %s, want %d: %v", n, s, want, got)
				}
			}
		})
	}
	refused := forged(t, func(f *forge.Capture) {
		c := f.Control().Say(hello).Say("> PASV\n< 227 (192,0,2,21,100,0)\n> RETR a")
		d := overhear(f, aClient, aServer+":25600")
		d.Segment("S", "")
		d.Peer.Segment("R.", "")
		c.Say("< 425 no").Say(bye).Peer.Close()
	})
	if n := count(refused, "data-ends-with-fin", Note); n > 0 {
		t.Errorf("a call that was refused: got %v", refused)
	}
}

// TestBytesAgree holds what replies say of a length against what was moved: 1000
// bytes, always.
func TestBytesAgree(t *testing.T) {
	for _, test := range []struct {
		command, before, after string
		want                   int
	}{
		{"RETR a", "150 here", "226 done", 0},
		{"RETR a", "150 a (1000 bytes)", "226 done. 1,000 bytes transferred.", 0},
		{"RETR a", "150 a (999 bytes)", "226 done", 1},
		{"RETR a", "150 here", "226 done (999 bytes)", 1},
		{"RETR a", "150 a (1000 bytes)", "226 done. 9,990 bytes transferred. 5 KB/sec.", 1},
		{"RETR a", "150 here", "226-Quota: 77 bytes left\n+ 226 999 bytes sent", 1},
		{"RETR a", "150 here", "226-Quota: 77 bytes left\n+ 226 1000 bytes sent", 0},
		{"RETR x (5 bytes)", "150 x (5 bytes) (1000 bytes)", "226 done", 0},
		{"STOR a", "150 go on", "226 1000 bytes received", 0},
		{"STOR a", "150 go on", "226 999 bytes received", 1},
	} {
		got := forged(t, func(f *forge.Capture) {
			c := f.Control().Say(hello).Say("> TYPE I\n< 200 ok\n> PASV\n< 227 (192,0,2,21,100,0)\n> " + test.command + "\n< " + test.before)
			from := answerer
			if strings.HasPrefix(test.command, "STOR") {
				from = opener
			}
			download(f, aClient, aServer+":25600", from, 1000)
			c.Say("< " + test.after).Say(bye).Peer.Close()
		})
		if n := count(got, "bytes-agree", Odd); n != test.want {
			t.Errorf("%s, %q, %q: got %d, want %d: %v", test.command, test.before, test.after, n, test.want, got)
		}
	}
}

// TestRules breaks every rule, and almost breaks it.
func TestRules(t *testing.T) {
	for _, r := range Rules() {
		t.Run(r.Name, func(t *testing.T) {
			test, ok := ruleTestOf(r.Name)
			if !ok && tlsTests[r.Name].breaks != nil {
				return
			}
			if !ok {
				t.Fatal("no test breaks this rule")
			}
			broken := forged(t, test.breaks)
			if n := count(broken, r.Name, r.Severity); n == 0 {
				t.Errorf("broken: got %v\nwant a %s", broken, r.Severity)
			}
			for _, f := range broken.Findings {
				if f.Rule == r.Name && (f.Expected == "" || f.Observed == "" || f.Why == "" || f.Filter == "") {
					t.Errorf("got %+v, want no field empty", f)
				}
			}
			near := forged(t, test.near)
			if count(near, r.Name, r.Severity) > 0 || near.Verdict == NotNormal {
				t.Errorf("almost broken: got %v\nwant no %s", near, r.Severity)
			}
		})
	}
}

// TestRulesAreDescribed asks of each rule the words that a finding needs.
func TestRulesAreDescribed(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range Rules() {
		if seen[r.Name] {
			t.Errorf("%s: twice", r.Name)
		}
		seen[r.Name] = true
		for what, text := range map[string]string{
			"theme": r.Theme, "sentence": r.Says, "source": r.Source, "example": r.Example, "meaning": r.Matters, "innocent reason": r.Innocent,
		} {
			if text == "" {
				t.Errorf("%s: it has no %s", r.Name, what)
			}
		}
	}
	for _, tests := range []map[string]ruleTest{ruleTests, besideTests} {
		for name := range tests {
			if !seen[name] {
				t.Errorf("a test is for %s, which is no rule", name)
			}
		}
	}
}

func count(a *Assessment, rule string, s Severity) int {
	n := 0
	for _, f := range a.Findings {
		if f.Rule == rule && f.Severity == s {
			n++
		}
	}
	return n
}

// A command that overtook the announcement it uses comes after it all the same.
func TestOvertakenAnnouncement(t *testing.T) {
	e := forgedEvidence(t, func(f *forge.Capture) {
		c := f.Control().Say(hello)
		port, list := "PORT 198,51,100,100,12,100\r\n", "NLST\r\n"
		c.SegmentAt(len(port), "P.", list)
		c.Segment("P.", port)
		c.Seq += uint32(len(list))
		c.Say("< 200 ok\n< 150 here\n< 226 done\n> NOOP\n< 200 ok").Say(bye)
	})
	s := newSession(e.Session(0), nil, nil)
	if x := s.next(s.DataPorts[0]); x == nil || x.Command != "NLST" {
		t.Errorf("got %+v behind the PORT, want the NLST", x)
	}
}
