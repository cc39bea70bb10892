// Texts of which the capture has only some bytes.

package expect

import (
	"slices"
	"strings"

	"ftplab/lab/analysis/ftp"
	"ftplab/lab/scenario"
)

// unknownByte stands for a byte of a text that the capture lacks. No text has a line end in it.
const unknownByte = '\n'

// remains is what the capture has of one text.
type remains struct {
	text string // with unknown bytes in it, but not at its ends
	// before is how many bytes that the capture lacks may come before the text and belong to it.
	before int
	last   *ftp.Line // the last piece of it
	holes  bool
}

// String writes what the capture has: "150 Here" and "comes."
func (r remains) String() string {
	pieces := strings.FieldsFunc(r.text, func(c rune) bool { return c == unknownByte })
	for i, text := range pieces {
		pieces[i] = quote(text)
	}
	return strings.Join(pieces, " and ")
}

// longestHole is the largest hole in the middle of a text, in bytes.
const longestHole = 1 << 16

// remainsOf joins the bytes from element first to element last of a direction to one text. The
// result is false if they cannot be one.
func (a *aligner) remainsOf(first, last int) (r remains, ok bool) {
	dir := a.elements[last].dir()
	if text := a.texts[dir][a.elements[first].start]; text != nil && a.mayBeEnd(first, text) {
		r.before = longestText
	}
	for i := first; i <= last; i++ {
		e := &a.elements[i]
		if e.dir() != dir || !e.hasBytes() || r.last != nil && e.start < r.last.End {
			continue
		}
		if r.last != nil && r.last.Complete {
			return r, false
		}
		if e.isUnrecorded() {
			if length := int(min(e.end-e.start, longestHole)); r.text == "" {
				if r.before += length; a.isRest(e) {
					r.before-- // the line end of that text
				}
			} else {
				r.text += strings.Repeat(string(unknownByte), length)
			}
			r.holes = true
			continue
		}
		text := a.texts[dir][e.start]
		if text == nil || r.holes && isWhole(text) && !(r.text == "" && a.followsTelnet(i)) {
			return r, false
		}
		r.text, r.last = r.text+text.Text, text
	}
	return r, r.last != nil && r.last.End == a.elements[last].end
}

// hasHole reports whether bytes are missing among some elements in which a text may be.
func (a *aligner) hasHole(first, last int) bool {
	dir := a.elements[last].dir()
	return a.ofTexts && slices.ContainsFunc(a.elements[first:last+1], func(e element) bool { return e.dir() == dir && e.isUnrecorded() })
}

// findRemains finds out after which elements a text may go on beyond bytes that are missing: more
// of it comes there, and does not begin like a whole one.
func (a *aligner) findRemains() []bool {
	remains := make([]bool, len(a.elements))
	if !a.ofTexts {
		return remains
	}
	for i, e := range slices.Backward(a.elements) {
		next := a.nextIn(e.dir(), i+1)
		if next < 0 || !e.hasBytes() || a.elements[next].start != e.end {
			continue
		}
		if n := &a.elements[next]; n.isUnrecorded() {
			remains[i] = remains[next] && (e.isUnrecorded() || a.sides[e.dir()].rest[e.end])
		} else if text := a.texts[e.dir()][n.start]; e.isUnrecorded() {
			remains[i] = n.kind == elementBytes && text != nil && (!isWhole(text) || a.followsTelnet(next))
		}
	}
	return remains
}

// mostTelnet is how many bytes of Telnet commands come before a command of FTP: IAC IP IAC DM (RFC 959, 4.1.3). Every
// command and reply is longer.
const mostTelnet = 4

// followsTelnet reports whether all that was sent before an element since the last text may be Telnet commands, which
// are no part of a text. The capture may lack some of them.
func (a *aligner) followsTelnet(i int) bool {
	e := &a.elements[i]
	start := e.start
	for k := i - 1; k >= 0 && e.start-start <= mostTelnet; k-- {
		before := &a.elements[k]
		if before.dir() != e.dir() || !before.inStream() {
			continue
		}
		text := a.texts[e.dir()][before.start]
		if before.end != start || !before.isUnrecorded() && (text == nil || text.Text != "" || text.Complete) {
			break
		}
		start = before.start
	}
	return start < e.start && e.start-start <= mostTelnet
}

