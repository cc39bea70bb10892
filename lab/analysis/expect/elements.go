// The elements of a connection: the pieces that the lines of a want claim.

package expect

import (
	"cmp"
	"math"
	"slices"

	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/packet"
	"ftplab/lab/analysis/tcp"
)

// An element is a piece of a connection that a line can claim: a SYN, bytes, a FIN, a
// RST, a bare ACK (or the RST with which a closed connection answers one), a
// retransmission, or a packet of another protocol.
//
// The elements of a connection have one order. In each direction this is the order of
// the stream: an element that arrived late is in its place in the stream, before those
// that overtook it. Between the directions it is the order of the packets. These can contradict
// each other; see [track.search]. What has the number
// of something that was sent before it, but was not late, is at the place of its packet: a
// retransmission, a keep-alive probe, a reset that answers a late packet.
type element struct {
	kind  elementKind
	fromA bool
	// frame is the index of the packet or, if bytes came in several packets, of the one
	// with the last byte. first is the lowest index of these packets, and packets is
	// their number.
	frame, first, packets int
	// start and end are sequence numbers.
	start, end int64
	// order is twice the place, or one less for what comes before all elements of that frame.
	order int
	// late says that the element arrived out of order, damaged that its receiver dropped it.
	late, damaged bool
	// unrecorded says that the capture lacks the bytes of the element, although they were sent: the
	// recorder cut the packet of a dialogue short. Those of a gap it lacks in any case.
	unrecorded bool
}

// place returns the index of the frame that determines the element's position: its own frame, or the
// first one that overtook it.
func (e *element) place() int { return (e.order + 1) / 2 }

type elementKind int

const (
	elementSYN elementKind = iota
	elementBytes
	elementFIN
	elementRST
	elementACK
	elementRepeat // a retransmission, or a damaged packet
	elementGap    // bytes, or a FIN, that other packets show to have been sent, and the capture lacks
	elementDatagram
)

// cuts say where to cut the bytes of one direction: at each place where a line of the
// want or of the dialogue may begin or end.
type cuts struct {
	at      []int64
	packets []piece // ranges in which to cut between packets, too
	frames  bool    // cut between all packets
	texts   bool    // cut where bytes are that the capture lacks
	// beside are indexes of frames, in order: cut between packets that one of them is
	// between, but in no range that a line may claim.
	beside []int
	ranges extents
}

// addLine adds the borders of the bytes that a line of the want claims.
func (c *cuts) addLine(l *line) {
	if !l.ofBytes() {
		return
	}
	start, end := l.seq.start, l.seq.end
	c.ranges = append(c.ranges, l.seq.widest())
	for _, n := range []number{start, end} {
		if n.set && !n.any {
			c.at = append(c.at, n.value)
		}
	}
	switch {
	case !l.seq.isRange() || l.kind != kindRange && (start.any || end.any):
		c.frames = true
	case l.kind != kindRange:
		c.packets = append(c.packets, piece{start: start.value, end: end.value})
	}
}

// widest is all that a span can mean.
func (s span) widest() piece {
	p := piece{start: math.MinInt64, end: math.MaxInt64}
	if s.start.set && !s.start.any {
		p.start = s.start.value
	}
	if s.end.set && !s.end.any {
		p.end = s.end.value
	}
	return p
}

// extents are ranges of bytes. After sort they are in the order of their starts, and the end of each is the furthest of
// its own and of those before it.
type extents []piece

func (r extents) sort() {
	slices.SortFunc(r, func(x, y piece) int { return cmp.Compare(x.start, y.start) })
	for i := 1; i < len(r); i++ {
		r[i].end = max(r[i].end, r[i-1].end)
	}
}

// reach returns the furthest end of the ranges that begin at a number or before it.
func (r extents) reach(at int64) int64 {
	after, _ := slices.BinarySearchFunc(r, at+1, func(p piece, at int64) int { return cmp.Compare(p.start, at) })
	if after == 0 {
		return math.MinInt64
	}
	return r[after-1].end
}

// apart reports whether a frame of c.beside is between two packets with successive bytes.
func (c *cuts) apart(before, p piece) bool {
	if c.ranges.reach(p.start-1) > p.start { // a line may claim both
		return false
	}
	first, last := min(before.frame, p.frame), max(before.frame, p.frame)
	i, _ := slices.BinarySearch(c.beside, first+1)
	return i < len(c.beside) && c.beside[i] < last
}

