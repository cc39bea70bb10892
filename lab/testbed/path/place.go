package path

import (
	"net/netip"

	"ftplab/lab/scenario"
)

// A Place is where a host is: its own network, with the path as its gateway.
type Place struct {
	Addr    netip.Addr
	Network netip.Prefix
	Gateway netip.Addr // as the host knows it
	MAC     MAC        // of the host
	GateMAC MAC        // of the gateway, at the host's end
	router  netip.Addr // the gateway, as it signs what it says of a packet
}

// gatewayLinkLocal is what every host with IPv6 knows its gateway as. Routers
// are known by such an address (RFC 4861, 4.2), and each link has its own.
var gatewayLinkLocal = netip.MustParseAddr("fe80::1")

// locate finds a place for each host.
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

// placeOf finds the place of hosts[i] in its own network. The gateway has the
// network's first address, or the second where the host has that.
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

// macOf returns an Ethernet address of the locally administered kind in which
// the end of the IP address can be read, and of IPv6 the end of its site's prefix.
func macOf(addr netip.Addr) MAC {
	b := addr.AsSlice()
	m := MAC{0x02}
	if addr.Is6() {
		m[1] = b[5]
	}
	copy(m[2:], b[len(b)-4:])
	return m
}
