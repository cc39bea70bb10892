package path

import (
	"encoding/binary"
	"net/netip"
	"slices"
)

// A frame is one Ethernet frame: header and packet, without the frame check
// sequence, which only hardware sees.
type frame []byte

// A MAC is an Ethernet address.
type MAC [6]byte

// Ethernet and the types of its payloads (IEEE 802.3; RFC 826, 894, 2464).
const (
	// EthernetHeader is the length of a frame's header, in bytes.
	EthernetHeader = 14

	typeIPv4 = 0x0800
	typeARP  = 0x0806
	typeIPv6 = 0x86dd
)

// Headers of the internet protocols, without options (RFC 791, 8200, 9293).
const (
	ipv4Header = 20
	ipv6Header = 40
	tcpHeader  = 20
	udpHeader  = 8

	protocolICMP   = 1
	protocolTCP    = 6
	protocolUDP    = 17
	protocolICMPv6 = 58
)

// wellFormed reports whether the headers that the path reads are complete. The
// other functions rely on it and do not check lengths.
func (f frame) wellFormed() bool {
	if len(f) < EthernetHeader {
		return false
	}
	p := f.packet()
	switch f.etherType() {
	case typeIPv4:
		return len(p) >= ipv4Header && p[0]>>4 == 4 && f.ipHeader() >= ipv4Header &&
			int(binary.BigEndian.Uint16(p[2:])) <= len(p) && int(binary.BigEndian.Uint16(p[2:])) >= f.ipHeader()
	case typeIPv6:
		return len(p) >= ipv6Header && p[0]>>4 == 6 &&
			ipv6Header+int(binary.BigEndian.Uint16(p[4:])) <= len(p)
	case typeARP:
		return len(p) >= arpPacket
	}
	return true
}

func (f frame) etherType() uint16 { return binary.BigEndian.Uint16(f[12:]) }

// packet returns the frame's payload.
func (f frame) packet() []byte { return f[EthernetHeader:] }

// address sets the frame's Ethernet addresses.
func (f frame) address(from, to MAC) {
	copy(f, to[:])
	copy(f[6:], from[:])
}

// isIP reports whether the frame carries an IP packet.
func (f frame) isIP() bool {
	return f.etherType() == typeIPv4 || f.etherType() == typeIPv6
}

// source returns the source address of an IP packet.
func (f frame) source() netip.Addr {
	p := f.packet()
	if f.etherType() == typeIPv4 {
		return netip.AddrFrom4([4]byte(p[12:16]))
	}
	return netip.AddrFrom16([16]byte(p[8:24]))
}

// destination returns the destination address of an IP packet.
func (f frame) destination() netip.Addr {
	p := f.packet()
	if f.etherType() == typeIPv4 {
		return netip.AddrFrom4([4]byte(p[16:20]))
	}
	return netip.AddrFrom16([16]byte(p[24:40]))
}

// ipHeader returns the length of an IP packet's header. Extension headers of
// IPv6 count as payload: TCP on the hosts sends none.
func (f frame) ipHeader() int {
	if f.etherType() == typeIPv4 {
		return int(f.packet()[0]&0xf) * 4
	}
	return ipv6Header
}

// protocol returns the protocol of an IP packet's payload.
func (f frame) protocol() byte {
	if f.etherType() == typeIPv4 {
		return f.packet()[9]
	}
	return f.packet()[6]
}

// payload returns what follows an IP packet's header. It returns nil for every
// fragment except the first, because the payload's header is not in those.
func (f frame) payload() []byte {
	p := f.packet()
	if f.etherType() == typeIPv4 {
		if binary.BigEndian.Uint16(p[6:])&0x1fff != 0 {
			return nil
		}
		return p[f.ipHeader():binary.BigEndian.Uint16(p[2:])]
	}
	return p[ipv6Header : ipv6Header+int(binary.BigEndian.Uint16(p[4:]))]
}

// hopLimit returns how many routers an IP packet may still pass, its TTL.
func (f frame) hopLimit() byte {
	if f.etherType() == typeIPv4 {
		return f.packet()[8]
	}
	return f.packet()[7]
}

// pass decrements an IP packet's hop limit, as a router does.
func (f frame) pass() {
	p := f.packet()
	if f.etherType() == typeIPv6 {
		p[7]--
		return
	}
	old := binary.BigEndian.Uint16(p[8:])
	p[8]--
	correct(p[10:12], old, binary.BigEndian.Uint16(p[8:]))
}

// mayFragment reports whether a router may fragment the packet.
func (f frame) mayFragment() bool {
	const dontFragment = 0x40
	return f.etherType() == typeIPv4 && f.packet()[6]&dontFragment == 0
}

