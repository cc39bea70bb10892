// Data connections are joined to what announced and used them.

package trace

import (
	"cmp"
	"math"
	"net/netip"
	"slices"
	"sort"
	"strings"
)

// An offer is an announcement as a data connection may answer it.
type offer struct {
	*Announcement
	control int        // the ID of the connection it was made on
	host    netip.Addr // who is to be called, at the announced port
	caller  netip.Addr // and by whom: the other party of the session
}

// listener is where a call would come to.
func (o *offer) listener() netip.AddrPort { return netip.AddrPortFrom(o.host, o.Addr.Port()) }

// offers are found by who listens, or by that and who calls.
type offers struct {
	list                 list[offer]
	byListener, byCaller []int32 // indexes, in order, that of the packets last
}

// add takes in the announcements made on a control connection. An announced address may
// be that in the text or that of the party which announced it: behind an address
// translator, the two differ.
func (all *offers) add(c *Connection, made []*Announcement) {
	for _, a := range made {
		host, caller := c.Server.Addr().Unmap(), c.Client.Addr().Unmap()
		if a.Mode == Active {
			host, caller = caller, host
		}
		announced := a.Addr.Addr().Unmap()
		*all.list.next() = offer{a, c.ID, announced, caller}
		if host != announced {
			*all.list.next() = offer{a, c.ID, host, caller}
		}
	}
}

// sort puts the offers in order; then they can be found.
func (all *offers) sort() {
	ordered := func(compare func(x, y *offer) int) []int32 {
		order := make([]int32, all.list.len())
		for i := range order {
			order[i] = int32(i)
		}
		slices.SortStableFunc(order, func(i, j int32) int { return compare(all.list.at(int(i)), all.list.at(int(j))) })
		return order
	}
	all.byListener = ordered(func(x, y *offer) int { return x.compare(y.listener(), anybody, y.from) })
	all.byCaller = ordered(func(x, y *offer) int { return x.compare(y.listener(), y.caller, y.from) })
}

// anybody may be the caller.
var anybody netip.Addr

func (o *offer) compare(listener netip.AddrPort, caller netip.Addr, packet int) int {
	if c := o.listener().Compare(listener); c != 0 {
		return c
	}
	if c := o.caller.Compare(caller); c != 0 && caller != anybody {
		return c
	}
	return cmp.Compare(o.from, packet)
}

// newest returns the last offer before a packet. If there is none it is one that had been
// asked for before the packet: the reply with the address may have been captured late. It
// is nil if there is none of these either.
func (all *offers) newest(listener netip.AddrPort, caller netip.Addr, packet int) *offer {
	order := all.byCaller
	if caller == anybody {
		order = all.byListener
	}
	i := sort.Search(len(order), func(i int) bool { return all.list.at(int(order[i])).compare(listener, caller, packet) > 0 })
	meant := func(o *offer) bool { return o.listener() == listener && (o.caller == caller || caller == anybody) }
	if i > 0 {
		if o := all.list.at(int(order[i-1])); meant(o) {
			return o
		}
	}
	if i < len(order) {
		if o := all.list.at(int(order[i])); meant(o) && o.Packet <= packet {
			return o
		}
	}
	return nil
}

// join finds the connections, among those that nothing is known of, which came to an
// announced address. The newest announcement counts; one whose other party is the caller
// counts more than one whose is not.
func join(all *offers, in *store) {
	if all.list.len() == 0 {
		return
	}
	for id := range in.len() {
		const last = math.MaxInt
		if a, b := in.ends(id); all.newest(unmapped(a), anybody, last) == nil && all.newest(unmapped(b), anybody, last) == nil {
			continue
		}
		c := in.recallWhole(id, in.desk)
		if c.Role != Other {
			continue
		}
		for _, known := range []bool{true, false} {
			if o, listener := c.accept(all, known); o != nil {
				c.takeOffer(o, listener)
				in.note(c)
				break
			}
		}
	}
}

// accept returns the newest offer that c may have come to, and the direction of
// the side that listened; nil if there is none. With known, the caller must be the
// other party of the session.
func (c *Connection) accept(all *offers, known bool) (best *offer, listener int) {
	for dir := range 2 {
		if dir == c.initiator() {
			continue // an announced address is one that is called
		}
		caller := anybody
		if known {
			caller = c.end(1 - dir).Addr().Unmap()
		}
		o := all.newest(unmapped(c.end(dir)), caller, c.FirstPacket)
		if o == nil { // the call may have been captured early; nobody takes it before
			o = all.newest(unmapped(c.end(dir)), caller, c.firstSYN(dir))
		}
		if o != nil && (best == nil || o.from > best.from) {
			best, listener = o, dir
		}
	}
	return best, listener
}

// firstSYN is the packet of the first SYN of a direction, 0 for none.
func (c *Connection) firstSYN(dir int) int { return [...]int{c.ClientFlow.SYN, c.ServerFlow.SYN}[dir] }

