// Clocks of places that differ.

package capture

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"
)

// clocks compares the clocks of the places by the packets that two of them have. A packet that passes A before B has
// the later time at B, and the packets of the other direction have it at A. So if both directions of a conversation
// have the later time at the same place, the clock of that place is ahead. So it is with one direction whose time to
// live, which routers count down, shows that it passes that place first. Times do not have to be compared with the
// delay of the path: a difference that does not exceed the delay does not change the order of a conversation.
//
// If the clocks differ, nobody knows the order of the packets that each place has alone.
type clocks struct {
	of     map[compared]*[2]lags   // by direction
	differ map[[2]uint8]difference // by the places, the lower one first; see [clocks.find]
}

// compared is a conversation at two places, the lower one first.
type compared struct {
	of     *observations
	places [2]uint8
}

// lags say how much later the packets of a direction came past the second of two places than past the first.
type lags struct {
	sum           int64 // of all, in nanoseconds
	packets       int
	later, sooner int  // how many did
	down, up      int  // how many came with a lower time to live, and with a higher one
	disordered    bool // in the file they are far from the order of their times
}

// A difference is that of the clocks of two places.
type difference struct {
	by         int64 // by which the second one is ahead, in nanoseconds
	packets    int   // that show it
	disordered bool  // the packets of the file are not in the order of their times
}

// A passage is that of a packet at one place.
type passage struct {
	at   int
	time int64
	ttl  int
}

// compare takes a packet of a conversation at two places, in the order of the file.
func (k *clocks) compare(s *observations, direction int, a, b passage) {
	if a.time == 0 || b.time == 0 { // a simple packet block of pcapng has no time
		return
	}
	disordered := a.time-b.time > int64(maxJitter)
	if b.at < a.at {
		a, b = b, a
	}
	key := compared{s, [2]uint8{uint8(a.at), uint8(b.at)}}
	both := k.of[key]
	if both == nil {
		both = &[2]lags{}
		k.of[key] = both
	}
	l := &both[direction]
	l.sum += b.time - a.time
	l.packets++
	l.disordered = l.disordered || disordered
	tally(&l.later, &l.sooner, b.time-a.time)
	tally(&l.up, &l.down, int64(b.ttl-a.ttl))
}

// tally counts a number as positive or negative.
func tally(positive, negative *int, n int64) {
	switch {
	case n > 0:
		*positive++
	case n < 0:
		*negative++
	}
}

// sign says where most packets came later: 1 for the second place, -1 for the first one.
func (l *lags) sign() int { return cmp.Compare(l.later, l.sooner) }

// way says in the same way which place the time to live shows to be the later one, 0 for neither.
func (l *lags) way() int { return cmp.Compare(l.down, l.up) }

func (l *lags) mean() int64 { return l.sum / int64(max(1, l.packets)) }

// differenceOf returns how the clocks differ by both directions of a conversation, if they do.
func differenceOf(l *[2]lags) (d difference, differ bool) {
	a, b := &l[0], &l[1]
	d = difference{packets: a.packets + b.packets, disordered: a.disordered || b.disordered}
	if d.by = a.mean() + b.mean(); a.packets > 0 && b.packets > 0 {
		d.by /= 2
	}
	sameWay := a.way() != 0 && a.way() == b.way() // it is not what routers make of the times to live
	against := a.sign()*a.way() < 0 || b.sign()*b.way() < 0
	return d, d.disordered || against || a.sign()*b.sign() > 0 && !sameWay
}

// find finds the clocks that differ. How much they do is what the conversation with the most packets shows.
func (k *clocks) find() {
	k.differ = map[[2]uint8]difference{}
	for of, l := range k.of {
		d, differ := differenceOf(l)
		if !differ {
			continue
		}
		known := k.differ[of.places]
		disordered := d.disordered || known.disordered
		if cmp.Or(cmp.Compare(known.packets, d.packets), cmp.Compare(known.by, d.by)) > 0 {
			d = known
		}
		d.disordered = disordered
		k.differ[of.places] = d
	}
	k.of = nil
}

// apart reports whether nobody knows the order of packets that two places have alone.
func (k *clocks) apart(a, b int) bool {
	if k == nil {
		return false
	}
	_, differ := k.differ[[2]uint8{uint8(min(a, b)), uint8(max(a, b))}]
	return differ
}

// text says which clocks differ, "" if none do. Of several it names those of the first places.
func (k *clocks) text(names []string) string {
	if k == nil || len(k.differ) == 0 {
		return ""
	}
	places := slices.MinFunc(slices.Collect(maps.Keys(k.differ)), func(a, b [2]uint8) int { return slices.Compare(a[:], b[:]) })
	d, a, b := k.differ[places], placeName(names, int(places[0])), placeName(names, int(places[1]))
	if d.disordered {
		return fmt.Sprintf("the packets of %s and %s are not in the order of their times", a, b)
	}
	return fmt.Sprintf("the clocks of %s and %s differ by about %s", a, b, about(time.Duration(d.by).Abs()))
}

// about prints two digits of a duration.
func about(d time.Duration) string {
	unit := time.Duration(1)
	for d >= 100*unit {
		unit *= 10
	}
	switch d = d.Round(unit); {
	case d >= time.Second:
		return fmt.Sprintf("%v s", d.Seconds())
	case d >= time.Millisecond:
		return fmt.Sprintf("%v ms", float64(d)/1e6)
	}
	return fmt.Sprintf("%v µs", float64(d)/1e3)
}