// cutPackets adds the borders of the pieces that overlap c.packets.
func (c *cuts) cutPackets(pieces []piece) {
	for _, packet := range c.packets {
		i, _ := slices.BinarySearchFunc(pieces, packet.start+1, func(p piece, at int64) int { return cmp.Compare(p.end, at) })
		for ; i < len(pieces) && pieces[i].start < packet.end; i++ {
			c.at = append(c.at, pieces[i].start, pieces[i].end)
		}
	}
}

// A stream is one direction of a connection while it is divided into elements.
type stream struct {
	fromA    bool
	cuts     cuts
	pieces   []piece // the bytes, as they were first seen
	seen     seen
	recorded seen // the bytes that the capture has
	elements []element
	syn, fin int64 // the sequence numbers after them, 0 for none so far
	ack      int64 // the highest acknowledgement that this direction sent
	acks     []ack // those that are higher than all before them
	damaged  []int // the frames that the other side did not acknowledge so far, those that end first in front
}

// An ack is an acknowledgement of all bytes before a number. It has the index of its frame, and what
// that takes of its own stream.
type ack struct {
	upTo       int64
	frame      int
	start, end int64
}

// A piece is a range of the stream that a packet contains and no packet before it.
type piece struct {
	start, end int64
	frame      int
}

// elementsOf divides a TCP connection into elements. frames are the indexes of its
// packets, and a is the side that its declaration names first. On a lossy path it has no elements
// for what was sent first before the start of the capture.
func (c *evidence) elementsOf(frames []int, a ftp.Side, lossy bool, forth, back cuts) []element {
	var rest []element // those without a place in a stream
	streams := [2]*stream{{fromA: false, cuts: back}, {fromA: true, cuts: forth}}
	for _, i := range frames {
		f := &c.frames[i]
		s, peer := streams[0], streams[1]
		if f.From == a {
			s, peer = peer, s
		}
		repeat := lossy && s.isOldRepeat(f, peer)
		if f.Ack > s.ack && !f.Damaged {
			s.ack = f.Ack
			s.acks = append(s.acks, ack{f.Ack, i, f.Seq, f.End()})
		}
		if !repeat {
			rest = append(rest, c.add(s, peer, i)...)
		}
	}
	rest = append(rest, c.undecided(streams[0])...)
	rest = append(rest, c.undecided(streams[1])...)
	all := append(rest, streams[1].finish(streams[0].acks)...)
	all = append(all, streams[0].finish(streams[1].acks)...)
	sortElements(all)
	return all
}

func sortElements(all []element) {
	slices.SortStableFunc(all, func(x, y element) int { return cmp.Compare(x.order, y.order) })
}

// closedBy reports whether the stream has ended and its peer has acknowledged that.
func (s *stream) closedBy(peer *stream) bool { return s.fin > 0 && peer.ack >= s.fin }

// answersLate reports whether a packet may be the reset with which a side whose connection is
// closed answers a packet of the other side (RFC 9293, 3.10.7.1). It has the number that the
// packet acknowledges: the end of the stream, or less if the packet was sent before that.
func (s *stream) answersLate(f *Frame, peer *stream) bool {
	return s.closedBy(peer) && peer.closedBy(s) && f.Flags == packet.RST && f.Seq > 0 && f.Seq <= s.fin
}

// isProbe reports whether a bare ACK is a keep-alive probe (RFC 9293, 3.8.4), and not an ACK that a
// single byte, or the FIN, overtook. A probe has the number of what the other side has acknowledged.
func (f *Frame) isProbe(peer *stream) bool {
	return f.Analysis&tcp.KeepAlive != 0 && (peer.ack == 0 || peer.ack > f.Seq)
}

// isOldRepeat reports whether a packet repeats what was sent first before the start of the capture,
// since the other side has acknowledged it.
func (s *stream) isOldRepeat(f *Frame, peer *stream) bool {
	return s.syn == 0 && f.End() > f.Seq && !f.Has(packet.SYN) && f.End() <= peer.ack
}

