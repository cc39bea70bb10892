// The bytes of connections, for lines with content.

package expect

import (
	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
)

// mostContent is how many bytes of each direction of a connection are kept.
const mostContent = 64 << 10

// A content is the beginning of the data that one side sent, which of its bytes were seen, and
// which of these in a segment that was not damaged.
type content struct {
	bytes        []byte
	known, sound []bool
}

// add adds the payload of a packet.
func (c *content) add(p *capture.Packet) {
	at := p.Segment.Seq - 1 // the first byte is 1
	for i, b := range p.Segment.Payload {
		n := at + int64(i)
		if n < 0 || n >= mostContent {
			continue
		}
		for int64(len(c.bytes)) <= n {
			c.bytes, c.known, c.sound = append(c.bytes, 0), append(c.known, false), append(c.sound, false)
		}
		if sound := !p.Segment.Damaged; !c.known[n] || sound && !c.sound[n] {
			c.bytes[n], c.known[n], c.sound[n] = b, true, sound
		}
	}
}

// text returns the bytes from one sequence number to another, up to the first one that is
// missing.
func (c *content) text(start, end int64) string {
	start--
	to := start
	for c != nil && start >= 0 && to < end-1 && to < int64(len(c.bytes)) && c.known[to] {
		to++
	}
	if to == start {
		return ""
	}
	return string(c.bytes[start:to])
}

// A sender is one side of a connection.
type sender struct {
	id   int
	side ftp.Side
}

// keep keeps the data of a packet if a line asks for the connection's content.
func (c *evidence) keep(p *capture.Packet) {
	key := sender{p.Connection.ID, p.From}
	if c.contents[key] == nil {
		c.contents[key] = &content{}
	}
	c.contents[key].add(p)
}

// hasContent reports whether a line asks for the content of a connection.
func hasContent(lines []*line) bool {
	for _, l := range lines {
		if l.content != nil {
			return true
		}
	}
	return false
}

// content compares the content of a line with the bytes of the capture. It reports whether
// some of them are missing and those before them are as wanted.
func (d *differences) content(l *line, c *evidence, f *Frame, start, end int64) (unknown bool) {
	if l.content == nil {
		return false
	}
	text := c.contents[sender{f.Connection.ID, f.From}].text(start, end)
	missing := int(end-start) - len(text)
	switch {
	case missing == 0 && l.content.matches(text):
	case missing > 0 && end > mostContent:
		d.add("the content has %d bytes, and more than %d are not compared", end-start, mostContent)
	case missing > 0 && l.content.fits(text, missing):
		return true
	case missing > 0:
		d.add("%s", unmatched{"the content", "begins with", l.content, text})
	default:
		d.add("%s", unmatched{"the content", "is", l.content, text})
	}
	return false
}

// isOfNothing reports whether a line is about everything that one side sends, and this may be nothing.
func (l *line) isOfNothing() bool {
	return l.kind == kindRange && l.content != nil && l.seq.start.is(1) && l.seq.end.any && l.content.matches("")
}

// isEmpty reports whether a line before element at is about everything that one side sends, and this side sends nothing.
func (a *aligner) isEmpty(l *line, at int) bool {
	side := &a.sides[l.dir()]
	if !l.isOfNothing() || side.empty < 0 || side.over && at > side.empty {
		return false
	}
	b, bounded := a.bounds[l]
	frame := a.elements[side.empty].frame
	return !bounded || b.from <= frame && frame <= b.to
}

// findEmpty returns the element that shows that a side which sent its SYN sent no data, -1 if none does.
func (t *track) findEmpty(dir int) int {
	at := t.nextIn(dir, 0)
	for at >= 0 && t.elements[at].kind == elementSYN {
		at = t.nextIn(dir, at+1)
	}
	switch {
	case at >= 0 && t.elements[at].kind == elementFIN:
		return at
	case at >= 0 || t.capture.isCut():
		return -1
	}
	return len(t.elements) - 1
}
