// The order of the elements of a connection, where that of the streams and that of the packets
// contradict each other.

package expect

import "slices"

// An alignment is what a search found.
type alignment struct {
	aligner *aligner // with the elements in the order in which they were aligned
	steps   []step
	cost    int64
	whole   bool
}

// search aligns the track with its elements in the order of the streams. If its lines are not as
// wanted then, or if lines of the two directions are not in the order of their packets, it aligns
// the track with its elements in the order of the packets.
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
	if agrees && !packets.isBetter(streams) {
		return streams
	}
	return packets
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
	if elements, differ := t.byPackets(); differ {
		other := *t
		other.elements = elements
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

// byPackets returns the elements in the order of the packets, as far as it matters: a late element is
// at the place of its packet if one of the other side came before it, and after what overtook it, and
// a line may claim that. The result is false if there is none.
func (t *track) byPackets() (elements []element, differ bool) {
	if !slices.ContainsFunc(t.elements, func(e element) bool { return e.late }) {
		return nil, false
	}
	claimable := [2][]int{t.claimableFrames(0), t.claimableFrames(1)}
	slices.Sort(claimable[0])
	slices.Sort(claimable[1])
	elements = slices.Clone(t.elements)
	for i := range elements {
		e := &elements[i]
		between := claimable[1-e.dir()]
		at, _ := slices.BinarySearch(between, e.place())
		if e.late && at < len(between) && between[at] < e.frame {
			e.order, differ = 2*e.frame, true
		}
	}
	sortElements(elements)
	return elements, differ
}
