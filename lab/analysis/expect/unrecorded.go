// What cannot be judged because the capture lacks some bytes: the recorder cut packets short
// (the snap length) or lost some, or the file is cut off.

package expect

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/internal/ranges"
	"ftplab/lab/analysis/packet"
)

// unrecorded is what the capture may lack of a connection.
type unrecorded struct {
	// older says that packets may have come before the first one of the capture.
	older bool
	// sides are the two directions.
	sides [2]unrecordedSide
	// known are lines without the numbers that the capture does not show, and sure those without the
	// numbers that are perhaps others, because they are counted from the first acknowledgement after a
	// SYN-ACK that is missing: nothing shows that this acknowledges the SYN-ACK alone.
	known, sure map[*line]*line
}

// unrecordedSide is what the capture may lack of one direction.
type unrecordedSide struct {
	// silent says that the capture has no packet, although there were some.
	silent bool
	// begun says that the capture has its SYN, before which only the same SYN can have come.
	begun bool
	// lacksSYN says that the capture lacks its SYN, although other packets show that there was one.
	lacksSYN bool
	// begin is the index of the first element of this side if packets before it may be missing,
	// -1 if not.
	begin int
	// lost are single packets, and sentAgain the elements that are perhaps retransmissions of them.
	lost      []lost
	sentAgain map[int]bool
	// lostFor has, for each line that was asked about, the elements before which a packet that it may
	// mean was perhaps lost.
	lostFor map[*line]ranges.Set
	// unnumbered says that the sequence numbers are not known, because no SYN shows where they
	// begin.
	unnumbered bool
	// leftOut says that the bytes of the stream are not among the elements.
	leftOut bool
	// end is the highest sequence number of the stream, and over says that it has a FIN.
	end  int64
	over bool
	// empty is the element that shows that it sent no data: its FIN, or the last one if it has none; else -1.
	empty int
	// next is, for each element, the first one at or after it that takes room in the stream.
	next []int
	// length is how many bytes are missing from a sequence number on.
	length map[int64]int
	// rest are the numbers at which the rest of a text is missing.
	rest map[int64]bool
}

// longestText is the largest length, in bytes, of a text that continues after the end of the
// file.
const longestText = 1 << 20

// mayLack reports whether a line that matches no element may match a packet before element at
// which is not in the capture.
func (a *aligner) mayLack(l *line, at int) bool {
	side := &a.sides[l.dir()]
	b, bounded := a.bounds[l]
	return side.silent || at <= side.begin || side.mayBeLost(l, at) ||
		a.older && at == 0 && !(bounded && b.from > 0) && (!side.begun || l.kind == kindSYN) ||
		a.capture.isCut() && at == len(a.elements) && !(bounded && b.to < len(a.capture.frames)) && side.mayFollow(l) ||
		side.unnumbered && (l.kind == kindRange || side.leftOut && l.ofBytes())
}

// mayFollow reports whether a line may be about something after all that the capture has of its
// direction.
func (s *unrecordedSide) mayFollow(l *line) bool {
	if l.kind != kindText && l.kind != kindRange {
		return true
	}
	start := l.seq.start
	return !s.over && (!start.set || start.any || start.value >= s.end || s.unnumbered)
}

// goesOnAfterEnd reports whether the bytes up to element i may continue after the end of a
// file that is cut off.
func (a *aligner) goesOnAfterEnd(i int) bool {
	e := &a.elements[i]
	return a.capture.isCut() && e.kind == elementBytes && a.nextIn(e.dir(), i+1) < 0
}

// nextIn returns the first element at or after one that takes room in the stream of a direction,
// or -1.
func (a *aligner) nextIn(dir, at int) int {
	if next := a.sides[dir].next; at < len(next) {
		return next[at]
	}
	return -1
}

// continues reports whether more bytes are missing after an element that lacks them, and those of
// the same line may be there: the other side says nothing between them.
func (a *aligner) continues(i int) bool {
	e := &a.elements[i]
	next := a.nextIn(e.dir(), i+1)
	if next < 0 || !a.elements[next].isUnrecorded() || a.elements[next].start != e.end {
		return false
	}
	if e.kind == elementGap {
		return a.elements[next].kind == elementGap
	}
	said := a.nextIn(1-e.dir(), i+1)
	return said < 0 || said > next
}

// lacksSome reports whether a gap is among some elements.
func (a *aligner) lacksSome(first, last int) bool {
	dir := a.elements[last].dir()
	return slices.ContainsFunc(a.elements[first:last+1], func(e element) bool { return e.kind == elementGap && e.dir() == dir })
}

