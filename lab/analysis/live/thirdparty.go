package live

import (
	"net/netip"
	"slices"
	"strings"

	"ftplab/lab/analysis/ftp"
)

// A third-party connection is a data connection that a session announced and that is not
// between its two hosts, as in a transfer between two servers.

// Limits on what is kept for the sessions between two hosts.
const (
	maxAnnounced  = 64 // addresses of which no connection has come
	maxThirdParty = 64
)

// noteAnnounced notes the addresses that one end of a control connection announces in some
// bytes.
func (t *tracker) noteAnnounced(h *hosts, from netip.AddrPort, said []byte) {
	for line := range strings.Lines(string(said[:min(len(said), firstBytes)])) {
		a, ok := ftp.Announced(strings.TrimRight(line, "\r\n"), from)
		if !ok || slices.Contains(h.announced, a) {
			continue
		}
		if len(h.announced) == maxAnnounced {
			oldest := h.announced[0]
			h.forgot = h.forgot || !h.has(oldest)
			t.forgetAnnounced(h, oldest)
		}
		h.announced = append(h.announced, a)
		t.announced[a] = append(t.announced[a], h)
	}
}

// has reports whether a connection to an announced address is kept, or will be: it is one of the two hosts.
func (h *hosts) has(a netip.AddrPort) bool {
	host := a.Addr()
	return host == h.pair.a || host == h.pair.b || slices.ContainsFunc(h.thirdParty, func(c *connection) bool { return c.tuple.has(a) })
}

// forgetAnnounced forgets an announced address.
func (t *tracker) forgetAnnounced(h *hosts, a netip.AddrPort) {
	h.announced = slices.DeleteFunc(h.announced, func(x netip.AddrPort) bool { return x == a })
	if t.announced[a] = slices.DeleteFunc(t.announced[a], func(x *hosts) bool { return x == h }); len(t.announced[a]) == 0 {
		delete(t.announced, a)
	}
}

// noteAnnouncers makes a new connection a third-party connection of other hosts that
// announced one of its ends.
func (t *tracker) noteAnnouncers(c *connection) {
	for _, end := range []netip.AddrPort{c.tuple.a, c.tuple.b} {
		for _, h := range t.announced[end] {
			switch {
			case h == c.hosts || slices.Contains(h.thirdParty, c):
			case len(h.thirdParty) == maxThirdParty:
				h.crowded = true
			default:
				h.thirdParty, c.announcedBy = append(h.thirdParty, c), append(c.announcedBy, h)
			}
		}
	}
}

// leaveAnnouncers removes a connection from the hosts that announced it.
func (c *connection) leaveAnnouncers() {
	for _, h := range c.announcedBy {
		h.thirdParty = slices.DeleteFunc(h.thirdParty, func(x *connection) bool { return x == c })
	}
	c.announcedBy = nil
}

// wanted reports whether a session that has not been reported may need a connection: a
// session between its own two hosts, or between hosts that announced it.
func (c *connection) wanted() bool {
	return c.hosts.waits() || slices.ContainsFunc(c.announcedBy, (*hosts).waits)
}

// around are the connections between two hosts, also on the other side of a NAT, and the third-party
// connections that they announced. With context it adds all connections between other hosts that
// announced one of these.
func (h *hosts) around(context bool) []*connection {
	var list []*connection
	for _, side := range append([]*hosts{h}, h.beyond...) {
		list = append(list, side.list...)
		for _, g := range side.thirdParty {
			list = append(list, g)
			for _, other := range g.announcedBy {
				if context && other != side {
					list = append(list, other.list...)
				}
			}
		}
	}
	slices.SortFunc(list, func(a, b *connection) int { return a.first - b.first })
	return slices.Compact(list)
}
