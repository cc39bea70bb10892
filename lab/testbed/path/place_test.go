package path

import (
	"net/netip"
	"testing"

	"ftplab/lab/scenario"
)

// at is a host at an address.
func at(name, addr string) scenario.Host {
	return scenario.Host{Name: name, Addr: netip.MustParseAddr(addr)}
}

func TestLocate(t *testing.T) {
	for _, c := range []struct {
		hosts []scenario.Host
		want  []string // network and gateway
	}{
		{[]scenario.Host{at("client", "198.51.100.100"), at("server", "192.0.2.21")},
			[]string{"198.51.100.0/24 198.51.100.1", "192.0.2.0/24 192.0.2.1"}},
		{[]scenario.Host{at("client", "192.0.2.100"), at("server", "192.0.2.21")},
			[]string{"192.0.2.64/26 192.0.2.65", "192.0.2.0/26 192.0.2.1"}},
		{[]scenario.Host{at("client", "192.0.2.1"), at("server", "192.0.2.254")},
			[]string{"192.0.2.0/25 192.0.2.2", "192.0.2.128/25 192.0.2.129"}},
		{[]scenario.Host{at("client", "2001:db8:1::100"), at("server", "2001:db8:2::21")},
			[]string{"2001:db8:1::/64 fe80::1", "2001:db8:2::/64 fe80::1"}},
		{[]scenario.Host{at("client", "2001:db8::1:1"), at("server", "2001:db8::2:1")},
			[]string{"2001:db8::/111 fe80::1", "2001:db8::2:0/111 fe80::1"}},
	} {
		places, err := locate(c.hosts)
		if err != nil {
			t.Errorf("%v: %v", c.hosts, err)
			continue
		}
		seen := map[MAC]bool{}
		for i, p := range places {
			if got := p.Network.String() + " " + p.Gateway.String(); got != c.want[i] {
				t.Errorf("%v: got %s, want %s", p.Addr, got, c.want[i])
			}
			if p.MAC == p.GateMAC || seen[p.MAC] {
				t.Errorf("%v: the Ethernet address %x is not the host's alone", p.Addr, p.MAC)
			}
			seen[p.MAC] = true
		}
	}
}
