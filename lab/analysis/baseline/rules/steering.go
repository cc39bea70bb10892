// Hosts that take the place of a router, a switch or a name server by the protocols with which these agree.

package rules

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"

	"ftplab/lab/analysis/baseline/internal/bounded"
	"ftplab/lab/analysis/baseline/internal/wording"
	"ftplab/lab/analysis/capture"
)

// Numbers of these protocols.
const (
	hsrpPort        = 1985 // RFC 2281
	ripPort         = 520  // RFC 2453
	dhcpServerPort  = 67   // RFC 2131
	vrrpProtocol    = 112  // RFC 5798
	routerAdvert    = 134  // of ICMPv6 (RFC 4861)
	highestPriority = 255
)

// steering is what hosts say in these protocols.
type steering struct {
	ledger   *bounded.Ledger
	gateways map[gateway]leader
	taken    map[gateway]takeover // the last host that took over a group with the highest priority
	root     [8]byte              // of the spanning tree; 0 for none
	roots    map[[8]byte]int      // bridges that became its root with the highest priority, with the packet
	routes   map[route]takeover   // that network cards announced by RIP
	routers  map[netip.Addr]advertised
	leases   map[netip.Addr]lease // by server
	asking   map[[6]byte]arrival  // the first question of each card for an address
}

// A gateway is a group of routers that share an address.
type gateway struct {
	protocol string
	group    uint16
}

// A leader is the router that forwards packets for a group.
type leader struct {
	addr     netip.Addr
	priority byte
}

// A takeover is a host that took the place of another one.
type takeover struct {
	by, from netip.Addr
	packet   int
}

// A route leads to a network by the network card of a router.
type route struct {
	to  netip.Prefix
	mac [6]byte
}

// advertised is a router as it announces itself.
type advertised struct {
	arrival
	named bool // it is the name server, too
}

// A lease is what a DHCP server hands out.
type lease struct {
	packet      int
	router, dns netip.Addr
}

func newSteering(g *bounded.Ledger) steering {
	return steering{ledger: g, gateways: map[gateway]leader{}, taken: map[gateway]takeover{}, roots: map[[8]byte]int{}, routes: map[route]takeover{},
		routers: map[netip.Addr]advertised{}, leases: map[netip.Addr]lease{}, asking: map[[6]byte]arrival{}}
}

// packet takes the next packet without TCP.
func (s *steering) packet(p *capture.Packet) {
	switch {
	case p.IP == nil:
		s.bridge(p)
	case p.UDP != nil && p.UDP.DstPort == hsrpPort:
		s.hsrp(p)
	case p.UDP != nil && p.UDP.DstPort == ripPort:
		s.rip(p)
	case p.UDP != nil && (p.UDP.DstPort == dhcpServerPort || p.UDP.SrcPort == dhcpServerPort):
		s.dhcp(p)
	case p.IP.Protocol == vrrpProtocol:
		s.vrrp(p)
	case p.ICMP != nil && p.ICMP.Type == routerAdvert && p.IP.Version == 6:
		s.router(p)
	}
}

// lead takes a router that says it forwards packets for a group. The owner of the address of a group of VRRP has the
// highest priority; no router needs it in another case.
func (s *steering) lead(p *capture.Packet, g gateway, priority byte, owns bool) {
	before, known := s.gateways[g]
	if !bounded.Takes(s.ledger, maxSteered, s.gateways, g) {
		return
	}
	if known && before.addr != p.IP.Src && before.priority < highestPriority && priority == highestPriority && !owns {
		s.taken[g] = takeover{by: p.IP.Src, from: before.addr, packet: p.Number}
	}
	s.gateways[g] = leader{p.IP.Src, priority}
}

func (s *steering) hsrp(p *capture.Packet) {
	const active, activeV2 = 16, 6
	switch b := p.UDP.Payload; {
	case len(b) >= 18 && b[0] == 1 && b[1] == 40: // version 2
		if b[4] == activeV2 {
			s.lead(p, gateway{"HSRP", binary.BigEndian.Uint16(b[6:])}, byte(min(binary.BigEndian.Uint32(b[14:]), highestPriority)), false)
		}
	case len(b) >= 8 && b[0] == 0 && b[2] == active:
		s.lead(p, gateway{"HSRP", uint16(b[6])}, b[5], false)
	}
}

func (s *steering) vrrp(p *capture.Packet) {
	const head = 8
	b := p.IP.Payload
	if len(b) < head || b[0]&0xf != 1 {
		return
	}
	owns := false
	src := p.IP.Src.AsSlice()
	for addrs := b[head:]; len(addrs) >= len(src); addrs = addrs[len(src):] {
		owns = owns || bytes.Equal(addrs[:len(src)], src)
	}
	s.lead(p, gateway{"VRRP", uint16(b[1])}, b[2], owns)
}

