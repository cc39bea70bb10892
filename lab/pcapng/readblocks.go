package pcapng

import (
	"errors"
	"io"
	"math/bits"
	"strings"
)

const (
	maxSideBlock  = 1 << 20 // bytes of the largest block with an interface, names or statistics that is read
	maxInterfaces = 1 << 16
	interfaceHead = 8  // bytes of an interface description's body before its options
	statsHead     = 12 // the same for interface statistics
	packetFields  = 20 // bytes of a packet block's body before its frame
)

// An iface is a recorded interface: its link type and the unit of its
// timestamps.
type iface struct {
	name    string
	link    LinkType
	snaplen uint32
	// A timestamp counts units of 10^-digits seconds, or of 2^-digits seconds
	// if binary is set, and offset seconds are added.
	digits uint8
	binary bool
	offset int64
	counts Stats
}

// A blockReader reads the packets of a pcapng file.
type blockReader struct {
	*Reader
	blockScanner
	begun      bool     // an interface was read
	first      LinkType // of the file's first interface
	interfaces []iface  // of the current section
	past       Stats    // of earlier sections
	err        error    // an error of link, which next returns
}

func newBlockReader(r *Reader) (*blockReader, error) {
	f := &blockReader{Reader: r, blockScanner: blockScanner{input: &r.in}}
	_, _, err := f.header()
	switch {
	case err == io.EOF || err == io.ErrUnexpectedEOF:
		return nil, inHeader(err)
	case err == errNoMagic:
		return nil, errors.New("not a capture: a pcapng section without the byte-order magic number")
	}
	return f, nil // next returns any other error again, with its position
}

// link reads the blocks up to the first interface or packet.
func (f *blockReader) link() LinkType {
	for !f.begun && f.err == nil {
		at := f.in.offset
		if kind, _, err := f.header(); err != nil || isPacket(kind) {
			break // next returns the error
		}
		if _, err := f.block(nil, at); err != nil {
			f.err = f.cutOff(at, err)
		}
	}
	return f.first
}

// isPacket reports whether a block holds a packet.
func isPacket(kind uint32) bool {
	return kind == blockEnhancedPacket || kind == blockPacket || kind == blockSimplePacket
}