// findUnnumbered finds out which sequence numbers the capture does not show.
func (t *track) findUnnumbered() {
	t.known, t.sure = map[*line]*line{}, map[*line]*line{}
	unsure := [2]bool{}
	for dir := range t.sides {
		t.sides[dir].unnumbered = t.conn.ClientFlow.SYN+t.conn.ServerFlow.SYN == 0
		unsure[dir] = t.conn.Flow(t.side(dir == 1)).SYN == 0
	}
	for _, l := range t.lines {
		if known, changed := l.without(t.sides[l.dir()].unnumbered, t.sides[1-l.dir()].unnumbered); changed {
			t.known[l] = known
		}
		if sure, changed := l.without(unsure[l.dir()], unsure[1-l.dir()]); changed {
			t.sure[l] = sure
		}
	}
}

// leaveOutUnnumbered leaves out the bytes of a direction without texts if all lines about them ask for
// sequence numbers, which are not known. Each of these lines may then mean any of the bytes.
func (t *track) leaveOutUnnumbered() {
	for dir := range t.sides {
		numbered := func(l *line) bool { return l.dir() == dir && l.ofBytes() && t.known[l] != nil }
		other := func(l *line) bool { return l.dir() == dir && l.ofBytes() && t.known[l] == nil || l.kind == kindText }
		t.sides[dir].leftOut = t.sides[dir].unnumbered && slices.ContainsFunc(t.lines, numbered) && !slices.ContainsFunc(t.lines, other)
	}
	t.elements = slices.DeleteFunc(t.elements, func(e element) bool {
		return t.sides[e.dir()].leftOut && e.kind == elementBytes && !t.capture.frames[e.frame].Has(packet.FIN)
	})
}

// ofBytes reports whether a line is about bytes other than a text.
func (l *line) ofBytes() bool {
	return l.kind == kindRange || l.kind == kindData || l.kind == kindFINData
}

// asKnown returns a line without the numbers that the capture does not show.
func (u *unrecorded) asKnown(l *line) *line {
	if known := u.known[l]; known != nil {
		return known
	}
	return l
}

// without returns a line without its own sequence numbers, or those of the other side that it
// acknowledges, and whether it has some.
func (l *line) without(own, acknowledged bool) (known *line, changed bool) {
	copied := *l
	forget := func(n *number) {
		if n.set && !n.any {
			n.any, changed = true, true
		}
	}
	if own {
		forget(&copied.seq.start)
		forget(&copied.seq.end)
		if l.kind == kindRange {
			changed = changed || l.content != nil || l.length.set
			copied.content, copied.length = nil, number{}
		}
	}
	if acknowledged {
		forget(&copied.ack)
		copied.options = slices.DeleteFunc(slices.Clone(l.options), func(o option) bool { return o.name == "sack" && !o.not })
		changed = changed || len(copied.options) < len(l.options)
	}
	return &copied, changed
}

// findUnrecorded finds what the capture may lack of a track.
func (t *track) findUnrecorded() {
	t.older = t.capture.begunBefore != nil || t.capture.answer || t.beginsWithAnswer()
	for dir := range t.sides {
		side := &t.sides[dir]
		side.begin, side.empty, side.silent = -1, -1, t.isSilent(dir)
		side.begun = t.conn != nil && t.conn.Flow(t.side(dir == 1)).SYN > 0
		side.length, side.rest = map[int64]int{}, map[int64]bool{}
		side.next = make([]int, len(t.elements))
		next := -1
		for i, e := range slices.Backward(t.elements) {
			if e.dir() == dir && e.inStream() {
				side.end, side.over = max(side.end, e.end), side.over || e.kind == elementFIN
				next = i
			}
			side.next[i] = next
		}
		side.lacksSYN = t.conn != nil && t.conn.Flow(t.side(dir == 1)).SYN == 0 && t.conn.LacksStart()
		if side.lacksSYN {
			if side.begin = t.nextIn(dir, 0); side.begin < 0 {
				side.begin = max(0, slices.IndexFunc(t.elements, func(e element) bool { return e.dir() == dir }))
			}
		}
		if side.begun {
			side.empty = t.findEmpty(dir)
		}
		for _, text := range t.texts[dir] {
			side.rest[text.End] = !text.Complete
		}
	}
	t.measureGaps()
	if t.conn != nil || t.proto == "udp" {
		t.findLost()
	}
}

// measureGaps finds the lengths of what is missing.
func (t *track) measureGaps() {
	end := [2]int64{-1, -1}
	for i, e := range slices.Backward(t.elements) {
		side := &t.sides[e.dir()]
		if t.capture.isCut() && e.inStream() && t.nextIn(e.dir(), i+1) < 0 {
			side.length[e.end] = longestText
		}
		if e.isUnrecorded() {
			side.length[e.start] = int(e.end - e.start)
			if end[e.dir()] == e.end || side.length[e.end] == longestText {
				side.length[e.start] += side.length[e.end]
			}
			end[e.dir()] = e.start
		}
	}
}

