// The first reading: which packets belong to one connection.

package capture

import "ftplab/lab/analysis/packet"

// identities are the newest connections between all addresses, and from which packet to
// which each lasts.
type identities struct {
	spans  []span
	reused []int // IDs of connections between the ports of an older one
	newest tuples[newest]
	last   tuple // of the packet before: most often the next one's too
	known  bool
	value  newest
}

// newest is the newest connection between two addresses: what is needed to see that a
// SYN begins another one.
type newest struct {
	id       int32
	isn      [2]uint32 // the initial sequence numbers, by who sends: the lower address first
	anchored [2]bool   // they are known
}

// find returns the ID of the connection that a segment belongs to, and whether it is its
// first packet. A SYN with another number begins a new connection between the same
// addresses.
func (x *identities) find(p *packet.Packet) (id int, begins bool) {
	t := tupleOf(p)
	from := 0
	if t.higher {
		from = 1
	}
	same := x.known && t.bytes == x.last.bytes && t.six == x.last.six
	if !same {
		x.flush()
		x.value, x.known = x.newest.get(&t)
		x.last = t
	}
	isn := p.TCP.RawSeq
	if p.TCP.Flags&packet.SYN == 0 {
		isn--
	}
	reused := x.known && p.TCP.Flags&(packet.SYN|packet.ACK) == packet.SYN && x.value.anchored[from] && isn != x.value.isn[from]
	begins = !x.known || reused
	if reused {
		x.reused = append(x.reused, len(x.spans))
	}
	if begins {
		x.value, x.known = newest{id: int32(len(x.spans))}, true
		x.spans = append(x.spans, span{first: uint32(p.Number)})
	}
	v := &x.value
	if !v.anchored[from] {
		v.anchored[from], v.isn[from] = true, isn
	}
	if to := 1 - from; p.TCP.Flags&packet.ACK != 0 && !v.anchored[to] {
		v.anchored[to], v.isn[to] = true, p.TCP.RawAck-1
	}
	x.spans[v.id].last = uint32(p.Number)
	return int(v.id), begins
}

// flush writes back what is known of the connection of the packet before.
func (x *identities) flush() {
	if x.known {
		x.newest.set(&x.last, x.value)
	}
}
