package path

import (
	"encoding/binary"
	"net/netip"
	"slices"
)

// A kind of ICMP or ICMPv6 message is its type and code.
type kind struct{ number, code byte }

// What a router says of a packet it cannot send on (RFC 792, 1191, 4443).
var (
	noNetwork    = kind{3, 0}  // no route to its network
	mustFragment = kind{3, 4}  // too big, and may not be fragmented
	exceeded     = kind{11, 0} // its time to live, in transit

	noPort = kind{3, 3} // nobody listens there, or a firewall says so

	noPortV6     = kind{1, 4}
	noNetworkV6  = kind{1, 0}
	packetTooBig = kind{2, 0}
	exceededV6   = kind{3, 0}
)

// noRoute is what the host's gateway says of a packet to nobody's address.
func (p Place) noRoute(f frame) frame {
	return p.report(f, noNetwork, noNetworkV6, 0)
}

// portUnreachable is what a firewall says of a packet that it rejects.
func (p Place) portUnreachable(f frame) frame {
	return p.report(f, noPort, noPortV6, 0)
}

// timeExceeded is what the host's gateway says of a packet that may pass no
// router (RFC 1812, 5.3.1). It is how traceroute finds a router.
func (p Place) timeExceeded(f frame) frame {
	return p.report(f, exceeded, exceededV6, 0)
}

// tooBig is what the gateway of a host says of a packet to that host which its
// link, of mtu bytes, cannot carry. It is addressed to the gateway of whoever
// sent the packet.
func (p Place) tooBig(f frame, mtu int) frame {
	return p.report(f, mustFragment, packetTooBig, uint32(mtu))
}

// report makes the one or the other message to the sender of a packet, with the
// four bytes that come before the quotation; or nil, if a router must say nothing.
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

// reportable says that a router may send an error message about the packet: not
// if it is one itself, or there would be no end of them; nor about a fragment but
// the first; nor to a source that is no one host's address (RFC 1812, 4.3.2.7;
// RFC 1122, 3.2.2; RFC 4443, 2.4).
func (f frame) reportable() bool {
	const redirectV6 = 137            // beside the errors, which are below 128
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

// quote appends the packet in question, as much of it as fits.
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
