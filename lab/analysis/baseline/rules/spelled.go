// Texts that the values of header fields spell, one packet or connection after the other.

package rules

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"

	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/baseline/internal/bounded"
	"ftplab/lab/analysis/baseline/internal/wording"
	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/packet"
	"ftplab/lab/analysis/tcp"
)

// A spelledField is a field that a system keeps, counts, or draws by lot. Few of its values are letters, and not one
// after the other.
type spelledField uint8

const (
	inIPID spelledField = iota
	inWindow
	inWindowEnd // the second byte of the windows of commands and replies
	inPadding
	inISN
	inClientPort
	inDataPort
	spelledFields
)

// fieldNames say how many values there are, and of which host. leastValues is how many must spell a text.
var (
	fieldNames  = [spelledFields]string{"%d IPv4 identifications of %v", "%d receive windows of %v", "%d receive windows of %v", "%d paddings of Ethernet frames of %v", "%d initial sequence numbers of %v", "%d ports from which %v connected", "%d ports that %v announced"}
	leastValues = [spelledFields]int32{20, 16, 16, 8, 8, 16, 16}
)

// leastLetters is how many different letters begin the values of a text.
const leastLetters = 6

// spellers are what each host sends to another in these fields, and the beginnings of the last frames with data. Old
// network cards pad with what they sent before (CVE-2003-0001).
type spellers struct {
	hosts  map[evidence.PairOfHosts]*[spelledFields]*spelling
	recent [8][]byte
	next   int
}

// mostOfFrame is how many bytes of these frames are kept.
const mostOfFrame = 128

// A spelling is what the values of a field were so far. Repetitions do not count.
type spelling struct {
	n, text int32
	falls   int32 // values that are less than the one before, which a counter has once in a long time
	steps   int32 // values that are one more than one of the last ones, as those of several counters by turns
	recent  [8][4]byte
	letters [2]uint64 // the first bytes of the values that are text, as bits
	last    [4]byte
	packets [8]int32
	sample  [24]byte
	sampled uint8
}

// packet takes the next packet of a control or data connection.
func (all *spellers) packet(g *bounded.Ledger, p *capture.Packet) {
	if p.Segment.Damaged || p.Away != nil {
		return
	}
	from := all.from(g, evidence.Between(p.IP.Src.Unmap(), p.IP.Dst.Unmap()), p.Number)
	if p.IP.Version == 4 && !p.IP.Fragment {
		from.add(inIPID, identification(p.IP.ID))
	}
	if pad := p.IP.Trailer; len(pad) > 1 && len(pad) <= mostPadding && !all.sent(pad) {
		from.add(inPadding, pad)
	}
	if len(p.TCP.Payload) > 0 {
		all.recent[all.next] = append(all.recent[all.next][:0], p.Data[:min(len(p.Data), mostOfFrame)]...)
		all.next = (all.next + 1) % len(all.recent)
	}
	syn := p.TCP.Has(packet.SYN)
	if !syn && !p.TCP.Has(packet.RST) {
		from.add(inWindow, short(p.TCP.RawWindow))
		if p.Connection.Role == ftp.Control && p.TCP.Length > 0 {
			from.add(inWindowEnd, []byte{byte(p.TCP.RawWindow)})
		}
	}
	if syn && p.Connection.Role == ftp.Control {
		from.add(inISN, binary.BigEndian.AppendUint32(nil, p.TCP.RawSeq))
		if p.From == ftp.Client {
			from.add(inClientPort, short(p.TCP.SrcPort))
		}
	}
}

// mostPadding is how many bytes Ethernet adds to a packet of TCP at most.
const mostPadding = 6

// sent reports whether a padding is a part of a frame before it.
func (all *spellers) sent(pad []byte) bool {
	return slices.ContainsFunc(all.recent[:], func(frame []byte) bool { return bytes.Contains(frame, pad) })
}

// A speller takes what a packet, or a session, of a host has in these fields.
type speller struct {
	all    *spellers
	ledger *bounded.Ledger
	hosts  evidence.PairOfHosts
	of     *[spelledFields]*spelling // nil if no value was letters yet
	packet int
}

func (all *spellers) from(g *bounded.Ledger, hosts evidence.PairOfHosts, packet int) speller {
	return speller{all, g, hosts, all.hosts[hosts], packet}
}

// add takes the next value of a field. A field is remembered from its first value that is letters on: most hosts
// have none.
func (s *speller) add(field spelledField, value []byte) {
	if s.of == nil || s.of[field] == nil {
		if !isLetters(value) {
			return
		}
		if s.of = bounded.Entry(s.ledger, maxSpellers, s.all.hosts, s.hosts); s.of == nil {
			return
		}
		s.of[field] = &spelling{}
	}
	s.of[field].add(field, value, s.packet)
}

// announces takes the data ports of a session.
func (all *spellers) announces(s *session) {
	for _, a := range s.DataPorts {
		hosts := s.Hosts()
		if a.Mode == ftp.Passive {
			hosts = hosts.Reversed()
		}
		from := all.from(s.ledger, hosts, a.Packet)
		from.add(inDataPort, short(a.Addr.Port()))
	}
}

// short is a value of 16 bits. One whose second byte is zero counts as one letter.
func short(v uint16) []byte {
	if v&0xff == 0 {
		return []byte{byte(v >> 8)}
	}
	return []byte{byte(v >> 8), byte(v)}
}

// identification is an IPv4 identification. One whose first byte is zero counts as one letter, too.
func identification(id uint16) []byte {
	if id>>8 == 0 {
		return []byte{byte(id)}
	}
	return short(id)
}

