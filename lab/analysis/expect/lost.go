// Single packets that the recorder lost, although no gap in a stream shows that: what other packets
// show to have been sent before them.

package expect

import (
	"cmp"
	"maps"
	"math"
	"net/netip"
	"slices"
	"strings"

	"ftplab/lab/analysis/internal/ranges"
	"ftplab/lab/analysis/packet"
)

// A lost is a packet that the capture lacks, of one direction.
type lost struct {
	// from and to are the elements before which it may have come, from the first to the last.
	from, to int
	// before is the number of the frame that shows it.
	before int
	// fits reports whether a line may mean it.
	fits func(l *line) bool
	// what says that it is missing; "" if it is not known what kind of packet it is.
	what string
}

// lostAt returns the lost packet that a line may mean if it comes before element at, or nil.
func (s *unrecordedSide) lostAt(l *line, at int) *lost {
	for i := range s.lost {
		if p := &s.lost[i]; p.from <= at && at <= p.to && p.fits(l) {
			return p
		}
	}
	return nil
}

// mayBeLost reports whether a line may mean a lost packet that comes before element at. The search asks
// about the same lines very often.
func (s *unrecordedSide) mayBeLost(l *line, at int) bool {
	if len(s.lost) == 0 {
		return false
	}
	places, known := s.lostFor[l]
	if !known {
		for i := range s.lost {
			if p := &s.lost[i]; p.fits(l) {
				places.Add(int64(p.from), int64(p.to)+1)
			}
		}
		s.lostFor[l] = places
	}
	return places.Covers(int64(at), int64(at)+1)
}

// findLost finds the packets that other packets show to have been sent.
func (t *track) findLost() {
	for dir := range t.sides {
		side := &t.sides[dir]
		side.lostFor = map[*line]ranges.Set{}
		if side.sentAgain = map[int]bool{}; t.conn == nil {
			side.lost = t.lostDNS(dir)
			continue
		}
		side.lost = slices.Concat(t.lostSYN(dir), t.lostACK(dir), t.acknowledgedEarly(dir), t.lostFIN(dir))
	}
}

// lostSYN returns the SYN that the other side answered with a reset. A reset with the sequence
// number 0 answers a packet without an ACK (RFC 9293, 3.10.7.1).
func (t *track) lostSYN(dir int) []lost {
	own, other := t.conn.Flow(t.side(dir == 1)), t.conn.Flow(t.side(dir == 0))
	const before0 = math.MaxUint32
	if own.SYN+other.SYN+other.Segments+other.FIN > 0 || other.RST == 0 || other.ISN != before0 {
		return nil
	}
	at := slices.IndexFunc(t.elements, func(e element) bool { return e.kind == elementRST && e.dir() != dir })
	if at < 0 {
		return nil
	}
	return []lost{{to: at, before: t.number(at), what: "the SYN before this frame is missing", fits: func(l *line) bool { return l.kind == kindSYN }}}
}

// unwantedSYN says that the capture lacks a SYN which other packets show to have been sent, and that no line is
// about it. So the whole capture would perhaps not be as wanted. It returns nil if there is no such SYN.
func (t *track) unwantedSYN() *Unjudged {
	if t.conn == nil || !t.whole {
		return nil
	}
	for dir := range t.sides {
		if t.sides[dir].lacksSYN && !t.mayWantSYN(dir) {
			return &Unjudged{Connection: t.name, From: t.capture.frames[t.frames[0]].Number, Lines: []int{}, Why: t.whyOlder(), Unrecorded: true}
		}
	}
	return nil
}

// mayWantSYN reports whether a line of the track is about the SYN of a direction, or ... is where it was sent:
// before all lines but those of the SYN that it answers.
func (t *track) mayWantSYN(dir int) bool {
	opened := t.conn.OpenedBy == t.side(dir == 1)
	first := slices.IndexFunc(t.lines, func(l *line) bool { return l.kind != kindSYN || l.dir() == dir || opened })
	return first >= 0 && t.lines[first].kind == kindSkip ||
		slices.ContainsFunc(t.lines, func(l *line) bool { return l.kind == kindSYN && l.dir() == dir })
}

