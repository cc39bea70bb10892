// Connections that a client holds open and does not use.

package rules

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/baseline/internal/bounded"
	"ftplab/lab/analysis/ftp"
)

// How many connections without a login a client holds at the same time, each for at least heldTime,
// before that is unusual, and how many of all clients keep others out.
const (
	heldMany  = 15
	heldFlood = 50
	heldTime  = 5 * time.Second
)

// held are the connections of which nobody made use, by hosts, and when a server turned clients away.
type held struct {
	by     map[evidence.PairOfHosts][]holding
	turned map[netip.Addr][]holding
	away   int // how many are in turned
}

// A holding is a connection from its first packet to its last.
type holding struct {
	from, to int64
	packet   int
}

// add takes the next session.
func (h *held) add(s *session) {
	c := s.Control
	one := holding{c.FirstTime, c.LastTime, c.FirstPacket}
	switch {
	case c.OpenedBy != ftp.Client || s.Hidden || c.Missing() > 0 || !s.BothSides() || s.LoggedIn > 0:
	case s.firstReply() != nil && s.firstReply().Code == 421:
		if s.ledger.Room(maxTurned, h.away) {
			h.turned[s.Server()] = append(h.turned[s.Server()], one)
			h.away++
		}
	case !s.Said("PASS") && !s.Said("QUIT") && !s.Said("AUTH") && time.Duration(one.to-one.from) >= heldTime:
		if of := h.by[s.Hosts()]; bounded.Takes(s.ledger, maxPairs, h.by, s.Hosts()) && s.ledger.Room(maxHeld, len(of)) {
			h.by[s.Hosts()] = append(of, one)
		}
	}
}

// judge finds clients that hold too many connections at a time, and servers of which many clients do.
func (h *held) judge() (found []breach) {
	servers := map[netip.Addr][]holding{}
	for hosts, list := range h.by {
		servers[hosts.Server] = append(servers[hosts.Server], list...)
		n, at := atOnce(list)
		if n < heldMany {
			continue
		}
		b := breach{hosts: hosts, severity: Odd, sign: 2, packets: firstOf(list),
			observed: fmt.Sprintf("%s held %d connections to %s at the same time, and did not log in on any of them", hosts.Client, n, hosts.Server)}
		found = append(found, h.turnedAway(b, at, hosts.Server, n >= heldFlood))
		delete(servers, hosts.Server)
	}
	for server, list := range servers {
		if n, at := atOnce(list); n >= heldFlood {
			b := breach{hosts: evidence.PairOfHosts{Server: server}, severity: Odd, packets: firstOf(list),
				observed: fmt.Sprintf("%d connections to %s were held at the same time without a login", n, server)}
			found = append(found, h.turnedAway(b, at, server, false))
		}
	}
	return found
}

// turnedAway makes a breach a violation if the server turned a client away while the connections were held.
func (h *held) turnedAway(b breach, during holding, server netip.Addr, flood bool) breach {
	for _, t := range h.turned[server] {
		if during.from <= t.from && t.from <= during.to {
			b.severity = Violation
			b.observed += fmt.Sprintf("; in the meantime it turned away a client, in frame %d", t.packet)
			b.packets = append(b.packets[:min(len(b.packets), MaxPackets-1)], t.packet)
			return b
		}
	}
	if flood {
		b.severity = Violation
	}
	return b
}

// atOnce is the largest number of connections at the same time, and from when to when they were so many
// or were about to be.
func atOnce(list []holding) (most int, during holding) {
	slices.SortFunc(list, func(a, b holding) int { return cmp.Compare(a.from, b.from) })
	var open []int64 // the ends of those that are open
	for _, c := range list {
		open = slices.DeleteFunc(open, func(end int64) bool { return end < c.from })
		if open = append(open, c.to); len(open) > most {
			most, during = len(open), holding{c.from, slices.Min(open), c.packet}
		}
	}
	if most > 0 {
		during.from = list[0].from
	}
	return most, during
}

// firstOf are the first packets of some connections.
func firstOf(list []holding) (packets []int) {
	for _, c := range list {
		packets = appendSome(packets, c.packet)
	}
	return packets
}