// add adds a packet to its stream. It returns an element outside the stream for a retransmission, a
// reset or a keep-alive probe.
func (s *stream) add(f *Frame, i int, peer *stream) (e element, ok bool) {
	e = element{fromA: s.fromA, frame: i, first: i, packets: 1, start: f.Seq, end: f.End(), order: 2 * i}
	switch {
	case f.Has(packet.RST) && !s.answersLate(f, peer):
		e.kind = elementRST
		return e, true
	case f.End() == f.Seq:
		e.kind = elementACK
		if f.Has(packet.RST) || f.isProbe(peer) {
			return e, true
		}
		s.elements = append(s.elements, e)
		return element{}, false
	}
	e.kind = elementRepeat
	if f.Has(packet.SYN) {
		ok = s.addSYN(e)
	}
	data := f.Seq
	if f.Has(packet.SYN) {
		data++
	}
	s.recorded.add(data, data+int64(f.recorded))
	fresh := s.seen.add(data, data+int64(f.Payload))
	var covered int64
	for _, p := range fresh {
		s.pieces = append(s.pieces, piece{p.start, p.end, i})
		covered += p.end - p.start
	}
	ok = ok || covered < int64(f.Payload)
	if f.Has(packet.FIN) {
		ok = s.addFIN(e) || ok
	}
	return e, ok
}

// addSYN and addFIN report whether the SYN or FIN is a retransmission. It is not if it
// has another sequence number.
func (s *stream) addSYN(e element) bool {
	if s.syn == e.start+1 {
		return true
	}
	s.syn = e.start + 1
	e.kind, e.end = elementSYN, e.start+1
	s.elements = append(s.elements, e)
	return false
}

func (s *stream) addFIN(e element) bool {
	if s.fin == e.end {
		return true
	}
	s.fin = e.end
	e.kind, e.start = elementFIN, e.end-1
	s.elements = append(s.elements, e)
	return false
}

// finish cuts the bytes, adds gaps, and gives every element its place. Acks are what the other
// direction acknowledged.
func (s *stream) finish(acks []ack) []element {
	s.cutBytes()
	slices.SortStableFunc(s.elements, func(x, y element) int {
		return cmp.Or(cmp.Compare(x.end, y.end), cmp.Compare(x.empty(), y.empty()), cmp.Compare(x.frame, y.frame))
	})
	s.addGaps(acks)
	order := math.MaxInt
	for i := len(s.elements) - 1; i >= 0; i-- {
		e := &s.elements[i]
		if e.kind != elementGap {
			e.order = 2 * e.frame
		}
		order = min(order, e.order)
		e.order = order
		e.late = e.kind != elementGap && e.place() < e.frame
	}
	return s.elements
}

// empty returns 1 for an element that takes no room in the stream, so that a bare ACK
// comes after the bytes that end at its sequence number.
func (e *element) empty() int {
	if e.start == e.end {
		return 1
	}
	return 0
}

// cutBytes joins the pieces and cuts them again where lines can begin or end.
func (s *stream) cutBytes() {
	s.cuts.at = slices.Clone(s.cuts.at) // the caller divides again
	slices.SortFunc(s.pieces, func(x, y piece) int { return cmp.Compare(x.start, y.start) })
	s.cuts.cutPackets(s.pieces)
	if s.cuts.texts {
		s.cutUnrecorded()
	}
	slices.Sort(s.cuts.at)
	s.cuts.ranges.sort()
	cuts := s.cuts.at // the next ones
	open := false     // the last element may continue
	for i, p := range s.pieces {
		open = open && !s.cuts.frames && !s.cuts.apart(s.pieces[i-1], p)
		for p.start < p.end {
			for len(cuts) > 0 && cuts[0] <= p.start {
				open = open && cuts[0] != p.start
				cuts = cuts[1:]
			}
			end := p.end
			if len(cuts) > 0 {
				end = min(end, cuts[0])
			}
			s.addBytes(piece{p.start, end, p.frame}, open)
			open = true
			p.start = end
		}
	}
}

// cutUnrecorded cuts where the recorded bytes begin or end, and around each packet with bytes
// that the capture lacks.
func (s *stream) cutUnrecorded() {
	for _, r := range s.recorded {
		s.cuts.at = append(s.cuts.at, r.start, r.end)
	}
	for _, p := range s.pieces {
		if !s.recorded.has(p.end - 1) {
			s.cuts.at = append(s.cuts.at, p.start, p.end)
		}
	}
}

