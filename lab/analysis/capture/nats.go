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
	ends [2]netip.AddrPort // that of the side that opened the latest connection first
	*observations
}

// joinTranslated joins conversations that are the same on both sides of a NAT: they have the same
// initial sequence numbers and one end in common, no place has two of them, and a router between the
// places has counted down the time to live. Where no connection was accepted, there is only the
// number of one side, so the addresses must be changed in another conversation, too.
func (x *places) joinTranslated() {
	groups := map[uint64][]translated{}
	for c, s := range x.seen {
		if s.openings.hash != 0 {
			ends := [2]netip.AddrPort{c.low, c.high}
			groups[s.openings.hash] = append(groups[s.openings.hash], translated{[2]netip.AddrPort{ends[s.openings.opener], ends[1-s.openings.opener]}, s})
		}
	}
	known := map[[2]netip.Addr]bool{}
	for _, accepted := range []bool{true, false} {
		for _, group := range groups {
			if len(group) == 1 || group[0].openings.answered != accepted {
				continue
			}
			joint, changes := join(group)
			if joint == nil || !accepted && slices.ContainsFunc(changes, func(c *change) bool { return c != nil && !known[c.addrs()] }) {
				continue
			}
			for i, c := range changes {
				group[i].joint, group[i].change = joint, c
				if c != nil {
					known[c.addrs()] = true
					x.changes = append(x.changes, c)
				}
			}
		}
	}
}

// join returns the observations of conversations as those of one, and how each differs from the one
// that is read. It returns nil if they are not the same.
func join(group []translated) (joint *observations, changes []*change) {
	joint = &observations{copied: true, translated: true}
	for _, s := range group {
		if joint.everywhere()&s.everywhere() != 0 {
			return nil, nil
		}
		joint.at[0] |= s.at[s.openings.opener]
		joint.at[1] |= s.at[1-s.openings.opener]
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
		case s.openings.ttl == was.openings.ttl:
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
