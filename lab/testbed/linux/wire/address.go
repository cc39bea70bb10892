package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"

	"ftplab/lab/testbed/network"
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

// CheckPlace says why hosts[i] cannot be where its plan has it, beside the others.
func CheckPlace(hosts []network.HostPlan, i int) error {
	_, err := placeOf(hosts, i)
	return err
}

// locate finds a place for each host.
func locate(hosts []network.HostPlan) ([]place, error) {
	places := make([]place, len(hosts))
	for i := range hosts {
		var err error
		if places[i], err = placeOf(hosts, i); err != nil {
			return nil, err
		}
	}
	return places, nil
}

// placeOf finds a place for hosts[i] in a network of its own: a /24, or a /64 of
// IPv6, and smaller where another host would be in the same.
func placeOf(hosts []network.HostPlan, i int) (place, error) {
	h := hosts[i]
	if !h.Addr.IsValid() {
		return place{}, fmt.Errorf("host %s has no address", h.Name)
	}
	if h.Addr.Is4() != hosts[0].Addr.Is4() {
		return place{}, fmt.Errorf("host %s is at %v and host %s at %v: the wire carries IPv4 or IPv6, not both",
			hosts[0].Name, hosts[0].Addr, h.Name, h.Addr)
	}
	bits := 64
	if h.Addr.Is4() {
		bits = 24
	}
	for j, other := range hosts {
		if j != i {
			bits = max(bits, commonBits(h.Addr, other.Addr)+1)
		}
	}
	p, err := placeIn(h.Addr, bits)
	if err != nil {
		return place{}, fmt.Errorf("host %s at %v: %w", h.Name, h.Addr, err)
	}
	return p, nil
}

// placeIn returns the place of addr in a network of so many bits. Its gateway
// has the network's first address, or the second where the host has that.
func placeIn(addr netip.Addr, bits int) (place, error) {
	network, err := addr.Prefix(bits)
	if err != nil || addr.BitLen()-bits < 2 {
		return place{}, errors.New("too near to another host's address; between the networks of two hosts there is a router")
	}
	if network.Addr() == addr || addr.Is4() && lastOf(network) == addr {
		return place{}, fmt.Errorf("the first or last address of its network, %v, is no host's", network)
	}
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

// commonBits is how many leading bits two addresses share.
func commonBits(a, b netip.Addr) int {
	n := 0
	for n < a.BitLen() {
		p, err := a.Prefix(n + 1)
		if err != nil || !p.Contains(b) {
			break
		}
		n++
	}
	return n
}

// lastOf is the last address of a network of IPv4, its broadcast address.
func lastOf(p netip.Prefix) netip.Addr {
	b := p.Addr().As4()
	last := binary.BigEndian.Uint32(b[:]) | 1<<(32-p.Bits()) - 1
	binary.BigEndian.PutUint32(b[:], last)
	return netip.AddrFrom4(b)
}
