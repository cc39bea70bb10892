package path

import (
	"encoding/binary"
	"net/netip"
	"slices"

	"ftplab/lab/scenario"
)

// A kind of ICMP or ICMPv6 message is its type and code.
type kind struct{ number, code byte }

// Messages of a router about a packet that it cannot forward (RFC 792, 1191,
// 4443).
var (
	noNetwork    = kind{3, 0}  // no route to its network
	mustFragment = kind{3, 4}  // larger than the MTU, and may not be fragmented
	exceeded     = kind{11, 0} // TTL exceeded in transit

	noHost     = kind{3, 1}  // the host does not answer, or a firewall pretends so
	noPort     = kind{3, 3}  // no program listens there, or a firewall pretends so
	prohibited = kind{3, 13} // by a firewall (RFC 1812, 5.2.7.1)

	noPortV6     = kind{1, 4}
	noNetworkV6  = kind{1, 0}
	packetTooBig = kind{2, 0}
	exceededV6   = kind{3, 0}
)

// noRoute is the message of the host's gateway about a packet to an address
// that no host has.
func (p Place) noRoute(f frame) frame {
	return p.report(f, noNetwork, noNetworkV6, 0)
}

// rejection is the answer of a firewall to a packet that it rejects.
func (p Place) rejection(f frame, with scenario.RejectWith) frame {
	switch with {
	case scenario.HostUnreachable:
		return p.report(f, noHost, noNetworkV6, 0)
	case scenario.Prohibited:
		return p.report(f, prohibited, noNetworkV6, 0)
	case scenario.TCPReset:
		return p.resetFor(f)
	}
	return p.report(f, noPort, noPortV6, 0)
}

// timeExceeded is the message of the host's gateway about a packet whose TTL
// has run out (RFC 1812, 5.3.1). Traceroute finds routers by it.
func (p Place) timeExceeded(f frame) frame {
	return p.report(f, exceeded, exceededV6, 0)
}

// tooBig is the message of a host's gateway about a packet to that host that
// its link, of mtu bytes, cannot carry. Its Ethernet destination is the gateway
// of the packet's sender.
func (p Place) tooBig(f frame, mtu int) frame {
	return p.report(f, mustFragment, packetTooBig, uint32(mtu))
}

// report makes the IPv4 or the IPv6 message to the sender of a packet. Word is
// the four bytes before the quoted packet. It returns nil if a router must not
// send a message.
func (p Place) report(f frame, v4, v6 kind, word uint32) frame {
	if !f.reportable() {
		return nil
	}
	body := binary.BigEndian.AppendUint32(nil, word)
	if f.etherType() == typeIPv4 {
		return p.icmpv4(f.source(), v4, quote(body, f, f.ipHeader()+8))
	}
	return p.icmpv6(p.router, f.source(), 64, v6, quote(body, f, 1280-ipv6Header-8))
}

// reportable reports whether a router may send an error message about the
// packet. It may not if the packet is an error message itself, if it is a
// fragment other than the first, or if its source is not the address of a
// single host (RFC 1812, 4.3.2.7; RFC 1122, 3.2.2; RFC 4443, 2.4).
func (f frame) reportable() bool {
	const redirectV6 = 137            // the other errors are below 128
	errors := []byte{3, 4, 5, 11, 12} // as RFC 1122 counts them, with source quench and redirect
	m := f.payload()
	switch {
	case m == nil || !f.source().IsGlobalUnicast():
		return false
	case f.etherType() == typeIPv4 && f.protocol() == protocolICMP:
		return len(m) > 0 && !slices.Contains(errors, m[0])
	case f.etherType() == typeIPv6 && f.protocol() == protocolICMPv6:
		return len(m) > 0 && m[0] >= 128 && m[0] != redirectV6
	}
	return true
}

// quote appends as much of the packet as fits into most bytes.
func quote(to []byte, f frame, most int) []byte {
	p := f.packet()
	return append(to, p[:min(len(p), most)]...)
}

// icmpv4 makes an ICMP message (RFC 792).
func (p Place) icmpv4(to netip.Addr, k kind, body []byte) frame {
	const precedence = 0xc0 // internetwork control (RFC 1812, 4.3.2.5)
	f := make(frame, EthernetHeader+ipv4Header+4+len(body))
	f.address(p.GateMAC, p.MAC)
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
	m[0], m[1] = k.number, k.code
	copy(m[4:], body)
	binary.BigEndian.PutUint16(m[2:], checksum(m))
	return f
}

// icmpv6 makes an ICMPv6 message (RFC 4443, 2.1, and 2.3 for its checksum).
func (p Place) icmpv6(from, to netip.Addr, hops byte, k kind, body []byte) frame {
	f := make(frame, EthernetHeader+ipv6Header+4+len(body))
	f.address(p.GateMAC, p.MAC)
	binary.BigEndian.PutUint16(f[12:], typeIPv6)
	h := f.packet()
	h[0] = 6 << 4
	binary.BigEndian.PutUint16(h[4:], uint16(4+len(body)))
	h[6], h[7] = protocolICMPv6, hops
	copy(h[8:], from.AsSlice())
	copy(h[24:], to.AsSlice())
	m := h[ipv6Header:]
	m[0], m[1] = k.number, k.code
	copy(m[4:], body)
	pseudo := []byte{0, 0, h[4], h[5], 0, 0, 0, protocolICMPv6}
	binary.BigEndian.PutUint16(m[2:], checksum(h[8:40], pseudo, m))
	return f
}
