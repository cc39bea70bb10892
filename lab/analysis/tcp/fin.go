// FINs that are not the end of what their sender sends.

package tcp

import "ftplab/lab/analysis/packet"

// After its FIN, a host sends nothing new (RFC 9293 section 3.6). If there is data in the place of a FIN and the peer
// acknowledges it, the peer did not receive the FIN: somebody sent it only for others to see.

// refutes reports whether the peer has acknowledged data in the place of a FIN. A single byte may be a keep-alive.
func (h *Half) refutes(fin int64) bool { return h.confirmed > fin+1 && h.have.Covers(fin, fin+2) }

// delivered reports whether the peer has acknowledged the FIN.
func (h *Half) delivered() bool { return h.finSeen && h.confirmed > h.fin }

// refute forgets the FIN of a direction if the peer refutes it.
func (s *State) refute(dir int) {
	h := &s.Halves[dir]
	if !h.finSeen || !h.refutes(h.fin) {
		return
	}
	if h.replaced && h.RefutedFIN == 0 {
		h.RefutedFIN, h.RefutedFINTime = h.FIN, h.FINTime
	}
	h.finSeen, h.replaced, h.FIN, h.FINAck, h.FINTime, h.AfterFIN, h.AfterFINTime = false, false, 0, 0, 0, 0, 0
	if int(s.firstFIN) != dir {
		return
	}
	if s.firstFIN = -1; s.Halves[1-dir].finSeen {
		s.firstFIN = int8(1 - dir)
	}
}

// received returns where the data ends that the peer received, of a stream that ends at a number. A forged peer
// acknowledges even what is after the FIN.
func (h *Half) received(end int64) int64 {
	if h.AfterFIN > 0 && h.confirmed > h.fin+1 {
		return max(end, h.have[len(h.have)-1].End)
	}
	return end
}

// afterFINReach is how far after a FIN data may be that belongs to it. A new connection on the same ports begins
// farther away: Linux leaves 65537 numbers out.
const afterFINReach = 65535

// afterFIN takes data from start up to end that came after the FIN.
func (h *Half) afterFIN(p *packet.Packet, start, end int64) {
	switch {
	case start <= h.fin:
		h.replaced = h.replaced || end > h.fin+1
	case h.AfterFIN == 0 && start <= h.fin+afterFINReach:
		h.AfterFIN, h.AfterFINTime = p.Number, p.Time
	}
}
