// Which connection a packet belongs to, by its two addresses.

package capture

import (
	"bytes"

	"ftplab/lab/analysis/packet"
)

// A tuple is the two addresses of a connection, the lower one first: the same in both
// directions.
type tuple struct {
	bytes  [36]byte // IPv4: 12 of them
	six    bool     // IPv6
	higher bool     // the sender has the higher address
}

// tupleOf is the tuple of a segment.
func tupleOf(p *packet.Packet) (t tuple) {
	var src, dst [18]byte
	n := 6
	if p.IP.Src.Is4() {
		a, b := p.IP.Src.As4(), p.IP.Dst.As4()
		copy(src[:], a[:])
		copy(dst[:], b[:])
	} else {
		a, b := p.IP.Src.As16(), p.IP.Dst.As16()
		copy(src[:], a[:])
		copy(dst[:], b[:])
		n, t.six = 18, true
	}
	src[n-2], src[n-1] = byte(p.TCP.SrcPort>>8), byte(p.TCP.SrcPort)
	dst[n-2], dst[n-1] = byte(p.TCP.DstPort>>8), byte(p.TCP.DstPort)
	low, high := src[:n], dst[:n]
	if t.higher = bytes.Compare(low, high) > 0; t.higher {
		low, high = high, low
	}
	copy(t.bytes[:], low)
	copy(t.bytes[n:], high)
	return t
}

// tuples is a map from tuples. Those of IPv4, of which a capture may hold a million, take
// a third of the room.
type tuples[V any] struct {
	four map[[12]byte]V
	six  map[[36]byte]V
}

func newTuples[V any]() tuples[V] {
	return tuples[V]{map[[12]byte]V{}, map[[36]byte]V{}}
}

func (m *tuples[V]) get(t *tuple) (v V, ok bool) {
	if t.six {
		v, ok = m.six[t.bytes]
		return v, ok
	}
	v, ok = m.four[[12]byte(t.bytes[:])]
	return v, ok
}

func (m *tuples[V]) set(t *tuple, v V) {
	if t.six {
		m.six[t.bytes] = v
		return
	}
	m.four[[12]byte(t.bytes[:])] = v
}

func (m *tuples[V]) remove(t *tuple) {
	if t.six {
		delete(m.six, t.bytes)
		return
	}
	delete(m.four, [12]byte(t.bytes[:]))
}