// hasMoreLines reports whether bytes are missing after an element, in which more lines of its reply
// must be.
func (a *aligner) hasMoreLines(i int) bool {
	e := &a.elements[i]
	next := a.nextIn(e.dir(), i+1)
	if e.kind != elementBytes || next < 0 || !a.elements[next].isUnrecorded() || !a.sides[e.dir()].rest[e.end] {
		return false
	}
	text := a.texts[e.dir()][e.start]
	return text != nil && text.From == ftp.Server && len(text.Text) > 3 && text.Text[3] == '-' && isWhole(text)
}

// compareRemains compares a line with a text of which the capture lacks the start, or some bytes
// in the middle.
func (a *aligner) compareRemains(l *line, c *comparison, f *Frame) {
	r, ok := a.remainsOf(c.first, c.last)
	if !ok {
		return
	}
	more := a.sides[l.dir()].length[r.last.End]
	if !r.last.Complete && more == 0 {
		return
	}
	c.alike, c.unknown, c.goesOn = true, true, !r.last.Complete
	if !l.words.mayBe(r, more) {
		c.what.add("the capture has %s of the text", r)
		c.otherText = r.before == 0 && !l.words.beginsLike(r.text)
	}
	if r.before == 0 {
		c.what.number("seq", l.seq.start, a.elements[c.first].start)
	}
	c.what.packet(l, f)
	if r.last.Complete {
		a.withFIN(l, c, f)
	}
}

// mayBe reports whether a text that matches the pattern may have these remains. More is how many
// bytes may come after them, if they have no line end.
func (p pattern) mayBe(r remains, more int) bool {
	fits := func(text string) bool {
		if r.last.Complete {
			return p.fits(text, 0)
		}
		return p.mayGoOn(text, more)
	}
	for before := range min(r.before, len(strings.Join(p, ""))) + 1 {
		text := strings.Repeat(string(unknownByte), before) + r.text
		if fits(text) {
			return true
		}
		if hole, cr := strings.CutSuffix(text, string(unknownByte)); cr && fits(hole) {
			return true // the last unknown byte is the CR of the line end
		}
	}
	return false
}

// mayBeEnd reports whether a text that begins with element i may be only the end of one, because
// the capture begins in the middle of it.
func (a *aligner) mayBeEnd(i int, text *ftp.Line) bool {
	dir := a.elements[i].dir()
	return a.sides[dir].begin >= 0 && a.nextIn(dir, 0) == i && !isWhole(text)
}

// isWhole reports whether a text begins like a reply or a command. It is then not the end of one. A
// word at the end of what was recorded may be a part of a longer one, unless a command begins so.
func isWhole(text *ftp.Line) bool {
	word, _, ended := strings.Cut(text.Text, " ")
	isOf := func(letters string) bool { return strings.Trim(word, letters) == "" }
	if text.From == ftp.Server {
		word, _, _ = strings.Cut(word, "-")
		return len(word) == 3 && isOf("0123456789")
	}
	return (len(word) == 3 || len(word) == 4) && isOf("ABCDEFGHIJKLMNOPQRSTUVWXYZ") &&
		(ended || text.Complete || scenario.BeginsCommand(word))
}

// mayGoOn reports whether a text can match the pattern if it begins as recorded and more bytes
// follow, which are unknown and have at least its line end.
func (p pattern) mayGoOn(recorded string, more int) bool {
	if text, cr := strings.CutSuffix(recorded, "\r"); cr && more > 0 && p.fits(text, 0) {
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

// fits reports whether the pattern matches a text, which may have unknown bytes in it, and a number
// of them after it.
func (p pattern) fits(text string, unknown int) bool {
	end := len(text) + unknown
	has := func(part string, at int) bool {
		if at < 0 || at+len(part) > end {
			return false
		}
		for i := 0; i < len(part) && at+i < len(text); i++ {
			if c := text[at+i]; c != unknownByte && c != part[i] {
				return false
			}
		}
		return true
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
