// Which connection a packet belongs to, by its two addresses.

package capture

import (
	"bytes"
	"encoding/binary"

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
	if p.IP.Src.Is4() {
		src, dst := endOf(p.IP.Src.As4(), p.TCP.SrcPort), endOf(p.IP.Dst.As4(), p.TCP.DstPort)
		low, high := src, dst
		if t.higher = src > dst; t.higher {
			low, high = dst, src
		}
		binary.BigEndian.PutUint64(t.bytes[:], low<<16)
		binary.BigEndian.PutUint64(t.bytes[6:], high<<16) // the last two bytes are 0
		return t
	}
	t.six = true
	var src, dst [18]byte
	*(*[16]byte)(src[:]), *(*[16]byte)(dst[:]) = p.IP.Src.As16(), p.IP.Dst.As16()
	binary.BigEndian.PutUint16(src[16:], p.TCP.SrcPort)
	binary.BigEndian.PutUint16(dst[16:], p.TCP.DstPort)
	if t.higher = bytes.Compare(src[:], dst[:]) > 0; t.higher {
		src, dst = dst, src
	}
	copy(t.bytes[:], src[:])
	copy(t.bytes[18:], dst[:])
	return t
}

// same reports whether two tuples are of the same connection.
func (t *tuple) same(o *tuple) bool { return t.bytes == o.bytes && t.six == o.six }

// endOf is an address of IPv4 and a port as a number.
func endOf(ip [4]byte, port uint16) uint64 {
	return uint64(binary.BigEndian.Uint32(ip[:]))<<16 | uint64(port)
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
