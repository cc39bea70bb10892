// The bytes of a transfer that were missing while later ones had come.

package report

import "slices"

// A Hole is a range of sequence numbers that the recorder had not seen when it saw later
// ones of the same side.
type Hole struct {
	Seq, End int64 // relative sequence numbers; End is not part of it
	// From is when the first later byte came, To when the hole was filled, in nanoseconds
	// since 1970. Of one that was never filled, Open is set, and To is the connection's
	// last packet.
	From, To int64
	Open     bool
}

// maxHoles is how many holes of each side of a connection are kept.
const maxHoles = 500

// holes finds the holes in what one side sends. Its zero value is ready to use.
type holes struct {
	begun  bool
	next   int64 // the byte after the last one that was seen
	last   int64 // time of the last packet
	open   []Hole
	filled []Hole
}

// add takes the next point of the side.
func (h *holes) add(p point) {
	h.last = p.time
	end := p.end
	if p.syn {
		end++
	}
	if p.end == p.seq && !p.syn {
		return
	}
	if h.begun && p.seq > h.next && len(h.open)+len(h.filled) < maxHoles {
		h.open = append(h.open, Hole{Seq: h.next, End: p.seq, From: p.time})
	}
	if !h.begun || end > h.next {
		h.begun, h.next = true, end
	}
	if len(h.open) > 0 {
		h.fill(p)
	}
}

// fill takes what a segment brings out of the open holes. What remains of one may be two.
func (h *holes) fill(p point) {
	var open []Hole
	for _, hole := range h.open {
		from, to := max(hole.Seq, p.seq), min(hole.End, p.end)
		if from >= to {
			open = append(open, hole)
			continue
		}
		if len(h.filled) < maxHoles {
			h.filled = append(h.filled, Hole{Seq: from, End: to, From: hole.From, To: p.time})
		}
		if hole.Seq < from {
			open = append(open, Hole{Seq: hole.Seq, End: from, From: hole.From})
		}
		if to < hole.End {
			open = append(open, Hole{Seq: to, End: hole.End, From: hole.From})
		}
	}
	h.open = open
}

// all returns the holes in the order in which they began.
func (h *holes) all() []Hole {
	all := slices.Clone(h.filled)
	for _, hole := range h.open {
		hole.To, hole.Open = h.last, true
		all = append(all, hole)
	}
	slices.SortStableFunc(all, func(a, b Hole) int {
		if a.From != b.From {
			return int(min(max(a.From-b.From, -1), 1))
		}
		return int(min(max(a.Seq-b.Seq, -1), 1))
	})
	return all
}
