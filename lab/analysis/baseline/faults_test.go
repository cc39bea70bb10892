// Tests of servers that do not answer.

package baseline

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"ftplab/lab/analysis/baseline/rules"
	"ftplab/lab/internal/forge"
)

// TestGreetings waits for a greeting that does not come.
func TestGreetings(t *testing.T) {
	for wait, want := range map[time.Duration]int{time.Second: 0, 20 * time.Second: 1} {
		got := forged(t, func(f *forge.Capture) {
			c := f.Control()
			f.Pass(wait)
			c.FIN()
		})
		if n := count(got, "server-answers", rules.Odd); n != want {
			t.Errorf("%v without a greeting: got %v\nwant %d of server-answers", wait, got, want)
		}
	}
}

// TestNeverAnswers has sessions in which the server greets and then answers nothing.
func TestNeverAnswers(t *testing.T) {
	for sessions, want := range map[int]rules.Severity{1: rules.Odd, 3: rules.Violation} {
		for wait, n := range map[time.Duration]int{time.Second: 0, 20 * time.Second: 1} {
			got := forged(t, func(f *forge.Capture) {
				for range sessions {
					c := f.Control().Say("< 220 ready\n> USER ada")
					f.Pass(wait)
					c.Say("> PASS x")
					f.Pass(wait)
					c.Say("> QUIT").Close()
				}
			})
			if count(got, "server-answers", want) != n {
				t.Errorf("%d sessions, %v without an answer: got %v\nwant %d %s of server-answers", sessions, wait, got, n, want)
			}
		}
	}
}

// TestResetElsewhere ends a session, whose last command has no answer, with a RST of the server or of a firewall.
func TestResetElsewhere(t *testing.T) {
	for ttl, want := range map[byte]string{64: "the server reset the connection", 254: "a RST from another distance"} {
		got := forged(t, func(f *forge.Capture) {
			c := f.Control().Say(hello).Say(strings.Repeat("> NOOP\n< 200 ok\n", 8)).Say("> LIST")
			c.Peer.RST()
			hops(f, 0, ttl)
		})
		text := ""
		for _, f := range got.Findings {
			if f.Rule == "server-answers" {
				text = f.Observed
			}
		}
		if !strings.Contains(text, want) || count(got, "no-signs-agree", rules.Odd) > 0 {
			t.Errorf("with the time to live %d: got %v\nwant %q, and no signs that agree", ttl, got, want)
		}
	}
}

// TestRefusedAlike is refused with one password again and again, or with a few.
func TestRefusedAlike(t *testing.T) {
	for n, want := range map[int]string{1: "40 logins were refused, all with the same name and password", 2: "40 logins were refused, with 2 different names and passwords"} {
		got := forged(t, func(f *forge.Capture) {
			for i := range 40 {
				f.Control().Say(fmt.Sprintf("< 220 ready\n> USER scan\n< 331 and?\n> PASS Lens-4%d\n< 530 no", i%n)).Close()
				f.Pass(5 * time.Minute)
			}
		})
		if !slices.ContainsFunc(got.Findings, func(f rules.Finding) bool { return f.Observed == want }) {
			t.Errorf("got %v\nwant %q", got, want)
		}
	}
}

// TestSilence sends a command that is not answered, and waits.
func TestSilence(t *testing.T) {
	for wait, want := range map[time.Duration]int{time.Second: 0, 20 * time.Second: 1} {
		got := forged(t, func(f *forge.Capture) {
			c := f.Control().Say(hello).Say("> SYST")
			f.Pass(wait)
			c.FIN()
		})
		if n := count(got, "server-answers", rules.Odd); n != want {
			t.Errorf("%v without an answer: got %v\nwant %d of server-answers", wait, got, want)
		}
	}
}

