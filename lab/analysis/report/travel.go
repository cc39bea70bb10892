// How long packets travel, which the ladder draws as the slope of their arrows.

package report

import (
	"math"
	"net/netip"
	"slices"

	"ftplab/lab/scenario"
)

const (
	// steepest is how far an arrow falls whose packet travels longest, in steps of the
	// page's style.
	steepest = 10
	// leastTravel is the travel time, in nanoseconds, from which on arrows are slanted.
	// What is shorter is as much the time that the hosts take.
	leastTravel = 1e6
)

// A leg is a pair of hosts.
type leg struct{ from, to netip.Addr }

// A passage says how long packets travel from one host to another, in nanoseconds, and
// whether they are recorded at the sender's end, or nearer to it.
type passage struct {
	time   int64
	atFrom bool
}

// travels are the passages between the hosts of a capture.
type travels struct {
	legs     map[leg]passage
	longest  int64 // that is drawn; 0 for none
	measured bool  // not known from the scenario
}

// findTravels takes the distances from the scenario, or else from the handshakes.
func (r *Report) findTravels() travels {
	t := travels{legs: map[leg]passage{}}
	if r.Scenario != nil {
		t.plan(r.Scenario, r.lanes)
	} else {
		t.measured = true
		t.measure(r.packets)
	}
	for _, p := range t.legs {
		t.longest = max(t.longest, p.time)
	}
	if t.longest < leastTravel {
		t.longest = 0
	}
	return t
}

// plan takes the distances that the scenario sets.
func (t *travels) plan(s *scenario.Scenario, ls lanes) {
	if s.Network.Kind != scenario.Wire {
		return
	}
	places := s.Network.Places()
	for _, a := range ls {
		for _, b := range ls {
			from, ok := hostPlan(s, a)
			to, known := hostPlan(s, b)
			if !ok || !known || from.Name == to.Name {
				continue
			}
			// The stamp is that of the first place which the packet passes.
			i := slices.IndexFunc(places, func(name string) bool { return name == from.Name || name == to.Name })
			t.legs[leg{a.Addr, b.Addr}] = passage{int64(from.Homeward() + to.Outward()), i >= 0 && places[i] == from.Name}
		}
	}
}

// measure takes half the time of the quickest handshake between each two hosts, which
// is the same wherever the recorder is. Where it is, the two halves of that time say.
func (t *travels) measure(packets []*Packet) {
	for _, p := range packets {
		c := p.Connection
		if c == nil || !c.RoundTripKnown {
			continue
		}
		from, to := c.Addr(c.OpenedBy).Addr(), c.Addr(c.OpenedBy.Other()).Addr()
		way := passage{int64(c.RoundTrip) / 2, c.HandshakeRTT >= c.RoundTrip/2}
		if known, ok := t.legs[leg{from, to}]; ok && known.time <= way.time || c.RoundTrip < 0 {
			continue
		}
		t.legs[leg{from, to}] = way
		t.legs[leg{to, from}] = passage{way.time, !way.atFrom}
	}
}

// slant is how an arrow falls: in steps of the page's style, and whether its
// upper end is the recorder's.
func (t *travels) slant(p *Packet) (fall int, atFrom bool) {
	if p.IP == nil || t.longest == 0 {
		return 0, false
	}
	way := t.legs[leg{p.IP.Src, p.IP.Dst}]
	return int(math.Round(steepest * float64(way.time) / float64(t.longest))), way.atFrom != (p.Away != nil)
}

// text says what the slope of the arrows means; "" if they have none.
func (t *travels) text() string {
	if t.longest == 0 {
		return ""
	}
	text := "falls while its packet travels, for all arrows on one scale: this one for " + duration(t.longest)
	if t.measured {
		return text + ", half the time of the quickest handshake"
	}
	return text + ", which is the distance that the scenario sets"
}
