// The comparison of one line with one packet.

package expect

import (
	"fmt"
	"strings"

	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/packet"
)

// differences describes how a line and a packet differ: "seq is 56, not 70". The packet
// matches if there are none. The search makes very many and prints few of them, so that they are
// only formatted when they are printed.
type differences []difference

type difference struct {
	format string
	args   []any
}

func (d *differences) add(format string, args ...any) { *d = append(*d, difference{format, args}) }

// String describes all differences: "seq is 56, not 70; there is no ack".
func (d differences) String() string {
	var all []string
	for _, x := range d {
		all = append(all, fmt.Sprintf(x.format, x.args...))
	}
	return strings.Join(all, "; ")
}

// number compares a number.
func (d *differences) number(name string, want number, got int64) {
	if !want.is(got) {
		d.add("%s is %d, not %d", name, got, want.value)
	}
}

// packet compares f with what the line says about the packet, without the attributes of
// the stream (seq and length of a text or range).
func (d *differences) packet(l *line, f *Frame) {
	d.flags(l.flags, f.Flags)
	if l.ack.set && !f.Has(packet.ACK) {
		d.add("there is no ack")
	} else {
		d.number("ack", l.ack, f.Ack)
	}
	d.number("win", l.win, int64(f.RawWindow))
	for _, o := range l.options {
		if has, _ := optionOf(o, f); has || !f.lacksOptions(l) {
			d.option(o, f)
		}
	}
}

func (d *differences) flags(want flags, got uint8) {
	if !want.set {
		return
	}
	if bits := want.bits | got&packet.PSH; bits != got || want.push && got&packet.PSH == 0 {
		if want.push {
			bits |= packet.PSH
		} else {
			bits, got = bits&^packet.PSH, got&^packet.PSH
		}
		d.add("the flags are %s, not %s", flagString(got), flagString(bits))
	}
}

// option compares an option of the TCP or the IP header.
func (d *differences) option(want option, f *Frame) {
	got, value := optionOf(want, f)
	switch {
	case want.not && got:
		d.add("%s is there", want.name)
	case !want.not && !got && want.name == "sack":
		d.add("there is no sack %d:%d", want.value.value, want.right)
	case !want.not && !got:
		d.add("there is no %s", want.name)
	case !want.not:
		d.number(want.name, want.value, value)
	}
}

// optionOf returns whether f has an option, and its value.
func optionOf(o option, f *Frame) (has bool, value int64) {
	switch o.name {
	case "df":
		return f.DF, 0
	case "ttl":
		return true, int64(f.TTL)
	case "ts":
		return f.Timestamps, 0
	}
	if f.Options == nil {
		return false, 0
	}
	switch o.name {
	case "mss":
		return f.Options.MSS > 0, int64(f.Options.MSS)
	case "wscale":
		return f.Options.WindowScale >= 0, int64(f.Options.WindowScale)
	case "sackOK":
		return f.Options.SACKPermitted, 0
	}
	for _, b := range f.Options.SACK {
		if o.not || b.Left == o.value.value && b.Right == o.right {
			return true, b.Left
		}
	}
	return false, 0
}

// whole compares a line for one packet with f. Its seq and length are those of the
// packet.
func (d *differences) whole(l *line, f *Frame) {
	d.packet(l, f)
	seq, end := f.Seq, f.Seq+int64(f.Payload)
	switch {
	case l.seq.isRange():
		d.byteRange(l.seq, seq, end)
	case l.kind == kindFIN && f.Payload > 0:
		d.number("seq of the FIN", l.seq.start, end)
	default:
		d.number("seq", l.seq.start, seq)
	}
	if l.kind == kindACK && !l.length.set && f.Payload > 0 {
		d.add("it carries %d bytes", f.Payload)
	}
	d.number("length", l.length, int64(f.Payload))
}

func (d *differences) byteRange(want span, start, end int64) {
	if !want.start.is(start) || !want.end.is(end) {
		d.add("seq is %d:%d, not %s", start, end, want)
	}
}

// String writes a span as the notation does.
func (s span) String() string {
	switch {
	case !s.start.set:
		return ""
	case !s.isRange():
		return s.start.String()
	}
	return s.start.String() + ":" + s.end.String()
}

// String writes a number as the notation does.
func (n number) String() string {
	if n.any {
		return "*"
	}
	return fmt.Sprint(n.value)
}