// TestFailures has sessions in which the server fails, one after the other.
func TestFailures(t *testing.T) {
	standing := func(f *forge.Capture, wait time.Duration) {
		c := f.Control().Say(hello).Say("> PASV\n< 227 (192,0,2,21,100,0)\n> LIST\n< 150 here")
		d := dial(f, aClient, aServer+":25600")
		f.Pass(wait)
		d.Segment("R.", "")
		c.Segment("R.", "")
	}
	closing := func(f *forge.Capture) {
		f.Control().Say("< 220 ready\n> USER ada\n< 331 and?\n> PASS x").Peer.Close()
	}
	silent := func(f *forge.Capture) {
		c := f.Control()
		f.Pass(20 * time.Second)
		c.Say("> USER ada")
		f.Pass(20 * time.Second)
		c.FIN()
	}
	blocked := func(f *forge.Capture) {
		c := f.Control().Say(hello).Say("> PASV\n< 227 (192,0,2,21,100,0)\n> LIST")
		f.Pass(time.Minute)
		c.FIN()
	}
	for _, test := range []struct {
		name     string
		want     Verdict
		sessions int
		pause    time.Duration
		play     func(*forge.Capture)
		then     func(*forge.Capture)
	}{
		{"listings that never end", NotNormal, 3, time.Minute, func(f *forge.Capture) { standing(f, 2*time.Minute) }, nil},
		{"a listing that never ends", IsUnusual, 1, 0, func(f *forge.Capture) { standing(f, 2*time.Minute) }, nil},
		{"listings that a client does not wait for", IsNormal, 3, time.Minute, func(f *forge.Capture) { standing(f, 20*time.Second) }, nil},
		{"a server that closes at each password", NotNormal, 3, time.Minute, closing, nil},
		{"a server that restarts", IsUnusual, 3, time.Second, closing, nil},
		{"a server that closes at some passwords", IsUnusual, 3, time.Minute, closing, session1("")},
		{"a server that does not greet", NotNormal, 3, time.Minute, silent, nil},
		{"a firewall that blocks data connections", IsUnusual, 3, time.Minute, blocked, nil},
	} {
		got := forged(t, func(f *forge.Capture) {
			for range test.sessions {
				test.play(f)
				f.Pass(test.pause)
			}
			if test.then != nil {
				test.then(f)
			}
		})
		found := count(got, "server-answers", rules.Violation) + count(got, "server-answers", rules.Odd)
		if got.Verdict != test.want || (found > 0) != (test.want != IsNormal) {
			t.Errorf("%s: got %v\nwant %s by server-answers", test.name, got, test.want)
		}
	}
}

// TestNoted has what simple servers and firewalls do, which makes a note.
func TestNoted(t *testing.T) {
	for _, test := range []struct {
		name, rule string
		notes      int
		play       func(*forge.Capture)
	}{
		{"replies that end with LF alone", "reply-well-formed", 1, func(f *forge.Capture) {
			c := f.Control().Say(hello)
			for range 3 {
				c.Say("> NOOP")
				c.Peer.Send("200 ok\n")
			}
			c.Say(bye).Peer.Close()
		}},
		{"commands that end with LF alone", "commands-are-ftp", 1, func(f *forge.Capture) {
			c := f.Control().Say(hello)
			for range 3 {
				c.Send("NOOP\n")
				c.Say("< 200 ok")
			}
			c.Say(bye).Peer.Close()
		}},
		{"commands that end with CR and LF", "commands-are-ftp", 0, session1("> NOOP\n< 200 ok")},
		{"replies that end with CR and LF", "reply-well-formed", 0, session1("> NOOP\n< 200 ok")},
		{"a listing without 150", "reply-fits-command", 1, func(f *forge.Capture) {
			c := f.Control().Say(hello).Say("> PASV\n< 227 (192,0,2,21,100,0)\n> LIST")
			download(f, aClient, aServer+":25600", answerer, 55)
			c.Say("< 226 done").Say(bye).Peer.Close()
		}},
		{"a listing with 150", "reply-fits-command", 0, moves([2]string{"LIST", "a.txt\r\n"})},
		{"a data port that is closed", "calls-are-answered", 1, func(f *forge.Capture) {
			c := f.Control().Say(hello).Say("> PASV\n< 227 (192,0,2,21,100,0)")
			refuse(f, aClient, aServer+":25600")
			c.Say("> LIST\n< 425 no connection").Say(bye).Peer.Close()
		}},
	} {
		if got := forged(t, test.play); got.Verdict != IsNormal || count(got, test.rule, rules.Note) != test.notes {
			t.Errorf("%s: got %v\nwant %s, with %d notes of %s", test.name, got, IsNormal, test.notes, test.rule)
		}
	}
}
