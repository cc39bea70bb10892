// Sequence numbers that an application-level gateway has shifted between two places.

package capture

import (
	"cmp"
	"hash/maphash"
	"slices"
	"sort"

	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/packet"
)

// shifts are what gateways have made of the sequence numbers of connections. A gateway rewrites the lines of
// the host behind it, and makes some of them longer or shorter. So every segment has one number that moves, of
// the stream of that host, and one that does not. The latter and the text show which segments are the same at
// two places, and these show how far the other number has moved.
type shifts struct {
	seed   maphash.Seed
	pieces map[*observations]map[*change][]piece // by the conversations at all places; nil: where they are read
	count  int
	of     map[*change][]shift
}

// A shift says how much higher the moving numbers are than where the connection is read, from a number on.
type shift struct {
	from, by uint32
	unknown  bool // nothing shows by how much
}

// A piece is a segment that may show the shifts.
type piece struct {
	text      uint64 // a hash of what it has besides the numbers
	seq, ack  uint32
	length    uint16
	direction int8
	announces bool // it is a line that a gateway may rewrite
}

// Limits of the work: the pieces of all conversations, and the length of each, except of the first ones of a
// conversation. If there are more, no number is said to be shifted.
const (
	mostPieces   = 1 << 22
	firstPieces  = 1 << 6
	longestPiece = 1 << 9 // bytes
)

// add takes a segment at a place where a NAT has changed an end of the conversation, or none if it is nil.
func (a *shifts) add(p *packet.Packet, s *observations, c *change, direction int) {
	t := p.TCP
	if t == nil || !s.translated || s.whole || a.count > mostPieces || t.Has(packet.RST) || t.Length != len(t.Payload) {
		return
	}
	n := piece{seq: t.RawSeq, ack: t.RawAck, length: uint16(t.Length), direction: int8(direction)}
	if t.Flags&(packet.SYN|packet.FIN) != 0 {
		n.length++
	}
	if a.pieces[s] == nil {
		a.pieces[s] = map[*change][]piece{}
	}
	known := a.pieces[s][c]
	if (n.length == 0 || n.length > longestPiece) && len(known) >= firstPieces {
		return
	}
	if line := s.line(t, direction); line != nil {
		n.announces = true
		s.gateway = s.gateway || c != nil && names(line, c)
	} else {
		n.text = maphash.Bytes(a.seed, t.Payload)
	}
	isn := uint32(0)
	if t.Flags&(packet.SYN|packet.ACK) == packet.SYN {
		isn = t.RawSeq // a NAT leaves it as it is
	}
	n.text = maphash.Comparable(a.seed, [3]uint64{n.text, uint64(t.Flags & (packet.SYN | packet.FIN)), uint64(isn)})
	a.pieces[s][c] = append(known, n)
	a.count++
}

// line returns the line at the beginning of a segment if it announces a data port of the host behind a NAT.
func (s *observations) line(t *packet.TCP, direction int) []byte {
	if t == nil || !s.moving[direction] || !announces(t.Payload) {
		return nil
	}
	return announcement.Find(t.Payload)
}

// names reports whether a line has the address that the host behind a NAT has where the line was recorded. A
// reply 229 has no address.
func names(line []byte, c *change) bool {
	said, ok := ftp.Announced(string(line), c.to)
	return ok && said.Addr() == c.to.Addr().Unmap()
}

// rewrites reports whether a segment has a line that a gateway may have rewritten: nobody knows what that is at
// a place that lacks it.
func (s *observations) rewrites(t *packet.TCP, direction int) bool {
	return s.gateway && s.line(t, direction) != nil
}

// find compares the pieces of each conversation with those where it is read.
func (a *shifts) find() {
	a.of = map[*change][]shift{}
	for _, pieces := range a.pieces {
		for c, there := range pieces {
			if c != nil && a.count <= mostPieces {
				a.of[c] = shiftsOf(movingOf(pieces[nil], c.side), movingOf(there, c.side))
			}
		}
	}
	a.pieces = nil
}

// A moving is what pieces show of the stream of the host behind a NAT at one place.
type moving struct {
	numbers map[uint64][]uint32 // by what is the same at all places: where a piece begins and ends, or what it acknowledges
	lines   []uint32            // where lines end that a gateway may rewrite
}

