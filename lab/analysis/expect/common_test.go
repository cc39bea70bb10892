package expect

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// first is the want of one run; the tests compare it with those of other runs.
const first = `ctl   client.* > server.21
data  client.* > server.9034

ctl   client > server  [S]                       # the client calls
ctl   server > client  "220 Ready at 10:01, 5 users."
ctl   client > server  "PASV"
ctl   server > client  "227 Here (127,0,0,1,35,74)"  @pasv
data  client > server  [S]  after @pasv
ctl   client > server  "RETR a.bin"
data  server > client  seq 1:100
data  server > client  [F.] seq 100
ctl   server > client  "226 Done in 5 ms"
|ctl  client > server  [F.]
|ctl  server > client  [F.]
`

func TestCommon(t *testing.T) {
	for _, test := range []struct{ name, other, want string }{
		{"the same", first, first},
		{"other words and numbers", strings.NewReplacer("10:01, 5", "10:02, 17", "9034", "9100", "35,74", "35,140", "in 5 ms", "in 12 ms").Replace(first), `
ctl   client.* > server.21
data  client.* > server.*
ctl   client > server  [S]                       # the client calls
ctl   server > client  "220 Ready at 10:*, * users."
ctl   client > server  "PASV"
ctl   server > client  "227 Here (127,0,0,1,35,*)"  @pasv
data  client > server  [S]  after @pasv
ctl   client > server  "RETR a.bin"
data  server > client  seq 1:100
data  server > client  [F.] seq 100
ctl   server > client  "226 Done in * ms"
|ctl  client > server  [F.]
|ctl  server > client  [F.]
`},
		{"another size", strings.NewReplacer("1:100", "1:90", "seq 100", "seq 90").Replace(first), strings.NewReplacer("data  server > client  seq 1:100", "data  ...", "[F.] seq 100", "[F.]").Replace(first)},
		{"a reset in place of the FIN", strings.NewReplacer("|ctl  server > client  [F.]\n", "ctl  ...\nctl  server > client  [R.]\nctl ...\n", "|ctl  client", "ctl  client").Replace(first),
			strings.NewReplacer("|ctl  server > client  [F.]\n", "ctl  ...\n", "|ctl  client", "ctl  client").Replace(first)},
		{"a command more", strings.Replace(first, "ctl   client > server  \"PASV\"\n", "ctl   client > server  \"NOOP\"\nctl   server > client  \"200 OK\"\nctl   client > server  \"PASV\"\n", 1),
			strings.Replace(first, "ctl   client > server  \"PASV\"\n", "ctl  ...\nctl   client > server  \"PASV\"\n", 1)},
		{"the label's line is gone", strings.NewReplacer("ctl   server > client  \"227 Here (127,0,0,1,35,74)\"  @pasv\n", "", "after @pasv", "").Replace(first),
			strings.NewReplacer("ctl   server > client  \"227 Here (127,0,0,1,35,74)\"  @pasv\n", "", "after @pasv", "", "ctl   client > server  \"RETR", "ctl ...\nctl   client > server  \"RETR").Replace(first)},
		{"a reply that may come before the data", strings.NewReplacer("ctl   client > server  \"RETR", "|ctl   client > server  \"RETR", "data  server > client  seq", "|ctl  server > client  \"226 Done in 5 ms\"\ndata  server > client  seq",
			"ctl   server > client  \"226 Done in 5 ms\"\n", "").Replace(first),
			strings.NewReplacer("ctl   client > server  \"RETR", "|ctl   client > server  \"RETR", "data  server > client  seq", "|ctl  server > client  \"226 Done in 5 ms\"\ndata  server > client  seq",
				"ctl   server > client  \"226 Done in 5 ms\"\n", "").Replace(first)},
	} {
		got, err := Common([]string{first, test.other})
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if _, err := Parse("got", 1, got); err != nil {
			t.Errorf("%s: %v, in\n%s", test.name, err, got)
		}
		if squeeze(got) != squeeze(test.want) {
			t.Errorf("%s: got\n%s\nwant\n%s", test.name, got, test.want)
		}
	}
}

// More lines than | can join are left open.
func TestCommonCrowd(t *testing.T) {
	want := func(first, last int) string { // with these lines joined
		text := "ctl client.1 > server.21\n\n"
		for i := range maxJoined + 3 {
			if first <= i && i <= last {
				text += "|"
			}
			text += fmt.Sprintf("ctl server > client \"214-%d\"\n", i)
		}
		return text
	}
	got, err := Common([]string{want(1, maxJoined/2), want(maxJoined/2, maxJoined+1)})
	if wanted := "ctl client.1 > server.21\nctl server > client \"214-0\"\nctl ...\nctl server > client \"214-18\""; err != nil || squeeze(got) != wanted {
		t.Errorf("got %v and\n%s\nwant\n%s", err, squeeze(got), wanted)
	}
}

