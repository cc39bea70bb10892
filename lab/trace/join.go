// Data connections are joined to what announced and used them.

package trace

import (
	"net/netip"
	"sort"
)

// An offer is an announcement with the session that made it.
type offer struct {
	*Announcement
	session *Session
}

// A place is where an offered connection arrives, and from whom; caller is zero
// where that does not matter.
type place struct {
	listener netip.AddrPort
	caller   netip.Addr
}

// offers are the announcements for each place, in the order of their packets.
type offers map[place][]offer

// offersOf collects the announcements of some sessions. An announced address may
// be that in the text or that of the party which announced it: behind an address
// translator, the two differ.
func offersOf(sessions []*Session) offers {
	all := offers{}
	for _, s := range sessions {
		for _, a := range s.Announcements {
			listener, caller := s.Control.Server.Addr().Unmap(), s.Control.Client.Addr().Unmap()
			if a.Mode == Active {
				listener, caller = caller, listener
			}
			all.add(a.Addr.Addr().Unmap(), caller, offer{a, s})
			if listener != a.Addr.Addr().Unmap() {
				all.add(listener, caller, offer{a, s})
			}
		}
	}
	for _, list := range all {
		sort.SliceStable(list, func(i, j int) bool { return list[i].from < list[j].from })
	}
	return all
}

func (all offers) add(listener, caller netip.Addr, o offer) {
	at := netip.AddrPortFrom(listener, o.Addr.Port())
	for _, p := range []place{{at, caller}, {at, netip.Addr{}}} {
		all[p] = append(all[p], o)
	}
}

// newest returns the last announcement for a place before a packet.
func (all offers) newest(p place, packet int) (offer, bool) {
	list := all[p]
	i := sort.Search(len(list), func(i int) bool { return list[i].from > packet })
	if i == 0 {
		return offer{}, false
	}
	return list[i-1], true
}

// join finds the connections, among those that nothing is known of, which came
// to an announced address. The newest announcement before the connection counts;
// one whose other party is the caller counts more than one whose is not.
func join(sessions []*Session, in *store) {
	all := offersOf(sessions)
	if len(all) == 0 {
		return
	}
	for id := range in.len() {
		c := in.recallWhole(id, &in.scratch)
		if c.Role != Other {
			continue
		}
		for _, known := range []bool{true, false} {
			if o, listener := c.accept(all, known); listener >= 0 {
				c.takeOffer(o, listener)
				in.keepIfStub(c)
				break
			}
		}
	}
}

// accept returns the newest offer that c may have come to, and the direction of
// the side that listened, -1 if there is none. With known, the caller must be the
// other party of the session.
func (c *Connection) accept(all offers, known bool) (best offer, listener int) {
	listener = -1
	for dir := range 2 {
		if dir == c.initiator() {
			continue // an announced address is one that is called
		}
		end := c.end(dir)
		p := place{listener: netip.AddrPortFrom(end.Addr().Unmap(), end.Port())}
		if known {
			p.caller = c.end(1 - dir).Addr().Unmap()
		}
		if o, ok := all.newest(p, c.FirstPacket); ok && (listener < 0 || o.from > best.from) {
			best, listener = o, dir
		}
	}
	return best, listener
}

// takeOffer makes c the data connection of an announcement.
func (c *Connection) takeOffer(o offer, listener int) {
	client := listener
	if o.Mode == Passive {
		client = 1 - listener
	}
	c.becomesData(o.Mode, client)
	c.Announced, c.Control = o.Announcement, o.session.Control
	o.Connections = append(o.Connections, c)
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
func joinByPort(sessions []*Session, in *store) {
	type hosts struct{ client, server netip.Addr }
	owners := map[hosts]*Session{}
	for _, s := range sessions {
		owners[hosts{s.Control.Client.Addr().Unmap(), s.Control.Server.Addr().Unmap()}] = s
	}
	for id := range in.len() {
		c := in.recallWhole(id, &in.scratch)
		a, b := c.end(0).Port() == ftpDataPort, c.end(1).Port() == ftpDataPort
		if c.Role != Other || a == b {
			continue
		}
		server := 0
		if b {
			server = 1
		}
		owner := owners[hosts{c.end(1 - server).Addr().Unmap(), c.end(server).Addr().Unmap()}]
		if owner == nil && (len(sessions) > 0 || c.data() == 0) {
			continue
		}
		c.becomesData(Active, 1-server)
		if owner != nil {
			c.Control = owner.Control
		}
		in.keepIfStub(c)
	}
}

// transfers are the commands that move data over a data connection, those with
// true from the client to the server.
var transfers = map[string]bool{
	"RETR": false, "LIST": false, "NLST": false, "MLSD": false,
	"STOR": true, "STOU": true, "APPE": true,
}

// assignTransfers gives the data connections of each announcement to the commands
// between it and the next one.
func (s *Session) assignTransfers() {
	for i, a := range s.Announcements {
		last := len(s.Exchanges)
		if i+1 < len(s.Announcements) {
			last = max(s.Announcements[i+1].seen-1, a.seen)
			if s.Announcements[i+1].Exchange == nil {
				last = max(s.Announcements[i+1].seen, a.seen)
			}
		}
		var commands []*Exchange
		for _, e := range s.Exchanges[a.seen:last] {
			if _, ok := transfers[e.Command]; ok {
				commands = append(commands, e)
			}
		}
		for _, c := range a.Connections {
			if e := transferOf(c, a.Mode, commands); e != nil {
				c.Transfer = e
				e.Data = append(e.Data, c)
			}
		}
	}
}

// transferOf chooses the command that a data connection belongs to. The server
// opens an active one for the last command before it; a passive one may be opened
// before its command is sent, and belongs to the first that was not refused.
func transferOf(c *Connection, mode Mode, commands []*Exchange) *Exchange {
	var free []*Exchange
	for _, e := range commands {
		if len(e.Data) == 0 {
			free = append(free, e)
		}
	}
	if len(free) == 0 {
		free = commands
	}
	if len(free) == 0 {
		return nil
	}
	chosen := free[0]
	if mode == Active {
		for _, e := range free {
			if e.FirstPacket <= c.FirstPacket {
				chosen = e
			}
		}
		return chosen
	}
	for _, e := range free {
		if e.began() {
			return e
		}
	}
	return chosen
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
