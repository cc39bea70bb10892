// Two connections between the same addresses, of which one goes on while somebody tries to open the other.

package capture

import (
	"math"

	"ftplab/lab/analysis/packet"
)

// A receiver answers a SYN within a connection that goes on with an ACK, and the connection goes on (RFC 9293, 3.10.7.4).
// So a SYN is a connection of its own as long as it has no answer, and each later segment belongs to the one of the two
// to whose numbers its own are nearer. Once the SYN is answered, the older connection is over.

// A turn is a packet with which another connection between two addresses goes on than with the packet before.
type turn struct {
	packet uint32
	id     int32
}

// rival keeps the connection that goes on beside the one with the given ID, which begins now with a SYN. A SYN whose number
// is near those of a connection that has none may be its own, which another place recorded late.
func (x *identities) rival(id int32, isn uint32, from int) {
	old := x.value
	if other, has := x.rivals[old.id]; has {
		delete(x.rivals, old.id)
		if other.id < old.id {
			old = other
		}
	}
	own := old.syn == [2]bool{} && apart(isn, old.isn[from]) <= farAway
	if own || !old.sent[0] || !old.sent[1] || old.rst || old.fin[0] && old.fin[1] {
		return
	}
	if x.rivals == nil {
		x.rivals = map[int32]newest{}
	}
	x.rivals[id] = old
}

// choose makes the connection current that a segment belongs to, if there are two.
func (x *identities) choose(p *packet.Packet, from int) {
	other, has := x.rivals[x.value.id]
	if !has {
		return
	}
	if d := other.distance(p, from); d <= farAway && d < x.value.distance(p, from) {
		delete(x.rivals, x.value.id)
		x.rivals[other.id] = x.value
		x.value, other = other, x.value
		x.turns = append(x.turns, turn{uint32(p.Number), x.value.id})
	}
	answered := x.value.id > other.id && !x.value.sent[from] && p.TCP.Flags&packet.RST == 0
	if answered {
		delete(x.rivals, x.value.id)
	}
}

// distance is how far the numbers of a segment are from those of the connection.
func (v *newest) distance(p *packet.Packet, from int) uint32 {
	t, d := p.TCP, uint32(math.MaxUint32)
	switch {
	case t.Flags&packet.SYN != 0:
		if v.anchored[from] && v.isn[from] == t.RawSeq {
			d = 0
		}
	case v.sent[from]:
		d = apart(t.RawSeq, v.end[from])
	}
	if to := 1 - from; t.Flags&packet.ACK != 0 && v.sent[to] {
		d = min(d, apart(t.RawAck, v.end[to]))
	}
	return d
}

// apart is the distance of two sequence numbers.
func apart(a, b uint32) uint32 { return min(a-b, b-a) }