// Chance decides which of two transfers begins first, and so which of them is data1 and which label is pasv.
func TestCommonOfConnectionsInAnotherOrder(t *testing.T) {
	for _, hosts := range [][2]string{{"client", "laptop"}, {"client", "client"}} {
		want := func(name, label [2]string) string { // of the data connections of the two sessions
			text := fmt.Sprintf("ctl1 %s.* > server.21\nctl2 %s.* > server.21\n", hosts[0], hosts[1])
			for _, of := range slices.Sorted(slices.Values(name[:])) {
				text += fmt.Sprintf("%s %s.* > server.*\n", of, hosts[slices.Index(name[:], of)])
			}
			text += "\n"
			for i, host := range hosts {
				text += fmt.Sprintf("ctl%d server > %s \"227 Here\" @%s\n", i+1, host, label[i])
				text += fmt.Sprintf("%s %s > server [S] after @%s\n", name[i], host, label[i])
				text += fmt.Sprintf("%s server > %s seq 1:%d\n", name[i], host, 10*(i+1))
			}
			return text
		}
		first := want([2]string{"data1", "data2"}, [2]string{"pasv", "pasv2"})
		got, err := Common([]string{first, want([2]string{"data2", "data1"}, [2]string{"pasv2", "pasv"})})
		if err != nil || squeeze(got) != squeeze(first) {
			t.Errorf("%s: got %v and\n%s\nwant\n%s", hosts, err, got, first)
		}
	}
}

// Wants of different connections have nothing in common.
func TestNothingInCommon(t *testing.T) {
	for _, test := range []struct{ other, want string }{
		{"ctl  client.* > server.21\n\nctl ...\n", "runs 1 and 2: only one of them has the connection data"},
		{strings.Replace(first, "\nctl   client > server  [S]", "x  client.* > server.21\n\nctl   client > server  [S]", 1), "one has 2 connections and the other 3"},
	} {
		_, err := Common([]string{first, test.other})
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("got %v, want %s", err, test.want)
		}
	}
}

// squeeze leaves out what only makes columns.
func squeeze(s string) string {
	var lines []string
	for _, line := range strings.Split(s, "\n") {
		if line = strings.Join(strings.Fields(line), " "); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

func TestCommonText(t *testing.T) {
	for _, test := range []struct{ a, b, want string }{
		{`"213 20261128"`, `"213 20261129"`, `"213 *"`},
		{`"257 \"/tmp/x1\" made"`, `"257 \"/tmp/y2\" made"`, `"257 \"/tmp/*\" made"`},
		{`"226 1.5 Mbytes a second"`, `"226 2.7 Mbytes a second"`, `"226 *.* a second"`},
		{`"226 *"`, `"226 Done"`, `"226 *"`},
		{`"modify=1; unique=fe00g9800e7; README"`, `"modify=1; unique=fe00g9801a2; README"`, `"modify=1; unique=*; README"`},
		{`"230 a"`, `"230 a b"`, `"230 a*"`},
		{`"\x01 x"`, `"\x02 x"`, `"* x"`},
	} {
		got := commonText(test.a, test.b)
		if _, _, err := parsePattern(got); err != nil || got != test.want {
			t.Errorf("%s and %s: got %s, %v, want %s", test.a, test.b, got, err, test.want)
		}
	}
}

// Whether a transfer begins with 125 or 150 is chance, also where all runs had the same,
// if the server sent 125 once.
func TestCommonBeginning(t *testing.T) {
	for _, test := range []struct {
		first, second []string // the codes of the replies in two runs
		open          int      // how many of them are left open
	}{
		{[]string{"125"}, []string{"125"}, 1},
		{[]string{"125"}, []string{"150"}, 1},
		{[]string{"150"}, []string{"125"}, 1},
		{[]string{"125", "150"}, []string{"150", "150"}, 2},
		{[]string{"150", "150"}, []string{"150", "150"}, 0},
	} {
		want := func(codes []string) string {
			text := "ctl client.1 > server.21\n\n"
			for _, code := range codes {
				text += "ctl server > client \"" + code + " Here it comes.\"\n"
			}
			return text
		}
		got, err := Common([]string{want(test.first), want(test.second)})
		if err != nil || strings.Count(got, begins) != test.open || strings.Count(got, `"150 Here it comes."`) != len(test.first)-test.open {
			t.Errorf("%v: got %v and\n%s", test, err, got)
		}
	}
}

// A server whose replies to transfers have several lines may add one to a 150.
func TestCommonBeginningOfSeveralLines(t *testing.T) {
	const declaration = "ctl client.1 > server.21\n\n"
	line := func(text string) string { return "ctl server > client \"" + text + "\"\n" }
	end := line("226-Stored") + line("226 Thank you")
	usual := declaration + line("150 Accepted") + end
	want := squeeze(declaration + line("150*") + "ctl ...\n" + end)
	for name, other := range map[string]string{
		"never in these runs": usual,
		"in one of these":     declaration + line("150-Accepted") + line("150 The computer is your friend") + end,
	} {
		got, err := Common([]string{usual, other})
		if err != nil || squeeze(got) != want {
			t.Errorf("a line more, %s: got %v and\n%s\nwant\n%s", name, err, squeeze(got), want)
		}
	}
	short := declaration + line("150 Accepted") + line("226 Stored")
	if got, err := Common([]string{short, short}); err != nil || squeeze(got) != squeeze(short) {
		t.Errorf("replies of one line: got %v and\n%s\nwant\n%s", err, got, short)
	}
}

func TestSkip(t *testing.T) {
	got, err := Skip("a client.1 > server.21\nb client.2 > server.20\n\na client > server [S] @x\nb client > server [S] after @x\na ...\n", map[string]bool{"a": true})
	if err != nil {
		t.Fatal(err)
	}
	if want := "a client.1 > server.21\nb client.2 > server.20\na ... # any packets\nb client > server [S]"; squeeze(got) != want {
		t.Errorf("got\n%s\nwant\n%s", squeeze(got), want)
	}
}