// bridge takes a message of the spanning tree (IEEE 802.1D).
func (s *steering) bridge(p *capture.Packet) {
	const llc, length = 14, 35 // where it begins in Ethernet, and how long a message is
	if len(p.Data) < llc+3+length || !bytes.Equal(p.DstMAC, []byte{1, 0x80, 0xc2, 0, 0, 0}) || !bytes.Equal(p.Data[llc:llc+5], []byte{0x42, 0x42, 3, 0, 0}) {
		return
	}
	b := p.Data[llc+3:]
	root, bridge, cost := [8]byte(b[5:]), [8]byte(b[17:]), binary.BigEndian.Uint32(b[13:])
	switch {
	case root[0]>>4 > 0 || s.root[0]>>4 == 0:
		s.root = root
	case cost == 0 && bounded.Takes(s.ledger, maxSteered, s.roots, bridge):
		s.roots[bridge] = p.Number
	}
}

func (s *steering) rip(p *capture.Packet) {
	const head, entry, response, infinity = 4, 20, 2, 16
	b := p.UDP.Payload
	if len(b) < head || b[0] != response || len(p.SrcMAC) != 6 {
		return
	}
	for b = b[head:]; len(b) >= entry; b = b[entry:] {
		bits, _ := net.IPMask(b[8:12]).Size()
		r := route{netip.PrefixFrom(netip.AddrFrom4([4]byte(b[4:])), bits).Masked(), [6]byte(p.SrcMAC)}
		if b[1] == 2 && bits > 0 && binary.BigEndian.Uint32(b[16:]) < infinity && bounded.Takes(s.ledger, maxSteered, s.routes, r) {
			s.routes[r] = takeover{by: p.IP.Src, packet: p.Number}
		}
	}
}

func (s *steering) router(p *capture.Packet) {
	const head, recursiveDNS = 8, 25 // RFC 8106
	b := p.ICMP.Rest
	if len(b) < head || p.ICMP.Seq == 0 || !bounded.Takes(s.ledger, maxSteered, s.routers, p.IP.Src) {
		return
	}
	of, known := s.routers[p.IP.Src]
	if !known {
		of.arrival = arrival{p.Number, p.Time}
	}
	for b = b[head:]; len(b) >= 8 && b[1] > 0 && len(b) >= int(b[1])*8; b = b[int(b[1])*8:] {
		of.named = of.named || b[0] == recursiveDNS && bytes.Contains(b[8:int(b[1])*8], p.IP.Src.AsSlice())
	}
	s.routers[p.IP.Src] = of
}

func (s *steering) dhcp(p *capture.Packet) {
	const cookie, options, discover, offer, ack = 236, 240, 1, 2, 5
	const routerOption, dnsOption, typeOption, end = 3, 6, 53, 255
	b := p.UDP.Payload
	if len(b) < options || !bytes.Equal(b[cookie:options], []byte{99, 130, 83, 99}) {
		return
	}
	has := map[byte][]byte{}
	for o := b[options:]; len(o) >= 2 && o[0] != end && len(o) >= 2+int(o[1]); o = o[2+int(o[1]):] {
		has[o[0]] = o[2 : 2+int(o[1])]
	}
	first := func(option byte) (a netip.Addr) {
		if v := has[option]; len(v) >= 4 {
			a = netip.AddrFrom4([4]byte(v))
		}
		return a
	}
	kind := has[typeOption]
	switch card := [6]byte(b[28:]); {
	case len(kind) != 1:
	case kind[0] == discover && s.asking[card].packet == 0 && bounded.Takes(s.ledger, maxNetworkCards, s.asking, card):
		s.asking[card] = arrival{p.Number, p.Time}
	case (kind[0] == offer || kind[0] == ack) && bounded.Takes(s.ledger, maxSteered, s.leases, p.IP.Src):
		s.leases[p.IP.Src] = lease{p.Number, first(routerOption), first(dnsOption)}
	}
}

// An arrival is a packet, with its time.
type arrival struct {
	packet int
	time   int64
}

// burst is how many arrivals lie within a time at most, with their packets.
func burst(all []arrival, within time.Duration) (most int, packets []int) {
	slices.SortStableFunc(all, func(a, b arrival) int { return cmp.Compare(a.time, b.time) })
	for i, from := 0, 0; i < len(all); i++ {
		for time.Duration(all[i].time-all[from].time) > within {
			from++
		}
		if n := i - from + 1; n > most {
			most = n
		}
	}
	for _, a := range all {
		packets = appendSome(packets, a.packet)
	}
	return most, packets
}

