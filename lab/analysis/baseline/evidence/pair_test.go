package evidence

import (
	"net/netip"
	"testing"
)

// TestPairOfHosts takes the addresses of pairs back out of them. Each address is another one.
func TestPairOfHosts(t *testing.T) {
	var hosts []netip.Addr
	for _, text := range []string{"0.0.0.0", "192.0.2.21", "::", "::ffff:192.0.2.21", "2001:db8::21"} {
		hosts = append(hosts, netip.MustParseAddr(text))
	}
	hosts = append(hosts, netip.Addr{})
	known := map[PairOfHosts]bool{}
	for _, client := range hosts {
		for _, server := range hosts {
			p := Between(client, server)
			if p.Client() != client || p.Server() != server || known[p] {
				t.Errorf("%v and %v: got %v and %v, known before: %v", client, server, p.Client(), p.Server(), known[p])
			}
			if known[p] = true; p.Reversed() != Between(server, client) || p.Ordered() != p.Reversed().Ordered() {
				t.Errorf("%v and %v: got %v reversed and %v ordered", client, server, p.Reversed(), p.Ordered())
			}
		}
	}
}
