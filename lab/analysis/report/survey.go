package report

import (
	"net/netip"
	"slices"

	"ftplab/lab/analysis/ftp"
)

// A survey has what a report needs of the connections, found in one pass: a capture may
// have a million connections, and few are drawn.
type survey struct {
	names    connectionNames
	facts    map[int]*ftp.Connection // of the connections with kept packets, by ID
	first    []*ftp.Connection       // for the table of conversations
	opened   []*ftp.Connection       // for the drawing of hosts
	more     int                     // how many are not in opened
	filters  []*ftp.Connection       // for the filter of the packet list
	graphs   []*ftp.Connection       // those that may have a graph
	hosts    hostSurvey
	tracks   tracks
	transfer transferSurvey
	beside   besideSurvey
}

// survey reads the connections.
func (r *Report) survey() {
	s := &r.surveyed
	*s = survey{names: newConnectionNames(), facts: map[int]*ftp.Connection{}, hosts: newHostSurvey(r.packets), transfer: newTransferSurvey(), beside: r.newBesideSurvey()}
	kept := map[int]bool{}
	last := 0
	for _, p := range r.packets {
		if p.Packet.Connection != nil {
			kept[p.Packet.Connection.ID] = true
		}
		last = p.Number
	}
	layer := trackLayer{last: last}
	for x := range r.Trace.Connections() {
		s.names.add(x)
		s.transfer.add(x)
		beside := s.beside.add(x)
		drawn := r.inLadder(x)
		if drawn {
			layer.add(x)
		}
		if drawn && !beside {
			s.hosts.add(x)
		}
		c := *x // x is valid only in this call
		if kept[c.ID] {
			s.facts[c.ID] = &c
		}
		if len(s.first) < maxConversations {
			s.first = append(s.first, &c)
		}
		switch {
		case !drawn:
		case len(s.opened) < maxOpened:
			s.opened = append(s.opened, &c)
		default:
			s.more++
		}
		if (c.Role == ftp.Data || r.Trace.NumSessions() == 0 || beside) && len(s.filters) < maxFilters {
			s.filters = append(s.filters, &c)
		}
		if r.Packets.courses[c.ID] != nil && c.Role != ftp.Control && drawn {
			s.graphs = append(s.graphs, &c)
		}
	}
	for _, c := range s.beside.connections {
		s.hosts.addBeside(c)
	}
	s.tracks = layer.tracks
	for _, p := range r.packets {
		if p.Packet.Connection != nil {
			p.Connection = s.facts[p.Packet.Connection.ID]
		}
	}
}

// A hostSurvey finds the hosts that are drawn.
type hostSurvey struct {
	clients, servers lanes
	others           lanes               // of data connections, at other addresses than the parties of their sessions
	asked            map[netip.Addr]bool // name servers, and whether they are a party of FTP
}

// newHostSurvey returns a survey with the name servers that packets asked.
func newHostSurvey(packets []*Packet) hostSurvey {
	h := hostSurvey{asked: map[netip.Addr]bool{}}
	for _, p := range packets {
		if server, _, ok := nameServer(p); ok {
			h.asked[server.Unmap()] = false
		}
	}
	return h
}

// nameServer returns the name server of a DNS packet, and the host that asks it. A
// multicast group, which mDNS asks (RFC 6762), does not count.
func nameServer(p *Packet) (server, asks netip.Addr, ok bool) {
	if p.UDP == nil || p.UDP.DNS == nil {
		return server, asks, false
	}
	server, asks = p.IP.Dst, p.IP.Src
	if p.UDP.DNS.Response {
		server, asks = asks, server
	}
	return server, asks, !server.IsMulticast() && !asks.IsMulticast()
}

// partOfFTP reports whether a host has a lane as client or server, or whether there are
// no clients and servers.
func (h *hostSurvey) partOfFTP(addr netip.Addr) bool {
	return len(h.clients) == 0 || h.clients.find(addr, "") >= 0 || h.servers.find(addr, "") >= 0
}

func (h *hostSurvey) add(c *ftp.Connection) {
	if c.IsOtherHost(ftp.Client) {
		h.others = h.others.with(lane{Addr: c.Client.Addr(), Data: true})
	} else {
		h.clients = h.clients.with(lane{Addr: c.Client.Addr(), Side: ftp.Client})
	}
	if c.IsOtherHost(ftp.Server) {
		h.others = h.others.with(lane{Addr: c.Server.Addr(), Data: true})
	} else {
		h.servers = h.servers.with(lane{Addr: c.Server.Addr(), Side: ftp.Server})
	}
	for _, a := range []netip.Addr{c.Client.Addr().Unmap(), c.Server.Addr().Unmap()} {
		if _, asked := h.asked[a]; asked {
			h.asked[a] = true
		}
	}
}

// otherHosts are the other hosts of data connections that are no party of any session.
func (h *hostSurvey) otherHosts() lanes {
	return slices.DeleteFunc(slices.Clone(h.others), func(l lane) bool {
		return h.clients.find(l.Addr, "") >= 0 || h.servers.find(l.Addr, "") >= 0
	})
}

// addBeside adds the hosts of a connection besides FTP that are not there yet.
func (h *hostSurvey) addBeside(c *ftp.Connection) {
	known := func(addr netip.Addr) bool { return h.clients.find(addr, "") >= 0 || h.servers.find(addr, "") >= 0 }
	if !known(c.Client.Addr()) {
		h.clients = h.clients.with(lane{Addr: c.Client.Addr(), Side: ftp.Client})
	}
	if !known(c.Server.Addr()) {
		h.servers = h.servers.with(lane{Addr: c.Server.Addr(), Side: ftp.Server})
	}
}

// factsInOrder returns the connections with kept packets, in the order of their IDs.
func (s *survey) factsInOrder() []*ftp.Connection {
	var all []*ftp.Connection
	for _, c := range s.facts {
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b *ftp.Connection) int { return a.ID - b.ID })
	return all
}
