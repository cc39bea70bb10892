package wire

import (
	"net/netip"
	"strings"
	"testing"

	"ftplab/lab/testbed/network"
)

// at is a host at an address.
func at(name, addr string) network.HostPlan {
	return network.HostPlan{Name: name, Addr: netip.MustParseAddr(addr)}
}

func TestLocate(t *testing.T) {
	for _, c := range []struct {
		hosts []network.HostPlan
		want  []string // network and gateway
	}{
		{[]network.HostPlan{at("client", "198.51.100.100"), at("server", "192.0.2.21")},
			[]string{"198.51.100.0/24 198.51.100.1", "192.0.2.0/24 192.0.2.1"}},
		{[]network.HostPlan{at("client", "192.0.2.100"), at("server", "192.0.2.21")},
			[]string{"192.0.2.64/26 192.0.2.65", "192.0.2.0/26 192.0.2.1"}},
		{[]network.HostPlan{at("client", "192.0.2.1"), at("server", "192.0.2.254")},
			[]string{"192.0.2.0/25 192.0.2.2", "192.0.2.128/25 192.0.2.129"}},
		{[]network.HostPlan{at("client", "2001:db8:1::100"), at("server", "2001:db8:2::21")},
			[]string{"2001:db8:1::/64 fe80::1", "2001:db8:2::/64 fe80::1"}},
		{[]network.HostPlan{at("client", "2001:db8::1:1"), at("server", "2001:db8::2:1")},
			[]string{"2001:db8::/111 fe80::1", "2001:db8::2:0/111 fe80::1"}},
	} {
		places, err := locate(c.hosts)
		if err != nil {
			t.Errorf("%v: %v", c.hosts, err)
			continue
		}
		seen := map[mac]bool{}
		for i, p := range places {
			if got := p.network.String() + " " + p.gateway.String(); got != c.want[i] {
				t.Errorf("%v: got %s, want %s", p.addr, got, c.want[i])
			}
			if p.mac == p.gateMAC || seen[p.mac] {
				t.Errorf("%v: the Ethernet address %x is not the host's alone", p.addr, p.mac)
			}
			seen[p.mac] = true
		}
	}
}

func TestLocateRefuses(t *testing.T) {
	for want, hosts := range map[string][]network.HostPlan{
		"no address":              {{Name: "client"}},
		"IPv4 or IPv6, not both":  {at("client", "192.0.2.1"), at("server", "2001:db8::1")},
		"too near to another":     {at("client", "192.0.2.20"), at("server", "192.0.2.21")},
		"is no host's":            {at("client", "192.0.2.0"), at("server", "198.51.100.1")},
		"last address of its net": {at("client", "192.0.2.255"), at("server", "198.51.100.1")},
	} {
		if _, err := locate(hosts); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: got error %v, want one with %q", hosts, err, want)
		}
	}
}
