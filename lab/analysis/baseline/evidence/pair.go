// The two hosts of a session.

package evidence

import "net/netip"

// A PairOfHosts is a client and a server. Many tables have one for each session, so it has no pointer, which the
// garbage collector would have to follow.
type PairOfHosts struct{ client, server host }

// A host is an address of so many bits, 0 for none.
type host struct {
	ip   [16]byte
	bits uint8
}

func (h host) addr() netip.Addr {
	switch a := netip.AddrFrom16(h.ip); h.bits {
	case 0:
		return netip.Addr{}
	case 32:
		return a.Unmap()
	default:
		return a
	}
}

// Between is the pair of a client and a server. One of them may be the zero Addr.
func Between(client, server netip.Addr) PairOfHosts {
	return PairOfHosts{host{client.As16(), uint8(client.BitLen())}, host{server.As16(), uint8(server.BitLen())}}
}

// Client returns the address of the client.
func (p PairOfHosts) Client() netip.Addr { return p.client.addr() }

// Server returns the address of the server.
func (p PairOfHosts) Server() netip.Addr { return p.server.addr() }

// Reversed is the pair with the two sides exchanged.
func (p PairOfHosts) Reversed() PairOfHosts { return PairOfHosts{p.server, p.client} }

// Ordered is the pair with the lower address first.
func (p PairOfHosts) Ordered() PairOfHosts {
	if p.Server().Less(p.Client()) {
		return p.Reversed()
	}
	return p
}
