// The rule about hosts that lead the packets of others to themselves.

package rules

import (
	"bytes"
	"cmp"
	"fmt"
	"net"
	"net/netip"
	"slices"

	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/baseline/internal/bounded"
	"ftplab/lab/analysis/baseline/internal/wording"
	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/packet"
)

// Types of messages that redirect packets (RFC 792, RFC 4861).
const (
	redirect   = 5
	redirectV6 = 137
)

// manyChanges is how often the owner of an address changes if two hosts claim it at the same time.
const manyChanges = 4

// neighbourhood is which network cards claimed which addresses by ARP, and the redirects of ICMP.
type neighbourhood struct {
	owners    map[netip.Addr]*owner
	redirects map[netip.Addr]int                // the first one that each host received
	claims    map[claimant]claims               // of each
	answers   map[arpReply][6]byte              // who gave the last of each
	disputed  map[netip.Addr]bool               // addresses about which two cards answered the same host
	asked     map[netip.Addr]bool               // addresses that somebody looked for
	relays    map[relay]passedOn                // the first packet that each passed on
	led       map[relay]int                     // the first packet that another card sent to a card which claims its receiver
	routed    map[evidence.PairOfHosts]*counted // packets that name hosts on their way
	sent      [1 << 8]passing                   // the last packets to network cards, by their ID
	ledger    *bounded.Ledger
}

func newNeighbourhood(g *bounded.Ledger) neighbourhood {
	return neighbourhood{
		ledger: g,
		owners: map[netip.Addr]*owner{}, redirects: map[netip.Addr]int{}, claims: map[claimant]claims{}, relays: map[relay]passedOn{}, led: map[relay]int{}, routed: map[evidence.PairOfHosts]*counted{},
		answers: map[arpReply][6]byte{}, disputed: map[netip.Addr]bool{}, asked: map[netip.Addr]bool{},
	}
}

// A claimant is a network card with an address that it claimed.
type claimant struct {
	mac  [6]byte
	addr netip.Addr
}

// claims are how often an address was claimed, and the first packet.
type claims struct{ first, n int }

// A passedOn is a packet that was passed on. Same says that its time to live stayed the same, led that it was sent to
// the card which passed it on.
type passedOn struct {
	packet    int
	same, led bool
}

// manyClaims is how often a card claims an address that nobody looked for if it wants the packets to it.
const manyClaims = 3

// An arpReply is a reply about an address, to a host.
type arpReply struct{ about, to netip.Addr }

// A relay is a network card that passed on packets from one host to another.
type relay struct {
	mac      [6]byte
	from, to netip.Addr
}

// A passing is a packet on its way to a network card.
type passing struct {
	relay
	by  [6]byte // who sent it there
	id  uint16
	ttl int
}

// route takes the next packet of a control or data connection.
func (n *neighbourhood) route(p *capture.Packet) {
	if !p.IP.SourceRouted {
		return
	}
	c := p.Connection
	hosts := evidence.Between(c.Client.Addr().Unmap(), c.Server.Addr().Unmap())
	if of := bounded.Entry(n.ledger, maxPairs, n.routed, hosts); of != nil {
		of.add(p.Number)
	}
}

// pass takes the next packet with TCP. If it was sent to a network card before, and comes from that card
// now, then the card has passed it on: a router, with less time to live, or a host between two others that need not
// notice it. So it has if the same packet comes from another card to the same one again.
func (n *neighbourhood) pass(p *capture.Packet) {
	if p.IP.Version != 4 || len(p.SrcMAC) != 6 || len(p.DstMAC) != 6 {
		return
	}
	before := &n.sent[p.IP.ID%uint16(len(n.sent))]
	by := relay{[6]byte(p.SrcMAC), p.IP.Src, p.IP.Dst}
	to := relay{[6]byte(p.DstMAC), p.IP.Src, p.IP.Dst}
	if n.led[to] == 0 && by.mac != to.mac && n.claims[claimant{to.mac, to.to}].n > 0 && bounded.Takes(n.ledger, maxPassers, n.led, to) {
		n.led[to] = p.Number
	}
	led := before.relay == by && before.ttl >= p.IP.TTL && by.mac != to.mac
	again := before.relay == to && before.by != by.mac && before.ttl == p.IP.TTL
	if (led || again) && before.id == p.IP.ID && n.relays[by].packet == 0 && bounded.Takes(n.ledger, maxPassers, n.relays, by) {
		n.relays[by] = passedOn{p.Number, before.ttl == p.IP.TTL, led}
	}
	*before = passing{to, by.mac, p.IP.ID, p.IP.TTL}
}