// isSilent reports whether the capture has no packet of a direction, although there were some.
func (t *track) isSilent(dir int) bool {
	if t.conn != nil {
		side := t.side(dir == 1)
		return t.conn.LacksSide(side) || t.capture.oneSided != nil && t.conn.Flow(side).Packets == 0
	}
	if slices.ContainsFunc(t.elements, func(e element) bool { return e.dir() == dir }) {
		return false
	}
	return t.capture.oneSided != nil || t.beginsWithAnswer()
}

// beginsWithAnswer reports whether the first packet of another protocol than TCP answers a
// question that the capture lacks.
func (t *track) beginsWithAnswer() bool {
	return len(t.elements) > 0 && t.elements[0].kind == elementDatagram && t.capture.beginsWithAnswer(t.elements[0].frame)
}

// isUnrecorded reports whether the capture lacks the bytes of an element.
func (e *element) isUnrecorded() bool { return e.kind == elementGap || e.unrecorded }

// isRest reports whether an element is the rest of a text of which only the beginning was
// recorded. It needs no line of its own.
func (a *aligner) isRest(e *element) bool {
	return e.isUnrecorded() && a.sides[e.dir()].rest[e.start]
}

// inText is the pending element of a direction after a line that may match bytes which the capture
// lacks: those that are next may have more lines in them.
const inText = -2

// hide lets line k of the group match bytes that the capture lacks: a text of which it has the
// beginning, or all that is next in the stream. Nobody knows between which packets of the other
// side those came, except that they did before the next element.
func (a *aligner) hide(i int32, k int) {
	n := a.nodes[i]
	l := a.groups[n.group][k]
	dir := l.dir()
	pending := &n.pending[dir]
	at := a.nextIn(dir, int(n.at))
	if at < 0 {
		return
	}
	e, first := &a.elements[at], at
	switch {
	case e.isUnrecorded() && *pending < 0 && (int(n.at) == at || e.kind == elementGap):
		if a.isRest(e) && *pending != inText && !l.ofBytes() && !a.followsTelnet(at) || !a.fitsIn(l, at) {
			return
		}
	case int(n.at) == at && e.kind == elementBytes:
		c := a.compare(l, n.state)
		if !c.isUnknown() || !c.goesOn {
			return
		}
		first = c.first
		n.at++
	default:
		return
	}
	n.judged |= 1 << k
	*pending = inText
	a.push(node{state: n.state, kind: stepHidden, line: l, first: int32(first), last: int32(at), from: i, cost: n.cost}, costHidden)
}

// fitsIn reports whether a line may be about bytes in a gap that begins with an element. A text
// may also be in bytes that the recorder cut off.
func (a *aligner) fitsIn(l *line, at int) bool {
	e := &a.elements[at]
	l = a.asKnown(l)
	if l.kind == kindText {
		return l.words.mayGoOn("", a.sides[e.dir()].length[e.start]) && a.headerFits(l, e)
	}
	end := a.endOfGap(at)
	within := func(n number) bool { return !n.set || n.any || e.start <= n.value && n.value <= end }
	switch l.kind {
	case kindRange, kindData, kindFIN, kindFINData:
		return e.kind == elementGap && within(l.seq.start) && within(l.seq.end)
	}
	return false
}

// endOfGap returns the number up to which bytes are missing from an element on.
func (a *aligner) endOfGap(i int) int64 {
	for a.continues(i) {
		i = a.nextIn(a.elements[i].dir(), i+1)
	}
	return a.elements[i].end
}

// headerFits reports whether a line says nothing else of its packet than what is known.
func (a *aligner) headerFits(l *line, e *element) bool {
	var d differences
	if e.kind != elementGap {
		d.number("seq", l.seq.start, e.start)
		d.packet(l, &a.capture.frames[e.frame])
	}
	return len(d) == 0
}

// hidden returns what of the connection cannot be judged because the capture lacks it, nil
// for nothing.
func (t *track) hidden() *Unjudged {
	u := &Unjudged{Connection: t.name, Unrecorded: true}
	aligned := map[*line]bool{}
	for _, s := range t.steps {
		aligned[s.line] = true
		if s.kind != stepHidden || s.line == nil {
			continue
		}
		if len(u.Lines) == 0 {
			u.From, u.Why = t.whyUnrecorded(s)
		}
		u.Lines = append(u.Lines, s.line.number)
	}
	switch {
	case len(u.Lines) > 0:
	case t.whole || !t.capture.lacksPackets():
		return nil
	default:
		u.From, u.Why = t.capture.whyLacking()
	}
	for _, l := range t.lines {
		if !t.whole && !aligned[l] && l.kind != kindSkip {
			u.Lines = append(u.Lines, l.number)
		}
	}
	slices.Sort(u.Lines)
	return u
}

