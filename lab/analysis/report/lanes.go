package report

import (
	"net/netip"
	"regexp"
	"slices"
	"strconv"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/pcapng"
	"ftplab/lab/scenario"
)

const (
	maxLanes = 5  // hosts that are drawn side by side: there is no room for more
	maxHosts = 20 // hosts that are named: a capture may have a million
)

// A lane is a host in the ladder. A machine that is both client and server, as on
// loopback, has two lanes.
type lane struct {
	Name string
	Addr netip.Addr
	Side ftp.Side // "" for a host without FTP, and for one that is no party of a session
	Data bool     // it has only data connections
}

// Address returns the address in its usual form.
func (l lane) Address() string { return l.Addr.Unmap().String() }

// lanes are the hosts of a capture, from left to right.
type lanes []lane

// drawn are the hosts that the ladder has room for.
func (ls lanes) drawn() lanes { return ls[:min(len(ls), maxLanes)] }

// findLanes returns the hosts of the FTP sessions and the name servers they
// asked, in an order in which few arrows cross a lane: name servers, the first
// client, the servers, more clients.
func findLanes(h *hostSurvey, packets []*Packet, s *scenario.Scenario, names []pcapng.Name) lanes {
	var others lanes
	for _, p := range packets {
		if server, asks, ok := nameServer(p); ok && !h.asked[server.Unmap()] && h.partOfFTP(asks) {
			others = others.with(lane{Addr: server})
		}
	}
	all := others
	if len(h.clients) > 0 {
		all = slices.Concat(others, h.clients[:1], h.servers, h.otherHosts(), h.clients[1:])
	}
	all = all[:min(len(all), maxHosts)]
	for i := range all {
		all[i].Name = all.name(i, s)
		if name := all[i].nameIn(names); s == nil && name != "" {
			all[i].Name = name
		}
	}
	return all
}

// with adds a lane, unless it exists or there are maxHosts.
func (ls lanes) with(l lane) lanes {
	if len(ls) == maxHosts || slices.ContainsFunc(ls, func(o lane) bool { return o.Addr == l.Addr && o.Side == l.Side }) {
		return ls
	}
	return append(ls, l)
}

// find returns the index of the lane of an address, -1 for none. If an address has two
// lanes, the side decides; "" is the first of them.
func (ls lanes) find(addr netip.Addr, side ftp.Side) int {
	return slices.IndexFunc(ls, func(l lane) bool {
		return l.Addr.Unmap() == addr.Unmap() && (side == "" || l.Side == side)
	})
}

// party finds the lane of a side of a connection. If the host has only the lane of the
// other side, it is that one.
func (ls lanes) party(addr netip.Addr, side ftp.Side) int {
	if i := ls.find(addr, side); i >= 0 {
		return i
	}
	return ls.find(addr, "")
}

// partyName returns the name of a side of a connection for a sentence: "the client", or the
// name of its host if that is another, or if there are several clients.
func (ls lanes) partyName(c *ftp.Connection, side ftp.Side) string {
	if c.Role == ftp.Other {
		return ls.hostOf(c, side)
	}
	if c.IsOtherHost(side) {
		if i := ls.find(c.Addr(side).Addr(), ""); i < 0 || ls[i].Data {
			return c.Addr(side).Addr().Unmap().String()
		}
		return ls.hostOf(c, side)
	}
	alike := 0
	for _, l := range ls {
		if l.Side == side {
			alike++
		}
	}
	addr := c.Addr(side).Addr()
	i := ls.party(addr, side)
	switch {
	case alike >= 2 && i < 0:
		return addr.Unmap().String()
	case i < 0, ls[i].Name == string(side), alike < 2 && ls[i].Side != side:
		return "the " + string(side)
	}
	return ls[i].Name
}

// name returns the name of a host: that of the scenario, or else its role.
func (ls lanes) name(i int, s *scenario.Scenario) string {
	l := ls[i]
	if s != nil {
		if h, ok := s.Host(string(l.Side)); ok && seenAs(s, h, l.Addr) {
			return h.Name
		}
		for _, h := range s.Network.Hosts {
			if seenAs(s, h, l.Addr) {
				return h.Name
			}
		}
	}
	name, number, total := string(l.Side), 0, 0
	switch {
	case l.Data:
		name = "other host"
	case l.Side == "":
		name = "name server"
	}
	for j, o := range ls {
		if o.Side == l.Side && o.Data == l.Data {
			total++
			if j <= i {
				number++
			}
		}
	}
	if total > 1 {
		name += " " + strconv.Itoa(number)
	}
	return name
}

// nameIn returns the name that a capture gives the host, if that is one word; "" for none. If there are several, as on
// loopback, the one that is the side's role counts. The other role would mislead.
func (l lane) nameIn(names []pcapng.Name) (name string) {
	for _, n := range names {
		switch {
		case n.Addr.Unmap() != l.Addr.Unmap() || !oneWord.MatchString(n.Name):
		case n.Name == string(l.Side):
			return n.Name
		case name == "" && n.Name != string(ftp.Client) && n.Name != string(ftp.Server):
			name = n.Name
		}
	}
	return name
}

// oneWord matches a name of a host that fits into a sentence, and into a lane.
var oneWord = regexp.MustCompile(`^[a-z][a-z0-9-]{0,19}$`)

// seenAs reports whether a host has an address in the scenario's capture.
func seenAs(s *scenario.Scenario, h scenario.Host, addr netip.Addr) bool {
	return slices.Contains(s.Network.Addresses(h), addr.Unmap())
}

// farEnd is the address of the end of a packet that has no lane, "" if both have none.
func (r *Report) farEnd(p *capture.Packet) string {
	from, to := r.lanes.ends(p)
	src, dst := netip.Addr{}, netip.Addr{}
	switch {
	case p.ARP != nil:
		src, dst = p.ARP.SenderIP, p.ARP.TargetIP
	case p.IP != nil:
		src, dst = p.IP.Src, p.IP.Dst
	}
	switch {
	case from < 0 && to >= 0 && src.IsValid():
		return src.Unmap().String()
	case to < 0 && from >= 0 && dst.IsValid():
		return dst.Unmap().String()
	}
	return ""
}

// ends returns the lanes that a packet goes from and to, -1 for hosts that
// have none.
func (ls lanes) ends(p *capture.Packet) (from, to int) {
	switch {
	case p.Connection != nil:
		return ls.party(p.IP.Src, p.From), ls.party(p.IP.Dst, p.From.Other())
	case p.ARP != nil:
		return ls.find(p.ARP.SenderIP, ""), ls.find(p.ARP.TargetIP, "")
	case p.IP != nil:
		return ls.find(p.IP.Src, ""), ls.find(p.IP.Dst, "")
	}
	return -1, -1
}
