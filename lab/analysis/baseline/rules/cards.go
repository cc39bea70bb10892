// Which addresses belong to one host, by its network card.

package rules

import (
	"net/netip"
	"slices"

	"ftplab/lab/analysis/baseline/internal/bounded"
	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/packet"
)

// cards are the network cards that opened or accepted connections, by MAC address.
type cards map[[6]byte]*card

// A card is the addresses that one network card sent from.
type card struct {
	list []address // one more than a host has makes it a router's card, which tells nothing
	arrival
	n   int  // SYNs that it sent
	far bool // it sent for a host that is farther away, so it is a router's, too
}

// An address is one that packets came from, with their time to live.
type address struct {
	netip.Addr
	ttl int
}

// cardAddresses is how many addresses a card of one host has.
const cardAddresses = 2

// packet takes the next packet. The first packets of connections are enough.
func (c cards) packet(g *bounded.Ledger, p *capture.Packet) {
	if p.Segment == nil || p.TCP.Flags&packet.SYN == 0 || len(p.SrcMAC) != 6 {
		return
	}
	of := bounded.Entry(g, maxNetworkCards, c, [6]byte(p.SrcMAC))
	if of == nil {
		return
	}
	if of.n++; of.n == 1 {
		of.arrival = arrival{p.Number, p.Time}
	}
	of.far = of.far || !fresh(p.IP.TTL)
	if from := (address{p.IP.Src.Unmap(), p.IP.TTL}); len(of.list) <= cardAddresses && !slices.Contains(of.list, from) {
		of.list = append(of.list, from)
	}
}

// fresh reports whether a time to live is one with which hosts send, so that no router has
// passed the packet on.
func fresh(ttl int) bool { return ttl == 64 || ttl == 128 || ttl == 255 }

// leading are, for each host that is behind routers, the cards of these.
func (c cards) leading() map[netip.Addr]map[[6]byte]bool {
	all := map[netip.Addr]map[[6]byte]bool{}
	for mac, card := range c {
		for _, x := range card.list {
			if fresh(x.ttl) {
				continue
			}
			if all[x.Addr] == nil {
				all[x.Addr] = map[[6]byte]bool{}
			}
			all[x.Addr][mac] = true
		}
	}
	return all
}

// oneHost reports whether two addresses belong to one card, which is no router's. Packets from two
// addresses of the same family must have the same time to live.
func (c cards) oneHost(a, b netip.Addr) bool {
	found := false
	for _, of := range c {
		x := slices.IndexFunc(of.list, func(x address) bool { return x.Addr == a })
		y := slices.IndexFunc(of.list, func(y address) bool { return y.Addr == b })
		if x < 0 || y < 0 || x == y {
			continue
		}
		if of.far || len(of.list) > cardAddresses || a.Is4() == b.Is4() && of.list[x].ttl != of.list[y].ttl {
			return false
		}
		found = true
	}
	return found
}

// opensItself is the first packet of a data connection that the server of a session opened from its own address, 0 for
// none.
func (s *session) opensItself(server netip.Addr) (packet int) {
	for _, c := range s.DataByID {
		if c.OpenedBy == ftp.Server && c.Server.Addr().Unmap() == server && c.ServerFlow.Bytes+c.ClientFlow.Bytes > 0 && (packet == 0 || c.FirstPacket < packet) {
			packet = c.FirstPacket
		}
	}
	return packet
}