// whyUnrecorded returns the packet in or before which the capture lacks bytes of a step, and the
// reason.
func (t *track) whyUnrecorded(s step) (packet int, why string) {
	begin := t.capture.source.Size + 1
	if len(t.frames) > 0 {
		begin = t.capture.frames[t.frames[0]].Number
	}
	switch {
	case t.sides[s.line.dir()].silent:
		return begin, oneSided
	case t.capture.isCut() && (s.last == len(t.elements) || t.goesOnAfterEnd(s.last) && !t.elements[s.last].unrecorded):
		return t.capture.source.Size + 1, cutOff
	case t.sides[s.line.dir()].lostAt(s.line, s.first) != nil:
		l := t.sides[s.line.dir()].lostAt(s.line, s.first)
		return l.before, cmp.Or(l.what, "packets before this frame are missing")
	case t.capture.answer && s.first == 0:
		return 1, beginsWithAnswer
	case s.last == len(t.elements), t.asKnown(s.line) != s.line, t.older && s.first == 0, s.first <= t.sides[s.line.dir()].begin:
		return begin, t.whyOlder()
	}
	first, last := &t.elements[s.first], &t.elements[s.last]
	for i := s.last; i >= s.first; i-- {
		if e := &t.elements[i]; e.isUnrecorded() && e.dir() == last.dir() {
			first = e
		}
	}
	for _, i := range t.frames {
		f := &t.capture.frames[i]
		if first.kind != elementGap && i >= first.first && i <= last.frame && t.isForth(f) == first.fromA && f.isCut() {
			return f.Number, fmt.Sprintf("the recorder kept %d of the %d bytes of this frame", f.captured, f.Length)
		}
	}
	next, _ := slices.BinarySearch(t.frames, first.place())
	if next = min(next, len(t.frames)-1); next < 0 {
		return begin, cutOff
	}
	return t.capture.frames[t.frames[next]].Number, "packets before this frame are missing"
}

// whyOlder says why packets may have come before the first one of the capture.
func (t *track) whyOlder() string {
	switch {
	case t.conn != nil && t.conn.LacksStart():
		return t.conn.WhyLacksStart()
	case t.capture.begunBefore != nil:
		return t.capture.begunBefore.WhyLacksStart()
	case t.capture.answer || t.beginsWithAnswer():
		return beginsWithAnswer
	}
	return oneSided
}

// isForth reports whether the end sent a frame that the declaration names first.
func (t *track) isForth(f *Frame) bool {
	if f.Connection != nil {
		return f.From == t.a
	}
	_, src, dst := datagramEnds(f.Other)
	return t.judge.hosts.isForth(t.declaration, src, dst)
}

// isCut reports whether the recorder cut the packet short.
func (f *Frame) isCut() bool { return f.captured < f.Length }

// lacksOptions reports whether the recorder may have cut off some of the TCP options that a line
// asks for.
func (f *Frame) lacksOptions(l *line) bool {
	ofTCP := func(o option) bool { return o.name != "df" && o.name != "ttl" }
	return f.isCut() && f.recorded == 0 && f.Connection != nil && slices.ContainsFunc(l.options, ofTCP)
}

// lines divides what is known of a content into lines.
func (c *content) lines(from ftp.Side) (lines []*ftp.Line) {
	if c == nil {
		return nil
	}
	for at := 0; at < len(c.bytes); at++ {
		if !c.known[at] {
			continue
		}
		if c.bytes[at] >= 0x14 && c.bytes[at] <= 0x17 { // a record of TLS (RFC 8446, 5.1), in which lines may be
			for at+1 < len(c.bytes) && c.known[at+1] {
				at++
			}
			continue
		}
		l := &ftp.Line{From: from, Seq: int64(at) + 1}
		end := at
		for end < len(c.bytes) && c.known[end] && c.bytes[end] != '\n' {
			end++
		}
		l.Complete = end < len(c.bytes) && c.known[end]
		text, telnet := ftp.WithoutTelnet(c.bytes[at:end], l.Complete)
		l.Text, l.Telnet = string(text), telnet
		if at = end - 1; l.Complete {
			l.Text, at = strings.TrimSuffix(l.Text, "\r"), end
		}
		l.End = int64(at) + 2
		lines = append(lines, l)
	}
	return lines
}
