// The first reading: which packets belong to one connection.

package capture

import "ftplab/lab/analysis/packet"

// identities are the newest connections between all addresses, and from which packet to
// which each lasts.
type identities struct {
	spans  []span
	reused []int            // IDs of connections between the ports of an older one
	rivals map[int32]newest // see rivals.go
	turns  []turn
	newest tuples[newest]
	last   tuple // of the packet before: most often the next one's too
	known  bool
	value  newest
}

// newest is the newest connection between two addresses: what is needed to see that
// another one begins. The arrays are by who sends, the lower address first.
type newest struct {
	id       int32
	seconds  uint32    // the time of its last packet since 1970, once it was reset
	isn      [2]uint32 // the initial sequence numbers
	end      [2]uint32 // the numbers after what was sent
	anchored [2]bool   // isn is known
	sent     [2]bool   // anything; else end is not known
	syn      [2]bool   // a SYN
	fin      [2]bool
	rst      bool
	right    [2]bool // the checksum of the first packet was right, so a wrong one shows damage
}

// A segment this far from the end of a connection does not belong to it: no window is larger
// in practice, and after this many seconds none of its packets is still under way.
const (
	farAway   = 1 << 24 // sequence numbers
	muchLater = 60      // seconds
)

// over reports whether the connection has ended for a sender.
func (v *newest) over(from int) bool {
	return v.rst || v.fin[0] && v.fin[1] || v.fin[from] && !v.sent[1-from]
}

// strange reports whether a segment without SYN cannot belong to the connection: the
// connection has ended, and the number of the segment is far from its end. The segment is
// from another connection between the same ports, whose beginning is not in the capture.
func (v *newest) strange(p *packet.Packet, from int) bool {
	t := p.TCP
	if !v.over(from) || !v.sent[from] || t.Flags&packet.RST != 0 {
		return false
	}
	if t.Flags&packet.SYN != 0 {
		return t.RawSeq != v.isn[from]
	}
	distance := int32(t.RawSeq - v.end[from])
	switch {
	case distance > farAway || distance < -farAway:
		return true
	case distance <= 0 || t.Length == 0:
		return false
	}
	return !v.rst || int64(p.Time/1e9) > int64(v.seconds)+muchLater
}

// answersAnother reports whether a SYN and ACK answers the SYN of another connection: its own number is another one than
// that with which its sender began before, and it acknowledges a number far from what the other side has sent.
func (v *newest) answersAnother(t *packet.TCP, from int) bool {
	if t.Flags&(packet.SYN|packet.ACK) != packet.SYN|packet.ACK || !v.anchored[from] || t.RawSeq == v.isn[from] || !v.sent[1-from] {
		return false
	}
	distance := int32(t.RawAck - v.end[1-from])
	return distance > farAway || distance < -farAway
}

// opens reports whether a SYN, with another number than what its sender sent before, opens the connection from this side:
// the other side has sent a SYN, and this one has only acknowledged. Both sides may open a connection (RFC 9293, 3.5).
func (v *newest) opens(from int) bool {
	return v.syn[1-from] && !v.syn[from] && !v.rst && !v.fin[0] && !v.fin[1] && v.end[from] == v.isn[from]+1 && v.end[1-from] == v.isn[1-from]+1
}

// damaged reports whether the receiver dropped a segment that would open or end the connection, because
// it was damaged on its way.
func (v *newest) damaged(p *packet.Packet, from int) bool {
	return v.right[from] && p.TCP.Flags&(packet.SYN|packet.FIN|packet.RST) != 0 && p.ChecksumWrong()
}

// add takes note of a segment of the connection.
func (v *newest) add(p *packet.Packet, from int) {
	t := p.TCP
	if !v.sent[from] {
		v.right[from] = p.ChecksumRight()
	}
	if v.rst = v.rst || t.Flags&packet.RST != 0; v.rst {
		v.seconds = uint32(p.Time / 1e9)
	}
	if t.Flags&packet.RST != 0 {
		return
	}
	end := t.RawSeq + uint32(t.Length)
	if t.Flags&(packet.SYN|packet.FIN) != 0 {
		end++
	}
	v.syn[from] = v.syn[from] || t.Flags&packet.SYN != 0
	if !v.sent[from] || int32(end-v.end[from]) > 0 {
		v.sent[from], v.end[from] = true, end
	}
	v.fin[from] = v.fin[from] || t.Flags&packet.FIN != 0
}

// find returns the ID of the connection that a segment belongs to, and whether it is its
// first packet. A SYN with another number begins a new connection between the same addresses.
// So does a segment that cannot belong to a connection that has ended.
func (x *identities) find(p *packet.Packet) (id int, begins bool) {
	t := tupleOf(p)
	from := 0
	if t.higher {
		from = 1
	}
	if !x.known || !t.same(&x.last) {
		x.flush()
		x.value, x.known = x.newest.get(&t)
		x.last = t
	}
	if x.known {
		x.choose(p, from)
	}
	isn := p.TCP.RawSeq
	if p.TCP.Flags&packet.SYN == 0 {
		isn--
	}
	ignored := x.known && x.value.damaged(p, from)
	reused := x.known && !ignored && p.TCP.Flags&(packet.SYN|packet.ACK) == packet.SYN && x.value.anchored[from] && isn != x.value.isn[from]
	if reused && x.value.opens(from) {
		reused, x.value.sent[from], x.value.isn[from] = false, false, isn
	}
	begins = !x.known || reused || !ignored && (x.value.strange(p, from) || x.known && x.value.answersAnother(p.TCP, from))
	if reused {
		x.reused = append(x.reused, len(x.spans))
	}
	if begins {
		if reused {
			x.rival(int32(len(x.spans)), isn, from)
		}
		x.value, x.known = newest{id: int32(len(x.spans))}, true
		x.spans = append(x.spans, span{first: uint32(p.Number)})
	}
	v := &x.value
	x.spans[v.id].last = uint32(p.Number)
	if ignored {
		return int(v.id), begins
	}
	if !v.anchored[from] {
		v.anchored[from], v.isn[from] = true, isn
	}
	if to := 1 - from; p.TCP.Flags&packet.ACK != 0 && !v.anchored[to] {
		v.anchored[to], v.isn[to] = true, p.TCP.RawAck-1
	}
	v.add(p, from)
	return int(v.id), begins
}

// flush writes back what is known of the connection of the packet before.
func (x *identities) flush() {
	if x.known {
		x.newest.set(&x.last, x.value)
	}
}
