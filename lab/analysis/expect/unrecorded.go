// What cannot be judged because the capture lacks some bytes: the recorder cut packets short
// (the snap length) or lost some, or the file is cut off.

package expect

import (
	"fmt"
	"slices"
	"strings"

	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/packet"
)

// unrecorded is what the capture lacks of a direction of a dialogue.
type unrecorded struct {
	// length is how many bytes are missing from a sequence number on.
	length map[int64]int
	// rest are the numbers at which the rest of a text is missing.
	rest map[int64]bool
}

// longestText is the largest length, in bytes, of a text that continues after the end of the
// file.
const longestText = 1 << 20

// lastOf returns, for each direction, the index of the last element of its stream, or -1.
func (a *aligner) lastOf() [2]int {
	last := [2]int{-1, -1}
	for i := range a.elements {
		if e := &a.elements[i]; e.inStream() {
			last[e.dir()] = i
		}
	}
	return last
}

// mayLack reports whether a line that matches no element may match a packet before element at
// which is not in the capture.
func (a *aligner) mayLack(l *line, at int) bool {
	return a.capture.isCut() && at == len(a.elements) || a.older && at == 0 || a.silent[l.dir()]
}

// findSilent finds out whether the capture has only one direction of a TCP connection, which
// acknowledges what came from the other one, and whether it lacks the begin of the connection.
func (t *track) findSilent() {
	var packets [2]int
	var acks [2]bool
	for _, i := range t.frames {
		f := &t.capture.frames[i]
		dir := 0
		if t.isForth(f) {
			dir = 1
		}
		packets[dir]++
		acks[dir] = acks[dir] || f.Has(packet.ACK) && !f.Has(packet.RST)
	}
	for dir := range t.silent {
		t.silent[dir] = packets[dir] == 0 && acks[1-dir]
	}
	t.older = isOlder(t.conn)
}

// isOlder reports whether a connection is older than the capture: it has data or a FIN, and no
// SYN.
func isOlder(c *ftp.Connection) bool {
	a, b := &c.ClientFlow, &c.ServerFlow
	return a.SYN+b.SYN == 0 && a.Bytes+b.Bytes+int64(a.FIN+b.FIN) > 0
}

// goesOnAfterEnd reports whether the bytes up to element i may continue after the end of a
// file that is cut off.
func (a *aligner) goesOnAfterEnd(i int) bool {
	e := &a.elements[i]
	return a.capture.isCut() && e.kind == elementBytes && a.lastOf()[e.dir()] == i
}

// findUnrecorded finds what the capture lacks of a dialogue.
func (t *track) findUnrecorded() {
	for dir := range t.lacks {
		t.lacks[dir] = unrecorded{map[int64]int{}, map[int64]bool{}}
		for _, text := range t.texts[dir] {
			t.lacks[dir].rest[text.End] = !text.Complete
		}
	}
	end := [2]int64{-1, -1}
	if t.capture.isCut() {
		for dir, i := range t.lastOf() {
			if i >= 0 {
				t.lacks[dir].length[t.elements[i].end] = longestText
			}
		}
	}
	for _, e := range slices.Backward(t.elements) {
		if lacks := &t.lacks[e.dir()]; e.isUnrecorded() {
			lacks.length[e.start] = int(e.end - e.start)
			if end[e.dir()] == e.end {
				lacks.length[e.start] += lacks.length[e.end]
			}
			end[e.dir()] = e.start
		}
	}
}

// isUnrecorded reports whether the capture lacks the bytes of an element.
func (e *element) isUnrecorded() bool { return e.kind == elementGap || e.unrecorded }

// isRest reports whether an element is the rest of a text of which only the beginning was
// recorded. It needs no line of its own.
func (a *aligner) isRest(e *element) bool {
	return e.isUnrecorded() && a.lacks[e.dir()].rest[e.start]
}

// inText is the pending element of a direction after a line that may match bytes which the capture
// lacks: those that are next may have more lines in them.
const inText = -2

// hide lets line k of the group be a text of which the capture lacks all, or the end.
func (a *aligner) hide(i int32, k int) {
	n := a.nodes[i]
	l := a.groups[n.group][k]
	e := &a.elements[n.at]
	pending := &n.pending[e.dir()]
	if l.kind != kindText || l.fromA != e.fromA || *pending >= 0 {
		return
	}
	to := node{kind: stepHidden, line: l, first: n.at, last: n.at, from: i, cost: n.cost}
	n.judged |= 1 << k
	if !e.isUnrecorded() {
		if e.kind == elementBytes && a.compare(l, n.state).isUnknown() {
			n.at, *pending = n.at+1, inText
			to.state = n.state
			a.push(to, 0)
		}
		return
	}
	if a.isRest(e) && *pending != inText || !l.words.mayGoOn("", a.lacks[e.dir()].length[e.start]) || !a.headerFits(l, e) {
		return
	}
	price := int32(0)
	if *pending == inText {
		price = costSameBytes
	}
	*pending = inText // the next line may be in the same bytes
	to.state = n.state
	a.push(to, price)
	n.at, *pending = n.at+1, -1
	to.state = n.state
	a.push(to, price)
}

