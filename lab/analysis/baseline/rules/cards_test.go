package rules

import (
	"net/netip"
	"testing"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/packet"
	"ftplab/lab/analysis/tcp"
)

// TestCardOfSeveralHosts has a network card send for the addresses of one host, and then for
// another host, too, as a router's card does.
func TestCardOfSeveralHosts(t *testing.T) {
	four, six := netip.MustParseAddr("198.51.100.100"), netip.MustParseAddr("2001:db8:1::100")
	c := cards{}
	for _, test := range []struct {
		from netip.Addr
		want bool
	}{{four, false}, {six, true}, {netip.MustParseAddr("198.51.100.101"), false}, {four, false}} {
		p := &capture.Packet{Segment: &tcp.Segment{}}
		p.SrcMAC, p.IP, p.TCP = []byte{2, 0, 0, 0, 0, 100}, &packet.IP{Src: test.from, TTL: 64}, &packet.TCP{Flags: packet.SYN}
		c.packet(nil, p)
		if got := c.oneHost(four, six); got != test.want {
			t.Errorf("after a packet from %s: got one host %v, want %v", test.from, got, test.want)
		}
	}
}
