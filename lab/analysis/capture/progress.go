// How far a connection has come at each place.

package capture

import "ftplab/lab/analysis/packet"

// progress is how far the streams of a conversation have come, by the places. Behind a NAT, it is only that of the
// side that is not behind it, whose numbers are the same at all places: a gateway may shift those of the other side. So a
// place with a higher number than another has later packets.
type progress []reached

// reached is the number that the stream of a side has reached at a place.
type reached struct {
	at, side uint8
	number   uint32
}

// upTo are the numbers up to which a segment shows the streams of both sides.
type upTo struct {
	numbers [2]uint32
	known   [2]bool
}

// note takes a segment at a place.
func (s *observations) note(t *packet.TCP, at, direction int) {
	s.progress.raise(at, s.shownBy(t, direction), t != nil && t.Has(packet.SYN))
}

// raise takes numbers at a place. Those of a new connection take the place of the old ones.
func (a *progress) raise(at int, n upTo, anew bool) {
	for side, known := range n.known {
		if !known {
			continue
		}
		r := a.of(at, side)
		if r == nil {
			*a = append(*a, reached{uint8(at), uint8(side), n.numbers[side]})
		} else if anew || int32(n.numbers[side]-r.number) > 0 {
			r.number = n.numbers[side]
		}
	}
}

// of returns what a side has reached at a place, nil if that is not known.
func (a progress) of(at, side int) *reached {
	for i := range a {
		if r := &a[i]; int(r.at) == at && int(r.side) == side {
			return r
		}
	}
	return nil
}

// shownBy returns the numbers that a segment shows of the streams that no gateway changes.
func (s *observations) shownBy(t *packet.TCP, direction int) (n upTo) {
	if t == nil || t.Has(packet.RST) {
		return n
	}
	n.numbers[direction], n.known[direction] = t.RawSeq+uint32(t.Length), !s.moving[direction]
	if t.Flags&(packet.SYN|packet.FIN) != 0 {
		n.numbers[direction]++
	}
	n.numbers[1-direction], n.known[1-direction] = t.RawAck, t.Has(packet.ACK) && !s.moving[1-direction]
	return n
}

// findRests finds the places that have later packets of a conversation than those that are read.
func (x *places) findRests() {
	for _, s := range x.seen {
		if s.joint != nil {
			s = s.joint
		}
		for _, r := range s.progress {
			if read := s.progress.of(s.home(int(r.side)), int(r.side)); read != nil && int32(r.number-read.number) > 0 {
				s.rest |= 1 << r.at
			}
		}
	}
}
