// Which addresses belong to one host, by its network card.

package baseline

import (
	"net/netip"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/packet"
)

// maxCards bounds the network cards that are remembered.
const maxCards = 1 << 14

// cards are the network cards that opened or accepted connections, by MAC address.
type cards map[[6]byte]*card

// A card is what one network card sent.
type card struct {
	v4, v6 netip.Addr
	// routes is whether the card sent for several hosts, or for one that is farther away:
	// it is a router's, and says nothing about the hosts behind it.
	routes bool
}

// packet takes the next packet. The first packets of connections are enough.
func (c cards) packet(p *capture.Packet) {
	if p.Segment == nil || p.TCP.Flags&packet.SYN == 0 || len(p.SrcMAC) != 6 {
		return
	}
	mac := [6]byte(p.SrcMAC)
	of := c[mac]
	if of == nil {
		if len(c) >= maxCards {
			return
		}
		of = &card{}
		c[mac] = of
	}
	addr := p.IP.Src.Unmap()
	known := &of.v6
	if addr.Is4() {
		known = &of.v4
	}
	of.routes = of.routes || !fresh(p.IP.TTL) || known.IsValid() && *known != addr
	*known = addr
}

// fresh reports whether a time to live is one with which hosts send, so that no router has
// passed the packet on.
func fresh(ttl int) bool { return ttl == 64 || ttl == 128 || ttl == 255 }

// oneHost reports whether an IPv4 and an IPv6 address belong to one card, which is no
// router's.
func (c cards) oneHost(a, b netip.Addr) bool {
	if a.Is6() {
		a, b = b, a
	}
	if !a.Is4() || !b.Is6() {
		return false
	}
	found := false
	for _, of := range c {
		if of.v4 == a && of.v6 == b {
			if of.routes {
				return false
			}
			found = true
		}
	}
	return found
}
