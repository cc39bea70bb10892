// Reassembly of IP fragments.

package packet

import (
	"bytes"
	"net/netip"
	"slices"
	"time"

	"ftplab/lab/analysis/internal/ranges"
)

// maxFragmentBytes limits the memory for incomplete datagrams. The oldest one
// is dropped first.
const maxFragmentBytes = 4 << 20

// maxWait is how long after its first fragment a datagram waits for the others, in nanoseconds (RFC
// 8200, 4.5). Then another datagram may have its number.
const maxWait = int64(60 * time.Second)

// maxDatagram is the longest datagram that fragments can make.
const maxDatagram = 65535

// A fragmentKey identifies the datagram that a fragment belongs to (RFC 791
// section 3.2, RFC 8200 section 4.5).
type fragmentKey struct {
	src, dst netip.Addr
	protocol int
	id       uint32
}

// A datagram is an incomplete datagram.
type datagram struct {
	begun int64 // the time of its first fragment
	data  []byte
	have  ranges.Set // the bytes received
	parts [][2]int   // the fragments received: where each begins and ends
	total int        // its length, 0 until the last fragment is received
	// rewritten says that a fragment has other bytes than those before it in the same place.
	rewritten bool
	tinyFirst bool // the first fragment is shorter than leastFirst
}

// leastFirst is how many bytes a first fragment of TCP has at least: up to the flags (RFC 1858). Each network carries 48
// bytes (RFC 791 section 3.2).
const leastFirst = 16

// mostParts is how many fragments of a datagram are compared with those before them: more than
// there are in the longest one on any usual path.
const mostParts = 1024

const partSize = 16 // bytes, of one of a datagram's parts

// size is the memory that a datagram takes, in bytes, with that for its key.
func (g *datagram) size() int { return 200 + len(g.data) + partSize*len(g.parts) }

// fragments are the incomplete datagrams.
type fragments struct {
	waiting map[fragmentKey]*datagram
	order   []fragmentKey // oldest first
	bytes   int
	now     int64 // the time of the packet, in nanoseconds since 1970
}

// add takes a fragment and returns the payload of its datagram if that is
// complete, else nothing. A first fragment that was not captured completely is
// returned as it is: it has the headers, and the other fragments cannot
// complete it.
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
	if len(g.parts) < mostParts {
		g.rewritten = g.rewritten || g.differs(ip.Offset, b.data)
		g.parts = append(g.parts, [2]int{ip.Offset, end})
		f.bytes += partSize
	}
	g.tinyFirst = g.tinyFirst || ip.Offset == 0 && more && b.wire < leastFirst
	copy(g.data[ip.Offset:], b.data)
	g.have.Add(int64(ip.Offset), int64(end))
	if !more {
		g.total = end
	}
	if g.total > 0 && g.have.Covers(0, int64(g.total)) {
		f.forget(key)
		ip.Rewritten, ip.TinyFirst = g.rewritten, g.tinyFirst
		return piece{g.data[:g.total], g.total}
	}
	for f.bytes > maxFragmentBytes {
		f.forget(f.order[0])
	}
	return piece{}
}

// differs reports whether a fragment overlaps those so far and has other bytes there. One that begins
// and ends where another one did is more likely of a later datagram with the same number.
func (g *datagram) differs(at int, data []byte) bool {
	if slices.Contains(g.parts, [2]int{at, at + len(data)}) {
		return false
	}
	for _, r := range g.have.Clip(int64(at), int64(at+len(data))) {
		if !bytes.Equal(g.data[r.Start:r.End], data[r.Start-int64(at):r.End-int64(at)]) {
			return true
		}
	}
	return false
}

// datagram returns the datagram with the key. It makes a new one if there is
// none that still waits.
func (f *fragments) datagram(key fragmentKey) *datagram {
	g := f.waiting[key]
	if g != nil && f.now-g.begun > maxWait {
		f.forget(key)
		g = nil
	}
	if g == nil {
		if f.waiting == nil {
			f.waiting = map[fragmentKey]*datagram{}
		}
		g = &datagram{begun: f.now}
		f.waiting[key] = g
		f.order = append(f.order, key)
		f.bytes += g.size()
	}
	return g
}

// forget drops a datagram.
func (f *fragments) forget(key fragmentKey) {
	g := f.waiting[key]
	delete(f.waiting, key)
	f.bytes -= g.size()
	for i, k := range f.order {
		if k == key {
			f.order = append(f.order[:i], f.order[i+1:]...)
			break
		}
	}
}
