package path

import (
	"encoding/binary"
	"net/netip"
)

// ARP for IPv4 over Ethernet (RFC 826), and neighbor discovery (RFC 4861).
const (
	arpPacket  = 28
	arpRequest = 1
	arpReply   = 2

	neighborSolicitation  = 135 // RFC 4861, 4.3
	neighborAdvertisement = 136 // RFC 4861, 4.4
	routerSolicitation    = 133 // RFC 4861, 4.1
	multicastReport       = 143 // RFC 3810, 5.2; older ones are 131 and 132
)

// answerNeighbor returns the gateway's answer to a host that asks for its
// Ethernet address, or nil if the frame is not such a question. The gateway
// answers for itself only: each host is alone on its network.
func (p Place) answerNeighbor(f frame) frame {
	switch {
	case f.etherType() == typeARP:
		return p.answerARP(f)
	case f.etherType() == typeIPv6 && f.protocol() == protocolICMPv6:
		return p.answerSolicitation(f)
	}
	return nil
}

func (p Place) answerARP(f frame) frame {
	ask := f.packet()
	if binary.BigEndian.Uint16(ask[6:]) != arpRequest || netip.AddrFrom4([4]byte(ask[24:28])) != p.Gateway {
		return nil
	}
	answer := make(frame, EthernetHeader+arpPacket)
	answer.address(p.GateMAC, MAC(ask[8:14]))
	binary.BigEndian.PutUint16(answer[12:], typeARP)
	a := answer.packet()
	copy(a, ask[:6]) // Ethernet, IPv4, and the lengths of their addresses
	binary.BigEndian.PutUint16(a[6:], arpReply)
	copy(a[8:14], p.GateMAC[:])
	copy(a[14:18], ask[24:28])
	copy(a[18:28], ask[8:18])
	return answer
}

// answerSolicitation answers a neighbor solicitation with a solicited
// advertisement that has the router flag.
func (p Place) answerSolicitation(f frame) frame {
	const router, solicited, override = 0x80, 0x40, 0x20
	ask := f.payload()
	if len(ask) < 24 || ask[0] != neighborSolicitation || netip.AddrFrom16([16]byte(ask[8:24])) != p.Gateway {
		return nil
	}
	body := make([]byte, 28) // flags, target, and the option with the link-layer address
	body[0] = router | solicited | override
	copy(body[4:20], ask[8:24])
	body[20], body[21] = 2, 1 // target link-layer address, one unit of 8 bytes
	copy(body[22:28], p.GateMAC[:])
	return p.icmpv6(p.Gateway, f.source(), 255, kind{neighborAdvertisement, 0}, body)
}

// housekeeping reports whether the frame is only for the host's own link. Linux sends
// such frames when an interface with IPv6 comes up: router solicitations and multicast
// reports. The gateway does not forward them, and they are not recorded.
func (f frame) housekeeping() bool {
	if f.etherType() != typeIPv6 || !f.destination().IsMulticast() {
		return false
	}
	t := f.payload()
	const hopByHop = 0
	if f.protocol() == hopByHop && len(t) > 8 { // reports carry a router alert
		t = t[8:]
	} else if f.protocol() != protocolICMPv6 || len(t) == 0 {
		return false
	}
	return t[0] == routerSolicitation || t[0] == multicastReport || t[0] == 131 || t[0] == 132
}