// lostACK returns the ACK of the handshake. The side to which the connection was opened sends nothing
// before it has come (RFC 9293, 3.10.7.4), unless data came with the SYN (RFC 7413). If the SYN-ACK is
// lost, too, nothing shows what acknowledges it.
func (t *track) lostACK(dir int) []lost {
	opener := t.side(dir == 1)
	if t.conn.OpenedBy != opener || t.conn.Flow(opener).SYN == 0 {
		return nil
	}
	answered := t.conn.Flow(opener.Other()).SYN > 0
	syn := -1 // the element of the last SYN that is not lost
	for i, e := range t.elements {
		f := &t.capture.frames[e.frame]
		switch {
		case e.kind == elementGap && e.dir() == dir:
		case e.dir() == dir && (answered && f.Has(packet.ACK) || f.Has(packet.SYN) && f.Payload > 0):
			return nil
		case e.kind == elementSYN && (e.dir() != dir || !answered):
			syn = i
		case syn >= 0 && e.inStream() && (e.dir() != dir || !answered):
			return []lost{{from: syn + 1, to: i, before: t.capture.frames[e.place()].Number, what: "the ACK of the handshake before this frame is missing", fits: (*line).fitsACK}}
		}
	}
	return nil
}

// lostFIN returns the FIN of a side if the capture lacks the end of what this side sent, and does not say that the
// recorder lost nothing. Nothing shows then whether a FIN came last. A connection that was not answered has no FIN,
// unless the recorder did not see the other side.
func (t *track) lostFIN(dir int) []lost {
	own, other := t.conn.Flow(t.side(dir == 1)), t.conn.Flow(t.side(dir == 0))
	if t.capture.source.Complete || t.sides[dir].over || own.RST+other.RST > 0 || own.Packets == 0 || other.Packets == 0 && !t.sides[1-dir].silent {
		return nil
	}
	from := 0 // after the last element of this side
	for i, e := range t.elements {
		if e.dir() == dir {
			from = i + 1
		}
	}
	return []lost{{
		from: from, to: len(t.elements), before: t.capture.source.Size + 1,
		what: "it lacks the end of the connection, and does not say that the recorder lost nothing",
		fits: func(l *line) bool { return l.kind == kindFIN },
	}}
}

// acknowledgedEarly returns the SYN, the texts, each in one packet, and the FIN that were acknowledged before
// they were recorded. What the capture has of them may be a retransmission.
func (t *track) acknowledgedEarly(dir int) (all []lost) {
	end := 0 // of the elements before it
	for i, e := range t.elements {
		if e.dir() != dir || !e.inStream() {
			continue
		}
		if fits := t.meansFirst(&e); fits != nil {
			if to := t.acknowledged(dir, e.end, end, i); to >= 0 {
				t.sides[dir].sentAgain[i] = true
				all = append(all, lost{from: end, to: to, before: t.number(to), fits: fits})
			}
		}
		end = i + 1
	}
	return all
}

// meansFirst returns what reports whether a line may mean the packet with which an element was sent first, if
// that is not the packet that the capture has. It returns nil if nobody knows what was in that packet.
func (t *track) meansFirst(e *element) func(l *line) bool {
	switch text := t.texts[e.dir()][e.start]; {
	case e.kind == elementSYN:
		return func(l *line) bool {
			var d differences
			d.flags(l.flags, t.capture.frames[e.frame].Flags)
			return l.kind == kindSYN && len(d) == 0
		}
	case e.kind == elementFIN:
		return func(l *line) bool { return l.kind == kindFIN }
	case text != nil && text.Complete && e.kind == elementBytes && e.end == text.End:
		return func(l *line) bool { return l.kind == kindText && l.words.matches(text.Text) }
	}
	return nil
}

// acknowledged returns the first of some elements with which the other side acknowledges what comes
// before a sequence number, or -1.
func (t *track) acknowledged(dir int, upTo int64, from, to int) int {
	i := slices.IndexFunc(t.elements[from:to], func(e element) bool {
		f := &t.capture.frames[e.frame]
		return e.dir() != dir && e.kind != elementGap && f.Ack >= upTo && !f.Damaged
	})
	if i < 0 {
		return -1
	}
	return from + i
}

