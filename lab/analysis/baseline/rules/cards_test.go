package rules

import (
	"net/netip"
	"testing"

	"ftplab/lab/analysis/baseline/evidence"
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

// TestForgedNames has answers about a name lead two clients to one server. The same pair of hosts is named each time.
func TestForgedNames(t *testing.T) {
	server := netip.MustParseAddr("192.0.2.21")
	e := &Evidence{Sessions: &evidence.Sessions{Served: map[evidence.PairOfHosts]bool{}}, watch: newWatch(nil)}
	for i := range 20 {
		e.Served[evidence.Between(netip.AddrFrom4([4]byte{198, 51, 100, byte(1 + i)}), server)] = true
	}
	e.watch.lookups.forged["a"] = &unasked{counted{manyUnasked, []int{1}}, 1, []netip.Addr{server}}
	want := evidence.Between(netip.MustParseAddr("198.51.100.1"), server)
	if found := e.forgedNames(); len(found) != 1 || found[0].severity != Violation || found[0].hosts != want {
		t.Errorf("got %+v, want one of %v", found, want)
	}
}

// TestSortByFrame sorts breaches of one frame, which come in any order.
func TestSortByFrame(t *testing.T) {
	found := []breach{{packets: []int{2}, observed: "a"}, {packets: []int{1}, observed: "c"}, {packets: []int{1}, observed: "b"}}
	sortByFrame(found)
	if found[0].observed != "b" || found[1].observed != "c" || found[2].observed != "a" {
		t.Errorf("got %+v", found)
	}
}
