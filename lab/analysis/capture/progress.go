// How far a connection has come at each place.

package capture

import "ftplab/lab/analysis/packet"

// progress is how far the stream of the side that is not behind a NAT has come, by the places. Its numbers are the
// same at all places. So a place with a higher one than another has later packets, even if nothing shows how far a
// gateway has shifted the numbers of the other side.
type progress map[int]uint32

// note takes a segment at a place.
func (s *observations) note(t *packet.TCP, at, direction int) {
	number, ok := s.fixed(t, direction)
	switch {
	case !ok:
	case t.Has(packet.SYN):
		s.progress[at] = number // of a new connection
	default:
		s.progress.raise(at, number)
	}
}

func (a progress) raise(at int, number uint32) {
	if known, any := a[at]; !any || int32(number-known) > 0 {
		a[at] = number
	}
}

// fixed returns the number of the stream that no gateway changes up to which a segment shows it.
func (s *observations) fixed(t *packet.TCP, direction int) (number uint32, ok bool) {
	switch {
	case t == nil || s.progress == nil || s.moving[0] == s.moving[1] || t.Has(packet.RST):
		return 0, false
	case s.moving[direction]:
		return t.RawAck, t.Has(packet.ACK)
	}
	number = t.RawSeq + uint32(t.Length)
	if t.Flags&(packet.SYN|packet.FIN) != 0 {
		number++
	}
	return number, true
}

// findRests finds the places that have later packets of a connection than those that are read.
func (x *places) findRests() {
	for _, s := range x.seen {
		if s.joint == nil {
			continue
		}
		read, known := s.joint.progress[s.joint.home(0)]
		for at, number := range s.joint.progress {
			if known && int32(number-read) > 0 {
				s.joint.rest |= 1 << at
			}
		}
	}
}
