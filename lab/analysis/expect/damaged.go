// Packets that were damaged on their way.

package expect

import (
	"cmp"
	"slices"

	"ftplab/lab/analysis/packet"
)

// A receiver drops a damaged packet. So it is a packet like a retransmission, and what it carries is in the stream
// at the place of the packet that brings it again. But if the other side acknowledges it before that, it has
// accepted the packet, which is then like any other; see [tcp.Segment].

// add adds a packet to its stream, and what the packet decides of damaged ones of the other side. It returns the elements
// outside the streams.
func (c *evidence) add(s, peer *stream, i int) (rest []element) {
	f := &c.frames[i]
	switch {
	case !f.Damaged:
		rest = c.decide(peer, s, s.ack)
		if e, ok := s.add(f, i, peer); ok {
			rest = append(rest, e)
		}
	case f.End() > f.Seq && !f.Has(packet.RST):
		at, _ := slices.BinarySearchFunc(s.damaged, f.End()+1, func(i int, end int64) int { return cmp.Compare(c.frames[i].End(), end) })
		s.damaged = slices.Insert(s.damaged, at, i)
	default:
		rest = append(rest, s.dropped(f, i))
	}
	return rest
}

// decide adds the damaged packets of a stream that the other side has acknowledged up to a number.
func (c *evidence) decide(s, peer *stream, upTo int64) (rest []element) {
	n := 0
	for n < len(s.damaged) && c.frames[s.damaged[n]].End() <= upTo {
		n++
	}
	decided := s.damaged[:n]
	s.damaged = s.damaged[n:]
	slices.Sort(decided)
	for _, i := range decided {
		if e, ok := s.add(&c.frames[i], i, peer); ok {
			e.damaged = true
			rest = append(rest, e)
		}
	}
	return rest
}

// undecided returns the damaged packets that the other side did not acknowledge.
func (c *evidence) undecided(s *stream) (rest []element) {
	for _, i := range s.damaged {
		rest = append(rest, s.dropped(&c.frames[i], i))
	}
	return rest
}

// dropped is a damaged packet that its receiver dropped.
func (s *stream) dropped(f *Frame, i int) element {
	e := element{kind: elementRepeat, fromA: s.fromA, frame: i, first: i, packets: 1, start: f.Seq, end: f.End(), order: 2 * i, damaged: true}
	if f.End() == f.Seq && !f.Has(packet.RST) {
		e.kind = elementACK
	}
	return e
}
