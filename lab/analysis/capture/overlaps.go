// Places that lack the beginning of a connection.

package capture

import (
	"math/bits"

	"ftplab/lab/analysis/packet"
	"ftplab/lab/pcapng"
)

// overlaps are conversations of which a place may lack the beginning, so that its first packets are compared
// with all that other places have.
type overlaps struct {
	*places
	same  map[conversation]*observations // those that have the same ends at several places
	begun map[uint64]*beginner           // the others of TCP, by the numbers of their first segments
}

// A beginner is a conversation that may have begun before its first packets.
type beginner struct {
	*observations
	at uint64 // the interfaces where one of its first packets was found, as bits
}

// findOverlaps reads the file once more if there may be some.
func (f *file) findOverlaps(x *places) error {
	o := overlaps{x, map[conversation]*observations{}, map[uint64]*beginner{}}
	for c, s := range x.seen {
		if !s.copied && (bits.OnesCount64(s.at[0]) > 1 || bits.OnesCount64(s.at[1]) > 1) {
			o.same[c] = s
		}
		if s.openings.answered {
			continue
		}
		for _, first := range s.first {
			for _, number := range first.numbers {
				if number != 0 {
					o.begun[number] = &beginner{observations: s}
				}
			}
		}
	}
	if len(o.same)+len(o.begun) == 0 {
		return nil
	}
	_, err := f.packets(&packet.Decoder{}, func(p *packet.Packet, raw *pcapng.Packet) bool {
		if p.IP != nil && raw.Interface < mostPlaces {
			o.compare(p, raw.Interface)
		}
		return true
	})
	for _, s := range o.same {
		s.copied = s.copied || s.overlap()
	}
	return err
}

// compare compares a packet with the first ones of other places. Those that have other ends there are left to
// [places.alike].
func (o *overlaps) compare(p *packet.Packet, at int) {
	c, direction := conversationOf(p)
	s := o.seen[c]
	if o.same[c] != nil {
		s.compare(at, o.hash(p, direction))
	}
	segment := o.segmentOf(p, direction)
	for _, number := range segment.numbers {
		if b := o.begun[number]; b != nil && b.observations != s && b.at&(1<<at) == 0 {
			b.at |= 1 << at
			s.first = append(s.first, observation{segment: segment, at: uint8(at)})
		}
	}
}

// compare marks the first packets of other interfaces that are the same as a packet.
func (s *observations) compare(at int, hash uint64) {
	for i := range s.first {
		if o := &s.first[i]; int(o.at) != at && o.hash == hash {
			o.elsewhere = true
		}
	}
}

// overlap reports whether at least half of the first packets of a place are also at another one. Fewer may be
// retransmissions on another part of a link.
func (s *observations) overlap() bool {
	found, all := [mostPlaces]int{}, [mostPlaces]int{}
	for _, o := range s.first {
		if all[o.at]++; o.elsewhere {
			found[o.at]++
		}
	}
	for at, n := range found {
		if n > 0 && 2*n >= all[at] {
			return true
		}
	}
	return false
}
