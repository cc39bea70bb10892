package wire

import (
	"encoding/binary"
	"net/netip"
)

// What a router says of a packet it cannot send on (RFC 792, 1191, 4443).
const (
	unreachable   = 3 // ICMP
	noNetwork     = 0 // code: no route to its network
	mustFragment  = 4 // code: too big, and may not be fragmented
	unreachableV6 = 1 // ICMPv6
	packetTooBig  = 2 // ICMPv6
)

// noRoute is what the host's gateway says of a packet to nobody's address.
func (p place) noRoute(f frame) frame {
	if f.etherType() == typeIPv4 {
		return p.icmpv4(f.source(), unreachable, noNetwork, make([]byte, 4), f)
	}
	return p.icmpv6(p.router, f.source(), 64, unreachableV6, 0, quote(make([]byte, 4), f, 1280-ipv6Header-8))
}

// tooBig is what the gateway of a host says of a packet to that host which its
// link, of mtu bytes, cannot carry. It is addressed to the gateway of whoever
// sent the packet.
func (p place) tooBig(f frame, mtu int) frame {
	size := binary.BigEndian.AppendUint32(nil, uint32(mtu))
	if f.etherType() == typeIPv4 {
		return p.icmpv4(f.source(), unreachable, mustFragment, size, f)
	}
	return p.icmpv6(p.router, f.source(), 64, packetTooBig, 0, quote(size, f, 1280-ipv6Header-8))
}

// quote appends the packet in question, as much of it as fits.
func quote(to []byte, f frame, most int) []byte {
	p := f.packet()
	return append(to, p[:min(len(p), most)]...)
}

// icmpv4 makes an ICMP message that quotes a packet: its header and 8 bytes.
func (p place) icmpv4(to netip.Addr, kind, code byte, rest []byte, about frame) frame {
	const precedence = 0xc0 // internetwork control (RFC 1812, 4.3.2.5)
	body := quote(rest, about, about.ipHeader()+8)
	f := make(frame, ethernetHeader+ipv4Header+4+len(body))
	f.address(p.gateMAC, p.mac)
	binary.BigEndian.PutUint16(f[12:], typeIPv4)
	h := f.packet()
	h[0] = 4<<4 | ipv4Header/4
	h[1] = precedence
	binary.BigEndian.PutUint16(h[2:], uint16(len(h)))
	h[8], h[9] = 64, protocolICMP
	copy(h[12:], p.router.AsSlice())
	copy(h[16:], to.AsSlice())
	binary.BigEndian.PutUint16(h[10:], checksum(h[:ipv4Header]))
	m := h[ipv4Header:]
	m[0], m[1] = kind, code
	copy(m[4:], body)
	binary.BigEndian.PutUint16(m[2:], checksum(m))
	return f
}

// icmpv6 makes an ICMPv6 message (RFC 4443, 2.1, and 2.3 for its checksum).
func (p place) icmpv6(from, to netip.Addr, hops, kind, code byte, body []byte) frame {
	f := make(frame, ethernetHeader+ipv6Header+4+len(body))
	f.address(p.gateMAC, p.mac)
	binary.BigEndian.PutUint16(f[12:], typeIPv6)
	h := f.packet()
	h[0] = 6 << 4
	binary.BigEndian.PutUint16(h[4:], uint16(4+len(body)))
	h[6], h[7] = protocolICMPv6, hops
	copy(h[8:], from.AsSlice())
	copy(h[24:], to.AsSlice())
	m := h[ipv6Header:]
	m[0], m[1] = kind, code
	copy(m[4:], body)
	pseudo := []byte{0, 0, h[4], h[5], 0, 0, 0, protocolICMPv6}
	binary.BigEndian.PutUint16(m[2:], checksum(h[8:40], pseudo, m))
	return f
}