// movingOf leaves out the pieces that are the same at several numbers.
func movingOf(pieces []piece, side int) moving {
	m, several := moving{numbers: map[uint64][]uint32{}}, []uint64{}
	for _, p := range pieces {
		numbers, fixed := []uint32{p.ack}, p.seq
		if int(p.direction) == side {
			numbers, fixed = []uint32{p.seq, p.seq + uint32(p.length)}, p.ack
		}
		key := p.text ^ uint64(fixed)<<1 ^ uint64(p.direction)
		if known, ok := m.numbers[key]; ok && !slices.Equal(known, numbers) && !p.announces {
			several = append(several, key)
		}
		m.numbers[key] = numbers
		if p.announces {
			m.lines = append(m.lines, numbers[1])
		}
	}
	for _, key := range several {
		delete(m.numbers, key)
	}
	return m
}

// shiftsOf finds the shifts of a stream from where it is read to another place. The numbers that the places share
// show some. Between two that differ, a line has become longer or shorter.
func shiftsOf(read, there moving) (all []shift) {
	var points []shift
	for key, numbers := range there.numbers {
		if known := read.numbers[key]; len(known) == len(numbers) {
			for i, n := range numbers {
				points = append(points, shift{from: n, by: n - known[i]})
			}
		}
	}
	if len(points) == 0 {
		return nil
	}
	inOrder(points, func(p shift) uint32 { return p.from })
	inOrder(read.lines, func(n uint32) uint32 { return n })
	inOrder(there.lines, func(n uint32) uint32 { return n })
	all = points[:1:1]
	for i, next := range points[1:] {
		before := points[i]
		switch {
		case next.by == before.by:
			continue
		case next.from == before.from:
			return nil // they cannot be the same segments
		}
		ends := between(there.lines, before.from, next.from)
		for _, end := range between(read.lines, before.from-before.by, next.from-next.by) {
			ends = append(ends, end+next.by)
		}
		slices.Sort(ends)
		if ends = slices.Compact(ends); len(ends) == 1 {
			all = append(all, shift{from: ends[0], by: next.by})
		} else {
			all = append(all, shift{from: before.from + 1, unknown: true}, next)
		}
	}
	return all
}

// inOrder puts what is at sequence numbers in their order.
func inOrder[T any](all []T, number func(T) uint32) {
	if len(all) == 0 {
		return
	}
	first := number(slices.MinFunc(all, func(x, y T) int { return cmp.Compare(number(x), number(y)) }))
	slices.SortFunc(all, func(x, y T) int { return cmp.Compare(int32(number(x)-first), int32(number(y)-first)) })
}

// between returns a copy of those of some numbers in order that are after one and not after another.
func between(all []uint32, after, last uint32) []uint32 {
	i := sort.Search(len(all), func(i int) bool { return int32(all[i]-after) > 0 })
	j := i + sort.Search(len(all)-i, func(j int) bool { return int32(all[i+j]-last) > 0 })
	return slices.Clone(all[i:j])
}

// undo gives a segment the numbers that it has where its conversation is read. It reports whether they are known.
func (a *shifts) undo(t *packet.TCP, c *change, direction int) (known bool) {
	if t == nil || c == nil || a.count > mostPieces {
		return true
	}
	all := a.of[c]
	if direction != c.side {
		by, known := shiftAt(all, t.RawAck)
		if t.Has(packet.ACK) {
			t.RawAck -= by
		}
		return known || !t.Has(packet.ACK)
	}
	by, known := shiftAt(all, t.RawSeq)
	end, alsoKnown := shiftAt(all, t.RawSeq+uint32(t.Length))
	t.RawSeq -= by
	return known && alsoKnown && by == end
}

// shiftAt returns how much higher a number is, and whether that is known.
func shiftAt(all []shift, number uint32) (by uint32, known bool) {
	if len(all) == 0 {
		return 0, false
	}
	i := sort.Search(len(all), func(i int) bool { return int32(all[i].from-number) > 0 })
	s := all[max(0, i-1)]
	return s.by, !s.unknown
}
