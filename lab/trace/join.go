// Data connections are joined to what announced and used them.

package trace

import "net/netip"

// An offer is an announcement with the session that made it.
type offer struct {
	*Announcement
	session *Session
}

// join finds the connections, among those that nothing is known of, which came
// to an announced address. Of several announcements of one address the newest
// before the connection counts. The address is taken either as announced or as
// that of the party that announced it: behind an address translator, the two
// differ.
func join(sessions []*Session, conns []*conn) {
	offers := map[uint16][]offer{}
	for _, s := range sessions {
		for _, a := range s.Announcements {
			offers[a.Addr.Port()] = append(offers[a.Addr.Port()], offer{a, s})
		}
	}
	for _, c := range conns {
		if c.Role != Other {
			continue
		}
		var best offer
		var bestParty bool
		listener := -1
		for dir, end := range c.ends {
			if dir == c.initiator() {
				continue // an announced address is one that is called
			}
			for _, o := range offers[end.Port()] {
				if o.from > c.FirstPacket || !o.answeredBy(end.Addr()) {
					continue
				}
				party := o.caller() == c.ends[1-dir].Addr().Unmap()
				better := listener < 0 || party && !bestParty || party == bestParty && o.from > best.from
				if better {
					best, bestParty, listener = o, party, dir
				}
			}
		}
		if listener >= 0 {
			c.takeOffer(best, listener)
		}
	}
}

// answeredBy reports whether a listener at the given address is the one that was
// announced.
func (o offer) answeredBy(addr netip.Addr) bool {
	party := o.session.Control.Server
	if o.Mode == Active {
		party = o.session.Control.Client
	}
	addr = addr.Unmap()
	return addr == o.Addr.Addr().Unmap() || addr == party.Addr().Unmap()
}

// caller is the address from which a connection to the announced one should come.
func (o offer) caller() netip.Addr {
	if o.Mode == Active {
		return o.session.Control.Server.Addr().Unmap()
	}
	return o.session.Control.Client.Addr().Unmap()
}

// takeOffer makes c the data connection of an announcement.
func (c *conn) takeOffer(o offer, listener int) {
	c.Role, c.Mode, c.Announced, c.Control = Data, o.Mode, o.Announcement, o.session.Control
	c.clientDir = listener
	if o.Mode == Passive {
		c.clientDir = 1 - listener
	}
	o.Connections = append(o.Connections, c.Connection)
}

// joinByPort takes connections from a server's port 20 (RFC 959 section 3.2) for
// data connections whose announcement is not in the capture.
func joinByPort(sessions []*Session, conns []*conn) {
	for _, c := range conns {
		a, b := c.ends[0].Port() == ftpDataPort, c.ends[1].Port() == ftpDataPort
		if c.Role != Other || a == b {
			continue
		}
		server := 0
		if b {
			server = 1
		}
		var owner *Session
		for _, s := range sessions {
			if s.Control.Server.Addr().Unmap() == c.ends[server].Addr().Unmap() &&
				s.Control.Client.Addr().Unmap() == c.ends[1-server].Addr().Unmap() {
				owner = s
			}
		}
		data := c.halves[0].Segments+c.halves[1].Segments > 0
		if owner == nil && (len(sessions) > 0 || !data) {
			continue
		}
		c.Role, c.Mode, c.clientDir = Data, Active, 1-server
		if owner != nil {
			c.Control = owner.Control
		}
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
