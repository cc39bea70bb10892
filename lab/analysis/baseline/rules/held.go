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
	heldIdle  = 100 // connections on which the client logged in, and did nothing
)

// held are the connections of which nobody made use, by hosts, and when a server turned clients away.
type held struct {
	by     map[evidence.PairOfHosts][]holding
	idle   map[evidence.PairOfHosts][]holding // those with a login
	turned map[netip.Addr][]holding
	away   int // how many are in turned
}

// A holding is a connection from its first packet to its last.
type holding struct {
	from, to int64
	packet   int
}

// add takes the next session of a capture that ends at a time.
func (h *held) add(s *session, end int64) {
	c := s.Control
	one := holding{c.FirstTime, c.LastTime, c.FirstPacket}
	switch {
	case c.OpenedBy != ftp.Client || s.Hidden || c.Missing() > 0 || !s.BothSides():
	case s.LoggedIn > 0:
		if c.ClientFlow.FIN+c.ServerFlow.FIN+c.ClientFlow.RST+c.ServerFlow.RST == 0 {
			one.to = end
		}
		if time.Duration(one.to-one.from) >= heldTime && !s.Said("QUIT") && !s.usesFiles() {
			h.hold(h.idle, s, one)
		}
	case s.firstReply() != nil && s.firstReply().Code == 421:
		if s.ledger.Room(maxTurned, h.away) {
			h.turned[s.Server()] = append(h.turned[s.Server()], one)
			h.away++
		}
	case !s.Said("PASS") && !s.Said("QUIT") && !s.Said("AUTH") && time.Duration(one.to-one.from) >= heldTime:
		h.hold(h.by, s, one)
	}
}

// hold adds the connection of a session to those of its hosts.
func (h *held) hold(in map[evidence.PairOfHosts][]holding, s *session, one holding) {
	if of := in[s.Hosts()]; bounded.Takes(s.ledger, maxPairs, in, s.Hosts()) && s.ledger.Room(maxHeld, len(of)) {
		in[s.Hosts()] = append(of, one)
	}
}

// usesFiles reports whether a client said a command about files.
func (s *session) usesFiles() bool {
	return slices.ContainsFunc(s.Exchanges, func(x *ftp.Exchange) bool { return evidence.AboutFiles[x.Command] })
}

// judgeIdle finds clients that logged in again and again, and did nothing. A pool of clients that wait for work is smaller.
func (h *held) judgeIdle() (found []breach) {
	for hosts, list := range h.idle {
		if n, at := atOnce(list); n >= heldFlood {
			b := breach{hosts: hosts, severity: Odd, sign: 2, packets: firstOf(list),
				observed: fmt.Sprintf("%s held %d connections to %s at the same time, and did nothing on any of them after the login", hosts.Client(), n, hosts.Server())}
			found = append(found, h.turnedAway(b, at, hosts.Server(), n >= heldIdle))
		}
	}
	return found
}

// judge finds clients that hold too many connections at a time, and servers of which many clients do.
func (h *held) judge() (found []breach) {
	found = h.judgeIdle()
	servers := map[netip.Addr][]holding{}
	for hosts, list := range h.by {
		servers[hosts.Server()] = append(servers[hosts.Server()], list...)
		n, at := atOnce(list)
		if n < heldMany {
			continue
		}
		b := breach{hosts: hosts, severity: Odd, sign: 2, packets: firstOf(list),
			observed: fmt.Sprintf("%s held %d connections to %s at the same time, and did not log in on any of them", hosts.Client(), n, hosts.Server())}
		found = append(found, h.turnedAway(b, at, hosts.Server(), n >= heldFlood))
		delete(servers, hosts.Server())
	}
	for server, list := range servers {
		if n, at := atOnce(list); n >= heldFlood {
			b := breach{hosts: evidence.Between(netip.Addr{}, server), severity: Odd, packets: firstOf(list),
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
	slices.SortStableFunc(list, func(a, b holding) int { return cmp.Compare(a.from, b.from) })
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
