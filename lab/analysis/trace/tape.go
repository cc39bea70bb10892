// What packets say, kept in few bytes for as long as it may be needed.

package trace

import (
	"encoding/binary"
	"net/netip"
	"slices"
)

// A tape holds what the packets of many connections say, those of a connection linked
// to each other. A place on it is a number from 0.
type tape struct {
	blocks  []tapeBlock
	current [3]int // the blocks that are being written to, plus 1, by kind
	free    []int  // blocks without a packet that is needed
	start   int64  // the time of the first packet
}

// A tapeBlock has tapeBlockSize bytes, of which so many are those of packets that are
// still needed.
type tapeBlock struct {
	bytes  []byte
	needed int
}

const tapeBlockSize = 128 << 10

// The kinds of packets. Each has blocks of its own, so that those of other protocols,
// which are soon not needed, do not stay for the sake of a single one that is.
const (
	withoutData = iota
	withData
	atFTPPort
)

func kindOf(t *TCP) int {
	switch {
	case len(t.Payload) == 0:
		return withoutData
	case t.SrcPort == ftpPort || t.DstPort == ftpPort:
		return atFTPPort
	}
	return withData
}

// A taped packet is all that a segment tells; one of a connection of its own, all that
// its data tell.
type taped struct {
	number   int   // of the packet
	time     int64 // ns since 1970
	seq, ack uint32
	window   uint16
	flags    uint8
	scale    int // of the window, -1 for none
	dir      int // 0 or 1
	length   int // of its data
	payload  []byte
	next     int // the place of the next one, -1 for none
	size     int // in bytes, on the tape

	dataOnly bool
	dataSeq  int64 // relative, of the data; only with dataOnly
	acks     int64 // as those of a Packet; only with dataOnly
}

const (
	nextAt   = 0 // plus 1, in five bytes: a large capture has more than 4 GiB of dialogue
	bitsAt   = 5
	seqAt    = 6 // with dataOnly, the eight bytes from here on are the relative number
	ackAt    = 10
	windowAt = 14
	flagsAt  = 16
	tieAt    = 17 // of the first packet of a stub: the index of its tie, plus 1
	endsAt   = 21
	restAt   = 17 // of the other packets: from here on everything varies
	restData = 14 // with dataOnly

	bitDir   = 1 << 0          // it is of the second direction
	bitIP4   = 1 << 1          // it is the first of a stub, and its two ends are of IPv4
	bitIP6   = 1 << 2          // it is the first of a stub, and its two ends are of IPv6
	bitsOnly = bitIP4 | bitIP6 // it has data only
	bitData  = 1 << 3          // it has data
	bitAcks  = 1 << 4          // with dataOnly: what it acknowledges is noted
	scaled   = 4               // the upper four bits are the window scale, plus 1
)

// first writes the first packet of a stub and its two ends, that of the sender first,
// and returns its place.
func (t *tape) first(p *Packet, from, to netip.AddrPort) int {
	bits := byte(bitIP4)
	if !from.Addr().Is4() {
		bits = bitIP6
	}
	b := header(make([]byte, 0, 128), p, bits)
	b = append(b, 0, 0, 0, 0) // no tie
	for _, end := range []netip.AddrPort{from, to} {
		b = append(b, end.Addr().AsSlice()...)
		b = binary.BigEndian.AppendUint16(b, end.Port())
	}
	return t.write(t.rest(b, p), p)
}

// another writes another packet of a stub, and returns its place.
func (t *tape) another(p *Packet) int {
	return t.write(t.rest(header(make([]byte, 0, 128), p, 0), p), p)
}

// data writes the data of a packet, which stands at a relative number, and returns the
// place.
func (t *tape) data(p *Packet, seq int64) int {
	b := append(make([]byte, 0, 128), 0, 0, 0, 0, 0, byte(p.dir)|bitsOnly|bitData)
	b = t.rest(binary.BigEndian.AppendUint64(b, uint64(seq)), p)
	if p.acks != 0 {
		b[bitsAt] |= bitAcks
		b = binary.AppendVarint(b, p.acks)
	}
	return t.write(b, p)
}

// header is the beginning of a packet on the tape.
func header(b []byte, p *Packet, bits byte) []byte {
	t := p.TCP
	bits |= byte(p.dir) | byte(t.Options.WindowScale+1)<<scaled
	if t.Length > 0 {
		bits |= bitData
	}
	b = append(b, 0, 0, 0, 0, 0, bits) // none is next
	b = binary.BigEndian.AppendUint32(b, t.RawSeq)
	b = binary.BigEndian.AppendUint32(b, t.RawAck)
	b = binary.BigEndian.AppendUint16(b, t.RawWindow)
	return append(b, t.Flags)
}

// rest is what varies in length, but for the data itself.
func (t *tape) rest(b []byte, p *Packet) []byte {
	if len(t.blocks) == 0 {
		t.start = p.Time
	}
	b = binary.AppendUvarint(b, uint64(p.Number))
	b = binary.AppendVarint(b, p.Time-t.start)
	if p.TCP.Length > 0 {
		b = binary.AppendUvarint(b, uint64(p.TCP.Length))
		b = binary.AppendUvarint(b, uint64(len(p.TCP.Payload)))
	}
	return b
}

// write writes a packet, what is said of it and then its data, and returns its place.
func (t *tape) write(said []byte, p *Packet) int {
	size := len(said) + len(p.TCP.Payload)
	at := &t.current[kindOf(p.TCP)]
	if *at == 0 || !t.blocks[*at-1].takes(size) {
		*at = t.blank(size) + 1
	}
	b := &t.blocks[*at-1]
	place := (*at-1)*tapeBlockSize + len(b.bytes)
	b.bytes = append(append(b.bytes, said...), p.TCP.Payload...)
	b.needed += size
	return place
}