// An owner is the network card that last claimed an address.
type owner struct {
	mac     net.HardwareAddr
	first   int   // the packet of the first claim
	packets []int // of claims by another card than the one before
	changes int
}

// packet takes the next packet.
func (n *neighbourhood) packet(p *capture.Packet) {
	switch {
	case p.ARP != nil && p.ARP.SenderIP.IsValid():
		n.claim(p)
	case p.ICMP != nil && p.ICMP.Type == packet.NeighborAdvertisement && p.IP.Version == 6:
		if addr, card := p.Claim(); card != nil {
			n.own(addr, card, p.Number)
		}
	case p.ICMP != nil && (p.ICMP.Type == redirect || p.ICMP.Type == redirectV6):
		if n.redirects[p.IP.Dst] == 0 && bounded.Takes(n.ledger, maxRedirectedHosts, n.redirects, p.IP.Dst) {
			n.redirects[p.IP.Dst] = p.Number
		}
	}
}

// claim takes a message of ARP, in which the sender claims its address.
func (n *neighbourhood) claim(p *capture.Packet) {
	if p.ARP.Op == 1 && p.ARP.TargetIP != p.ARP.SenderIP && bounded.Takes(n.ledger, maxLinkAddresses, n.asked, p.ARP.TargetIP) {
		n.asked[p.ARP.TargetIP] = true
	}
	if len(p.ARP.SenderMAC) == 6 {
		mac, a := [6]byte(p.ARP.SenderMAC), arpReply{p.ARP.SenderIP, p.ARP.TargetIP}
		if c := (claimant{mac, a.about}); bounded.Takes(n.ledger, maxLinkAddresses, n.claims, c) {
			of := n.claims[c]
			n.claims[c] = claims{cmp.Or(of.first, p.Number), of.n + 1}
		}
		if before, known := n.answers[a]; p.ARP.Op == 2 && bounded.Takes(n.ledger, maxAnswersOfARP, n.answers, a) {
			n.disputed[a.about] = n.disputed[a.about] || known && before != mac
			n.answers[a] = mac
		}
	}
	n.own(p.ARP.SenderIP, p.ARP.SenderMAC, p.Number)
}

// own takes a claim of an address by a network card.
func (n *neighbourhood) own(addr netip.Addr, mac net.HardwareAddr, packet int) {
	o := n.owners[addr]
	switch {
	case o == nil:
		if bounded.Takes(n.ledger, maxLinkAddresses, n.owners, addr) {
			n.owners[addr] = &owner{mac: bytes.Clone(mac), first: packet}
		}
	case !bytes.Equal(o.mac, mac):
		o.mac, o.changes, o.packets = bytes.Clone(mac), o.changes+1, appendSome(o.packets, packet)
	}
}

var noDetoursRule = Rule{
	Name: "no-detours", Theme: "beside the session",
	Says:     "Each address on a link belongs to one network card, a host does not make itself router, switch or name server, nobody redirects or passes on the packets of the two hosts, packets name no hosts on their way, and a question for the address of one has one answer.",
	Source:   "RFC 826; RFC 5227, 2.4 (address conflicts); RFC 792 (redirect); RFC 7126, 4.3 and 4.4, and RFC 5095 (source routing); RFC 5452 (forged answers of DNS); RFC 6105 (rogue routers of IPv6); MITRE ATT&CK, T1557 (adversary in the middle: false answers of LLMNR and NetBIOS, ARP cache poisoning)",
	Example:  "two network cards that claim 192.0.2.21 in turn, by ARP",
	Severity: Odd, sign: 2,
	Matters:  "A host that answers for another one receives its packets, with the passwords in them.",
	Innocent: "a second server or router takes the place of the first, a router knows a shorter way, or a name has several servers.",
	look:     offTheWay,
}

func offTheWay() look {
	all := newImpostors()
	return look{
		session: func(e *Evidence, s *session) []breach {
			all.add(e, s)
			return nil
		},
		end: func(e *Evidence) []breach {
			found := all.judge()
			sortByFrame(found)
			return slices.Concat(detours(e), found, e.steered(), e.flooded(maxNetworkCards, maxLinkAddresses, maxAnswersOfARP, maxPassers, maxRedirectedHosts, maxContradictions, maxSteered))
		},
	}
}

