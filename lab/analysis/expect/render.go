// Packets in the notation of the want.

package expect

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"unicode/utf8"

	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/packet"
)

// contextFrames is how many packets of the connection are shown before and after a
// mismatch.
const contextFrames = 2

// mostTexts is how many lines of the dialogue are shown of one packet. A server that
// floods its client has a thousand in each.
const mostTexts = 4

// direction returns NAME A > B, the beginning of a line.
func (t *track) direction(fromA bool) string {
	return fmt.Sprintf("%s  %s > %s", t.name, t.end(fromA), t.end(!fromA))
}

// end writes an end of the connection as a line does, with its port if both ends are on one host.
func (t *track) end(a bool) string {
	this, other := t.judge.hosts.actual(t.binding, a), t.judge.hosts.actual(t.binding, !a)
	if this.host != other.host {
		return this.host
	}
	return this.String()
}

// render writes the elements of a step: what identifies them, and the other attributes
// of the line that they did not match.
func (t *track) render(s step, l *line) string {
	e := t.elements[s.last]
	f := &t.capture.frames[e.frame]
	var words []string
	first := t.elements[s.first]
	switch {
	case e.kind != elementBytes && first.kind != elementBytes:
		return t.frameLine(e.frame) + mentioned(l, f)
	case e.kind == elementFIN || l != nil && l.flags.set:
		words = append(words, flagString(f.Flags))
	}
	end := e.end
	if e.kind == elementFIN {
		end--
	}
	text := t.texts[e.dir()][first.start]
	if text != nil && text.End == end {
		words = append(words, quote(text.Text))
	}
	if text == nil || text.End != end || l != nil && l.seq.start.set {
		words = append(words, fmt.Sprintf("seq %d:%d", first.start, end))
	}
	if l != nil && l.length.set && !l.seq.isRange() {
		words = append(words, fmt.Sprintf("length %d", end-first.start))
	}
	return t.direction(e.fromA) + "  " + strings.Join(words, " ") + mentioned(l, f)
}

// mentioned writes the attributes of a line other than flags, seq and length, with the
// values of f.
func mentioned(l *line, f *Frame) string {
	var b strings.Builder
	if l == nil || f.Connection == nil {
		return ""
	}
	if l.ack.set && f.Has(packet.ACK) && f.Payload > 0 {
		fmt.Fprintf(&b, " ack %d", f.Ack)
	}
	if l.win.set {
		fmt.Fprintf(&b, " win %d", f.RawWindow)
	}
	for _, o := range l.options {
		has, value := optionOf(o, f)
		switch {
		case !has && (f.OptionsCut || o.name == "sack"):
		case !has:
			b.WriteString(" !" + o.name)
		case has && o.value.set && o.name != "sack":
			fmt.Fprintf(&b, " %s %d", o.name, value)
		case has && o.name != "sack":
			b.WriteString(" " + o.name)
		}
	}
	return b.String()
}

// frameLine writes a packet.
func (t *track) frameLine(i int) string {
	f := &t.capture.frames[i]
	if f.Connection == nil {
		_, src, dst := datagramEnds(f.Other)
		text, length := datagramText(f.Other)
		return fmt.Sprintf("%s  %s length %d", t.direction(t.judge.hosts.isForth(t.declaration, src, dst)), quoteBeginning(text), length)
	}
	fromA := f.From == t.a
	line := t.direction(fromA) + "  " + flagString(f.Flags)
	switch {
	case f.Payload > 0:
		line += fmt.Sprintf(" seq %d:%d", f.Seq, f.Seq+int64(f.Payload))
	default:
		line += fmt.Sprintf(" seq %d", f.Seq)
	}
	if f.Has(packet.ACK) {
		line += fmt.Sprintf(" ack %d", f.Ack)
	}
	if f.Options != nil {
		for _, b := range f.Options.SACK {
			line += fmt.Sprintf(" sack %d:%d", b.Left, b.Right)
		}
	}
	return line + t.said(f, fromA)
}

// said returns the dialogue that ends in a packet.
func (t *track) said(f *Frame, fromA bool) string {
	dir := 0
	if fromA {
		dir = 1
	}
	var texts []*ftp.Line
	for at, l := range t.texts[dir] {
		if l.Packet == f.Number && at == l.Seq {
			texts = append(texts, l)
		}
	}
	slices.SortFunc(texts, func(x, y *ftp.Line) int { return int(x.Seq - y.Seq) })
	var b strings.Builder
	for _, l := range texts[:min(len(texts), mostTexts)] {
		b.WriteString(" " + quoteBeginning(l.Text))
	}
	if more := len(texts) - mostTexts; more > 0 {
		fmt.Fprintf(&b, " and %d more", more)
	}
	return b.String()
}

// mostBeginning is how much of a text stands beside its packet, in bytes: a line of a
// dialogue can have any length.
const mostBeginning = 120

// quoteBeginning is a text, or its beginning and its length.
func quoteBeginning(text string) string {
	if len(text) <= mostBeginning {
		return quote(text)
	}
	end := mostBeginning
	for end > mostBeginning-utf8.UTFMax && !utf8.RuneStart(text[end]) {
		end--
	}
	return fmt.Sprintf("%s… (%d bytes)", quote(text[:end]), len(text))
}

// around writes the packets of the connection around a frame, which is marked if mark
// is set.
func (t *track) around(frame int, mark bool) []string {
	at, _ := slices.BinarySearch(t.frames, frame)
	var lines []string
	for k := max(0, at-contextFrames); k <= min(len(t.frames)-1, at+contextFrames); k++ {
		line := t.numbered(t.frames[k])
		if mark && k == at {
			line = "> " + line
		} else {
			line = "  " + line
		}
		lines = append(lines, line)
	}
	return lines
}

// numbered writes a packet with its number and its time.
func (t *track) numbered(i int) string {
	f := &t.capture.frames[i]
	return fmt.Sprintf("%5d  %s  %s", f.Number, seconds(f.Time), t.frameLine(i))
}

// endName writes an end of a TCP connection with the name of its host, if it has one.
// If hosts share an address, the FTP role decides.
func (h Hosts) endName(c *ftp.Connection, s ftp.Side) string {
	addr := c.Addr(s)
	return h.name(addr.Addr(), string(s)) + fmt.Sprintf(".%d", addr.Port())
}

// name returns the name of the host with that address: the preferred name if it is one
// of them, else the first in the alphabet, else the address.
func (h Hosts) name(addr netip.Addr, preferred string) string {
	addr = addr.Unmap()
	best := ""
	for name, all := range h {
		if slices.Contains(all, addr) && (best == "" || name == preferred || name < best && best != preferred) {
			best = name
		}
	}
	if best == "" {
		return addr.String()
	}
	return best
}

// apart returns the names of the hosts with two addresses, or these addresses if they have the same name. A name is
// one of the preferred hosts' if possible, and the preferred one of them.
func (h Hosts) apart(preferred Hosts, a, b netip.Addr, ofA, ofB string) (string, string) {
	name := func(addr netip.Addr, of string) string {
		if n := preferred.name(addr, of); preferred[n] != nil {
			return n
		}
		return h.name(addr, of)
	}
	nameOfA, nameOfB := name(a, ofA), name(b, ofB)
	if nameOfA == nameOfB {
		return a.Unmap().String(), b.Unmap().String()
	}
	return nameOfA, nameOfB
}

// tcpdumpAddr writes an address and a port with a dot between them.
func tcpdumpAddr(a netip.AddrPort) string { return fmt.Sprintf("%s.%d", a.Addr(), a.Port()) }