// addBytes adds a piece to the last element, if that is open and ends where the
// piece begins, or else as a new one.
func (s *stream) addBytes(p piece, open bool) {
	if open {
		last := &s.elements[len(s.elements)-1]
		if last.end == p.start {
			if p.frame != last.frame {
				last.packets++
			}
			last.end, last.frame, last.first = p.end, p.frame, min(last.first, p.frame)
			return
		}
	}
	s.elements = append(s.elements, element{
		kind: elementBytes, fromA: s.fromA, frame: p.frame, first: p.frame, packets: 1, start: p.start, end: p.end,
		unrecorded: s.cuts.texts && !s.recorded.has(p.start),
	})
}

// addGaps adds elements for each gap of the stream: before bytes, before a bare ACK, whose number is
// that of what its sender sends next, and before what the other side acknowledges.
func (s *stream) addGaps(acks []ack) {
	whole := make([]element, 0, len(s.elements))
	end := int64(-1) // unknown, until the first element is seen or the other side acknowledges something
	if len(s.elements) > 0 && s.syn == 0 && len(acks) > 0 {
		end = acks[0].upTo
	}
	for _, e := range s.elements {
		// A bare ACK may be among the bytes of one element, which comes after it.
		if start := min(e.start, s.seen.next(end)); end >= 0 && start > end {
			whole, end = append(whole, s.gap(end, start, acks)...), start
		}
		if e.empty() == 0 {
			end = e.end
		}
		whole = append(whole, e)
	}
	if n := len(acks); end >= 0 && n > 0 && acks[n-1].upTo > end {
		whole = append(whole, s.gap(end, acks[n-1].upTo, acks)...)
	}
	s.elements = whole
}

// gap returns the elements of a gap, which is cut where lines can begin or end, and between what
// was acknowledged before and after bytes, or the FIN, of the other side. Each comes before the first
// packet that acknowledges some of it.
func (s *stream) gap(start, end int64, acks []ack) (all []element) {
	i, _ := slices.BinarySearchFunc(acks, start+1, func(a ack, n int64) int { return cmp.Compare(a.upTo, n) })
	cut, _ := slices.BinarySearch(s.cuts.at, start+1)
	for start < end {
		e := element{kind: elementGap, fromA: s.fromA, start: start, end: end, order: math.MaxInt - 1}
		if i < len(acks) {
			e.order = 2*acks[i].frame - 1
			for i+1 < len(acks) && acks[i+1].end == acks[i].start {
				i++
			}
			e.end = min(e.end, acks[i].upTo)
		}
		if cut < len(s.cuts.at) {
			e.end = min(e.end, s.cuts.at[cut])
		}
		all, start = append(all, e), e.end
		for i < len(acks) && acks[i].upTo <= start {
			i++
		}
		for cut < len(s.cuts.at) && s.cuts.at[cut] <= start {
			cut++
		}
	}
	return all
}

// seen are the ranges of a stream that were seen, disjoint and in order.
type seen []piece

// add adds a range and returns the new parts of it.
func (s *seen) add(start, end int64) (fresh []piece) {
	if start >= end {
		return nil
	}
	from, _ := slices.BinarySearchFunc(*s, start, func(p piece, at int64) int { return cmp.Compare(p.end, at) })
	to := from
	at, joined := start, piece{start: start, end: end}
	for ; to < len(*s) && (*s)[to].start <= end; to++ {
		p := (*s)[to]
		if p.start > at {
			fresh = append(fresh, piece{start: at, end: p.start})
		}
		at = max(at, p.end)
		joined.start, joined.end = min(joined.start, p.start), max(joined.end, p.end)
	}
	if at < end {
		fresh = append(fresh, piece{start: at, end: end})
	}
	*s = slices.Replace(*s, from, to, joined)
	return fresh
}

// next returns the number of the first byte that was seen, from a number on.
func (s seen) next(from int64) int64 {
	i, _ := slices.BinarySearchFunc(s, from+1, func(p piece, at int64) int { return cmp.Compare(p.end, at) })
	if i == len(s) {
		return math.MaxInt64
	}
	return max(from, s[i].start)
}

// has reports whether the byte with a number was seen.
func (s seen) has(at int64) bool {
	_, ok := slices.BinarySearchFunc(s, at, func(p piece, at int64) int {
		switch {
		case p.end <= at:
			return -1
		case p.start > at:
			return 1
		}
		return 0
	})
	return ok
}