// fragments cuts the packet into fragments of at most mtu bytes (RFC 791, 3.2).
// It copies all options to each fragment.
func (f frame) fragments(mtu int) []frame {
	const moreFragments, unit = 0x2000, 8 // a flag; the unit of offsets
	header := f.packet()[:f.ipHeader()]
	data := f.packet()[f.ipHeader():binary.BigEndian.Uint16(header[2:])]
	field := binary.BigEndian.Uint16(header[6:])
	room := (mtu - len(header)) / unit * unit
	var pieces []frame
	for offset := 0; offset < len(data); offset += room {
		part := data[offset:min(offset+room, len(data))]
		piece := slices.Concat(f[:EthernetHeader], header, part)
		h := piece.packet()[:len(header)]
		position := field + uint16(offset/unit)
		if offset+room < len(data) {
			position |= moreFragments
		}
		binary.BigEndian.PutUint16(h[2:], uint16(len(header)+len(part)))
		binary.BigEndian.PutUint16(h[6:], position)
		binary.BigEndian.PutUint16(h[10:], 0)
		binary.BigEndian.PutUint16(h[10:], checksum(h))
		pieces = append(pieces, piece)
	}
	return pieces
}

// A segment is what the path reads of a TCP segment.
type segment struct {
	from, to netip.AddrPort
	seq, ack uint32
	flags    byte
	length   int // of the payload
}

// Flags of a TCP segment (RFC 9293, 3.1).
const (
	flagFIN = 0x01
	flagSYN = 0x02
	flagRST = 0x04
	flagACK = 0x10
)

// segment returns the TCP segment that the frame carries, if any.
func (f frame) segment() (s segment, ok bool) {
	t := f.tcp()
	if t == nil {
		return s, false
	}
	return segment{
		from:   netip.AddrPortFrom(f.source(), binary.BigEndian.Uint16(t)),
		to:     netip.AddrPortFrom(f.destination(), binary.BigEndian.Uint16(t[2:])),
		seq:    binary.BigEndian.Uint32(t[4:]),
		ack:    binary.BigEndian.Uint32(t[8:]),
		flags:  t[13],
		length: len(t) - dataOffset(t),
	}, true
}

// data returns the payload of the TCP segment that the frame carries, if any.
func (f frame) data() []byte {
	t := f.tcp()
	if t == nil {
		return nil
	}
	return t[dataOffset(t):]
}

// room returns how many sequence numbers the segment uses: one for each byte,
// and one each for SYN and FIN.
func (s segment) room() uint32 {
	n := uint32(s.length)
	if s.flags&flagSYN != 0 {
		n++
	}
	if s.flags&flagFIN != 0 {
		n++
	}
	return n
}

// tcp returns the TCP segment that the frame carries, with its header, or nil.
func (f frame) tcp() []byte {
	if !f.isIP() || f.protocol() != protocolTCP {
		return nil
	}
	t := f.payload()
	if len(t) < tcpHeader || dataOffset(t) < tcpHeader || dataOffset(t) > len(t) {
		return nil
	}
	return t
}

// dataOffset returns the length of a TCP segment's header.
func dataOffset(t []byte) int { return int(t[12]>>4) * 4 }

// zeroChecksum replaces a TCP checksum of 0xffff with 0, the other zero of
// one's complement. Linux writes 0xffff when it computes the checksum itself,
// as RFC 768 demands for UDP only. A network card does not, and Wireshark
// reports it as wrong.
func (f frame) zeroChecksum() {
	if t := f.tcp(); t != nil && t[16] == 0xff && t[17] == 0xff {
		t[16], t[17] = 0, 0
	}
}

// clampMSS lowers the MSS option of a SYN to most (RFC 9293, 3.2), as many home
// routers do.
func (f frame) clampMSS(most int) {
	t := f.tcp()
	if t == nil || t[13]&flagSYN == 0 {
		return
	}
	options := t[tcpHeader:dataOffset(t)]
	for len(options) > 1 && options[0] != 0 {
		if options[0] == 1 { // no operation
			options = options[1:]
			continue
		}
		length := int(options[1])
		if length < 2 || length > len(options) {
			return
		}
		if options[0] == 2 && length == 4 {
			lower(t, options[2:4], most)
		}
		options = options[length:]
	}
}

// lower sets a two-byte field of a TCP segment to most if it is larger. Linux
// puts the field at an even offset, so it is one word of the checksum.
func lower(t, field []byte, most int) {
	old := binary.BigEndian.Uint16(field)
	if int(old) <= most {
		return
	}
	binary.BigEndian.PutUint16(field, uint16(most))
	correct(t[16:18], old, uint16(most))
}

// correct updates a checksum for a word that has changed (RFC 1624, eqn. 3).
func correct(sum []byte, old, new uint16) {
	s := uint32(^binary.BigEndian.Uint16(sum)) + uint32(^old) + uint32(new)
	s = s&0xffff + s>>16
	s = s&0xffff + s>>16
	binary.BigEndian.PutUint16(sum, ^uint16(s))
}

// checksum is the internet checksum of the concatenated parts (RFC 1071). Every
// part but the last must have an even length.
func checksum(parts ...[]byte) uint16 {
	var s uint32
	for _, p := range parts {
		for ; len(p) > 1; p = p[2:] {
			s += uint32(binary.BigEndian.Uint16(p))
		}
		if len(p) == 1 {
			s += uint32(p[0]) << 8
		}
	}
	for s > 0xffff {
		s = s&0xffff + s>>16
	}
	return ^uint16(s)
}
