package traffic

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// walkOf is a walk with a login and so many transfers, of a command.
func walkOf(transfer string, n int) []string {
	walk := []string{"USER 331", "PASS 230", "TYPE I 200"}
	for range n {
		walk = append(walk, transfer)
	}
	return append(walk, "QUIT 221")
}

// downloads and uploads are what the walks of the tests consist of.
const (
	downloads = "PASV RETR 150 226"
	uploads   = "EPSV STOR 150 226"
)

// drawnLike learns walks, each as often as counts say, and draws as many thousands.
func drawnLike(walks [][]string, counts []int) (learned, drawn *Kind) {
	learned, drawn = New().Kind(Program), New().Kind(Program)
	all := 0
	for i, walk := range walks {
		for range counts[i] {
			learned.Learn(walk, true)
			all++
		}
	}
	w, random := NewWalks(learned), rand.New(rand.NewPCG(1, 2))
	for range 1000 * all {
		before, said := [2]string{"", Start}, 0
		var walk []string
		for len(walk) < 5000 {
			next := w.Next(before, said, random.Float64())
			if next == End {
				break
			}
			walk = append(walk, next)
			before, said = [2]string{before[1], next}, said+ParseExchange(next).Commands()
		}
		drawn.Learn(walk, true)
	}
	return learned, drawn
}

// TestWalksAreAsLong has many short sessions and a few long ones. A chain without lengths would
// draw sessions of five times the longest.
func TestWalksAreAsLong(t *testing.T) {
	learned, drawn := drawnLike([][]string{walkOf(downloads, 1), walkOf(downloads, 3), walkOf(downloads, 60), walkOf(uploads, 2)}, []int{12, 4, 2, 2})
	want, got := learned.Numbers[Commands], drawn.Numbers[Commands]
	if got.Max > want.Max || got.Min < want.Min {
		t.Errorf("got sessions of %v to %v commands, want %v to %v", got.Min, got.Max, want.Min, want.Max)
	}
	Shares(want, got, func(edge, learned, drawn float64) {
		if math.Abs(learned-drawn) > 0.02 {
			t.Errorf("got %.3f of the sessions with less than %.1f commands, want %.3f", drawn, edge, learned)
		}
	})
	compareFollows(t, learned, drawn)
}

// TestLengthsDoNotChangeTheOrder has a session that begins with OPTS and has two downloads, which
// its chain does not remember together. Without OPTS two downloads make a length that no session
// has, so there would be too few of them. Each step is as frequent as it was learned.
func TestLengthsDoNotChangeTheOrder(t *testing.T) {
	options := append([]string{"OPTS 200"}, walkOf(downloads, 2)...)
	pause := []string{"USER 331", "PASS 230", "TYPE I 200", uploads, "NOOP 200", uploads, "QUIT 221"}
	learned, drawn := drawnLike([][]string{options, walkOf(uploads, 1), pause}, []int{1, 3, 1})
	compareFollows(t, learned, drawn)
}

// compareFollows compares the share of what follows each two exchanges.
func compareFollows(t *testing.T, learned, drawn *Kind) {
	t.Helper()
	for after, next := range learned.Follows {
		for word, n := range next {
			want, got := float64(n)/float64(next.Total()), float64(drawn.Follows[after][word])/float64(max(1, drawn.Follows[after].Total()))
			if math.Abs(got-want) > 0.03 {
				t.Errorf("after %s, got %s in %.3f of the cases, want %.3f", after, word, got, want)
			}
		}
	}
}

// TestWalksWithoutLengths draws from a profile of a version that did not learn them, and from
// one whose lengths no walk has.
func TestWalksWithoutLengths(t *testing.T) {
	for name, change := range map[string]func(*Histogram){
		"no lengths":   func(h *Histogram) { *h = Histogram{} },
		"other length": func(h *Histogram) { *h = Histogram{}; h.Add(1) },
		"too long":     func(h *Histogram) { *h = Histogram{}; h.Add(1e6) },
	} {
		k := New().Kind(Program)
		k.Learn(walkOf(downloads, 1), true)
		change(k.Numbers[Commands])
		w, before, said := NewWalks(k), [2]string{"", Start}, 0
		var walk []string
		for next := ""; next != End; {
			next = w.Next(before, said, 0.5)
			walk, before, said = append(walk, next), [2]string{before[1], next}, said+1
		}
		if want := append(walkOf(downloads, 1), End); !slices.Equal(walk, want) {
			t.Errorf("%s: got %s, want %s", name, strings.Join(walk, ", "), strings.Join(want, ", "))
		}
	}
}

// BenchmarkNewWalks prepares for sessions of up to 2,000 commands with many kinds of steps.
func BenchmarkNewWalks(b *testing.B) {
	k := New().Kind(Program)
	random := rand.New(rand.NewPCG(3, 4))
	words := []string{downloads, uploads, "CWD 250", "PWD 257", "SIZE 213", "MDTM 213", "NOOP 200", "DELE 250", "MKD 257", "SYST 215", "STAT 211", "LIST 150 226"}
	for range 200 {
		walk := []string{"USER 331", "PASS 230"}
		for range int(math.Exp(random.Float64() * 6.9)) {
			walk = append(walk, words[random.IntN(len(words))])
		}
		k.Learn(append(walk, "QUIT 221"), true)
	}
	for b.Loop() {
		NewWalks(k)
	}
}
