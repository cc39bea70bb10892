// Packets that only mislead a sensor: their receiver drops them, or reads them in another way.

package rules

import (
	"bytes"
	"fmt"

	"ftplab/lab/analysis/baseline/internal/wording"
	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/packet"
)

var packetsAreWhatTheySeemRule = Rule{
	Name: "packets-are-what-they-seem", Theme: "TCP",
	Says:     "A sensor reads what the receiver reads: the first fragment of a packet has the flags of TCP, a header of IPv6 occurs once, or twice if it is for options of the destination, and segments with wrong checksums are damaged copies of right ones.",
	Source:   "T. Ptacek and T. Newsham, Insertion, Evasion, and Denial of Service (1998); RFC 1858 and 3128 (tiny fragments); RFC 8200, 4.1",
	Example:  "> NOOP with a wrong checksum, and in its place > CWD /payroll",
	Severity: Violation,
	Matters:  "Tools such as fragroute send packets that a sensor takes for something else than the receiver, to hide a session.",
	Innocent: "somebody tests a sensor.",
	look:     func() look { return look{connection: decoysAreSent, end: evasiveHeaders} },
}

// evades takes the headers of a packet of a control or data connection.
func (w *watch) evades(p *capture.Packet) {
	if p.IP.TinyFirst {
		w.tinyFirst.add(p.Number)
	}
	if p.IP.Repeats {
		w.repeats6.add(p.Number)
	}
}

func evasiveHeaders(e *Evidence) (found []breach) {
	if all := e.watch.tinyFirst; all.n > 0 {
		found = append(found, breach{packets: all.packets, observed: wording.Plural(all.n, "packet came", "packets came") + " in fragments of which the first one ends before the flags of TCP"})
	}
	if all := e.watch.repeats6; all.n > 0 {
		found = append(found, breach{packets: all.packets, observed: wording.Plural(all.n, "packet has", "packets have") + " extension headers of IPv6 again and again"})
	}
	return found
}

// leastDecoys is how many damaged segments are no accident: each is another text than what was received in its place, or
// a RST after which its sender goes on.
const leastDecoys = 3

// decoys are damaged segments of a side that no damage explains.
type decoys struct {
	last   earlySegment // the last one with text
	texts  counted
	resets counted
	on     int // the last packet with data after leastDecoys RSTs
}

// mostCompared is how many bytes of a segment are compared with those that came in its place. Its beginning shows which
// text it is.
const mostCompared = 64

// decoy takes the next packet of a side.
func (s *side) decoy(p *capture.Packet) {
	data := p.TCP.Payload[:min(len(p.TCP.Payload), mostCompared)]
	switch {
	case p.Segment.Damaged && p.TCP.Has(packet.RST):
		s.oddities().decoys.resets.add(p.Number)
	case p.Segment.Damaged:
		if len(data) > 3 && isPrintable(data) {
			s.oddities().decoys.last = earlySegment{packet: p.Number, at: p.Segment.DataSeq(), data: bytes.Clone(data)}
		}
	case s.odd == nil || len(data) == 0:
	default:
		d := &s.odd.decoys
		if d.resets.n >= leastDecoys {
			d.on = p.Number
		}
		if d.last.packet > 0 && d.last.at == p.Segment.DataSeq() && otherText(d.last.data, data) {
			d.texts.add(d.last.packet)
			d.last.packet = 0
		}
	}
}

// isPrintable reports whether bytes are a line of text.
func isPrintable(b []byte) bool {
	return !bytes.ContainsFunc(b, func(r rune) bool { return (r < ' ' || r >= 0x7f) && r != '\r' && r != '\n' && r != '\t' })
}

// otherText reports whether most of the first bytes differ. Damage changes a few bits.
func otherText(a, b []byte) bool {
	n, differ := min(len(a), len(b)), 0
	for i := range n {
		if a[i] != b[i] {
			differ++
		}
	}
	return differ*2 >= n
}

func decoysAreSent(e *Evidence, c *ftp.Connection) (found []breach) {
	e.sides(c, func(name ftp.Side, s *side) {
		if s.odd == nil {
			return
		}
		d := &s.odd.decoys
		if d.texts.n >= leastDecoys {
			found = append(found, breach{packets: d.texts.packets, observed: fmt.Sprintf("%d segments of the %s have a wrong checksum and another text than what was received in their place", d.texts.n, name)})
		}
		if d.on > 0 {
			found = append(found, breach{packets: append(d.resets.packets[:len(d.resets.packets):len(d.resets.packets)], d.on), observed: fmt.Sprintf("%d RSTs of the %s have a wrong checksum, and it goes on after them", d.resets.n, name)})
		}
	})
	return found
}