// takes reports whether there is room for a packet of that size. One that is larger than
// a block has one of its own.
func (b *tapeBlock) takes(size int) bool {
	return len(b.bytes)+size <= tapeBlockSize || len(b.bytes) == 0 && size <= cap(b.bytes)
}

// blank returns a block with room for a packet of that size.
func (t *tape) blank(size int) int {
	at := len(t.blocks)
	if n := len(t.free); n > 0 {
		at, t.free = t.free[n-1], t.free[:n-1]
	} else {
		t.blocks = append(t.blocks, tapeBlock{})
	}
	t.blocks[at].bytes = make([]byte, 0, max(size, tapeBlockSize))
	return at
}

// link makes the packet at next the one that follows the one at place.
func (t *tape) link(place, next int) {
	b := t.from(place)
	b[nextAt] = byte((next + 1) >> 32)
	binary.BigEndian.PutUint32(b[nextAt+1:], uint32(next+1))
}

// from returns the bytes from a place on.
func (t *tape) from(place int) []byte {
	return t.blocks[place/tapeBlockSize].bytes[place%tapeBlockSize:]
}

// next is the place of the packet that follows the one with these bytes, -1 for none.
func next(b []byte) int { return int(b[nextAt])<<32 + int(binary.BigEndian.Uint32(b[nextAt+1:])) - 1 }

// read reads the packet at a place.
func (t *tape) read(place int) taped {
	b := t.from(place)
	bits := b[bitsAt]
	p := taped{next: next(b), dir: int(bits & bitDir)}
	at := restAt
	if bits&bitsOnly == bitsOnly {
		p.dataOnly, p.dataSeq = true, int64(binary.BigEndian.Uint64(b[seqAt:]))
		at = restData
	} else {
		p.seq, p.ack = binary.BigEndian.Uint32(b[seqAt:]), binary.BigEndian.Uint32(b[ackAt:])
		p.window, p.flags = binary.BigEndian.Uint16(b[windowAt:]), b[flagsAt]
		p.scale = int(bits>>scaled) - 1
		if n := endSize(bits); n > 0 {
			at = endsAt + 2*n
		}
	}
	uvarint := func() int {
		v, n := binary.Uvarint(b[at:])
		at += n
		return int(v)
	}
	varint := func() int64 {
		v, n := binary.Varint(b[at:])
		at += n
		return v
	}
	p.number = uvarint()
	p.time = t.start + varint()
	if bits&bitData != 0 {
		p.length = uvarint()
		n := uvarint()
		if p.dataOnly && bits&bitAcks != 0 {
			p.acks = varint()
		}
		p.payload = b[at : at+n]
		at += n
	}
	p.size = at
	return p
}

// endSize is how many bytes an end has with the first packet of a stub; 0 with any
// other.
func endSize(bits byte) int {
	switch bits & bitsOnly {
	case bitIP4:
		return 4 + 2
	case bitIP6:
		return 16 + 2
	}
	return 0
}

// ends returns the sender and the receiver of the first packet of a stub.
func (t *tape) ends(first int) (from, to netip.AddrPort) {
	b := t.from(first)
	n := endSize(b[bitsAt])
	return readEnd(b[endsAt : endsAt+n]), readEnd(b[endsAt+n : endsAt+2*n])
}

func readEnd(b []byte) netip.AddrPort {
	ip, _ := netip.AddrFromSlice(b[:len(b)-2])
	return netip.AddrPortFrom(ip, binary.BigEndian.Uint16(b[len(b)-2:]))
}

// hasData reports whether a packet from a place on, or one that follows it, has data.
func (t *tape) hasData(place int) bool {
	for place >= 0 {
		b := t.from(place)
		if b[bitsAt]&bitData != 0 {
			return true
		}
		place = next(b)
	}
	return false
}

// tie is the index of the tie of a stub, -1 for none; setTie writes it.
func (t *tape) tie(first int) int { return int(binary.BigEndian.Uint32(t.from(first)[tieAt:])) - 1 }

func (t *tape) setTie(first, tie int) {
	binary.BigEndian.PutUint32(t.from(first)[tieAt:], uint32(tie+1))
}

// drop lets go of the packet at a place and of those that follow it.
func (t *tape) drop(place int) {
	for place >= 0 {
		p, i := t.read(place), place/tapeBlockSize
		b := &t.blocks[i]
		if b.needed -= p.size; b.needed == 0 && slices.Contains(t.current[:], i+1) {
			b.bytes = b.bytes[:0]
		} else if b.needed == 0 {
			b.bytes = nil
			t.free = append(t.free, i)
		}
		place = p.next
	}
}

// play lets a connection take note of the packet, and keep its data if asked to.
func (p *taped) play(r *conn, keep bool) {
	packet := Packet{Number: p.number, Time: p.time, acks: p.acks}
	t := TCP{
		RawSeq: p.seq, RawAck: p.ack, RawWindow: p.window, Window: int(p.window), Flags: p.flags,
		Length: p.length, Payload: p.payload, Options: TCPOptions{WindowScale: p.scale},
	}
	h := &r.halves[p.dir]
	if p.dataOnly {
		h.keep(&packet, &t, p.dataSeq)
		return
	}
	r.count(&packet, &t, p.dir)
	if t.Length > 0 {
		h.data(&packet, &t, t.dataSeq())
		h.recorded += len(t.Payload)
		r.due() // it was looked at, and the result was that it may be dialogue
		if keep {
			h.keep(&packet, &t, t.dataSeq())
		}
	}
}
