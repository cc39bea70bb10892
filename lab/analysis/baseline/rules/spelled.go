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
	inUrgent // the urgent pointers without URG, which have no meaning
	spelledFields
	inNumber = inDataPort // a number in an argument
)

// fieldNames say how many values there are, and of which host. leastValues is how many must spell a text.
var (
	fieldNames  = [spelledFields]string{"%d IPv4 identifications of %v", "%d receive windows of %v", "%d receive windows of %v", "%d paddings of Ethernet frames of %v", "%d initial sequence numbers of %v", "%d ports from which %v connected", "%d ports that %v announced", "%d urgent pointers of %v"}
	leastValues = [spelledFields]int32{20, 16, 16, 8, 8, 16, 16, 8}
)

// mayStay are fields with the same value in many packets.
var mayStay = [spelledFields]bool{inWindow: true, inWindowEnd: true, inPadding: true}

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

// A spelling is what the values of a field were so far. Repetitions do not count, but letters that a text has twice in a row
// are in the sample.
type spelling struct {
	n, text int32
	twice   int32 // letters in a row that another packet has, too
	found   bool  // the values are a text, which goes on as long as they are letters
	ended   bool
	falls   int32  // values that are less than the one before, which a counter has once in a long time
	steps   int32  // values that are one more than one of the last ones, as those of several counters by turns
	of      uint64 // the packet of the last value
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
	from.of = uint64(p.TCP.RawSeq)<<32 ^ uint64(p.TCP.RawAck)<<8 ^ uint64(p.TCP.Length)
	if p.IP.Version == 4 && !p.IP.Fragment {
		from.add(inIPID, identification(p.IP.ID))
	}
	from.of ^= uint64(p.IP.ID) << 48
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
	if p.TCP.Urgent != 0 && !p.TCP.Has(packet.URG) {
		from.add(inUrgent, identification(p.TCP.Urgent))
	}
	if syn && p.Connection.Role == ftp.Control {
		all.syn(from, p)
		if p.From == ftp.Client {
			from.add(inClientPort, short(p.TCP.SrcPort))
		}
	}
}

// refused takes a packet of a connection that may have been refused.
func (all *spellers) refused(g *bounded.Ledger, p *capture.Packet) {
	if p.TCP.Has(packet.SYN) && p.TCP.DstPort == ftpPort && !p.Segment.Damaged && p.Away == nil {
		all.syn(all.from(g, evidence.Between(p.IP.Src.Unmap(), p.IP.Dst.Unmap()), p.Number), p)
	}
}

// syn takes the initial sequence number of a side.
func (all *spellers) syn(from speller, p *capture.Packet) {
	from.of = uint64(p.TCP.SrcPort)<<16 | uint64(p.TCP.DstPort)
	from.add(inISN, initial(p.TCP.RawSeq))
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
	values *[spelledFields]*spelling // nil if no value was letters yet
	packet int
	of     uint64 // tells a packet from the one before, unless it is the same again
}

func (all *spellers) from(g *bounded.Ledger, hosts evidence.PairOfHosts, packet int) speller {
	return speller{all, g, hosts, all.hosts[hosts], packet, uint64(packet)}
}

// add takes the next value of a field. A field is remembered from its first value that is letters on: most hosts
// have none.
func (s *speller) add(field spelledField, value []byte) {
	if s.values == nil || s.values[field] == nil {
		if !isLetters(value) {
			return
		}
		if s.values = bounded.Entry(s.ledger, maxSpellers, s.all.hosts, s.hosts); s.values == nil {
			return
		}
		s.values[field] = &spelling{}
	}
	s.values[field].add(field, value, s.packet, s.of)
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

// initial is an initial sequence number. One of which three bytes are zero counts as one letter, too.
func initial(seq uint32) []byte {
	value := binary.BigEndian.AppendUint32(nil, seq)
	if letter := bytes.Trim(value, "\x00"); len(letter) == 1 {
		return letter
	}
	return value
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
func (s *spelling) add(field spelledField, value []byte, packet int, of uint64) {
	anywhere := field == inIPID || field == inPadding || field == inISN
	letters := isLetters(value)
	if s.found = s.found || anywhere && s.isText(leastValues[field]); s.found {
		if s.ended = s.ended || !letters; s.ended {
			return
		}
	}
	var v [4]byte
	copy(v[:], value)
	order, again := bytes.Compare(v[:], s.last[:]), of == s.of
	s.of = of
	if order == 0 && s.n > 0 {
		if letters && !again && !mayStay[field] {
			s.twice++
			s.sampled += uint8(copy(s.sample[s.sampled:], value))
		}
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
	if !letters {
		if anywhere && !s.isMostlyText() {
			*s = spelling{last: v, of: of}
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

// leastWord is how many bytes a text has that is no accident.
const leastWord = 6

// isWords reports whether bytes are a text: words, or base64. Few other signs are between its letters.
func isWords(text []byte) bool {
	letters := 0
	for _, c := range text {
		if c == ' ' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' {
			letters++
		}
	}
	return len(text) >= leastWord && isLetters(text) && letters*2 >= len(text)
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

// begin is the beginning of the text.
func (s *spelling) begin() string { return string(s.sample[:s.sampled]) }

// judge names the hosts whose fields spell a text.
func (all *spellers) judge() (found []breach) {
	for hosts, of := range all.hosts {
		for field, s := range of {
			if s == nil || !s.found && !s.isText(leastValues[field]) || spelledField(field) == inWindowEnd && !isProse([]byte(s.begin())) {
				continue
			}
			b := breach{hosts: hosts, observed: fmt.Sprintf(fieldNames[field]+" spell a text, which begins with %s", s.text+s.twice, hosts.Client(), wording.Quote(s.begin()))}
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
