package live

import (
	"net/netip"
	"slices"
	"strings"

	"ftplab/lab/analysis/ftp"
)

// A guest is a data connection that a session announced and that is not between its two
// hosts: of a transfer between two servers, or with a third host.

// Limits of what is remembered for the sessions between two hosts.
const (
	maxAnnounced = 64 // addresses of which no connection has come
	maxGuests    = 64
)

// hear takes what was said on a control connection by one of its ends, and remembers the
// addresses that it announces.
func (t *tracker) hear(h *hosts, from netip.AddrPort, said []byte) {
	for line := range strings.Lines(string(said[:min(len(said), firstBytes)])) {
		a, ok := ftp.Announced(strings.TrimRight(line, "\r\n"), from)
		if !ok || slices.Contains(h.announced, a) {
			continue
		}
		if len(h.announced) == maxAnnounced {
			t.unhear(h, h.announced[0])
		}
		h.announced = append(h.announced, a)
		t.announced[a] = append(t.announced[a], h)
	}
}

// unhear forgets an address.
func (t *tracker) unhear(h *hosts, a netip.AddrPort) {
	h.announced = slices.DeleteFunc(h.announced, func(x netip.AddrPort) bool { return x == a })
	if t.announced[a] = slices.DeleteFunc(t.announced[a], func(x *hosts) bool { return x == h }); len(t.announced[a]) == 0 {
		delete(t.announced, a)
	}
}

// invite makes a new connection a guest of other hosts that announced one of its ends.
func (t *tracker) invite(c *connection) {
	for _, end := range []netip.AddrPort{c.tuple.a, c.tuple.b} {
		for _, h := range t.announced[end] {
			if h != c.hosts && len(h.guests) < maxGuests && !slices.Contains(h.guests, c) {
				h.guests, c.guestOf = append(h.guests, c), append(c.guestOf, h)
			}
		}
	}
}

// dismiss makes a connection no guest any longer.
func (c *connection) dismiss() {
	for _, h := range c.guestOf {
		h.guests = slices.DeleteFunc(h.guests, func(x *connection) bool { return x == c })
	}
	c.guestOf = nil
}

// wanted reports whether sessions may need a connection that have not been reported: those
// of its own two hosts, or, if it is a guest, of others.
func (c *connection) wanted() bool {
	if c.hosts.controls() > 0 {
		return true
	}
	for _, h := range c.guestOf {
		if h.controls() > 0 {
			return true
		}
	}
	return false
}

// around are the connections between two hosts, their guests, and with context all between
// the other hosts that these are guests of.
func (h *hosts) around(context bool) []*connection {
	list := slices.Clone(h.list)
	for _, g := range h.guests {
		list = append(list, g)
		for _, other := range g.guestOf {
			if context && other != h {
				list = append(list, other.list...)
			}
		}
	}
	slices.SortFunc(list, func(a, b *connection) int { return a.first - b.first })
	return slices.Compact(list)
}
