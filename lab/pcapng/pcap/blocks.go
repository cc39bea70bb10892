// The pcapng format: blocks, each with its type and length, in sections, each
// with its byte order and interfaces.

package pcap

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"
)

// Block types.
const (
	sectionHeader       = 0x0a0d0d0a // the same in both byte orders
	interfaceBlock      = 1
	obsoletePacketBlock = 2
	simplePacketBlock   = 3
	nameBlock           = 4
	statisticsBlock     = 5
	enhancedPacketBlock = 6
)

// Option codes, of the block types that are looked into.
const (
	optionEnd       = 0
	ifTimeRes       = 9  // if_tsresol
	ifTimeOffset    = 14 // if_tsoffset
	statsInterface  = 5  // isb_ifdrop
	statsOS         = 7  // isb_osdrop
	byteOrderMagic  = 0x1a2b3c4d
	maxSideBlock    = 1 << 20 // bytes of an interface or statistics block
	maxInterfaces   = 1 << 16
	blockOverhead   = 12 // type, length, length again
	enhancedHeader  = 20 // of an enhanced (or obsolete) packet block
	interfaceHeader = 8
)

// An iface is a recorded interface: its link, and the clock of its stamps.
type iface struct {
	link    LinkType
	snaplen uint32
	// A stamp counts units of 10^-digits seconds, or if binary of
	// 2^-digits; offset seconds are added.
	digits  uint8
	binary  bool
	offset  int64
	dropped uint64
}

// blocks reads the pcapng format.
type blocks struct {
	*Reader
	order      binary.ByteOrder
	interfaces []iface // of the present section
	pastDrops  uint64  // of the sections before
}

func newBlocks(r *Reader) (func(*Packet) error, error) {
	f := &blocks{Reader: r, order: binary.LittleEndian}
	h, err := r.in.peek(12)
	if err != nil {
		return nil, fmt.Errorf("not a capture: cut off in the header of the file")
	}
	if !f.readOrder(h) {
		return nil, fmt.Errorf("not a capture: a pcapng section without the byte-order magic")
	}
	return f.next, nil
}

// readOrder learns the byte order from the beginning of a section header.
func (f *blocks) readOrder(h []byte) bool {
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		if order.Uint32(h[8:]) == byteOrderMagic {
			f.order = order
			return true
		}
	}
	return false
}

// next reads blocks up to and including one that holds a packet.
func (f *blocks) next(p *Packet) error {
	for {
		at := f.in.offset
		found, err := f.block(p, at)
		switch {
		case err == io.EOF && f.in.offset == at && f.in.start == f.in.end:
			return io.EOF
		case err != nil:
			return f.cutOff(at, err)
		case found:
			return nil
		}
	}
}

// block reads the block at the given place, and reports whether it was a packet.
func (f *blocks) block(p *Packet, at int64) (bool, error) {
	h, err := f.in.peek(8)
	if err != nil {
		return false, err
	}
	kind := f.order.Uint32(h)
	if kind == sectionHeader {
		if h, err = f.in.peek(12); err != nil {
			return false, err
		}
		if !f.readOrder(h) {
			return false, f.damage(at, "a section without the byte-order magic: the file is damaged")
		}
	}
	total := f.order.Uint32(h[4:])
	if total < blockOverhead || total%4 != 0 {
		return false, f.damage(at, "a block of %d bytes: the file is damaged", total)
	}
	body := int64(total) - blockOverhead
	limit := int64(maxSideBlock)
	switch kind {
	case enhancedPacketBlock, obsoletePacketBlock, simplePacketBlock:
		limit = maxPacket
	case interfaceBlock, nameBlock, statisticsBlock:
	default:
		limit = 0
	}
	if body > limit || limit == 0 {
		if limit == maxPacket {
			return false, f.damage(at, "a packet of %d bytes: the file is damaged", body)
		}
		if kind == sectionHeader {
			f.endSection()
		}
		return false, f.in.skip(int64(total))
	}
	b, err := f.in.take(int(total))
	if err != nil {
		return false, err
	}
	return f.parse(kind, b[8:len(b)-4], p, at)
}

// parse reads the body of a block of a known type.
func (f *blocks) parse(kind uint32, body []byte, p *Packet, at int64) (bool, error) {
	switch kind {
	case enhancedPacketBlock, obsoletePacketBlock:
		return true, f.packet(kind, body, p, at)
	case simplePacketBlock:
		return true, f.simplePacket(body, p, at)
	case interfaceBlock:
		return false, f.addInterface(body, at)
	case nameBlock:
		f.nameResolution(body)
	case statisticsBlock:
		f.statistics(body)
	}
	return false, nil
}

