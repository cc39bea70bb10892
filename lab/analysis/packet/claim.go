// Claims of addresses on a link.

package packet

import (
	"net"
	"net/netip"
)

// NeighborAdvertisement is the type of a message of ICMPv6 (RFC 4861, section 4.4).
const NeighborAdvertisement = 136

// Claim returns the address that a packet claims for a network card, by ARP or by a neighbor advertisement. The
// address is not valid if the packet claims none, and the card is nil if the packet does not name it.
func (p *Packet) Claim() (addr netip.Addr, card net.HardwareAddr) {
	switch {
	case p.ARP != nil:
		return p.ARP.SenderIP, p.ARP.SenderMAC
	case p.ICMP != nil && p.IP.Version == 6 && p.ICMP.Type == NeighborAdvertisement:
		return advertised(p.ICMP.Rest)
	}
	return netip.Addr{}, nil
}

// ClaimProtocol names what a network card claims an address with.
func ClaimProtocol(addr netip.Addr) string {
	if addr.Is4() {
		return "ARP"
	}
	return "neighbor advertisements"
}

// advertised reads the target of a neighbor advertisement, and the option with its link-layer address (RFC 4861,
// sections 4.4 and 4.6.1).
func advertised(b []byte) (netip.Addr, net.HardwareAddr) {
	const targetLinkLayerAddress, unit = 2, 8
	if len(b) < 16 {
		return netip.Addr{}, nil
	}
	target, options := netip.AddrFrom16([16]byte(b)), b[16:]
	for len(options) >= unit && options[1] > 0 {
		if options[0] == targetLinkLayerAddress {
			return target, net.HardwareAddr(options[2:unit])
		}
		options = options[min(len(options), unit*int(options[1])):]
	}
	return target, nil
}
