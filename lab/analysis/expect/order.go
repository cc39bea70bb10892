// The order of the elements of a connection, where that of the streams and that of the packets
// contradict each other.

package expect

import (
	"math"
	"slices"
)

// An alignment is what a search found.
type alignment struct {
	aligner *aligner // with the elements in the order in which they were aligned
	steps   []step
	cost    int64
	whole   bool
}

// search aligns the track with its elements in the order of the streams. If its lines are not as
// wanted then, or if lines of the two directions are not in the order of their packets, it aligns
// the track with its elements in the order of the packets, and at last with only some of them in this
// order.
func (t *track) search(most int64) alignment {
	streams := t.orders[0].search(most)
	if len(t.orders) == 1 {
		return streams
	}
	agrees := streams.agrees()
	if agrees && streams.whole && streams.cost == 0 {
		return streams
	}
	packets := t.orders[1].search(most)
	if packets.wrong() > 0 && len(t.orders) == 2 && most == anyCost {
		t.orders = append(t.orders, *t.mix(streams).aligner)
	}
	if len(t.orders) > 2 {
		if mixed := t.orders[2].search(most); mixed.wrong() == 0 {
			return mixed
		}
	}
	if agrees && !packets.isBetter(streams) {
		return streams
	}
	return packets
}

// mostMixed is how many late packets are tried one by one.
const mostMixed = 8

// mix returns the better alignment, if there is one, with some late elements in the order of the
// packets, and the others in that of the streams.
func (t *track) mix(best alignment) alignment {
	other := *t
	other.aligner = t.orders[0]
	frames := other.lateFrames()
	if len(frames) > mostMixed {
		return best
	}
	for _, frame := range frames {
		x := other
		x.elements = other.byPackets([]int{frame})
		x.setOrder()
		if found := x.aligner.search(best.cost); found.wrong() < best.wrong() {
			best, other = found, x
		}
	}
	return best
}

// wrong counts the mismatches of an alignment, and the lines that are not in the order of the packets.
func (x alignment) wrong() int64 {
	if !x.whole {
		return math.MaxInt64
	}
	n := x.cost / costMismatch
	if !x.agrees() {
		n++
	}
	return n
}

func (a *aligner) search(most int64) alignment {
	steps, cost, whole := a.align(most)
	return alignment{a, steps, cost, whole}
}

func (x alignment) isBetter(y alignment) bool { return x.whole && (!y.whole || x.cost < y.cost) }

// agrees reports whether each line is in the order of the packets with the last line of the other
// direction before it, unless | joins them. So a late packet is before one of the other side that came
// earlier only if a line between them is about what overtook it.
func (x alignment) agrees() bool {
	before, last := [2]int{-1, -1}, [2]int{-1, -1} // frames by direction, without and with those of the same group
	var current *line
	for _, s := range x.steps {
		if s.kind != stepMatched {
			continue
		}
		if current == nil || s.line.group != current.group {
			before, current = last, s.line
		}
		e := &x.aligner.elements[s.last]
		if e.frame < before[1-e.dir()] {
			return false
		}
		last[e.dir()] = e.frame
	}
	return true
}

// setOrders sets the orders of the elements: that of the streams and, if it is another one, that of
// the packets.
func (t *track) setOrders() {
	t.setOrder()
	t.orders = []aligner{t.aligner}
	if frames := t.lateFrames(); len(frames) > 0 {
		other := *t
		other.elements = t.byPackets(frames)
		other.setOrder()
		t.orders = append(t.orders, other.aligner)
	}
}

// setOrder finds out what depends on the order of the elements.
func (t *track) setOrder() {
	t.findUnrecorded()
	if t.proto == "tcp" {
		t.begins, t.goesOn = t.claimable()
		t.unread, _ = t.hiddenRanges()
	}
}

// lateFrames returns the frames of late elements for which it matters whether they are at the place of
// their packet: one of the other side came before it, and after what overtook it, and a line may claim
// that.
func (t *track) lateFrames() (frames []int) {
	if !slices.ContainsFunc(t.elements, func(e element) bool { return e.late }) {
		return nil
	}
	claimable := [2][]int{t.claimableFrames(0), t.claimableFrames(1)}
	slices.Sort(claimable[0])
	slices.Sort(claimable[1])
	for _, e := range t.elements {
		between := claimable[1-e.dir()]
		at, _ := slices.BinarySearch(between, e.place())
		if e.late && at < len(between) && between[at] < e.frame {
			frames = append(frames, e.frame)
		}
	}
	slices.Sort(frames)
	return slices.Compact(frames)
}

// byPackets returns the elements with the late ones of some frames in the order of the packets.
func (t *track) byPackets(frames []int) []element {
	elements := slices.Clone(t.elements)
	for i := range elements {
		if e := &elements[i]; e.late && slices.Contains(frames, e.frame) {
			e.order = 2 * e.frame
		}
	}
	sortElements(elements)
	return elements
}