// number returns the number of the packet of an element that is not a gap.
func (t *track) number(i int) int { return t.capture.frames[t.elements[i].frame].Number }

// lostDNS returns the questions that were answered, and the answers without which the host that asked
// would not know to which address it connects.
func (t *track) lostDNS(dir int) (all []lost) {
	open := map[string]int{} // the elements of questions without an answer
	known := map[string]bool{}
	for i, e := range t.elements {
		d := t.dns(e)
		if d == nil {
			continue
		}
		question := dnsText(&packet.DNS{Type: d.Type, Name: d.Name})
		_, asked := open[question]
		switch {
		case !d.Response:
			open[question] = i
			continue
		case !asked && e.dir() != dir:
			all = append(all, lost{to: i, before: t.number(i), fits: func(l *line) bool { return l.words == nil || l.words.matches(question) }})
		}
		delete(open, question)
		for _, record := range d.Records {
			_, addr, _ := strings.Cut(record, " ")
			known[addr] = true
		}
	}
	if len(open) == 0 {
		return all
	}
	opened := t.openings(known)
	shown := map[int]bool{} // the connections for which hosts asked; the first question says all
	for _, i := range slices.Sorted(maps.Values(open)) {
		if e := t.elements[i]; e.dir() != dir {
			if c, ok := t.connectedTo(i, opened); ok && !shown[c.number] {
				shown[c.number] = true
				all = append(all, lost{from: i + 1, to: t.upTo(c.number), before: c.number, fits: func(l *line) bool {
					return len(l.words) != 1 || strings.Contains(l.words[0], c.addr)
				}})
			}
		}
	}
	return all
}

// dns returns the message of DNS of an element, or nil.
func (t *track) dns(e element) *packet.DNS {
	if p := t.capture.frames[e.frame].Other; p != nil && p.UDP != nil {
		return p.UDP.DNS
	}
	return nil
}

// An opening is the first packet of a connection, and the address to which it was opened.
type opening struct {
	number int
	addr   string
}

// openings returns those of the connections to addresses that are not known, in their order: by the
// address of the host that opened them, and all of a family by its unspecified address.
func (t *track) openings(known map[string]bool) map[netip.Addr][]opening {
	all := map[netip.Addr][]opening{}
	for x := range t.capture.source.Connections() {
		if x.OpenedBy == "" {
			continue
		}
		from, to := x.Addr(x.OpenedBy).Addr(), x.Addr(x.OpenedBy.Other()).Addr().String()
		if !known[to] {
			for _, key := range []netip.Addr{from, unspecified(from.Is4())} {
				all[key] = append(all[key], opening{x.FirstPacket, to})
			}
		}
	}
	return all
}

func unspecified(is4 bool) netip.Addr {
	if is4 {
		return netip.IPv4Unspecified()
	}
	return netip.IPv6Unspecified()
}

// connectedTo returns the opening of the first connection for which a host may have asked the question
// of an element. A question over one family of addresses may be for a connection over the other.
func (t *track) connectedTo(i int, opened map[netip.Addr][]opening) (first opening, ok bool) {
	question := t.capture.frames[t.elements[i].frame]
	family := map[string]bool{"A": true, "AAAA": false}
	is4, ofAddress := family[t.dns(t.elements[i]).Type]
	_, asker, _ := datagramEnds(question.Other)
	key := asker.Addr()
	if key.Is4() != is4 {
		key = unspecified(is4)
	}
	at, _ := slices.BinarySearchFunc(opened[key], question.Number, func(o opening, n int) int { return cmp.Compare(o.number, n) })
	if !ofAddress || at == len(opened[key]) {
		return first, false
	}
	return opened[key][at], true
}

// upTo returns the first element of datagrams after the packet with a number.
func (t *track) upTo(number int) int {
	i, _ := slices.BinarySearchFunc(t.elements, number+1, func(e element, n int) int {
		return cmp.Compare(t.capture.frames[e.frame].Number, n)
	})
	return i
}
