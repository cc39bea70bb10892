// Connections that something on the path refuses.

package capture

import (
	"math/bits"
	"net/netip"

	"ftplab/lab/analysis/ftp"
)

// protocolTCP is its number in the header of IP.
const protocolTCP = 6

// RefusedBefore returns the name of a place that a connection did not reach, although the other connections between its
// hosts pass it: something before that place, such as a firewall, answered the SYN with a RST, in the name of its
// host. It is "" for a connection that was not refused, and if nothing shows that.
func (c *Capture) RefusedBefore(x *ftp.Connection) (place string) {
	p := c.file.places
	if p == nil || !c.Complete || !x.Refused() {
		return ""
	}
	if at := p.lacking(x.Client, x.Server); at >= 0 {
		return placeName(c.Interfaces, at)
	}
	return ""
}

// RefusedByHost reports whether a connection was refused where its host stands: the capture was recorded at several places,
// and has the connection at each that the other connections between its hosts pass.
func (c *Capture) RefusedByHost(x *ftp.Connection) bool {
	p := c.file.places
	if p == nil || !c.Complete || !x.Refused() {
		return false
	}
	s := p.seen[conversationBetween(x.Client, x.Server)]
	return s != nil && s.everywhere() != 0 && s.everywhere() == p.crossed[hostsOf(x.Client.Addr(), x.Server.Addr())]
}

// hosts are two addresses, the lower one first.
type hosts struct{ low, high netip.Addr }

func hostsOf(a, b netip.Addr) hosts {
	if b.Less(a) {
		a, b = b, a
	}
	return hosts{a, b}
}

// findCrossed finds the places that the connections between two hosts pass.
func (x *places) findCrossed() {
	x.crossed = map[hosts]uint64{}
	for c, s := range x.seen {
		if s.copied && s.at[0]&s.at[1] == s.everywhere() {
			x.crossed[hostsOf(c.low.Addr(), c.high.Addr())] |= s.everywhere()
		}
	}
}

// lacking returns the first place that connections between two hosts pass, but not the one between two ends; -1 for
// none.
func (x *places) lacking(a, b netip.AddrPort) int {
	s := x.seen[conversationBetween(a, b)]
	if s == nil {
		return -1
	}
	passed := x.crossed[hostsOf(a.Addr(), b.Addr())]
	if here := s.everywhere(); passed&here != here || passed == here {
		return -1
	}
	return bits.TrailingZeros64(passed &^ s.everywhere())
}

// conversationBetween returns the conversation of TCP between two ends.
func conversationBetween(a, b netip.AddrPort) conversation {
	if b.Compare(a) < 0 {
		a, b = b, a
	}
	return conversation{protocolTCP, a, b}
}
