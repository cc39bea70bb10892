// Small connections, kept in few bytes: as what their packets say.

package trace

import (
	"encoding/binary"
	"math"
	"net/netip"
)

// stubs holds the packets of small connections, those of a connection linked to each
// other. A place is a number from 0.
type stubs struct {
	blocks []stubBlock
	start  int64 // the time of the first packet
	ties   list[tie]
}

// A stubBlock has blockSize bytes, of which so many are those of packets that are
// still needed.
type stubBlock struct {
	bytes  []byte
	needed int
}

// A stubPacket is all that a segment tells.
type stubPacket struct {
	number   int   // of the packet
	time     int64 // ns since 1970
	seq, ack uint32
	window   uint16
	flags    uint8
	scale    int // of the window, -1 for none
	dir      int // 0 or 1
	length   int // of its data
	payload  []byte
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
	tieAt    = 16 // of the first packet of a stub: the index of its tie, plus 1
	endsAt   = 20
	restAt   = 16 // of the other packets: from here on everything varies

	bitDir  = 1 << 0 // it is of the second direction
	bitIP4  = 1 << 1 // it is the first, and its two ends are of IPv4
	bitIP6  = 1 << 2 // it is the first, and its two ends are of IPv6
	bitData = 1 << 3 // it has data
	scaled  = 4      // the upper four bits are the window scale, plus 1

	longestHeader = endsAt + 2*(16+2) + 4*binary.MaxVarintLen64
)

// full reports whether there is no room for another packet.
func (s *stubs) full() bool { return len(s.blocks) > math.MaxInt32/blockSize-2 }

// begin keeps the first packet of a stub and its two ends, that of the sender
// first, and returns its place.
func (s *stubs) begin(p *Packet, from, to netip.AddrPort) int {
	if len(s.blocks) == 0 {
		s.start = p.Time
	}
	bits := byte(bitIP4)
	if !from.Addr().Is4() {
		bits = bitIP6
	}
	b, place := s.header(p, bits)
	b = append(b, 0, 0, 0, 0) // no tie
	for _, end := range []netip.AddrPort{from, to} {
		b = append(b, end.Addr().AsSlice()...)
		b = binary.BigEndian.AppendUint16(b, end.Port())
	}
	s.rest(b, place, p)
	return place
}

// add keeps another packet of a stub, behind the one at last, and returns its place.
func (s *stubs) add(p *Packet, last int) int {
	b, place := s.header(p, 0)
	s.rest(b, place, p)
	binary.BigEndian.PutUint32(s.at(last)[nextAt:], uint32(place+1))
	return place
}

// header begins to write a packet, and returns the block and the place.
func (s *stubs) header(p *Packet, bits byte) (b []byte, place int) {
	t := p.TCP
	if n := len(s.blocks); n == 0 || len(s.blocks[n-1].bytes)+longestHeader+len(t.Payload) > blockSize {
		s.blocks = append(s.blocks, stubBlock{bytes: make([]byte, 0, blockSize)})
	}
	b = s.blocks[len(s.blocks)-1].bytes
	place = (len(s.blocks)-1)*blockSize + len(b)
	bits |= byte(p.dir) | byte(t.Options.WindowScale+1)<<scaled
	if t.Length > 0 {
		bits |= bitData
	}
	b = append(b, 0, 0, 0, 0) // none is next
	b = binary.BigEndian.AppendUint32(b, t.RawSeq)
	b = binary.BigEndian.AppendUint32(b, t.RawAck)
	b = binary.BigEndian.AppendUint16(b, t.RawWindow)
	return append(b, t.Flags, bits), place
}

// rest writes what varies in length.
func (s *stubs) rest(b []byte, place int, p *Packet) {
	b = binary.AppendUvarint(b, uint64(p.Number))
	b = binary.AppendVarint(b, p.Time-s.start)
	if t := p.TCP; t.Length > 0 {
		b = binary.AppendUvarint(b, uint64(t.Length))
		b = binary.AppendUvarint(b, uint64(len(t.Payload)))
		b = append(b, t.Payload...)
	}
	block := &s.blocks[place/blockSize]
	block.needed += len(b) - place%blockSize
	block.bytes = b
}

