package baseline

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"ftplab/lab/analysis/baseline/rules"
	"ftplab/lab/internal/forge"
)

// In a large capture the numbers of frames are long, and the filter stays short.
func TestShortFilter(t *testing.T) {
	var packets []int
	for n := range rules.MaxPackets {
		packets = append(packets, 100_000_000+10*n)
	}
	f := assess([]rules.Finding{{Rule: "x", Severity: rules.Note, Packets: packets}}, Judged{}).Findings[0]
	if len(f.Filter) > longestFilter || f.Filter != frames(f.Packets) || len(f.Packets) < 20 {
		t.Errorf("got %d frames and a filter of %d characters, want one of %d for them", len(f.Packets), len(f.Filter), longestFilter)
	}
}

// TestAlike asks for one finding of what happens several times between two hosts, with how often, and for another one
// of what happens between two others.
func TestAlike(t *testing.T) {
	got := forged(t, func(f *forge.Capture) {
		for _, client := range []string{aClient, aClient, aClient, "198.51.100.77"} {
			t := dial(f, client, aServer+":21").Say(hello)
			dial(f, client, aServer+":31337").Say("> open\n< sesame").Close()
			t.Say(bye).Peer.Close()
		}
	})
	var observed []string
	for _, f := range got.Findings {
		if f.Rule == "no-third-ports" {
			observed = append(observed, f.Observed)
		}
	}
	if len(observed) != 2 || !strings.HasSuffix(observed[0], "; and 2 more like it") || strings.Contains(observed[1], "more like") {
		t.Errorf("got %q", observed)
	}
}

// The numbers in a sentence are what was counted, not limits or what is remembered.
func TestCounts(t *testing.T) {
	tried := func(user, password string) func(int) (string, string) {
		return func(i int) (string, string) {
			return strings.ReplaceAll(user, "#", strconv.Itoa(i)), strings.ReplaceAll(password, "#", strconv.Itoa(i))
		}
	}
	refused := func(n int, pause time.Duration, of func(int) (string, string)) func(*forge.Capture) {
		return func(f *forge.Capture) {
			for i := range n {
				user, password := of(i)
				wrongPassword(f, aClient, user, password)
				f.Pass(pause)
			}
		}
	}
	for _, test := range []struct {
		want string
		play func(*forge.Capture)
	}{
		{`NOOP is written in 8 ways, such as "NoOp"`, session1(linesOf("> %s\n< 200 ok\n", "NOOP", "noop", "NOop", "noOP", "nOOp", "NooP", "nOoP", "NoOp"))},
		{`NOOP is written in 8 ways, such as "noOP"`, session1("> NOOP\n" + linesOf("+ %s\n", "NOop", "noOP", "nOOp", "NooP", "nOoP", "NoOp", "NOOp") + strings.Repeat("< 200 ok\n", 8))}, // in one packet
		{`with the name "ada" and 30 different passwords in 2`, refused(30, 5*time.Minute, tried("ada", "Garden#"))},
		{`with 12 names and 1 password in`, refused(12, 5*time.Minute, tried("user#", "Garden"))},
		{`the names of 40 users and no password, which shows whether they exist, or carries data in the names; the server asked for 14 passwords, and refused 26 names`,
			func(f *forge.Capture) {
				f.Control().Say("< 220 hi\n" + numberedLines(26, "> USER no%d\n< 530 no\n") + numberedLines(14, "> USER yes%d\n< 331 and?\n")).Close()
			}},
		{`HTTP at port 21: "HTTP/1.1 200 OK`, func(f *forge.Capture) { f.Control().Say("> what is this?\n< HTTP/1.1 200 OK").Close() }},
		{`spell a text, which begins with "all feet off the wooden "`, inFrames(func(i int, f *forge.Frame) {
			f.Data[18], f.Data[19] = "all feet off the wooden floor, all hands on the deck, all"[i%56], 0
		})},
		{"60 times NOOP in a row", paused(time.Second, strings.Repeat("> NOOP\n< 200 ok\n", 60))},
		{"to 1 port of", func(f *forge.Capture) { strange(f, "FPU", 21) }},
		{`"a" was stored 45 times`, session1(strings.Repeat("> STOR a\n< 150 go on\n< 226 done\n", 45))},
		{"45 packets have the same address", func(f *forge.Capture) {
			session1("")(f)
			for range 45 {
				overhear(f, aServer+":21", aServer+":21").Segment("S", "")
			}
		}},
	} {
		if got := forged(t, test.play); !slices.ContainsFunc(got.Findings, func(f rules.Finding) bool { return strings.Contains(f.Observed, test.want) }) {
			t.Errorf("got %v\nwant %s", got, test.want)
		}
	}
}
