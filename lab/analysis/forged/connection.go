// What each side of a connection has sent, and what does not fit it.

package forged

import (
	"bytes"
	"time"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/packet"
)

// mostKept bounds the bytes of a stream that are kept for comparison.
const mostKept = 4 << 20

// shortestRTT is the shortest handshake after which an acknowledgement can be too early.
const shortestRTT = 2 * time.Millisecond

// A connection is what was seen of a TCP connection. Another place has another clock, so the time and the
// order of a packet that only another place has count for nothing.
type connection struct {
	signs  Signs
	sides  [2]side       // by the direction of a segment
	opener int           // the direction of the first SYN
	rtt    time.Duration // from it to the SYN and ACK; 0 if no place has both
	reset  bool
}

// A side is what one side of a connection has sent. Numbers are relative to its SYN.
type side struct {
	seen   bool
	next   int64  // the number after all that it sent
	stream []byte // from number 1
	gaps   []gap
	other  int64 // the end of a segment with other bytes than before, until it is acknowledged

	syn     int // the packet with its SYN, 0 if it was not seen
	mss     int
	isn     uint32
	synTime int64 // 0 if another place has it

	fin     int64 // the number of its FIN, 0 for none
	finSent int   // the packet
	finAmid bool  // it has the number of a byte that was sent before
	before  []int // packets of the other side that acknowledge all up to the FIN, without it
	counted bool  // the other side has acknowledged the FIN

	last header // of its last packet

	sent  []sent // what the other side has not acknowledged
	acked int64  // the number up to which the other side has
	early []int  // packets of the other side that acknowledge what was not sent yet
}

// A header is what distinguishes a packet from the next one of its side.
type header struct {
	packet, length int
	id             uint16 // 0 if the packet has none, or needs none
	seq, ack       int64
	flags          uint8
	tsVal          uint32
}

// A gap is numbers that were left out before a packet.
type gap struct {
	begin, end int64
	before     int // the packet
	acked      int // the packet that acknowledges what is after the gap
}

// A sent is when a side first sent what ends at a number.
type sent struct{ end, time int64 }

func (x *connection) sign(s Sign, packets ...int) { x.signs[s] = append(x.signs[s], packets...) }

// add takes the next packet.
func (x *connection) add(p *capture.Packet) {
	s := p.Segment
	from, to := &x.sides[s.Direction], &x.sides[1-s.Direction]
	if p.ChecksumWrong() {
		x.sign(Checksum, p.Number)
	}
	x.addHeader(p, from)
	if s.Has(packet.RST) {
		x.reset = true
		return
	}
	if s.Has(packet.SYN) {
		x.addSYN(p, from, to)
	}
	if s.Has(packet.ACK) {
		x.addACK(p, from, to)
	}
	x.addData(p, from, to)
}

// addHeader compares the IP identification of a packet with that of the packet before.
func (x *connection) addHeader(p *capture.Packet, from *side) {
	s := p.Segment
	h := header{length: s.Length, seq: s.Seq, ack: s.Ack, flags: s.Flags, tsVal: s.Options.TSval}
	if p.IP.Version == 4 && !p.IP.DF && !p.IP.Fragment {
		h.id = p.IP.ID
	}
	before := from.last
	from.last, from.last.packet = h, p.Number
	if before.packet == 0 || h.id == 0 || before.id != h.id {
		return
	}
	number := before.packet
	if before.packet = 0; before != h {
		x.sign(ID, number, p.Number)
	}
}

func (x *connection) addSYN(p *capture.Packet, from, to *side) {
	s := p.Segment
	if s.Has(packet.ACK) && from.syn == 0 && to.syn > 0 {
		x.opener = 1 - s.Direction
		if p.Away == nil && to.synTime != 0 {
			x.rtt = time.Duration(p.Time - to.synTime)
		}
		if s.RawSeq == to.isn {
			x.sign(ISN, to.syn, p.Number)
		}
	}
	from.syn, from.mss, from.isn, from.synTime = p.Number, s.Options.MSS, s.RawSeq, 0
	if p.Away == nil {
		from.synTime = p.Time
	}
}