// at returns the bytes from a place on.
func (s *stubs) at(place int) []byte { return s.blocks[place/blockSize].bytes[place%blockSize:] }

// packet reads the packet at a place.
func (s *stubs) packet(place int) stubPacket {
	b := s.at(place)
	bits := b[bitsAt]
	p := stubPacket{
		next: int(binary.BigEndian.Uint32(b[nextAt:])) - 1,
		seq:  binary.BigEndian.Uint32(b[seqAt:]), ack: binary.BigEndian.Uint32(b[ackAt:]),
		window: binary.BigEndian.Uint16(b[windowAt:]),
		flags:  b[flagsAt], dir: int(bits & bitDir), scale: int(bits>>scaled) - 1,
	}
	size := restAt
	if n := endSize(bits); n > 0 {
		size = endsAt + 2*n
	}
	uvarint := func() int {
		v, n := binary.Uvarint(b[size:])
		size += n
		return int(v)
	}
	p.number = uvarint()
	time, n := binary.Varint(b[size:])
	size += n
	p.time = s.start + time
	if bits&bitData != 0 {
		p.length = uvarint()
		n := uvarint()
		p.payload = b[size : size+n]
		size += n
	}
	p.size = size
	return p
}

// endSize is how many bytes an end of the first packet has, 0 of another one.
func endSize(bits byte) int {
	switch {
	case bits&bitIP4 != 0:
		return 4 + 2
	case bits&bitIP6 != 0:
		return 16 + 2
	}
	return 0
}

// from and to return the sender and the receiver of the first packet of a stub.
func (s *stubs) from(first int) netip.AddrPort {
	b := s.at(first)
	return readEnd(b[endsAt : endsAt+endSize(b[bitsAt])])
}

func (s *stubs) to(first int) netip.AddrPort {
	b := s.at(first)
	n := endSize(b[bitsAt])
	return readEnd(b[endsAt+n : endsAt+2*n])
}

func readEnd(b []byte) netip.AddrPort {
	ip, _ := netip.AddrFromSlice(b[:len(b)-2])
	return netip.AddrPortFrom(ip, binary.BigEndian.Uint16(b[len(b)-2:]))
}

// hasData reports whether any packet of a stub has data.
func (s *stubs) hasData(first int) bool {
	for at := first; at >= 0; {
		b := s.at(at)
		if b[bitsAt]&bitData != 0 {
			return true
		}
		at = int(binary.BigEndian.Uint32(b[nextAt:])) - 1
	}
	return false
}

// tie keeps what else is known of a stub.
func (s *stubs) tie(first int, t tie) {
	if known := s.tied(first); known != nil {
		*known = t
		return
	}
	*s.ties.next() = t
	binary.BigEndian.PutUint32(s.at(first)[tieAt:], uint32(s.ties.len()))
}

// tied returns what else is known of a stub, nil for nothing.
func (s *stubs) tied(first int) *tie {
	if n := binary.BigEndian.Uint32(s.at(first)[tieAt:]); n > 0 {
		return s.ties.at(int(n - 1))
	}
	return nil
}

// drop forgets the packets of a stub.
func (s *stubs) drop(first int) {
	for at := first; at >= 0; {
		p, block := s.packet(at), &s.blocks[at/blockSize]
		if block.needed -= p.size; block.needed == 0 && at/blockSize < len(s.blocks)-1 {
			block.bytes = nil
		}
		at = p.next
	}
}

// read lets a connection take note of the packet.
func (p *stubPacket) read(r *conn) {
	t := TCP{
		RawSeq: p.seq, RawAck: p.ack, RawWindow: p.window, Window: int(p.window), Flags: p.flags,
		Length: p.length, Payload: p.payload, Options: TCPOptions{WindowScale: p.scale},
	}
	packet := Packet{Number: p.number, Time: p.time}
	r.count(&packet, &t, p.dir)
	if t.Length > 0 {
		r.keep(&packet, &t, p.dir)
	}
}
