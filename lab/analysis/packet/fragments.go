// Fragments of IP datagrams, put together again.

package packet

import (
	"net/netip"

	"ftplab/lab/analysis/internal/ranges"
)

// maxFragmentBytes bounds what waits for the rest of its datagram. The oldest
// datagram gives way.
const maxFragmentBytes = 4 << 20

// maxDatagram is the longest datagram that fragments can make.
const maxDatagram = 65535

// A fragmentKey names the datagram that a fragment belongs to (RFC 791
// section 3.2, RFC 8200 section 4.5).
type fragmentKey struct {
	src, dst netip.Addr
	protocol int
	id       uint32
}

// A datagram is one that is not whole yet.
type datagram struct {
	data  []byte
	have  ranges.Set // of data
	total int        // its length, 0 until the last fragment has come
}

// fragments are the datagrams that are not whole yet.
type fragments struct {
	waiting map[fragmentKey]*datagram
	order   []fragmentKey // oldest first
	bytes   int
}

// add takes a fragment and returns the payload of its datagram if that is whole
// now, else nothing. The first fragment of a datagram that was not captured
// whole is returned as it is: it holds the headers, and the rest will be of no
// use.
func (f *fragments) add(ip *IP, id uint32, b piece, more bool) piece {
	if len(b.data) < b.wire {
		if ip.Offset == 0 {
			return b
		}
		return piece{}
	}
	if b.wire == 0 || ip.Offset+b.wire > maxDatagram {
		return piece{}
	}
	key := fragmentKey{ip.Src, ip.Dst, ip.Protocol, id}
	g := f.datagram(key)
	end := ip.Offset + b.wire
	if grow := end - len(g.data); grow > 0 {
		g.data = append(g.data, make([]byte, grow)...)
		f.bytes += grow
	}
	copy(g.data[ip.Offset:], b.data)
	g.have.Add(int64(ip.Offset), int64(end))
	if !more {
		g.total = end
	}
	if g.total > 0 && g.have.Covers(0, int64(g.total)) {
		f.forget(key)
		return piece{g.data[:g.total], g.total}
	}
	for f.bytes > maxFragmentBytes {
		f.forget(f.order[0])
	}
	return piece{}
}

// datagram returns the datagram of the given key, a new one if there is none.
func (f *fragments) datagram(key fragmentKey) *datagram {
	g := f.waiting[key]
	if g == nil {
		if f.waiting == nil {
			f.waiting = map[fragmentKey]*datagram{}
		}
		g = &datagram{}
		f.waiting[key] = g
		f.order = append(f.order, key)
		const each = 200 // bytes it takes itself
		f.bytes += each
	}
	return g
}

// forget drops a datagram.
func (f *fragments) forget(key fragmentKey) {
	g := f.waiting[key]
	delete(f.waiting, key)
	f.bytes -= len(g.data) + 200
	for i, k := range f.order {
		if k == key {
			f.order = append(f.order[:i], f.order[i+1:]...)
			break
		}
	}
}
