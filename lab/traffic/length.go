// How long walks are.

package traffic

import (
	"maps"
	"math"
	"slices"
)

// Walks draws walks of a kind that have as many commands as the kind's sessions.
//
// What follows two exchanges does not say how long a session was. Most have ten commands and
// one has a hundred transfers, but the same chance to stop after each of them gives sessions of
// any length. So Walks draws from the walks whose lengths are learned. This alone would change
// how often an exchange follows another, so it adapts the chances until that is as learned, too.
type Walks struct {
	kind   *Kind
	places map[string]int // by what is before them, as in [Kind.Follows]
	steps  [][]step       // from each place
	start  int            // the place where walks begin; -1 if lengths are not known

	lengths []lengths // that sessions have
	// reach is, by the number of commands said and the place, the weight of all ways there; rest
	// that of all ways from there to an end.
	reach, rest [][]float64
	last        []float64 // the part of rest that ends there, by the number of commands said
}

// A step is what may follow at a place.
type step struct {
	exchange string
	learned  float64 // its share of what follows
	weight   float64 // that gives this share, among walks with the lengths that sessions have
	taken    float64 // how often a walk takes it
	commands int     // of the exchange; 0 for End
	to       int     // a place; -1 after End
}

// Lengths are numbers of commands that a profile does not distinguish, and the share of
// sessions with one of them.
type lengths struct {
	low, high int
	share     float64
}

// mostCommands is how many a session has at most whose length is learned.
const mostCommands = 2000

// NewWalks prepares to draw walks of a kind.
func NewWalks(k *Kind) *Walks {
	w := &Walks{kind: k, places: map[string]int{}, start: -1}
	known := k.Numbers[Commands]
	if known == nil || known.Count == 0 {
		return w // as a profile of an older version
	}
	names := slices.Sorted(maps.Keys(k.Follows))
	for i, name := range names {
		w.places[name] = i
	}
	for _, name := range names {
		w.steps = append(w.steps, w.stepsFrom(name))
	}
	most := 0
	for _, b := range slices.Sorted(maps.Keys(known.buckets)) {
		l := lengths{share: float64(known.buckets[b]) / float64(known.Count)}
		l.low, l.high = known.wholes(b)
		if l.high = min(l.high, mostCommands); l.low <= l.high {
			w.lengths, most = append(w.lengths, l), l.high
		}
	}
	w.start = w.place([2]string{"", Start})
	if w.start >= 0 && most > 0 {
		w.reach, w.rest, w.last = table(most+1, len(names)), table(most+1, len(names)), make([]float64, most+1)
		w.adapt()
	}
	w.reach = nil
	return w
}

func table(rows, columns int) [][]float64 {
	t := make([][]float64, rows)
	for i := range t {
		t[i] = make([]float64, columns)
	}
	return t
}

func (w *Walks) stepsFrom(name string) (steps []step) {
	next := w.kind.Follows[name]
	all := float64(next.Total())
	for _, exchange := range slices.Sorted(maps.Keys(next)) {
		share := float64(next[exchange]) / all
		s := step{exchange: exchange, learned: share, weight: share, to: -1}
		if exchange != End {
			s.commands, s.to = ParseExchange(exchange).Commands(), w.place([2]string{lastOf(name), exchange})
		}
		steps = append(steps, s)
	}
	return steps
}

// place is where a walk is after two exchanges, -1 if nothing is known to follow.
func (w *Walks) place(before [2]string) int {
	for _, name := range memories(before) {
		if i, ok := w.places[name]; ok && len(w.kind.Follows[name]) > 0 {
			return i
		}
	}
	return -1
}

// Next draws what follows two exchanges after which so many commands were said, by a random u
// (0 to 1, without 1). If no walk from here has a known length, it is as in [Kind.Next].
func (w *Walks) Next(before [2]string, said int, u float64) string {
	place := w.place(before)
	if place < 0 || said >= len(w.rest) {
		return w.kind.Next(before, u)
	}
	rank := float64(u * w.rest[said][place])
	likely := ""
	for i := range w.steps[place] {
		s := &w.steps[place][i]
		if weight := w.weight(s, said); weight > 0 {
			if likely = s.exchange; rank < weight {
				return likely
			}
			rank -= weight
		}
	}
	if likely == "" {
		return w.kind.Next(before, u)
	}
	return likely
}

// weight is that of all walks that go on with a step after so many commands. The conversions
// keep a processor from fusing operations, which would give other digits than elsewhere.
func (w *Walks) weight(s *step, said int) float64 {
	if s.to < 0 {
		return float64(s.weight * w.last[said])
	}
	if said += s.commands; said >= len(w.rest) {
		return 0
	}
	return float64(s.weight * w.rest[said][s.to])
}

// wholes are the whole numbers of a bucket, from the least value to the greatest.
func (h *Histogram) wholes(bucket int) (low, high int) {
	low = int(math.Ceil(max(lowest(bucket)-1e-9, h.Min)))
	high = int(min(math.Ceil(lowest(bucket+1)-1e-9)-1, math.Floor(h.Max)))
	return low, high
}