func (x *connection) addACK(p *capture.Packet, from, to *side) {
	s := p.Segment
	if to.seen && s.Ack > to.next {
		to.early = append(to.early, p.Number)
	}
	to.acked = max(to.acked, s.Ack)
	for i := range to.gaps {
		if g := &to.gaps[i]; g.acked == 0 && s.Ack > g.end {
			g.acked = p.Number
		}
	}
	if to.other > 0 && s.Ack >= to.other {
		x.sign(Seq, p.Number)
		to.other = 0
	}
	if to.fin > 0 {
		to.counted = to.counted || s.Ack > to.fin
		if s.Ack == to.fin {
			to.before = append(to.before, p.Number)
		}
	}
	for len(to.sent) > 0 && to.sent[0].end <= s.Ack {
		took := time.Duration(p.Time - to.sent[0].time)
		if s.Direction != x.opener && p.Away == nil && x.rtt >= shortestRTT && took < x.rtt/2 {
			x.sign(RTT, p.Number)
		}
		to.sent = to.sent[1:]
	}
}

// addData takes what a packet has of the stream, and its FIN.
func (x *connection) addData(p *capture.Packet, from, to *side) {
	s := p.Segment
	at, end := s.DataSeq(), s.DataSeq()+int64(s.Length)
	if !from.seen {
		from.seen, from.next = true, at
	}
	if s.Has(packet.FIN) && from.fin == 0 {
		from.fin, from.finSent, from.finAmid = end, p.Number, end < from.next
	}
	if from.finAmid && end >= from.fin {
		x.sign(Seq, p.Number)
		from.other = from.fin + 1
	}
	after := end
	if s.Has(packet.FIN) {
		after++
	}
	if at > from.next {
		from.gaps = append(from.gaps, gap{begin: from.next, end: at, before: p.Number})
	}
	if s.Length > 1 && from.differs(at, s.Payload) { // a keep-alive has one byte, and any
		x.sign(Seq, p.Number)
		from.other = after
	}
	from.keep(at, end, s.Payload)
	if after > from.next {
		early := after > at && from.acked > from.next && from.acked > at
		from.next = after
		switch {
		case p.Away == nil:
			if from.sent = append(from.sent, sent{after, p.Time}); early {
				x.sign(Ack, p.Number)
			}
		case early:
			from.early = nil
		}
	}
	x.checkLength(p, to)
}

// checkLength compares the length of a segment with what its receiver said in its SYN.
func (x *connection) checkLength(p *capture.Packet, to *side) {
	assumed := 536
	if p.IP.Version == 6 {
		assumed = 1220
	}
	if to.syn > 0 && to.mss == 0 && p.Segment.Length > assumed {
		x.sign(MSS, to.syn, p.Number)
	}
}

// differs reports whether other bytes were sent before at the numbers of a segment.
func (s *side) differs(at int64, payload []byte) bool {
	begin, end := at-1, min(at-1+int64(len(payload)), int64(len(s.stream)))
	if begin < 0 || begin >= end {
		return false
	}
	for _, g := range s.gaps {
		if g.begin < end+1 && at < g.end {
			return false // some of it was never seen
		}
	}
	return !bytes.Equal(s.stream[begin:end], payload[:end-begin])
}

// keep keeps the data of a segment, and closes the gaps that it fills.
func (s *side) keep(at, end int64, payload []byte) {
	var open []gap
	for _, g := range s.gaps {
		if at <= g.begin {
			g.begin = max(g.begin, end)
		}
		if g.begin < g.end {
			open = append(open, g)
		}
	}
	s.gaps = open
	begin, size := at-1, at-1+int64(len(payload))
	if begin < 0 || size > mostKept {
		return
	}
	if more := size - int64(len(s.stream)); more > 0 {
		s.stream = append(s.stream, make([]byte, more)...)
	}
	copy(s.stream[begin:], payload)
}

// end says what shows only when nothing more comes.
func (x *connection) end() {
	for i := range x.sides {
		s, other := &x.sides[i], &x.sides[1-i]
		if len(s.early) > 0 {
			x.sign(Ack, s.early...)
		}
		for _, g := range s.gaps {
			x.sign(Seq, g.before)
			if g.acked > 0 {
				x.sign(Seq, g.acked)
			}
		}
		if !x.reset && s.fin > 0 && other.fin > 0 && !s.counted && len(s.before) > 0 {
			x.sign(FIN, append(s.before, s.finSent)...)
		}
	}
}
