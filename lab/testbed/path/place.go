package path

import (
	"net/netip"

	"ftplab/lab/scenario"
)

// A Place is a host's own network, with the path as its gateway.
type Place struct {
	Addr    netip.Addr
	Network netip.Prefix
	Gateway netip.Addr // the address by which the host knows it
	MAC     MAC        // of the host
	GateMAC MAC        // of the gateway, at the host's end
	router  netip.Addr // the gateway's address as the source of ICMP messages
}

// gatewayLinkLocal is the address by which every host with IPv6 knows its
// gateway. Hosts know routers by a link-local address (RFC 4861, 4.2), and it
// may be the same on each link.
var gatewayLinkLocal = netip.MustParseAddr("fe80::1")

// locate assigns a place to each host.
func locate(hosts []scenario.Host) ([]Place, error) {
	places := make([]Place, len(hosts))
	for i := range hosts {
		var err error
		if places[i], err = placeOf(hosts, i); err != nil {
			return nil, err
		}
	}
	return places, nil
}

// placeOf assigns hosts[i] a place in its own network. The gateway has the
// network's first address, or the second if the host has the first.
func placeOf(hosts []scenario.Host, i int) (Place, error) {
	network, err := scenario.Subnet(hosts, i)
	if err != nil {
		return Place{}, err
	}
	addr := hosts[i].Addr
	router := network.Addr().Next()
	if router == addr {
		router = router.Next()
	}
	p := Place{Addr: addr, Network: network, Gateway: router, MAC: macOf(addr), GateMAC: macOf(router), router: router}
	if addr.Is6() {
		p.Gateway = gatewayLinkLocal
	}
	return p, nil
}

// macOf returns a locally administered Ethernet address that contains the end
// of the IP address and, for IPv6, the end of its site's prefix.
func macOf(addr netip.Addr) MAC {
	b := addr.AsSlice()
	m := MAC{0x02}
	if addr.Is6() {
		m[1] = b[5]
	}
	copy(m[2:], b[len(b)-4:])
	return m
}