// datagram compares a line with a packet of another protocol. It reports whether the text may
// be as wanted in what the recorder cut off.
func (d *differences) datagram(l *line, f *Frame) (unknown bool) {
	text, length := datagramText(f.Other)
	unlike := l.words != nil && !l.words.matches(text)
	if unlike && !f.isCut() {
		d.add("%s", unmatched{"the text", "is", l.words, text})
	}
	d.number("length", l.length, int64(length))
	for _, o := range l.options {
		d.option(o, f)
	}
	return unlike && f.isCut()
}

// A comparison is the result of comparing a line with the next elements.
type comparison struct {
	first, last int  // the elements that it would claim
	alike       bool // they have the line's kind and direction
	otherText   bool // they are a text with another command or reply code
	unknown     bool // they are as wanted as far as the capture has them
	goesOn      bool // they are a text that goes on in what the capture lacks
	what        differences
}

// isUnknown reports whether the elements are as wanted as far as the capture has them, and
// some of their bytes are missing.
func (c comparison) isUnknown() bool { return c.alike && len(c.what) == 0 && c.unknown }

// compare compares a line with the element at s and with the pending bytes of its
// direction. If they only differ in numbers that are not sure, the result is unknown.
func (a *aligner) compare(wanted *line, s state) comparison {
	c := a.compareAs(a.asKnown(wanted), wanted, s)
	if sure := a.sure[wanted]; sure != nil && len(c.what) > 0 {
		if unsure := a.compareAs(sure, wanted, s); unsure.isUnknown() {
			return unsure
		}
	}
	return c
}

// compareAs compares a line, which stands for the wanted one.
func (a *aligner) compareAs(l, wanted *line, s state) comparison {
	at := int(s.at)
	e := &a.elements[at]
	c := comparison{first: at, last: at}
	if e.hasBytes() && s.pending[e.dir()] >= 0 {
		c.first = int(s.pending[e.dir()])
	}
	c.unknown = l != wanted
	if e.kind == elementGap && l.kind == kindRange && l.fromA == e.fromA {
		c.alike, c.unknown = true, true
		c.what.inStream(l, a.elements[c.first].start, e.end)
		return c
	}
	if e.kind == elementGap || l.fromA != e.fromA && e.kind != elementDatagram {
		c.what.otherKind(l, e)
		return c
	}
	f := &a.capture.frames[e.frame]
	switch {
	case e.kind == elementDatagram:
		c.alike = l.fromA == e.fromA
		c.unknown = c.what.datagram(l, f) || c.unknown
	case e.kind == elementBytes:
		a.compareBytes(l, &c, f)
	case l.kind == e.lineKind(f) || e.kind == elementRepeat && l.kind == kindFIN && f.Has(packet.FIN),
		e.kind == elementACK && l.fitsACK() && (!l.flags.push || f.Has(packet.PSH)):
		c.alike = true
		c.what.whole(l, f)
	}
	text := a.texts[e.dir()][a.elements[c.first].start]
	switch {
	case c.alike:
	case l.kind == kindText && e.kind == elementBytes && text != nil && !text.Complete:
		c.what.add("the end of the text %s is not in the capture", beginningInQuotes(text.Text))
	default:
		c.what.otherKind(l, e)
	}
	c.unknown = c.unknown || f.lacksOptions(l)
	if b, ok := a.bounds[wanted]; ok && (e.frame < b.from || e.frame > b.to) {
		c.alike = false
	}
	return c
}

// lineKind returns the kind of line that claims an element other than bytes.
func (e *element) lineKind(f *Frame) kind {
	switch {
	case f.Has(packet.RST):
		return kindRST
	case e.kind == elementACK:
		return kindACK
	case f.Has(packet.SYN):
		return kindSYN
	case f.Has(packet.FIN) && f.Payload > 0 && e.kind == elementRepeat:
		return kindFINData
	case f.Has(packet.FIN):
		return kindFIN
	}
	return kindData
}

