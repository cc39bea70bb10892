// Captures that were taken at several places, each an interface of the file. What
// crosses two of them is in the file twice.

package capture

import (
	"cmp"
	"errors"
	"fmt"
	"hash/maphash"
	"math/bits"
	"net/netip"

	"ftplab/lab/analysis/packet"
	"ftplab/lab/pcapng"
)

// places says at which place each connection is read. A packet that was recorded a second
// time is not a retransmission, so the copies at other places are set apart; see
// [packet.Packet.Copy].
//
// A connection is read at the first interface that has both directions of it, or each
// direction at the first that has it. A packet that was not recorded there, because it was lost
// on the way, is read at the first place that has it, unless the clocks of these places differ: then nobody knows where it
// belongs, and it is not read, as if nobody had recorded it. If no packet of a connection was found twice, all of
// them are read, whatever their interface: the interfaces are the two directions of a tap, or
// the parts of a link.
//
// A NAT between two places gives a connection another address; see [places.joinTranslated].
type places struct {
	seen      map[conversation]*observations
	seed      maphash.Seed
	lost      map[int]bool       // the numbers of packets that are read although they are at another place
	shifts    *shifts            // of sequence numbers, by gateways
	clocks    *clocks            // nil if nothing shows which differ
	rewritten map[int]*Rewriting // by the numbers of the packets that are not read
	crossed   map[hosts]uint64   // the interfaces that the connections between two hosts pass, as bits
}

// A conversation is what packets between two ends belong to, the lower end first. Of
// ICMP the ports are 0.
type conversation struct {
	protocol  int
	low, high netip.AddrPort
}

// observations are the packets of a conversation.
type observations struct {
	at     [2]uint64 // the interfaces that have each direction, as bits
	first  []observation
	copied bool     // a packet of it was found twice
	ttl    [2]uint8 // of the first packet in each direction
	// sums are for all packets of each direction, with their own numbers and with those that they acknowledge, but
	// without the lines that a gateway changes.
	sums [2][2]uint64
	// openings, joint and change are for NATs: joint is of the same conversation at all places, and
	// change is nil if it is read with the ends that it has here.
	openings openings
	joint    *observations
	change   *change
	// The next fields are for a joint one.
	translated bool
	parts      []translated // what it was joined from
	whole      bool         // no place lacks a packet of it
	homes      [2]int       // the place where each direction is read
	moving     [2]bool      // the directions with lines that a gateway may rewrite
	gateway    bool         // a gateway rewrites them
	progress   progress
	rest       uint64  // the places with packets that cannot be read with the others, as bits
	matched    [2]bool // a packet in that direction was found at two places
	// unclear says of each direction that nobody can tell which packets are lost: something on
	// the way changes them, or too many are alike. Resized says so of those with data or a FIN.
	unclear, resized [2]bool
}

// everywhere is the interfaces that have the conversation, as bits.
func (s *observations) everywhere() uint64 { return s.at[0] | s.at[1] }

// home is the place where a direction is read.
func (s *observations) home(direction int) int {
	if s.translated {
		return s.homes[direction]
	}
	here := s.at[direction]
	if both := s.at[0] & s.at[1]; both != 0 {
		here = both
	}
	return bits.TrailingZeros64(here)
}

// An observation is one packet at one interface, the observation point (RFC 7011).
type observation struct {
	hash uint64
	segment
	at        uint8
	elsewhere bool // it was also recorded at another interface
}

const (
	mostPlaces    = 64 // interfaces that are distinguished
	firstObserved = 16 // packets of a conversation at one interface that are compared
)

// errSeveralPlaces ends a reading that finds a second interface.
var errSeveralPlaces = errors.New("the capture was taken at several places")

// findPlaces reads the file for its places.
func (f *file) findPlaces() error {
	found := &places{seen: map[conversation]*observations{}, seed: maphash.MakeSeed()}
	_, err := f.packets(&packet.Decoder{}, func(p *packet.Packet, raw *pcapng.Packet) bool {
		if p.IP != nil && raw.Interface < mostPlaces {
			found.add(p, raw.Interface)
		}
		return true
	})
	if err == nil || errors.As(err, new(*pcapng.Damage)) {
		err = f.findOverlaps(found)
	}
	if err == nil || errors.As(err, new(*pcapng.Damage)) {
		found.joinTranslated()
		found.forget()
		found.findCrossed()
		err = f.findLost(found)
	}
	if err != nil && !errors.As(err, new(*pcapng.Damage)) {
		return err
	}
	f.places = found
	return nil
}

