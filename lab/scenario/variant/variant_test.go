package variant

import (
	"math/rand/v2"
	"strings"
	"testing"

	"ftplab/lab/scenario"
)

const lesson = `# A lesson
# Emma fetches song.bin.

network wire
host server 192.0.2.21 rtt=100ms ports=40000-
user emma raspberry
file song.bin 9000

open
login emma raspberry
pause 1s
dial server.40001
get song.bin
quit

-- files/README --
Welcome.
-- want --
ctl client.* > server.21
ctl client > server "RETR song.bin"
ctl server > client "227 * (192,0,2,21,*)"
-- figures --
ctl.rtt = 100ms ± 3%
-- questions --
Which port?
    port = ctl.port.client
`

func parse(t *testing.T, text string) *scenario.Scenario {
	t.Helper()
	s, err := scenario.Parse("lesson.txtar", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestVariant(t *testing.T) {
	s := parse(t, lesson)
	random := rand.New(rand.NewPCG(5, 0))
	changes := Changes(s, random)
	other, err := Apply(s, changes...)
	if err != nil {
		t.Fatal(err)
	}
	text := string(other.Source)
	for _, gone := range []string{"emma", "raspberry", "song.bin", "192.0.2.21 ", "192,0,2,21,", "rtt=100ms", "pause 1s\n", "40001", "README", " 9000"} {
		if strings.Contains(text, gone) {
			t.Errorf("%q is still there:\n%s", gone, text)
		}
	}
	if other.Questions.Line == 0 || other.Figures.Line != 0 || other.Name != s.Name {
		t.Errorf("got the scenario %s with figures in line %d:\n%s", other.Name, other.Figures.Line, text)
	}
	if len(other.Steps) <= len(s.Steps) {
		t.Errorf("got %d steps, want more than %d", len(other.Steps), len(s.Steps))
	}
	file, retr := "", ""
	for _, f := range other.Files {
		if !f.Literal {
			file = f.Path
		}
	}
	for _, step := range other.Steps {
		if step.Verb == "get" {
			retr = step.Path
		}
	}
	if file == "" || file != retr || !strings.Contains(text, `"RETR `+file+`"`) {
		t.Errorf("the file is %q, and get takes %q:\n%s", file, retr, text)
	}
	kinds := map[Kind]bool{}
	for _, c := range changes {
		kinds[c.Kind] = true
	}
	for _, k := range []Kind{Names, Addresses, Times, Commands, Faults, Sizes} {
		if !kinds[k] {
			t.Errorf("no change is of the kind %s", k)
		}
	}
}

// A variant has another control port, drops other packets, and tries more closed ports,
// each of which the want declares.
func TestVariantOfFaults(t *testing.T) {
	s := parse(t, `# A lesson
network wire
server port=2121
drop server > client length=1448 skip=12 count=1
session one
expect refused: dial server.22
session two
expect refused: dial server.23
session three
expect refused: dial server.25

-- want --
ctl client.* > server.2121
data server.2120 > client.*
-- questions --
How many?
    count = capture.syns
`)
	tried := map[int]bool{}
	for seed := range uint64(20) {
		other, err := Apply(s, Changes(s, rand.New(rand.NewPCG(seed, 0)))...)
		if err != nil {
			t.Fatal(err)
		}
		text := string(other.Source)
		for _, gone := range []string{"2121", "2120", "skip=12 count"} {
			if strings.Contains(text, gone) {
				t.Errorf("seed %d: %q is still there:\n%s", seed, gone, text)
			}
		}
		n := strings.Count(text, "expect refused")
		if declared := strings.Count(text, "\nmore"); declared != 2*(n-3) {
			t.Errorf("seed %d: %d ports are tried, and the want has %d lines for the new ones:\n%s", seed, n, declared, text)
		}
		tried[n] = true
	}
	if len(tried) < 3 {
		t.Errorf("all of 20 variants try %v ports, want different numbers", tried)
	}
}

// The same random numbers make the same variant, and others another one.
func TestVariantIsReproducible(t *testing.T) {
	s := parse(t, lesson)
	made := func(seed uint64) string {
		other, err := Apply(s, Changes(s, rand.New(rand.NewPCG(seed, 0)))...)
		if err != nil {
			t.Fatal(err)
		}
		return string(other.Source)
	}
	if made(1) != made(1) {
		t.Error("one seed makes two variants")
	}
	if made(1) == made(2) {
		t.Error("two seeds make one variant")
	}
}

// No change at all leaves the text, so that messages have its lines.
func TestNoChange(t *testing.T) {
	other, err := Apply(parse(t, lesson))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(other.Source); got != lesson {
		t.Errorf("got\n%s\nwant\n%s", got, lesson)
	}
}

func TestReplaceWord(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"get a.bin", "get b.bin"},
		{`"RETR a.bin"`, `"RETR b.bin"`},
		{"pub/a.bin a.bin a.bin", "pub/b.bin b.bin b.bin"},
		{"ya.bin a.bin2 a.bin-x", "ya.bin a.bin2 a.bin-x"},
	} {
		if got := replaceWord(test.text, "a.bin", "b.bin"); got != test.want {
			t.Errorf("%s: got %s, want %s", test.text, got, test.want)
		}
	}
}
