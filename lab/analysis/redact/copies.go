package redact

import (
	"cmp"
	"net/netip"
	"slices"
	"sort"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/packet"
	"ftplab/lab/analysis/tcp"
	"ftplab/lab/pcapng"
)

// An origin is one side of a connection, and the number of its SYN.
type origin struct {
	connection *ftp.Identity
	from       ftp.Side
	syn        uint32
}

// route is the sender and the receiver of a packet.
type route struct{ src, dst netip.AddrPort }

func routeOf(ip *packet.IP, t *packet.TCP) route {
	return route{netip.AddrPortFrom(ip.Src, t.SrcPort), netip.AddrPortFrom(ip.Dst, t.DstPort)}
}

// hasText reports whether a side of a connection has bytes that do not all become filler.
func (w *writer) hasText(x *ftp.Connection) bool {
	return w.streams[place{x.ID, ftp.Client}] != nil || w.streams[place{x.ID, ftp.Server}] != nil || x.Transfer != nil && x.Transfer.Lists()
}

// findOrigins finds the sides of the connections with texts, if the capture was taken at several places, and those of
// other connections between the same ports.
func (w *writer) findOrigins(c *capture.Capture) error {
	if len(c.Places) < 2 {
		return nil
	}
	w.origins = map[route][]origin{}
	for x := range c.Connections() {
		if w.hasText(x) {
			w.origins[route{x.Client, x.Server}], w.origins[route{x.Server, x.Client}] = nil, nil
		}
	}
	known := map[place]bool{}
	for p := range c.Packets() {
		if p.Segment == nil {
			continue
		}
		r, at := routeOf(p.IP, p.TCP), place{p.Connection.ID, p.From}
		if list, ok := w.origins[r]; ok && !known[at] {
			known[at] = true
			x := *p.Connection
			w.origins[r] = append(list, origin{&x, p.From, p.TCP.RawSeq - uint32(p.Segment.Seq)})
		}
	}
	for _, list := range w.origins {
		slices.SortStableFunc(list, func(a, b origin) int { return cmp.Compare(a.syn, b.syn) })
	}
	return c.Err()
}

// original is a copy of a packet at another place as a packet of its connection, so that both become the same. What a
// NAT changed stays a copy. Other packets are their own originals.
func (w *writer) original(p *capture.Packet) *capture.Packet {
	if p.Copy == nil || p.Copy.Here.IsValid() {
		return p
	}
	var q packet.Packet
	w.decoder.Decode(&q, &pcapng.Packet{Data: p.Data, Length: p.Length, Link: p.Link})
	o := *p
	o.TCP, o.UDP, o.ICMP = q.TCP, q.UDP, q.ICMP
	if t := o.TCP; t != nil {
		r := routeOf(o.IP, t)
		sender, receiver := w.origin(r, t.RawSeq), w.origin(route{r.dst, r.src}, t.RawAck)
		o.Connection, o.From = sender.connection, sender.from
		o.Segment = &tcp.Segment{TCP: t, Seq: int64(t.RawSeq - sender.syn), Ack: int64(t.RawAck - receiver.syn)}
		t.Options.SACKBlocks(func(left, right uint32) {
			o.Segment.SACK = append(o.Segment.SACK, tcpBlock{Left: int64(left - receiver.syn), Right: int64(right - receiver.syn)})
		})
	}
	return &o
}

// origin returns the side with a route that a number belongs to: of several connections, the one whose SYN has the
// nearest number. Between ports without texts there are none, and all numbers stay.
func (w *writer) origin(r route, number uint32) origin {
	list := w.origins[r]
	if len(list) == 0 {
		return origin{connection: &ftp.Identity{ID: ftp.NoConnection}}
	}
	after := sort.Search(len(list), func(i int) bool { return list[i].syn > number })
	if after == 0 {
		after = len(list) // numbers begin again at 0
	}
	syn := list[after-1].syn
	return list[sort.Search(len(list), func(i int) bool { return list[i].syn >= syn })]
}
