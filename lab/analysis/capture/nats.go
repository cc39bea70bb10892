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
	isn      [2]uint32
}

// add takes note of a SYN.
func (o *openings) add(p *packet.Packet, direction int, seed maphash.Seed) {
	note := func(side int, isn uint32) {
		o.isn[side] = isn
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
	side     int // whose end it is: that of the opener (0) or the other one (1)
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
	*observations
}

func translatedOf(c conversation, s *observations, opener int) translated {
	ends := [2]netip.AddrPort{c.low, c.high}
	return translated{[2]netip.AddrPort{ends[opener], ends[1-opener]}, opener, s}
}

// joinTranslated joins conversations that are the same on both sides of a NAT: they have the same
// initial sequence numbers, or a segment in common if a place lacks some of these, and one end in common,
// no place has two of them, and a router between the places has counted down the time to live. Where no
// connection was accepted, there is only the number of one side, so the addresses must be changed in
// another conversation, too.
func (x *places) joinTranslated() {
	groups := map[uint64][]translated{}
	for c, s := range x.seen {
		if s.openings.hash != 0 {
			groups[s.openings.hash] = append(groups[s.openings.hash], translatedOf(c, s, s.openings.opener))
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
	join := func(groups [][]translated) {
		for _, group := range groups {
			x.joinGroup(group, known)
		}
	}
	join(accepted)
	join(x.alike(false))
	join(x.alike(true))
	join(others)
}

// joinGroup joins the conversations of a group, with those that they are joined with, if they are the same and their
// changes are as they should be, and adds the addresses that were changed to those known.
func (x *places) joinGroup(group []translated, known map[[2]netip.Addr]bool) {
	group = withParts(group)
	if len(group) == 1 || !slices.ContainsFunc(group, func(s translated) bool { return s.joint == nil }) {
		return
	}
	joint, changes := join(group)
	if joint == nil {
		return
	}
	established := slices.ContainsFunc(group, func(s translated) bool { return s.established() })
	if !established && slices.ContainsFunc(changes, func(c *change) bool { return c != nil && !known[c.addrs()] }) {
		return
	}
	for i, c := range changes {
		group[i].joint, group[i].change, group[i].openings.opener = joint, c, group[i].opener
		if c != nil {
			known[c.addrs()] = true
			joint.moving[c.side] = true
		}
	}
}

// established reports whether a connection was accepted.
func (s *observations) established() bool {
	return s.openings.answered || slices.ContainsFunc(s.first, func(o observation) bool { return o.accepted })
}

// withParts adds to conversations those that they are joined with.
func withParts(group []translated) (all []translated) {
	known := map[*observations]bool{}
	add := func(s translated) {
		if !known[s.observations] {
			known[s.observations] = true
			all = append(all, s)
		}
	}
	for _, s := range group {
		if s.joint == nil {
			add(s)
			continue
		}
		for _, part := range s.joint.parts {
			add(part)
		}
	}
	return all
}

// A segment says what a NAT leaves as it is of a packet of TCP. A gateway may shift the numbers of one side, so
// either number shows with the text which segment it is. A bare acknowledgment has no text, and a SYN and a reset
// have one number.
type segment struct {
	numbers   [2]uint64 // hashes of each number and the text; 0 for none
	direction int8      // that of a reset is that of the SYN which it answers
	bare      bool      // without text
	accepted  bool      // the connection was
}

func (x *places) segmentOf(p *packet.Packet, direction int) (s segment) {
	t := p.TCP
	if t == nil || t.Flags&(packet.SYN|packet.ACK) == 0 {
		return s
	}
	text, flags := maphash.Bytes(x.seed, t.Payload), t.Flags&(packet.SYN|packet.FIN|packet.RST)
	hash := func(which int, number uint32) uint64 {
		return maphash.Comparable(x.seed, [4]uint64{uint64(which), uint64(number), text, uint64(flags)})
	}
	s.direction, s.bare = int8(direction), t.Length == 0 && !t.Has(packet.FIN)
	switch {
	case t.Has(packet.RST):
		s.direction = int8(1 - direction)
		s.numbers[0] = hash(2, t.RawAck-1)
	case !t.Has(packet.ACK):
		flags = packet.RST
		s.numbers[0] = hash(2, t.RawSeq)
	default:
		s.accepted = true
		s.numbers = [2]uint64{hash(0, t.RawSeq), hash(1, t.RawAck)}
	}
	return s
}

// A sighting is a segment of a conversation that may be the same at another place.
type sighting struct {
	conversation
	*observations
	observation
}

// alike returns groups of conversations that have a segment in common, bare or not, the largest
// first. A place of one of them may lack the packets with the initial sequence numbers.
func (x *places) alike(bare bool) (groups [][]translated) {
	all := map[uint64][]sighting{}
	for _, lacking := range []bool{true, false} {
		for c, s := range x.seen {
			if lacking != (s.joint == nil && !s.openings.answered) {
				continue
			}
			for _, o := range s.first {
				if o.bare != bare {
					continue
				}
				for _, number := range o.numbers {
					known := all[number]
					again := slices.ContainsFunc(known, func(other sighting) bool { return other.observations == s })
					if number != 0 && !again && (lacking || len(known) > 0) && len(known) < mostPlaces {
						all[number] = append(known, sighting{c, s, o})
					}
				}
			}
		}
	}
	for _, same := range all {
		if len(same) > 1 {
			groups = append(groups, oriented(same))
		}
	}
	slices.SortStableFunc(groups, func(a, b []translated) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), slices.CompareFunc(a, b, func(x, y translated) int {
			return cmp.Or(x.ends[0].Compare(y.ends[0]), x.ends[1].Compare(y.ends[1]))
		}))
	})
	return groups
}

