// Network cards that pass on the packets of two other hosts.

package capture

import (
	"net"
	"net/netip"
	"slices"

	"ftplab/lab/analysis/packet"
)

// A Relay is a network card that received packets of TCP from one host to another, and sent them on: that of a router of
// which the capture shows both sides, or that of a host which has led the packets to itself.
type Relay struct {
	Card    net.HardwareAddr
	Hosts   [2]netip.Addr // the lower one first
	First   int           // the first packet that it sent on
	Packets int           // how many it sent on
}

// A Claim is a network card that claims an address by ARP or by a neighbor advertisement, with the first packet.
type Claim struct {
	Card   net.HardwareAddr
	Packet int
}

// A SharedAddress is one that several network cards claim, in the order in which they begin to.
type SharedAddress struct {
	Addr   netip.Addr
	Claims []Claim
}

// relays finds the network cards that pass packets on.
type relays struct {
	last  [1 << 6]arrival // the last packets, by their identification
	found []Relay
}

// An arrival is a packet that came to a network card.
type arrival struct {
	from, to netip.Addr
	id       uint16
	ttl      int
	card     [6]byte
}

// maxRelays bounds the relays that are found.
const maxRelays = 64

// packet takes the next packet of TCP. A card passes on what it has just received, at most with less time to live.
func (r *relays) packet(p *packet.Packet) {
	if p.IP.Version != 4 || len(p.SrcMAC) != 6 || len(p.DstMAC) != 6 {
		return
	}
	before := &r.last[p.IP.ID%uint16(len(r.last))]
	now := arrival{p.IP.Src, p.IP.Dst, p.IP.ID, p.IP.TTL, [6]byte(p.DstMAC)}
	by := [6]byte(p.SrcMAC)
	if before.card == by && now.card != by && before.from == now.from && before.to == now.to && before.id == now.id && before.ttl >= now.ttl {
		r.add(by, p)
	}
	*before = now
}

func (r *relays) add(card [6]byte, p *packet.Packet) {
	hosts := [2]netip.Addr{p.IP.Src, p.IP.Dst}
	if hosts[1].Less(hosts[0]) {
		hosts[0], hosts[1] = hosts[1], hosts[0]
	}
	i := slices.IndexFunc(r.found, func(x Relay) bool { return x.Hosts == hosts && [6]byte(x.Card) == card })
	if i < 0 {
		if len(r.found) >= maxRelays {
			return
		}
		i = len(r.found)
		r.found = append(r.found, Relay{Card: card[:], Hosts: hosts, First: p.Number})
	}
	r.found[i].Packets++
}

// Claimed returns which of the addresses of the two hosts a network card claims that passes on their packets.
func (c *Capture) Claimed(r Relay) (addrs []netip.Addr) {
	for _, host := range r.Hosts {
		if slices.ContainsFunc(c.claims(host), func(x Claim) bool { return slices.Equal(x.Card, r.Card) }) {
			addrs = append(addrs, host)
		}
	}
	return addrs
}

// SharedAddresses returns the addresses that several network cards claim.
func (c *Capture) SharedAddresses() (shared []SharedAddress) {
	known := map[netip.Addr]bool{}
	for _, p := range c.OtherPackets {
		addr, _ := p.Claim()
		if !addr.IsValid() || addr.IsUnspecified() || known[addr] {
			continue
		}
		known[addr] = true
		if claims := c.claims(addr); len(claims) > 1 {
			shared = append(shared, SharedAddress{addr, claims})
		}
	}
	return shared
}

// claims returns the network cards that claim an address in the OtherPackets, in the order in which they begin to.
func (c *Capture) claims(addr netip.Addr) (cards []Claim) {
	for _, p := range c.OtherPackets {
		claimed, card := p.Claim()
		known := func(x Claim) bool { return slices.Equal(x.Card, card) }
		if claimed == addr && card != nil && !slices.ContainsFunc(cards, known) {
			cards = append(cards, Claim{card, p.Number})
		}
	}
	return cards
}