// detours finds conflicts about the addresses of hosts with a session, and redirects that these
// hosts received.
func detours(e *Evidence) (found []breach) {
	n := &e.watch.neighbours
	var hosts []netip.Addr
	for pair := range e.Served {
		for _, host := range []netip.Addr{pair.Client(), pair.Server()} {
			if n.owners[host] != nil || n.redirects[host] > 0 {
				hosts = append(hosts, host)
			}
		}
	}
	slices.SortFunc(hosts, netip.Addr.Compare)
	for _, host := range slices.Compact(hosts) {
		if o := n.owners[host]; o != nil && o.changes > 0 {
			b := breach{packets: o.packets, observed: fmt.Sprintf("by %s, %s went over to another network card %s, the last time to %s", packet.ClaimProtocol(host), host, wording.Plural(o.changes, "time", "times"), o.mac)}
			if o.changes >= manyChanges {
				b.severity = Violation
			}
			found = append(found, b)
		}
		if packet := n.redirects[host]; packet > 0 {
			found = append(found, breach{packets: []int{packet}, observed: fmt.Sprintf("a redirect of ICMP led packets of %s another way", host)})
		}
	}
	return slices.Concat(found, e.sourceRoutes(), e.sharedCards(), e.passedOn(), e.falseNames())
}

// sourceRoutes finds packets that name hosts on their way, so that they, or the answers to them, come to whom their sender
// chooses. Routers drop them.
func (e *Evidence) sourceRoutes() (found []breach) {
	for hosts, of := range e.watch.neighbours.routed {
		found = append(found, breach{severity: Violation, hosts: hosts, packets: of.packets,
			observed: wording.Plural(of.n, "packet names", "packets name") + " hosts on the way, by source routing"})
	}
	sortByFrame(found)
	return found
}

// sharedCards finds network cards that claim the addresses of both hosts of a session.
func (e *Evidence) sharedCards() (found []breach) {
	for hosts := range e.Served {
		a, b := e.watch.neighbours.owners[hosts.Client()], e.watch.neighbours.owners[hosts.Server()]
		if a == nil || b == nil || a == b || !bytes.Equal(a.mac, b.mac) {
			continue
		}
		of := breach{hosts: hosts, packets: []int{a.first, b.first},
			observed: fmt.Sprintf("%s claims the addresses of %s and %s, by %s", a.mac, hosts.Client(), hosts.Server(), packet.ClaimProtocol(hosts.Server()))}
		if there, back := e.watch.neighbours.ledTo(a.mac, hosts); there > 0 && back > 0 {
			of.severity, of.packets = Violation, append(of.packets, there, back)
			of.observed += ", for which nobody had looked, and each of the two sent there what was for the other one"
		}
		found = append(found, of)
	}
	sortByFrame(found)
	return found
}

// ledTo are the first packets that the cards of two hosts sent to another card, which claims the address of the receiver
// although nobody had looked for it; 0 for none. A router answers those who look (RFC 1027).
func (n *neighbourhood) ledTo(mac net.HardwareAddr, hosts evidence.PairOfHosts) (there, back int) {
	if len(mac) != 6 || n.asked[hosts.Client()] || n.asked[hosts.Server()] {
		return 0, 0
	}
	return n.led[relay{[6]byte(mac), hosts.Client(), hosts.Server()}], n.led[relay{[6]byte(mac), hosts.Server(), hosts.Client()}]
}

// passedOn finds network cards that passed on packets to an address which they had claimed, although
// another card answered the same host about it, too, or nobody had looked for it. A router answers only
// hosts that look for an address behind it, which do not hear its owner (RFC 1027). One that hands packets on as they
// are, such as a balancer of load, has the address of the server alone.
func (e *Evidence) passedOn() (found []breach) {
	n := &e.watch.neighbours
	for by, on := range n.relays {
		hosts := evidence.Between(by.from, by.to)
		if !e.Served[hosts] {
			hosts = evidence.Between(by.to, by.from)
		}
		claimed, source := n.claims[claimant{by.mac, by.to}], n.claims[claimant{by.mac, by.from}]
		few := on.same && claimed.n < manyClaims || on.same && on.led && source.n < manyClaims
		if !e.Served[hosts] || claimed.n == 0 || few || n.asked[by.to] && !n.disputed[by.to] {
			continue
		}
		found = append(found, breach{severity: Violation, hosts: hosts, packets: []int{claimed.first, on.packet},
			observed: fmt.Sprintf("%s claims the address of %s by ARP, and passes on what %s sends there", net.HardwareAddr(by.mac[:]), by.to, by.from)})
	}
	sortByFrame(found)
	return found
}
