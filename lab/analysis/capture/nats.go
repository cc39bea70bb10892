// Connections that pass a NAT between two places, and have other addresses at the second.

package capture

import (
	"cmp"
	"hash/maphash"
	"maps"
	"math/bits"
	"net/netip"
	"slices"

	"ftplab/lab/analysis/packet"
)

// A Translation says that a NAT between two places changes an address into another one.
type Translation struct {
	Home, Place string // the place where connections are read, and the other one
	From, To    netip.Addr
}

// openings says how the connections of a conversation began. A NAT leaves the initial sequence
// numbers as they are. A proxy, which ends a connection and opens another one, has its own.
type openings struct {
	hash     uint64 // of all initial sequence numbers; 0 for none
	answered bool   // the latest connection was accepted
	opener   int    // the direction of its SYN
	ttl      int    // of the packet that had the latest number
	isn      [2]uint32
}

// add takes note of a SYN.
func (o *openings) add(p *packet.Packet, direction int, seed maphash.Seed) {
	note := func(side int, isn uint32) {
		o.isn[side], o.ttl = isn, p.IP.TTL
		o.hash = maphash.Comparable(seed, [3]uint64{o.hash, uint64(side), uint64(isn)})
	}
	t := p.TCP
	answers := t.Has(packet.ACK)
	first, opener := t.RawSeq, direction
	if answers {
		first, opener = t.RawAck-1, 1-direction
	}
	if o.hash == 0 || o.isn[0] != first || o.opener != opener {
		o.answered, o.opener = false, opener
		note(0, first)
	}
	if answers && (!o.answered || o.isn[1] != t.RawSeq) {
		o.answered = true
		note(1, t.RawSeq)
	}
}

// A change is what a NAT makes of an end of a conversation between two places.
type change struct {
	home, at int // the interfaces
	from, to netip.AddrPort
}

// addrs returns the addresses, the lower one first.
func (c *change) addrs() [2]netip.Addr {
	from, to := c.from.Addr(), c.to.Addr()
	if to.Less(from) {
		from, to = to, from
	}
	return [2]netip.Addr{from, to}
}

// A translated conversation is one of those that are the same with other ends.
type translated struct {
	ends   [2]netip.AddrPort // that of the side that opened the latest connection first
	opener int               // the direction of that side
	ttl    int               // of a packet that all of them have
	*observations
}

func translatedOf(c conversation, s *observations, opener, ttl int) translated {
	ends := [2]netip.AddrPort{c.low, c.high}
	return translated{[2]netip.AddrPort{ends[opener], ends[1-opener]}, opener, ttl, s}
}

// joinTranslated joins conversations that are the same on both sides of a NAT: they have the same
// initial sequence numbers, or another segment if a place lacks some of these, and one end in common,
// no place has two of them, and a router between the places has counted down the time to live. Where no
// connection was accepted, there is only the number of one side, so the addresses must be changed in
// another conversation, too.
func (x *places) joinTranslated() {
	groups := map[uint64][]translated{}
	for c, s := range x.seen {
		if s.openings.hash != 0 {
			groups[s.openings.hash] = append(groups[s.openings.hash], translatedOf(c, s, s.openings.opener, s.openings.ttl))
		}
	}
	var accepted, others [][]translated
	for _, group := range groups {
		if group[0].openings.answered {
			accepted = append(accepted, group)
		} else {
			others = append(others, group)
		}
	}
	known := map[[2]netip.Addr]bool{}
	always := func([]*change) bool { return true }
	x.joinEach(accepted, known, always)
	x.joinEach(x.alike(), known, always)
	x.joinEach(others, known, func(changes []*change) bool {
		return !slices.ContainsFunc(changes, func(c *change) bool { return c != nil && !known[c.addrs()] })
	})
}

// joinEach joins the conversations of each group, if they are the same and their changes are as they
// should be, and adds the addresses that were changed to those known.
func (x *places) joinEach(groups [][]translated, known map[[2]netip.Addr]bool, should func([]*change) bool) {
	for _, group := range groups {
		if len(group) == 1 || slices.ContainsFunc(group, func(s translated) bool { return s.joint != nil }) {
			continue
		}
		joint, changes := join(group)
		if joint == nil || !should(changes) {
			continue
		}
		for i, c := range changes {
			group[i].joint, group[i].change, group[i].openings.opener = joint, c, group[i].opener
			if c != nil {
				known[c.addrs()] = true
				x.changes = append(x.changes, c)
			}
		}
	}
}