// packet reads an enhanced packet block, or its obsolete forerunner, in which
// the interface's number has 16 bits and a drop count follows it.
func (f *blocks) packet(kind uint32, b []byte, p *Packet, at int64) error {
	if len(b) < enhancedHeader {
		return f.damage(at, "a packet block of %d bytes: the file is damaged", len(b))
	}
	id := f.order.Uint32(b)
	if kind == obsoletePacketBlock {
		id = uint32(f.order.Uint16(b))
	}
	if int64(id) >= int64(len(f.interfaces)) {
		return f.damage(at, "a packet of interface %d, which the file does not describe", id)
	}
	captured := f.order.Uint32(b[12:])
	if int64(captured) > int64(len(b)-enhancedHeader) {
		return f.damage(at, "a packet longer than its block: the file is damaged")
	}
	i := &f.interfaces[id]
	p.Time = i.time(uint64(f.order.Uint32(b[4:]))<<32 | uint64(f.order.Uint32(b[8:])))
	p.Length = int(f.order.Uint32(b[16:]))
	p.Data = b[enhancedHeader : enhancedHeader+captured]
	p.Link = i.link
	return nil
}

// simplePacket reads a packet without stamp and interface (it is the first).
func (f *blocks) simplePacket(b []byte, p *Packet, at int64) error {
	if len(b) < 4 || len(f.interfaces) == 0 {
		return f.damage(at, "a simple packet block without interface: the file is damaged")
	}
	length := f.order.Uint32(b)
	captured := min(length, uint32(len(b)-4))
	if s := f.interfaces[0].snaplen; s > 0 {
		captured = min(captured, s)
	}
	p.Time = 0
	p.Length = int(length)
	p.Data = b[4 : 4+captured]
	p.Link = f.interfaces[0].link
	return nil
}

func (f *blocks) addInterface(b []byte, at int64) error {
	if len(b) < interfaceHeader || len(f.interfaces) == maxInterfaces {
		return f.damage(at, "an interface block that makes no sense: the file is damaged")
	}
	i := iface{link: LinkType(f.order.Uint16(b)), snaplen: f.order.Uint32(b[4:]), digits: 6}
	f.options(b[interfaceHeader:], func(code uint16, v []byte) {
		switch {
		case code == ifTimeRes && len(v) >= 1:
			i.digits, i.binary = v[0]&0x7f, v[0]&0x80 != 0
		case code == ifTimeOffset && len(v) >= 8:
			i.offset = int64(f.order.Uint64(v))
		}
	})
	f.interfaces = append(f.interfaces, i)
	return nil
}

// statistics takes the drop counts. Each block replaces those of its interface
// before it.
func (f *blocks) statistics(b []byte) {
	if len(b) < 12 || int64(f.order.Uint32(b)) >= int64(len(f.interfaces)) {
		return
	}
	var drops uint64
	f.options(b[12:], func(code uint16, v []byte) {
		if (code == statsInterface || code == statsOS) && len(v) >= 8 {
			drops += f.order.Uint64(v)
		}
	})
	f.interfaces[f.order.Uint32(b)].dropped = drops
	f.dropped = f.pastDrops
	for _, i := range f.interfaces {
		f.dropped += i.dropped
	}
}

func (f *blocks) endSection() {
	f.pastDrops = f.dropped
	f.interfaces = nil
}

// options calls use for each option. A list that makes no sense ends early.
func (f *blocks) options(b []byte, use func(code uint16, value []byte)) {
	for len(b) >= 4 {
		code, n := f.order.Uint16(b), int(f.order.Uint16(b[2:]))
		if code == optionEnd || n > len(b)-4 {
			return
		}
		use(code, b[4:4+n])
		b = b[min(len(b), 4+(n+3)&^3):]
	}
}

// time turns a stamp into nanoseconds since 1970.
func (i *iface) time(stamp uint64) int64 {
	if !i.binary && i.digits == 6 && i.offset == 0 { // nearly always
		return int64(stamp) * 1000
	}
	return i.offset*1e9 + int64(i.nanoseconds(stamp))
}

func (i *iface) nanoseconds(stamp uint64) uint64 {
	if i.binary {
		if i.digits > 63 {
			return 0
		}
		high, low := bits.Mul64(stamp&(1<<i.digits-1), 1e9)
		return stamp>>i.digits*1e9 + high<<(64-i.digits) + low>>i.digits
	}
	d := i.digits
	for ; d < 9; d++ {
		stamp *= 10
	}
	for ; d > 9 && stamp > 0; d-- {
		stamp /= 10
	}
	return stamp
}