// compareBytes compares a line with the bytes from c.first to c.last. f is the frame
// with the last byte.
func (a *aligner) compareBytes(l *line, c *comparison, f *Frame) {
	e := &a.elements[c.last]
	start, end := a.elements[c.first].start, e.end
	switch l.kind {
	case kindText:
		text := a.texts[e.dir()][start]
		if text == nil || text.End != end || a.mayBeEnd(c.first, text) && !(text.Complete && l.words.matches(text.Text)) {
			a.compareRemains(l, c, f)
			return
		}
		if !text.Complete {
			a.compareBeginning(l, c, text)
			return
		}
		c.alike = true
		if !l.words.matches(text.Text) {
			c.what.add("%s", unmatched{"the text", "is", l.words, text.Text})
			c.otherText = !l.words.beginsLike(text.Text)
		}
		c.what.inStream(l, start, end)
		c.what.packet(l, f)
		a.withFIN(l, c, f)
	case kindRange:
		c.alike = true
		if l.seq.isRange() && !l.seq.end.is(end) && l.seq.start.is(start) && l.seq.end.value > end && a.goesOnAfterEnd(c.last) {
			c.unknown = true
			c.what.content(l, a.capture, f, start, l.seq.end.value)
			return
		}
		if a.goesOnInGap(l, c) {
			c.unknown, c.goesOn = true, true
			c.what.content(l, a.capture, f, start, l.seq.end.value)
			return
		}
		c.what.inStream(l, start, end)
		c.what.packet(l, f)
		text := a.capture.contents[sender{f.Connection.ID, f.From}].text(start, end)
		if open := !l.seq.end.set || l.seq.end.any; open && l.content != nil && a.goesOnAfterEnd(c.last) && l.content.mayGoOn(text, longestText) {
			c.unknown = true
			return
		}
		c.unknown = c.what.content(l, a.capture, f, start, end) || c.unknown || a.lacksSome(c.first, c.last)
	case kindData, kindFINData:
		if start != f.Seq || end != f.Seq+int64(f.Payload) {
			return
		}
		c.alike = true
		c.what.whole(l, f)
		c.unknown = c.what.content(l, a.capture, f, start, end) || c.unknown
		a.withFIN(l, c, f)
	}
}

// goesOnInGap reports whether a line is about bytes that begin with those of a comparison and end in a
// gap after them.
func (a *aligner) goesOnInGap(l *line, c *comparison) bool {
	first, last := &a.elements[c.first], &a.elements[c.last]
	next := a.nextIn(last.dir(), c.last+1)
	if !l.seq.isRange() || l.seq.end.any || !l.seq.start.is(first.start) || next < 0 || a.elements[next].kind != elementGap {
		return false
	}
	return a.elements[next].start == last.end && last.end < l.seq.end.value && l.seq.end.value <= a.endOfGap(next)
}

// compareBeginning compares a line with a text whose end the capture lacks.
func (a *aligner) compareBeginning(l *line, c *comparison, text *ftp.Line) {
	e := &a.elements[c.last]
	more := a.sides[e.dir()].length[text.End]
	if more == 0 {
		return // it has no end
	}
	c.alike, c.unknown, c.goesOn = true, true, true
	if !l.words.mayGoOn(text.Text, more) {
		c.what.add("%s", unmatched{"the text", "begins with", l.words, text.Text})
		c.otherText = !l.words.beginsLike(text.Text)
	}
	c.what.number("seq", l.seq.start, e.start)
	c.what.packet(l, &a.capture.frames[e.frame])
}

// withFIN lets a line whose flags have F claim the FIN of its packet, too.
func (a *aligner) withFIN(l *line, c *comparison, f *Frame) {
	if !l.flags.set || l.flags.bits&packet.FIN == 0 || !f.Has(packet.FIN) {
		return
	}
	next := c.last + 1
	if next < len(a.elements) && a.elements[next].kind == elementFIN && a.elements[next].frame == a.elements[c.last].frame {
		c.last = next
		return
	}
	c.what.add("the FIN stands apart")
}

// inStream compares the seq and length of a text or a range. They are those of the
// bytes, in any number of segments.
func (d *differences) inStream(l *line, start, end int64) {
	switch {
	case l.seq.isRange():
		d.byteRange(l.seq, start, end)
	default:
		d.number("seq", l.seq.start, start)
	}
	d.number("length", l.length, end-start)
}

// otherKind notes that the element is of another kind than the line.
func (d *differences) otherKind(l *line, e *element) {
	switch {
	case l.fromA != e.fromA && e.kind != elementGap:
		d.add("the packet has the other direction")
	default:
		d.add("the packet is of another kind")
	}
}