// A segment says what a NAT leaves as it is of a packet of TCP, except of a SYN and a reset: they do not
// show the numbers of both sides.
type segment struct {
	numbers   uint64 // a hash of them; 0 for none
	direction int8
	ttl       uint8
}

func (x *places) segmentOf(p *packet.Packet, direction int) (s segment) {
	if t := p.TCP; t != nil && t.Flags&(packet.SYN|packet.RST|packet.ACK) == packet.ACK {
		s.numbers = maphash.Comparable(x.seed, [4]uint32{t.RawSeq, t.RawAck, uint32(t.Flags), uint32(t.Length)})
		s.direction, s.ttl = int8(direction), uint8(p.IP.TTL)
	}
	return s
}

// A sighting is a segment of a conversation that may be the same at another place.
type sighting struct {
	conversation
	*observations
	observation
}

// alike returns groups of conversations, not joined yet, that have a segment in common, the largest
// first. A place of one of them may lack the packets with the initial sequence numbers.
func (x *places) alike() (groups [][]translated) {
	all := map[uint64][]sighting{}
	for _, lacking := range []bool{true, false} {
		for c, s := range x.seen {
			if s.joint != nil || lacking == s.openings.answered {
				continue
			}
			for _, o := range s.first {
				known := all[o.numbers]
				again := slices.ContainsFunc(known, func(other sighting) bool { return other.observations == s })
				if o.numbers != 0 && !again && (lacking || len(known) > 0) && len(known) < mostPlaces {
					all[o.numbers] = append(known, sighting{c, s, o})
				}
			}
		}
	}
	for _, same := range all {
		groups = append(groups, oriented(same))
	}
	slices.SortFunc(groups, func(a, b []translated) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), slices.CompareFunc(a, b, func(x, y translated) int {
			return cmp.Or(x.ends[0].Compare(y.ends[0]), x.ends[1].Compare(y.ends[1]))
		}))
	})
	return groups
}

// oriented finds out which end opened each of some conversations that have a segment in common.
func oriented(same []sighting) (group []translated) {
	slices.SortFunc(same, func(a, b sighting) int { return cmp.Compare(a.observation.at, b.observation.at) })
	opened := max(0, slices.IndexFunc(same, func(s sighting) bool { return s.openings.hash != 0 }))
	opener := same[opened].openings.opener ^ int(same[opened].direction)
	for _, s := range same {
		group = append(group, translatedOf(s.conversation, s.observations, opener^int(s.direction), int(s.ttl)))
	}
	return group
}

// join returns the observations of conversations as those of one, and how each differs from the one
// that is read. It returns nil if they are not the same.
func join(group []translated) (joint *observations, changes []*change) {
	joint = &observations{copied: true, translated: true}
	for _, s := range group {
		if joint.everywhere()&s.everywhere() != 0 {
			return nil, nil
		}
		joint.at[0] |= s.at[s.opener]
		joint.at[1] |= s.at[1-s.opener]
	}
	homes := uint64(1)<<joint.home(0) | uint64(1)<<joint.home(1)
	read := slices.IndexFunc(group, func(s translated) bool { return s.everywhere()&homes == homes })
	if read < 0 {
		return nil, nil // each direction would be read with other ends
	}
	changes = make([]*change, len(group))
	was := group[read]
	for i, s := range group {
		if i == read {
			continue
		}
		c := &change{home: joint.home(0), at: bits.TrailingZeros64(s.everywhere())}
		switch {
		case s.ttl == was.ttl:
			return nil, nil
		case s.ends[1] == was.ends[1]:
			c.from, c.to = was.ends[0], s.ends[0]
		case s.ends[0] == was.ends[0]:
			c.from, c.to = was.ends[1], s.ends[1]
		default:
			return nil, nil
		}
		changes[i] = c
	}
	return joint, changes
}

// translations returns what the NATs between the places change, in the order of the names of the places.
func (x *places) translations(names []string) []Translation {
	all := map[Translation]bool{}
	for _, c := range x.changes {
		all[Translation{placeName(names, c.home), placeName(names, c.at), c.from.Addr(), c.to.Addr()}] = true
	}
	return slices.SortedFunc(maps.Keys(all), func(a, b Translation) int {
		return cmp.Or(cmp.Compare(a.Home, b.Home), cmp.Compare(a.Place, b.Place), a.From.Compare(b.From), a.To.Compare(b.To))
	})
}
