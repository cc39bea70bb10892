// Bare TCP headers, kept in few bytes.

package trace

import (
	"encoding/binary"
	"math"
	"net/netip"
)

// headers holds the headers of stubs, those of a stub linked to each other. A place
// is a number from 0.
type headers struct {
	blocks [][]byte
	start  int64 // the time of the first header
}

// A header is all that a segment without data tells.
type header struct {
	number   int   // of its packet
	time     int64 // ns since 1970
	seq, ack uint32
	window   uint16
	flags    uint8
	scale    int // of the window, -1 for none
	dir      int // 0 or 1
	next     int // the place of the next one of the stub, -1 for none
	size     int // in bytes, as it is kept
}

const (
	nextAt   = 0 // plus 1
	seqAt    = 4
	ackAt    = 8
	windowAt = 12
	flagsAt  = 14
	bitsAt   = 15
	endsAt   = 16 // of the first header of a stub, behind which everything varies

	bitDir = 1 << 0 // it is of the second direction
	bitIP4 = 1 << 1 // two ends follow, of IPv4
	bitIP6 = 1 << 2 // two ends follow, of IPv6
	scaled = 4      // the upper four bits are the window scale, plus 1

	longest = endsAt + 2*(16+2) + 2*binary.MaxVarintLen64
)

// full reports whether there is no room for another header.
func (s *headers) full() bool { return len(s.blocks) > math.MaxInt32/blockSize-2 }

// add keeps a header, the first one of a stub with its sender and its receiver, and
// returns its place.
func (s *headers) add(h header, ends ...netip.AddrPort) int {
	if len(s.blocks) == 0 {
		s.start = h.time
	}
	if n := len(s.blocks); n == 0 || len(s.blocks[n-1])+longest > blockSize {
		s.blocks = append(s.blocks, make([]byte, 0, blockSize))
	}
	n := len(s.blocks) - 1
	b := s.blocks[n]
	place := n*blockSize + len(b)

	bits := byte(h.dir) | byte(h.scale+1)<<scaled
	if len(ends) > 0 && ends[0].Addr().Is4() {
		bits |= bitIP4
	} else if len(ends) > 0 {
		bits |= bitIP6
	}
	b = binary.BigEndian.AppendUint32(b, uint32(h.next+1))
	b = binary.BigEndian.AppendUint32(b, h.seq)
	b = binary.BigEndian.AppendUint32(b, h.ack)
	b = binary.BigEndian.AppendUint16(b, h.window)
	b = append(b, h.flags, bits)
	for _, e := range ends {
		b = append(b, e.Addr().AsSlice()...)
		b = binary.BigEndian.AppendUint16(b, e.Port())
	}
	b = binary.AppendUvarint(b, uint64(h.number))
	b = binary.AppendVarint(b, h.time-s.start)
	s.blocks[n] = b
	return place
}

func (s *headers) bytes(place int) []byte { return s.blocks[place/blockSize][place%blockSize:] }

// link makes the header at next the one that follows the one at place.
func (s *headers) link(place, next int) {
	binary.BigEndian.PutUint32(s.bytes(place)[nextAt:], uint32(next+1))
}

// at returns the header at a place.
func (s *headers) at(place int) header {
	b := s.bytes(place)
	h := header{
		next: int(binary.BigEndian.Uint32(b[nextAt:])) - 1,
		seq:  binary.BigEndian.Uint32(b[seqAt:]), ack: binary.BigEndian.Uint32(b[ackAt:]),
		window: binary.BigEndian.Uint16(b[windowAt:]),
		flags:  b[flagsAt], dir: int(b[bitsAt] & bitDir), scale: int(b[bitsAt]>>scaled) - 1,
	}
	h.size = endsAt + 2*endSize(b[bitsAt])
	number, n := binary.Uvarint(b[h.size:])
	h.size += n
	time, n := binary.Varint(b[h.size:])
	h.size += n
	h.number, h.time = int(number), s.start+time
	return h
}

// endSize is how many bytes an end has.
func endSize(bits byte) int {
	switch {
	case bits&bitIP4 != 0:
		return 4 + 2
	case bits&bitIP6 != 0:
		return 16 + 2
	}
	return 0
}

// from and to return the sender and the receiver of the first header of a stub.
func (s *headers) from(place int) netip.AddrPort {
	b := s.bytes(place)
	return readEnd(b[endsAt : endsAt+endSize(b[bitsAt])])
}

func (s *headers) to(place int) netip.AddrPort {
	b := s.bytes(place)
	n := endSize(b[bitsAt])
	return readEnd(b[endsAt+n : endsAt+2*n])
}

func readEnd(b []byte) netip.AddrPort {
	ip, _ := netip.AddrFromSlice(b[:len(b)-2])
	return netip.AddrPortFrom(ip, binary.BigEndian.Uint16(b[len(b)-2:]))
}

// drop forgets the headers of the stub whose first one is at a place. Their room is
// used again if they are the last ones: those of a new connection that goes on, as a
// rule.
func (s *headers) drop(first int) {
	end := first
	for at := first; at >= 0; {
		h := s.at(at)
		if at != end {
			return
		}
		end, at = at+h.size, h.next
	}
	n := len(s.blocks) - 1
	if end == n*blockSize+len(s.blocks[n]) {
		s.blocks[n] = s.blocks[n][:first-n*blockSize]
	}
}

// count lets a connection take note of the header.
func (h *header) count(r *conn) {
	t := TCP{
		RawSeq: h.seq, RawAck: h.ack, RawWindow: h.window, Window: int(h.window), Flags: h.flags,
		Options: TCPOptions{WindowScale: h.scale},
	}
	r.count(&Packet{Number: h.number, Time: h.time}, &t, h.dir)
}