// headerFits reports whether a line says nothing else of its packet than what is known.
func (a *aligner) headerFits(l *line, e *element) bool {
	var d differences
	d.number("seq", l.seq.start, e.start)
	if e.kind != elementGap {
		d.packet(l, &a.capture.frames[e.frame])
	}
	return len(d) == 0
}

// mayGoOn reports whether a text can match the pattern if it begins as recorded and more bytes
// follow, which are unknown and have at least its line end.
func (p pattern) mayGoOn(recorded string, more int) bool {
	if text, cr := strings.CutSuffix(recorded, "\r"); cr && more > 0 && p.matches(text) {
		return true
	}
	last := len(p[len(p)-1])
	for unknown := range min(more, last+1) {
		if p.fits(recorded, unknown) {
			return true
		}
	}
	return more > 0 && p.fits(recorded, more-1) // all of the last part is unknown
}

// fits reports whether the pattern matches a text and a number of unknown bytes after it.
func (p pattern) fits(text string, unknown int) bool {
	end := len(text) + unknown
	has := func(part string, at int) bool {
		known := min(max(0, len(text)-at), len(part))
		return at >= 0 && at+len(part) <= end && part[:known] == text[min(at, len(text)):min(at, len(text))+known]
	}
	first, last := p[0], p[len(p)-1]
	if len(p) == 1 {
		return len(first) == end && has(first, 0)
	}
	if !has(first, 0) || !has(last, end-len(last)) {
		return false
	}
	at := len(first)
	for _, part := range p[1 : len(p)-1] {
		for at+len(part) <= end && !has(part, at) {
			at++
		}
		at += len(part)
	}
	return at+len(last) <= end
}

// hidden returns what of the connection cannot be judged because the capture lacks it, nil
// for nothing.
func (t *track) hidden() *Unjudged {
	u := &Unjudged{Connection: t.name, Unrecorded: true}
	aligned := map[*line]bool{}
	for _, s := range t.steps {
		aligned[s.line] = true
		if s.kind != stepHidden {
			continue
		}
		if len(u.Lines) == 0 {
			u.From, u.Why = t.whyUnrecorded(s)
		}
		u.Lines = append(u.Lines, s.line.number)
	}
	if len(u.Lines) == 0 {
		return nil
	}
	for _, l := range t.lines {
		if !t.whole && !aligned[l] && l.kind != kindSkip {
			u.Lines = append(u.Lines, l.number)
		}
	}
	slices.Sort(u.Lines)
	return u
}

// cutOff is the reason for what comes after the end of a file that is cut off.
const cutOff = "the file is cut off there"

// whyUnrecorded returns the packet in or before which the capture lacks bytes of a step, and the
// reason.
func (t *track) whyUnrecorded(s step) (packet int, why string) {
	if s.first == s.last && t.mayLack(s.line, s.first) && (s.last == len(t.elements) || !t.elements[s.last].isUnrecorded()) {
		begin := t.capture.frames[t.frames[0]].Number
		switch {
		case t.silent[s.line.dir()]:
			return begin, "it has the packets of one side only"
		case t.older && s.first == 0:
			return begin, olderThan
		}
	}
	if s.last == len(t.elements) || t.goesOnAfterEnd(s.last) && !t.elements[s.last].unrecorded {
		return t.capture.source.Size + 1, cutOff
	}
	first, last := &t.elements[s.first], &t.elements[s.last]
	for _, i := range t.frames {
		f := &t.capture.frames[i]
		if first.kind != elementGap && i >= first.first && i <= last.frame && t.isForth(f) == first.fromA && f.isCut() {
			return f.Number, fmt.Sprintf("the recorder kept %d of the %d bytes of this frame", f.captured, f.Length)
		}
	}
	next, _ := slices.BinarySearch(t.frames, first.place)
	next = min(next, len(t.frames)-1)
	return t.capture.frames[t.frames[next]].Number, "packets before this frame are missing"
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
		l.Text, l.Complete = string(c.bytes[at:end]), end < len(c.bytes) && c.known[end]
		if at = end - 1; l.Complete {
			l.Text, at = strings.TrimSuffix(l.Text, "\r"), end
		}
		l.End = int64(at) + 2
		lines = append(lines, l)
	}
	return lines
}