// isLetters reports whether all bytes of a value are of a text.
func isLetters(value []byte) bool {
	for _, c := range value {
		if (c < ' ' || c >= 0x7f) && c != '\r' && c != '\n' && c != '\t' {
			return false
		}
	}
	return true
}

// add takes the next value. In fields that are counted or drawn by lot out of all numbers, a text may begin and end anywhere.
// Windows and ports have smaller ranges, which may be letters for a while.
func (s *spelling) add(field spelledField, value []byte, packet int) {
	anywhere := field == inIPID || field == inPadding || field == inISN
	if anywhere && s.isText(leastValues[field]) {
		return
	}
	var v [4]byte
	copy(v[:], value)
	order := bytes.Compare(v[:], s.last[:])
	if order == 0 && s.n > 0 {
		return
	}
	if s.n > 0 && order < 0 {
		s.falls++
	}
	before := v
	before[len(value)-1]--
	if slices.Contains(s.recent[:], before) {
		s.steps++
	}
	s.recent[int(s.n)%len(s.recent)] = v
	s.n, s.last = s.n+1, v
	if !isLetters(value) {
		if anywhere && !s.isMostlyText() {
			*s = spelling{last: v}
		}
		return
	}
	if s.text < int32(len(s.packets)) {
		s.packets[s.text] = int32(packet)
	}
	s.text++
	s.letters[value[0]/64] |= 1 << (value[0] % 64)
	s.sampled += uint8(copy(s.sample[s.sampled:], value))
}

func (s *spelling) isMostlyText() bool { return s.text*10 >= s.n*9 }

// isText reports whether nearly all of enough values are letters, in another order than that of a counter.
func (s *spelling) isText(least int32) bool {
	return s.n >= least && s.isMostlyText() && s.falls*4 >= s.n && s.steps*2 < s.n &&
		bits.OnesCount64(s.letters[0])+bits.OnesCount64(s.letters[1]) >= leastLetters
}

// isProse reports whether a text is mostly small letters, digits and spaces, and not mostly the same one. A window that
// shrinks by what was received, and opens again, is no prose.
func isProse(text []byte) bool {
	words, most := 0, 0
	for _, c := range text {
		if c == ' ' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' {
			words++
		}
		most = max(most, bytes.Count(text, []byte{c}))
	}
	return float64(words) >= lettersPart*float64(len(text)) && most*4 <= len(text)
}

// judge names the hosts whose fields spell a text.
func (all *spellers) judge() (found []breach) {
	for hosts, of := range all.hosts {
		for field, s := range of {
			if s == nil || !s.isText(leastValues[field]) || spelledField(field) == inWindowEnd && !isProse(s.sample[:s.sampled]) {
				continue
			}
			b := breach{hosts: hosts, observed: fmt.Sprintf(fieldNames[field]+" spell a text, which begins with %s", s.text, hosts.Client(), wording.Quote(string(s.sample[:s.sampled])))}
			for _, p := range s.packets {
				b.packets = append(b.packets, int(p))
			}
			found = append(found, b)
		}
	}
	return found
}

// treatment are the fields for routers that the last packet of a side had.
type treatment struct {
	label uint32
	class uint8
	seen  bool
}

// markings are the packets of a side that had others than the packet before.
type markings struct {
	labels, classes counted
	different       uint64 // the classes, as bits
}

// mark takes the flow label and the DSCP of a packet. A system keeps them for a connection, and changes the label when it
// sends something again. A router changes the DSCP between a few values.
func (s *side) mark(p *capture.Packet) {
	now := treatment{p.IP.FlowLabel, p.IP.DSCP, true}
	if p.Segment.Damaged || p.Away != nil || now == s.treated {
		return
	}
	before := s.treated
	if s.treated = now; !before.seen {
		return
	}
	m := &s.oddities().marked
	if now.label != before.label && p.Segment.Analysis&tcp.Retransmission == 0 {
		m.labels.add(p.Number)
	}
	if now.class != before.class {
		m.classes.add(p.Number)
		m.different |= 1<<now.class | 1<<before.class
	}
}

// remarks judges how often a side changed these fields.
func (s *side) remarks(name ftp.Side) (found []breach) {
	if s.odd == nil {
		return nil
	}
	n := 0
	for _, w := range s.ways() {
		n += int(w.n)
	}
	judge := func(of counted, what string) {
		if of.n < fieldsOdd || of.n*2 < n {
			return
		}
		b := breach{packets: of.packets, observed: fmt.Sprintf("%d of %d packets of the %s have another %s than the one before", of.n, n, name, what)}
		if of.n < 2*fieldsOdd {
			b.severity = Odd
		}
		found = append(found, b)
	}
	judge(s.odd.marked.labels, "IPv6 flow label")
	if bits.OnesCount64(s.odd.marked.different) >= fieldsOdd {
		judge(s.odd.marked.classes, "DSCP")
	}
	return found
}

// linesHideNothing judges the blanks and tabs at the ends of the last lines of replies, and the data ports.
func linesHideNothing(e *Evidence, s *session) []breach {
	e.watch.spellers.announces(s)
	ends := map[string]int{}
	for _, l := range s.Lines {
		text := []byte(l.Text)
		if l.From != ftp.Server || !l.Complete || !beginsLikeReply(text) || text[3] != ' ' {
			continue
		}
		if end := text[len(bytes.TrimRight(text, " \t")):]; len(end) > 0 {
			noteIn(ends, string(end), l.Packet)
		}
	}
	if len(ends) < fieldsOdd {
		return nil
	}
	return []breach{{packets: firstPackets(ends), observed: fmt.Sprintf("replies end with %d different rows of blanks and tabs", len(ends))}}
}