// next reads blocks up to and including the next packet.
func (f *blockReader) next(p *Packet) error {
	for f.err == nil {
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
	return f.err
}

// block reads the block at the offset, and reports whether it was a packet.
func (f *blockReader) block(p *Packet, at int64) (bool, error) {
	kind, length, err := f.header()
	if damaged, ok := err.(formatError); ok {
		return false, f.damage(at, "%s: the file is damaged", damaged)
	}
	if err != nil {
		return false, err
	}
	body := int64(length) - blockOverhead
	switch kind {
	case blockEnhancedPacket, blockPacket, blockSimplePacket:
		if body > maxPacket {
			return false, f.damage(at, "a packet of %d bytes: the file is damaged", body)
		}
	case blockDecryptionSecrets:
		if body > maxPacket {
			return false, f.damage(at, "secrets of %d bytes: the file is damaged", body)
		}
	case blockInterfaceDescription, blockNameResolution, blockInterfaceStatistics:
		if body > maxSideBlock {
			return false, f.skipBlock(length, at)
		}
	case blockSectionHeader:
		f.endSection()
		return false, f.skipBlock(length, at)
	default:
		return false, f.skipBlock(length, at)
	}
	b, err := f.in.take(int(length))
	if err != nil {
		return false, err
	}
	f.compareLengths(length, b[len(b)-4:], at)
	return f.parse(kind, b[8:len(b)-4], p, at)
}

func (f *blockReader) skipBlock(length uint32, at int64) error {
	if err := f.in.skip(int64(length) - 4); err != nil {
		return err
	}
	end, err := f.in.take(4)
	if err == nil {
		f.compareLengths(length, end, at)
	}
	return err
}

// compareLengths keeps the first block that has another length at its end than at its beginning.
// The one at the beginning leads to the next block, so the file can be read on.
func (f *blockReader) compareLengths(length uint32, end []byte, at int64) {
	if again := f.order.Uint32(end); again != length && f.flaw == "" {
		f.flaw = f.damage(at, "a block of %d bytes says at its end that it has %d", length, again).Error()
	}
}

// parse reads the body of a block whose type is known.
func (f *blockReader) parse(kind uint32, body []byte, p *Packet, at int64) (bool, error) {
	switch kind {
	case blockEnhancedPacket, blockPacket:
		return true, f.packet(kind, body, p, at)
	case blockSimplePacket:
		return true, f.simplePacket(body, p, at)
	case blockInterfaceDescription:
		return false, f.addInterface(body, at)
	case blockNameResolution:
		f.nameResolution(body)
	case blockInterfaceStatistics:
		f.statistics(body)
	case blockDecryptionSecrets:
		return false, f.addSecrets(body, at)
	}
	return false, nil
}

// addSecrets reads a TLS key log from a decryption secrets block. It skips the
// secrets of other protocols.
func (f *blockReader) addSecrets(b []byte, at int64) error {
	if len(b) < secretsFields || int64(f.order.Uint32(b[4:])) > int64(len(b)-secretsFields) {
		return f.damage(at, "secrets longer than their block: the file is damaged")
	}
	if f.order.Uint32(b) == secretsTLSKeyLog {
		f.secrets = append(f.secrets, string(b[secretsFields:secretsFields+f.order.Uint32(b[4:])]))
	}
	return nil
}

// packet reads an enhanced packet block or its obsolete predecessor, in which
// the interface number has 16 bits and a drop count follows it.
func (f *blockReader) packet(kind uint32, b []byte, p *Packet, at int64) error {
	if len(b) < packetFields {
		return f.damage(at, "a packet block of %d bytes: the file is damaged", len(b))
	}
	id := f.order.Uint32(b)
	if kind == blockPacket {
		id = uint32(f.order.Uint16(b))
	}
	if int64(id) >= int64(len(f.interfaces)) {
		return f.damage(at, "a packet on interface %d, which the file does not describe", id)
	}
	captured := f.order.Uint32(b[12:])
	if int64(captured) > int64(len(b)-packetFields) {
		return f.damage(at, "a packet longer than its block: the file is damaged")
	}
	i := &f.interfaces[id]
	p.Time = i.time(uint64(f.order.Uint32(b[4:]))<<32 | uint64(f.order.Uint32(b[8:])))
	p.Length = int(f.order.Uint32(b[16:]))
	p.Data = b[packetFields : packetFields+captured]
	p.Link, p.Interface, p.Name = i.link, int(id), i.name
	return nil
}

// simplePacket reads a packet without a timestamp or interface number (the
// first interface is meant).
func (f *blockReader) simplePacket(b []byte, p *Packet, at int64) error {
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
	p.Link, p.Interface, p.Name = f.interfaces[0].link, 0, f.interfaces[0].name
	return nil
}

func (f *blockReader) addInterface(b []byte, at int64) error {
	if len(b) < interfaceHead || len(f.interfaces) == maxInterfaces {
		return f.damage(at, "an invalid interface block: the file is damaged")
	}
	i := iface{link: LinkType(f.order.Uint16(b)), snaplen: f.order.Uint32(b[4:]), digits: 6}
	f.options(b[interfaceHead:], func(code uint16, v []byte) {
		switch {
		case code == ifName:
			i.name = strings.TrimRight(string(v), "\x00")
		case code == ifTsResol && len(v) >= 1:
			i.digits, i.binary = v[0]&0x7f, v[0]&0x80 != 0
		case code == ifTsOffset && len(v) >= 8:
			i.offset = int64(f.order.Uint64(v))
		}
	})
	if !f.begun {
		f.begun, f.first = true, i.link
	}
	f.interfaces = append(f.interfaces, i)
	f.places = append(f.places, i.name)
	return nil
}

// statistics reads the counts. Each block replaces the earlier ones of its
// interface.
func (f *blockReader) statistics(b []byte) {
	if len(b) < statsHead || int64(f.order.Uint32(b)) >= int64(len(f.interfaces)) {
		return
	}
	var counts Stats
	f.options(b[statsHead:], func(code uint16, v []byte) {
		switch {
		case len(v) < 8:
		case code == isbIfRecv:
			counts.Received = f.order.Uint64(v)
		case code == isbIfDrop || code == isbOSDrop:
			counts.Dropped += f.order.Uint64(v)
		}
	})
	f.interfaces[f.order.Uint32(b)].counts = counts
	f.received, f.dropped = f.past.Received, f.past.Dropped
	for _, i := range f.interfaces {
		f.received += i.counts.Received
		f.dropped += i.counts.Dropped
	}
}

func (f *blockReader) endSection() {
	f.past = Stats{Received: f.received, Dropped: f.dropped}
	f.interfaces, f.places = nil, nil
}

// options calls use for each option. An invalid list ends early.
func (f *blockReader) options(b []byte, use func(code uint16, value []byte)) {
	for len(b) >= 4 {
		code, n := f.order.Uint16(b), int(f.order.Uint16(b[2:]))
		if code == optEndOfOpt || n > len(b)-4 {
			return
		}
		use(code, b[4:4+n])
		b = b[min(len(b), 4+(n+3)&^3):]
	}
}

// time converts a timestamp to nanoseconds since 1970.
func (i *iface) time(stamp uint64) int64 {
	if !i.binary && i.digits == 6 && i.offset == 0 { // the most common case
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