// add takes note of a packet.
func (x *places) add(p *packet.Packet, at int) {
	c, direction := conversationOf(p)
	s := x.seen[c]
	if s == nil {
		s = &observations{}
		x.seen[c] = s
	}
	s.at[direction] |= 1 << at
	if s.ttl[direction] == 0 {
		s.ttl[direction] = uint8(p.IP.TTL)
	}
	if t := p.TCP; t != nil {
		if t.Has(packet.SYN) {
			s.openings.add(p, direction, x.seed)
		}
		if !announces(t.Payload) {
			for i, number := range []uint32{t.RawSeq, t.RawAck} {
				s.sums[direction][i] += maphash.Comparable(x.seed, [4]int{int(number), int(p.IP.ID), int(t.Flags), t.Length})
			}
		}
	}
	if s.copied {
		return
	}
	hash, here := x.hash(p, direction), 0
	for _, o := range s.first {
		if int(o.at) == at {
			here++
		} else if o.hash == hash {
			s.copied = true
		}
	}
	if here < firstObserved {
		s.first = append(s.first, observation{hash: hash, segment: x.segmentOf(p, direction), at: uint8(at)})
	}
}

// forget frees the memory of the first packets, which are no longer needed.
func (x *places) forget() {
	for _, s := range x.seen {
		s.first = nil
	}
}

// hash is a number for what a packet of a conversation is at every place that it crosses.
func (x *places) hash(p *packet.Packet, direction int) uint64 {
	type identity struct {
		direction int
		id        uint16
		seq, ack  uint32
		flags     uint8
		length    int
	}
	i := identity{direction: direction, id: p.IP.ID, length: p.IP.Length}
	if t := p.TCP; t != nil {
		i.seq, i.ack, i.flags = t.RawSeq, t.RawAck, t.Flags
	}
	return maphash.Comparable(x.seed, i)
}

// mark makes a packet a copy if its conversation is read at another place than that
// of the packet.
func (x *places) mark(p *packet.Packet, at int, names []string) {
	if p.IP == nil || at >= mostPlaces {
		return
	}
	s, change, direction := x.find(p)
	if s == nil {
		return
	}
	if !s.copied {
		p.Place = bits.TrailingZeros64(s.everywhere())
		return
	}
	p.Place = at
	if at == s.home(direction) {
		if s.rest != 0 {
			p.Rest = placeName(names, bits.TrailingZeros64(s.rest))
		}
		return
	}
	home := placeName(names, s.home(direction))
	if x.lost[p.Number] {
		p.Away = &packet.Away{Place: placeName(names, at), Home: home}
		if change != nil {
			p.Away.Here = change.to
		}
	}
	if p.Away != nil && !(p.TCP != nil && x.clocks.apart(at, s.home(direction))) {
		if change != nil {
			p.Readdress(change.to, change.from)
			x.shifts.undo(p.TCP, change, direction)
		}
		return
	}
	p.Copy = &packet.Copy{Place: placeName(names, at), Src: netip.AddrPortFrom(p.IP.Src, 0), Dst: netip.AddrPortFrom(p.IP.Dst, 0)}
	if t := p.TCP; t != nil {
		p.Copy.Src, p.Copy.Dst = netip.AddrPortFrom(p.IP.Src, t.SrcPort), netip.AddrPortFrom(p.IP.Dst, t.DstPort)
	} else if u := p.UDP; u != nil {
		p.Copy.Src, p.Copy.Dst = netip.AddrPortFrom(p.IP.Src, u.SrcPort), netip.AddrPortFrom(p.IP.Dst, u.DstPort)
	}
	if change != nil {
		p.Copy.Here, p.Copy.There, p.Copy.Home = change.to, change.from, home
	}
	if r := x.rewritten[p.Number]; r != nil {
		p.Copy.Rewritten = r.Text
	}
	p.TCP, p.UDP, p.ICMP = nil, nil, nil
}

// find returns the observations of a packet's conversation at all places, what a NAT changed of it, if
// it did, and the direction of the packet there.
func (x *places) find(p *packet.Packet) (s *observations, c *change, direction int) {
	of, direction := conversationOf(p)
	s = x.seen[of]
	if s == nil || s.joint == nil || p.TCP == nil { // a fragment has no ports
		return s, nil, direction
	}
	return s.joint, s.change, direction ^ s.openings.opener
}

// placeName is the name of an interface.
func placeName(names []string, at int) string {
	if at < len(names) && names[at] != "" {
		return names[at]
	}
	return fmt.Sprintf("interface %d", at)
}

// conversationOf returns what a packet belongs to, and whether the lower end sent it
// (0) or the higher one (1).
func conversationOf(p *packet.Packet) (c conversation, direction int) {
	var src, dst uint16
	switch {
	case p.TCP != nil:
		src, dst = p.TCP.SrcPort, p.TCP.DstPort
	case p.UDP != nil:
		src, dst = p.UDP.SrcPort, p.UDP.DstPort
	}
	from, to := netip.AddrPortFrom(p.IP.Src, src), netip.AddrPortFrom(p.IP.Dst, dst)
	if cmp.Or(from.Addr().Compare(to.Addr()), cmp.Compare(src, dst)) <= 0 {
		return conversation{p.IP.Protocol, from, to}, 0
	}
	return conversation{p.IP.Protocol, to, from}, 1
}
