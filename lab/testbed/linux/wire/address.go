package wire

import (
	"ftplab/lab/scenario"
	"net/netip"
)

// A place is where a host is: its own network, with the wire as its gateway.
type place struct {
	addr    netip.Addr
	network netip.Prefix
	router  netip.Addr // the gateway, as it signs what it says of a packet
	gateway netip.Addr // the gateway, as the host knows it
	mac     mac        // of the host
	gateMAC mac        // of the gateway, at the host's end
}

// gatewayLinkLocal is what every host with IPv6 knows its gateway as. Routers
// are known by such an address (RFC 4861, 4.2), and each link has its own.
var gatewayLinkLocal = netip.MustParseAddr("fe80::1")

// locate finds a place for each host.
func locate(hosts []scenario.Host) ([]place, error) {
	places := make([]place, len(hosts))
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
func placeOf(hosts []scenario.Host, i int) (place, error) {
	network, err := scenario.Subnet(hosts, i)
	if err != nil {
		return place{}, err
	}
	addr := hosts[i].Addr
	router := network.Addr().Next()
	if router == addr {
		router = router.Next()
	}
	p := place{addr: addr, network: network, router: router, gateway: router, mac: macOf(addr), gateMAC: macOf(router)}
	if addr.Is6() {
		p.gateway = gatewayLinkLocal
	}
	return p, nil
}

// macOf returns an Ethernet address of the locally administered kind in which
// the end of the IP address can be read, and of IPv6 the end of its site's prefix.
func macOf(addr netip.Addr) mac {
	b := addr.AsSlice()
	m := mac{0x02}
	if addr.Is6() {
		m[1] = b[5]
	}
	copy(m[2:], b[len(b)-4:])
	return m
}
