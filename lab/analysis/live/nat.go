package live

import (
	"net/netip"
	"slices"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/packet"
)

// A connection that crosses a NAT between two places has other addresses at the second, and so is
// followed as two connections, between other hosts. Both are kept until they are over, and package
// capture then reads them as one.

// A handshake has the initial sequence numbers of a connection, which a NAT does not change.
type handshake [2]uint32

// noteHandshake makes a connection a twin of those that are the same at other places: a SYN-ACK has the
// same numbers there, and one end has the same address.
func (t *tracker) noteHandshake(c *connection, p *packet.Packet, place int) {
	if c.opened || !p.TCP.Has(packet.SYN|packet.ACK) {
		return
	}
	c.opened, c.handshake, c.place = true, handshake{p.TCP.RawAck - 1, p.TCP.RawSeq}, place
	same := t.handshakes[c.handshake]
	if len(same) == maxPlaces {
		return
	}
	for _, other := range same {
		shared := other.tuple.has(c.tuple.a) || other.tuple.has(c.tuple.b)
		if other.place == place || other.tuple == c.tuple || !shared {
			continue
		}
		c.twins, other.twins = append(c.twins, other), append(other.twins, c)
		if a, b := c.hosts, other.hosts; !slices.Contains(a.beyond, b) && a != b {
			a.beyond, b.beyond = append(a.beyond, b), append(b.beyond, a)
		}
	}
	t.handshakes[c.handshake] = append(same, c)
}

func (x tuple) has(end netip.AddrPort) bool { return x.a == end || x.b == end }

// leaveTwins forgets the handshake of a connection.
func (t *tracker) leaveTwins(c *connection) {
	isOwn := func(x *connection) bool { return x == c }
	for _, twin := range c.twins {
		twin.twins = slices.DeleteFunc(twin.twins, isOwn)
	}
	c.twins = nil
	if t.handshakes[c.handshake] = slices.DeleteFunc(t.handshakes[c.handshake], isOwn); len(t.handshakes[c.handshake]) == 0 {
		delete(t.handshakes, c.handshake)
	}
}

// leaveBeyond forgets what is beyond a NAT of two hosts.
func (h *hosts) leaveBeyond() {
	for _, g := range h.beyond {
		g.beyond = slices.DeleteFunc(g.beyond, func(x *hosts) bool { return x == h })
	}
	h.beyond = nil
}

// An origin finds the connections that were followed for those of a capture.
type origin struct {
	byFirst map[int]*connection  // by the number of the first packet
	read    map[*connection]bool // those that the capture has, unlike their copies beyond a NAT
}

func newOrigin(all *capture.Capture, list []*connection) origin {
	o := origin{map[int]*connection{}, map[*connection]bool{}}
	for _, c := range list {
		o.byFirst[c.first] = c
	}
	for x := range all.Connections() {
		o.read[o.of(x)] = true
	}
	return o
}

// of returns the connection that was followed, or nil. If the first packet was recorded only beyond a
// NAT, it is the twin with the addresses of the capture.
func (o origin) of(x *ftp.Connection) *connection {
	c, ends := o.byFirst[x.FirstPacket], tupleOf(x.Client, x.Server)
	if c != nil && c.tuple != ends {
		for _, twin := range c.twins {
			if twin.tuple == ends {
				return twin
			}
		}
	}
	return c
}

// readAs returns the connection as which the capture has a connection: itself, or a twin.
func (o origin) readAs(c *connection) *connection {
	if i := slices.IndexFunc(c.twins, func(twin *connection) bool { return o.read[twin] }); i >= 0 && !o.read[c] {
		return c.twins[i]
	}
	return c
}

// copies are the twins of a connection that the capture does not have as connections of their own.
func (o origin) copies(c *connection) (list []*connection) {
	for _, twin := range c.twins {
		if !o.read[twin] {
			list = append(list, twin)
		}
	}
	return list
}