// How many of something within burstTime fill the tables of switches and hosts.
const (
	burstTime    = 10 * time.Second
	manyCards    = 1000 // that send one packet each
	manyRouters  = 50
	manyAskers   = 200 // for an address
	severalRoots = 3   // of the spanning tree, one after the other
)

// steered finds hosts that took the place of a router, a switch or a name server.
func (e *Evidence) steered() (found []breach) {
	s := &e.watch.steering
	for g, t := range s.taken {
		found = append(found, breach{severity: Violation, packets: []int{t.packet},
			observed: fmt.Sprintf("%s takes over the gateway of group %d from %s by %s, with the highest priority", t.by, g.group, t.from, g.protocol)})
	}
	if n := len(s.roots); n > 0 {
		b := breach{severity: Odd, packets: firstPackets(s.roots), observed: wording.Plural(n, "bridge takes", "bridges take") + " the place of the root of the spanning tree, with the highest priority"}
		if n >= severalRoots {
			b.severity = Violation
		}
		found = append(found, b)
	}
	severalRouters := len(s.handedOut()) > 1
	for hosts := range e.Served {
		if l, known := s.leases[hosts.Server()]; known && l.router == hosts.Server() && l.dns == hosts.Server() && severalRouters {
			found = append(found, breach{severity: Violation, hosts: hosts, packets: []int{l.packet},
				observed: fmt.Sprintf("%s makes itself router and name server by DHCP, beside another DHCP server, and then is the FTP server", hosts.Server())})
		}
	}
	found = append(found, e.misrouted()...)
	sortByFrame(found)
	return slices.Concat(found, s.namedRouters(), e.crowds())
}

// handedOut are the routers that DHCP servers hand out.
func (s *steering) handedOut() map[netip.Addr]bool {
	all := map[netip.Addr]bool{}
	for _, l := range s.leases {
		if l.router.IsValid() {
			all[l.router] = true
		}
	}
	return all
}

// misrouted finds routes of RIP to the networks of hosts to which another router leads.
func (e *Evidence) misrouted() (found []breach) {
	s := &e.watch.steering
	routes := map[netip.Prefix][]route{} // those that were announced first in front
	for r := range s.routes {
		routes[r.to] = append(routes[r.to], r)
	}
	if len(routes) == 0 {
		return nil
	}
	for _, list := range routes {
		slices.SortStableFunc(list, func(a, b route) int { return cmp.Compare(s.routes[a].packet, s.routes[b].packet) })
	}
	leading := e.watch.cards.leading()
	for hosts := range e.Served {
		for _, host := range []netip.Addr{hosts.Client(), hosts.Server()} {
			for bits := host.BitLen(); bits > 0 && len(leading[host]) > 0; bits-- {
				network, _ := host.Prefix(bits)
				list := routes[network]
				if i := slices.IndexFunc(list, func(r route) bool { return !leading[host][r.mac] }); i >= 0 {
					t := s.routes[list[i]]
					found = append(found, breach{severity: Odd, hosts: hosts, packets: []int{t.packet},
						observed: fmt.Sprintf("%s announces the network of %s by RIP, but another router leads there", t.by, host)})
					break
				}
			}
		}
	}
	return found
}

// namedRouters finds a router of IPv6 that makes itself the name server after another router had announced itself.
func (s *steering) namedRouters() (found []breach) {
	if len(s.routers) >= manyRouters {
		return nil
	}
	for addr, r := range s.routers {
		for other, before := range s.routers {
			if other != addr && r.named && !before.named && before.packet < r.packet {
				found = append(found, breach{severity: Odd, packets: []int{before.packet, r.packet},
					observed: fmt.Sprintf("%s makes itself router and name server of IPv6, where %s is the router", addr, other)})
			}
		}
	}
	sortByFrame(found)
	return found
}

// crowds finds more cards, routers and hosts without an address than a network has at once.
func (e *Evidence) crowds() (found []breach) {
	s := &e.watch.steering
	var once, routers, askers []arrival
	for _, c := range e.watch.cards {
		if c.n == 1 {
			once = append(once, c.arrival)
		}
	}
	for _, r := range s.routers {
		routers = append(routers, r.arrival)
	}
	for _, a := range s.asking {
		askers = append(askers, a)
	}
	for _, of := range []struct {
		all  []arrival
		many int
		what string
	}{
		{once, manyCards, "network cards open one connection each, as if to fill the table of a switch"},
		{routers, manyRouters, "routers of IPv6 announce themselves"},
		{askers, manyAskers, "network cards ask for an address by DHCP, as if to use up all"},
	} {
		if len(of.all) < of.many {
			continue
		}
		if n, packets := burst(of.all, burstTime); n >= of.many {
			found = append(found, breach{severity: Violation, packets: packets, observed: fmt.Sprintf("within %v, %d %s", burstTime, n, of.what)})
		}
	}
	return found
}