// unmapped is an address of IPv4 as itself, even if it is written as one of IPv6.
func unmapped(a netip.AddrPort) netip.AddrPort { return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()) }

// takeOffer makes c the data connection of an announcement.
func (c *Connection) takeOffer(o *offer, listener int) {
	client := listener
	if o.Mode == Passive {
		client = 1 - listener
	}
	c.becomesData(o.Mode, client)
	c.Announced, c.Control = o.Announcement, o.control
	o.Connections = append(o.Connections, c.ID)
}

// becomesData makes c a data connection whose client is the sender of the given
// direction.
func (c *Connection) becomesData(mode Mode, client int) {
	c.Role, c.Mode = Data, mode
	c.setClient(client)
}

// joinByPort takes connections from a server's port 20 (RFC 959 section 3.2) for
// data connections whose announcement is not in the capture. Each belongs to the
// last session between the two hosts, if there is one.
func joinByPort(sessions []saved, in *store) {
	type hosts struct{ client, server netip.Addr }
	owners := map[hosts]int{}
	for i := range sessions {
		client, server := in.sides(sessions[i].control)
		owners[hosts{client.Addr().Unmap(), server.Addr().Unmap()}] = sessions[i].control
	}
	for id := range in.len() {
		if a, b := in.ends(id); (a.Port() == ftpDataPort) == (b.Port() == ftpDataPort) {
			continue
		}
		c := in.recallWhole(id, in.desk)
		if c.Role != Other {
			continue
		}
		server := 0
		if c.end(1).Port() == ftpDataPort {
			server = 1
		}
		owner, found := owners[hosts{c.end(1 - server).Addr().Unmap(), c.end(server).Addr().Unmap()}]
		if !found && (len(sessions) > 0 || c.data() == 0) {
			continue
		}
		c.becomesData(Active, 1-server)
		if found {
			c.Control = owner
		}
		in.note(c)
	}
}

// transfers are the commands that move data over a data connection, with the side that
// sends it.
var transfers = map[string]Side{
	"RETR": Server, "LIST": Server, "NLST": Server, "MLSD": Server,
	"STOR": Client, "STOU": Client, "APPE": Client,
}

// Sender is the side that sends the data which the command moves over a data
// connection, "" if it moves none.
func (e *Exchange) Sender() Side { return transfers[e.Command] }

// Sender is the side that sends the data.
func (t *Transfer) Sender() Side { return transfers[t.Command] }

// A mover is a command that moves data over a data connection.
type mover struct {
	Transfer
	firstPacket int
	began       bool // the server said that it begins
	joined      bool // a data connection belongs to it
}

// movers are the commands of a session that move data, as far as it has been heard.
type movers struct {
	list     []mover
	commands int // that were told
}

// hear takes the next command.
func (all *movers) hear(e *Exchange) {
	if e.Sender() != "" {
		t := Transfer{all.commands, strings.Clone(e.Command), strings.Clone(e.Argument), e.Packet, e.Final()}
		all.list = append(all.list, mover{Transfer: t, firstPacket: e.FirstPacket, began: e.began()})
	}
	all.commands++
}

// between returns those from one command on, up to another.
func (all *movers) between(from, to int) []mover {
	at := func(command int) int {
		return sort.Search(len(all.list), func(i int) bool { return all.list[i].Exchange >= command })
	}
	return all.list[at(from):at(max(from, to))]
}

// assign gives the data connections of each announcement of a session to the commands
// between it and the next one.
func (all *movers) assign(made []*Announcement, in *store) {
	for i, a := range made {
		last := all.commands
		if i+1 < len(made) {
			last = made[i+1].seen // the one that announces moves no data itself
		}
		among := all.between(a.seen, last)
		free := among
		for _, id := range a.Connections {
			for len(free) > 0 && free[0].joined {
				free = free[1:]
			}
			candidates := free
			if len(free) == 0 {
				candidates = among
			}
			if m := chosen(candidates, in.firstPacket(id), a.Mode); m != nil {
				m.joined = true
				t := m.Transfer
				in.transfer(id, &t)
			}
		}
	}
}

// chosen is the command, of some, that a data connection belongs to; nil for none. The
// server opens an active one for the last command before its first packet; a passive one
// may be opened before its command is sent, and belongs to the first that was not refused.
// If the first of them is free, only those that are count.
func chosen(among []mover, firstPacket int, mode Mode) *mover {
	if len(among) == 0 {
		return nil
	}
	best := &among[0]
	for i := range among {
		m := &among[i]
		switch {
		case m.joined && !among[0].joined:
		case mode == Active && m.firstPacket <= firstPacket:
			best = m
		case mode == Passive && m.began:
			return m
		}
	}
	return best
}

// began reports whether the server said that it begins the transfer.
func (e *Exchange) began() bool {
	for _, r := range e.Replies {
		if preliminary(r.Code) {
			return true
		}
	}
	return false
}