// oriented finds out which end opened each of some conversations that have a segment in common.
func oriented(same []sighting) (group []translated) {
	slices.SortStableFunc(same, func(a, b sighting) int { return cmp.Compare(a.observation.at, b.observation.at) })
	opened := max(0, slices.IndexFunc(same, func(s sighting) bool { return s.openings.hash != 0 }))
	opener := same[opened].openings.opener ^ int(same[opened].direction)
	for _, s := range same {
		group = append(group, translatedOf(s.conversation, s.observations, opener^int(s.direction)))
	}
	return group
}

// join returns the observations of conversations as those of one, and how each differs from the one
// that is read, which is that of the first place. It returns nil if they are not the same.
func join(group []translated) (joint *observations, changes []*change) {
	joint = &observations{copied: true, translated: true, whole: true, parts: group}
	for _, s := range group {
		if joint.everywhere()&s.everywhere() != 0 {
			return nil, nil
		}
		joint.at[0] |= s.at[s.opener]
		joint.at[1] |= s.at[1-s.opener]
	}
	was := slices.MinFunc(group, func(a, b translated) int {
		return cmp.Compare(bits.TrailingZeros64(a.everywhere()), bits.TrailingZeros64(b.everywhere()))
	})
	for direction := range joint.homes {
		if joint.homes[direction] = was.home(was.opener ^ direction); joint.homes[direction] == mostPlaces {
			joint.homes[direction] = bits.TrailingZeros64(was.everywhere())
		}
	}
	changes = make([]*change, len(group))
	for i, s := range group {
		if s.observations == was.observations {
			continue
		}
		c := &change{home: joint.home(0), at: bits.TrailingZeros64(s.everywhere())}
		switch {
		case !routed(s, was):
			return nil, nil
		case s.ends[1] == was.ends[1]:
		case s.ends[0] == was.ends[0]:
			c.side = 1
		default:
			return nil, nil
		}
		c.from, c.to = was.ends[c.side], s.ends[c.side]
		changes[i] = c
		joint.whole = joint.whole && samePackets(s, was, c.side)
	}
	return joint, changes
}

// samePackets reports whether two places have the same packets, although a gateway may have shifted the numbers of
// a side.
func samePackets(a, b translated, shifted int) bool {
	for side := range 2 {
		number := 0
		if side == shifted {
			number = 1
		}
		if a.sums[a.opener^side][number] != b.sums[b.opener^side][number] {
			return false
		}
	}
	return true
}

// routed reports whether a router between the places of two conversations may have counted down the time to live.
func routed(a, b translated) bool {
	same := false
	for side := range 2 {
		x, y := a.ttl[a.opener^side], b.ttl[b.opener^side]
		if x != 0 && y != 0 && x != y {
			return true
		}
		same = same || x != 0 && x == y
	}
	return !same
}

// anyIncomplete reports whether a place lacks packets of a conversation that crosses a NAT.
func (x *places) anyIncomplete() bool {
	for _, s := range x.seen {
		if s.joint != nil && !s.joint.whole {
			return true
		}
	}
	return false
}

// translations returns what the NATs between the places change, in the order of the names of the places.
func (x *places) translations(names []string) []Translation {
	all := map[Translation]bool{}
	for _, s := range x.seen {
		c := s.change
		if c == nil {
			continue
		}
		all[Translation{placeName(names, c.home), placeName(names, c.at), c.from.Addr(), c.to.Addr()}] = true
	}
	return slices.SortedStableFunc(maps.Keys(all), func(a, b Translation) int {
		return cmp.Or(cmp.Compare(a.Home, b.Home), cmp.Compare(a.Place, b.Place), a.From.Compare(b.From), a.To.Compare(b.To))
	})
}
