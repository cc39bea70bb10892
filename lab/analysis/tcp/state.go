package tcp

import (
	"math"
	"net/netip"
	"time"

	"ftplab/lab/analysis/internal/ranges"
	"ftplab/lab/analysis/packet"
)

// A State is what is known of one connection while its packets are read. Direction 0 is
// that of the sender of the first packet, direction 1 the other. Package ftp decides
// which side is the FTP client and which is the server.
type State struct {
	// Ends are the senders of the two directions.
	Ends [2]netip.AddrPort
	// FirstPacket and LastPacket are packet numbers, FirstTime and LastTime their
	// timestamps in nanoseconds since 1970.
	FirstPacket, LastPacket int
	FirstTime, LastTime     int64
	// HandshakeSeen says that the capture has a SYN and its answer. HandshakeRTT is the time from
	// SYNTime, when the SYN was sent that was answered, to its SYN and ACK. Both are valid if
	// HandshakeTimed is set: one place has both packets. Of a SYN that was sent again
	// it is the last one before the answer, or the first one if each has an answer.
	HandshakeRTT   time.Duration
	SYNTime        int64
	HandshakeSeen  bool
	HandshakeTimed bool
	// Unsure says that nothing in the handshake shows which of several SYNs was answered
	// (RFC 6298, 3), so that HandshakeRTT may be too short.
	Unsure bool
	// Halves are the two directions.
	Halves [2]Half

	letters []byte // of the history: the direction of each in the top bit

	opener   int8 // the direction of the first SYN, -1 if none was seen
	answerer int8 // the direction of the first SYN and ACK, -1
	firstFIN int8 // direction, -1
	firstRST int8

	answered  uint32 // what the first SYN and ACK acknowledged, on the wire
	synRaw    uint32
	synLength int32
	handshake handshake
	lastSYN   int64 // the time of the last SYN
	rtt       int64 // as Wireshark's tcp.analysis.initial_rtt, 0 if unknown
}

// Begin makes s the state of a new connection. It reuses the memory of the connection
// that s described before.
func (s *State) Begin(src, dst netip.AddrPort) {
	letters, have := s.letters[:0], [2]ranges.Set{s.Halves[0].have[:0], s.Halves[1].have[:0]}
	*s = State{Ends: [2]netip.AddrPort{src, dst}, letters: letters, opener: -1, answerer: -1, firstFIN: -1, firstRST: -1}
	for i := range s.Halves {
		s.Halves[i].have, s.Halves[i].scale = have[i], -1
	}
}

// Add takes the next segment of the connection and fills in seg.
func (s *State) Add(p *packet.Packet, seg *Segment) {
	t := p.TCP
	*seg = Segment{TCP: t, Window: int(t.RawWindow), SACK: seg.SACK[:0]}
	if p.IP.Src != s.Ends[0].Addr() || t.SrcPort != s.Ends[0].Port() {
		seg.Direction = 1
	}
	fwd, rev := &s.Halves[seg.Direction], &s.Halves[1-seg.Direction]
	fwd.Packets++
	if s.FirstPacket == 0 {
		s.FirstPacket, s.FirstTime = p.Number, p.Time
	}
	s.LastPacket, s.LastTime = p.Number, p.Time
	s.settle(seg, fwd)
	s.openBoth(seg, fwd, rev)
	seg.Damaged = fwd.damaged(p, rev)
	seg.number(fwd, rev)
	if seg.InDoubt() {
		fwd.doubts(p, seg)
	}
	if seg.Damaged {
		fwd.Damaged++
		if int(s.opener) == seg.Direction {
			s.handshake.afterDamaged(p, s.endsHandshake(seg))
		}
	} else {
		s.effect(p, seg, fwd, rev)
	}
	s.analyse(p, seg, fwd, rev)
	if t.Flags&(packet.SYN|packet.ACK) == packet.ACK && s.rtt == 0 && s.lastSYN != 0 && p.Away == nil {
		s.rtt = p.Time - s.lastSYN
	}
	before := len(s.letters)
	again := !seg.Damaged && fwd.history.old(seg)
	if fwd.away {
		again = fwd.repeats(p, seg)
	}
	s.letters = fwd.history.letters(s.letters, seg, again)
	for i := before; i < len(s.letters); i++ {
		s.letters[i] |= byte(seg.Direction) << 7
	}
	if t.Length > 0 && !seg.Damaged {
		fwd.data(p, seg)
	}
}

// effect notes what a segment that its receiver accepts does to the connection.
func (s *State) effect(p *packet.Packet, seg *Segment, fwd, rev *Half) {
	if seg.Length > 0 && rev.notable(seg.Ack) {
		seg.acks = seg.Ack
	}
	s.open(p, seg)
	s.acknowledged(p, seg, fwd, rev)
	s.shows(p, seg, fwd, rev)
	s.refute(1 - seg.Direction)
	s.receipts(p, seg, fwd, rev)
	s.accept(p, 1-seg.Direction, seg)
	s.ending(p, seg.Direction, seg.Flags, ending{seg.DataSeq() + int64(seg.Length), seg.Ack, p.Number, p.Time})
}

// settle corrects where a stream begins if its SYN was damaged: the answer to the SYN and the next
// segment of its sender agree on another number.
func (s *State) settle(seg *Segment, h *Half) {
	next := seg.Flags&(packet.SYN|packet.RST) == 0 && h.synSeen && h.Segments == 0 && int(s.answerer) == 1-seg.Direction
	if next && seg.RawSeq == s.answered && seg.RawSeq != h.ISN+1 && s.synLength == 0 {
		h.ISN, h.reach, h.sent, h.confirmed, h.confirmedBy = seg.RawSeq-1, 0, 0, 0, 0
	}
}

// openBoth corrects where a stream begins if its side first acknowledged the SYN of the other one, and then opens the
// connection with a SYN of its own (RFC 9293 section 3.5).
func (s *State) openBoth(seg *Segment, h, peer *Half) {
	if seg.Flags&(packet.SYN|packet.ACK) == packet.SYN && peer.synSeen && !h.synSeen && h.Segments == 0 && h.anchored && seg.RawSeq != h.ISN {
		h.ISN, h.reach, h.sent, h.confirmed, h.confirmedBy, h.acked = seg.RawSeq, 0, 0, 0, 0, false
	}
}

// analyse finds the segment's analysis flags and its window in bytes. The time of a packet that another
// recorder has, and its place among the others, are those of that recorder. So only what such a packet
// repeats is known of it, and that another one repeats it.
func (s *State) analyse(p *packet.Packet, seg *Segment, fwd, rev *Half) {
	j := judge{t: seg, time: p.Time, fwd: &fwd.analysis, rev: &rev.analysis, peerScale: -1, rtt: s.rtt}
	if rev.scales(fwd) {
		j.peerScale = int(rev.scale)
	} else if fwd.synSeen || rev.synSeen {
		j.peerScale = 0
	}
	if seg.Flags&packet.SYN == 0 && fwd.scales(rev) {
		seg.Window <<= fwd.scale
	}
	seg.PeerClosed = rev.analysis.begun && rev.analysis.window == 0
	if fwd.away = fwd.away || p.Away != nil; p.Away == nil && !fwd.otherSYN(seg) {
		j.analyse()
	}
	if fwd.away && seg.Analysis&(OutOfOrder|KeepAlive) == 0 && fwd.repeats(p, seg) {
		seg.Analysis |= Retransmission
	}
	if seg.Analysis&Retransmission != 0 {
		fwd.Retransmissions++
		seg.FirstSeen = seg.Length > 0 && fwd.doubt == nil && !fwd.repeats(p, seg)
	}
	if seg.Analysis&OutOfOrder != 0 {
		fwd.OutOfOrder++
	}
}

// open notes a SYN, and what comes after the handshake.
func (s *State) open(p *packet.Packet, seg *Segment) {
	dir := seg.Direction
	h := &s.Halves[dir]
	if seg.Flags&packet.SYN == 0 {
		s.handshake.after(p, s.endsHandshake(seg))
		return
	}
	if !h.synSeen {
		h.synSeen, h.syn, h.SYN = true, seg.Seq, p.Number
		h.scale, h.answered = int8(seg.Options.WindowScale), seg.Flags&packet.ACK != 0
		h.stamps = seg.Options.HasTimestamps
	}
	if seg.Flags&packet.ACK == 0 {
		if p.Away == nil {
			s.lastSYN = p.Time
		}
		if s.opener < 0 {
			s.opener, s.synRaw, s.synLength = int8(dir), seg.RawSeq, int32(seg.Length)
		}
		if int(s.opener) == dir {
			s.handshake.sent(p)
		}
		return
	}
	if s.answerer < 0 {
		s.answerer, s.answered = int8(dir), seg.RawAck
	}
	answers := seg.RawAck == s.synRaw+1 || seg.RawAck == s.synRaw+1+uint32(s.synLength)
	if int(s.opener) == 1-dir && answers && h.SYN > s.Halves[1-dir].SYN {
		s.handshake.came(p)
		s.HandshakeSeen, s.HandshakeTimed = true, !s.handshake.away
		if s.HandshakeTimed {
			s.HandshakeRTT, s.SYNTime, s.Unsure = s.handshake.rtt(), s.handshake.begun(), s.handshake.unsure()
		}
	}
}

// endsHandshake reports whether a segment is a bare ACK that acknowledges the answer to a SYN.
func (s *State) endsHandshake(seg *Segment) bool {
	bare := seg.Flags&(packet.SYN|packet.ACK|packet.FIN|packet.RST) == packet.ACK && seg.Length == 0
	return bare && int(s.opener) == seg.Direction && seg.RawSeq == s.answered && seg.RawAck == s.Halves[1-seg.Direction].ISN+1
}

// acknowledged notes where the stream of the other side begins, if its SYN was not
// recorded. The SYN and ACK that answers this SYN acknowledges it, and so does the last
// segment of the handshake.
func (s *State) acknowledged(p *packet.Packet, seg *Segment, fwd, rev *Half) {
	if rev.synSeen || rev.acked || rev.Segments > 0 || seg.Flags&packet.ACK == 0 {
		return
	}
	answer := seg.Flags&packet.SYN != 0
	third := fwd.synSeen && !fwd.answered && seg.Length == 0 && seg.Seq == fwd.syn+1 && fwd.Segments == 0
	if answer || third {
		rev.acked, rev.ackedFrom = true, seg.Ack
		if rev.Packets == 0 {
			rev.SYNAcked = p.Number
		}
	}
}

// shows notes where the two sides are before the capture has data of them. An acknowledgment counts only with data, as a
// command has: those of a download may be for bytes from before the capture.
func (s *State) shows(p *packet.Packet, seg *Segment, fwd, rev *Half) {
	if seg.Flags&(packet.SYN|packet.FIN|packet.RST|packet.ACK) != packet.ACK || p.Away != nil {
		return
	}
	if seg.Length == 0 {
		fwd.show(seg.Seq)
	} else if seg.Length > 1 { // else it may be a keep-alive
		rev.show(seg.Ack)
	}
}

// An ending is the relative number at which the data of a segment ends, what it acknowledges, its packet
// and time.
type ending struct {
	at     int64
	ack    int64
	packet int
	time   int64
}

// ending notes a FIN or RST that the packet p, or one before it, has.
func (s *State) ending(p *packet.Packet, dir int, flags uint8, e ending) {
	h := &s.Halves[dir]
	if flags&packet.FIN != 0 && !h.refutes(e.at) {
		if s.firstFIN < 0 {
			s.firstFIN = int8(dir)
		}
		if !h.finSeen {
			h.finSeen, h.fin, h.FINAck, h.FIN, h.FINTime, h.finKnown = true, e.at, e.ack, e.packet, e.time, p.Number
			h.confirmed = min(h.confirmed, e.at+1)
		}
	}
	if flags&packet.RST != 0 {
		if s.firstRST < 0 {
			s.firstRST = int8(dir)
			for i := range s.Halves {
				s.Halves[i].Delivered = s.Halves[i].delivered()
			}
		}
		if h.RST == 0 {
			h.RST, h.RSTTime = e.packet, e.time
		}
	}
}

// Initiator returns the direction that opened the connection, -1 if no handshake was
// seen. Who answers a SYN and ACK with nothing but a RST has opened nothing (RFC 9293 section 3.10.7.2).
func (s *State) Initiator() int {
	if s.opener < 0 && s.answerer >= 0 && !s.Halves[1-s.answerer].history.onlyResets() {
		return int(1 - s.answerer)
	}
	return int(s.opener)
}

// RoundTrip returns the time from SYNTime to the ACK that ends the handshake, as Wireshark's initial
// RTT: the round trip of the path, wherever on it the recorder is. If it is not known, the round
// trip takes HandshakeRTT at least.
func (s *State) RoundTrip() (took time.Duration, known bool) {
	if s.opener < 0 {
		return 0, false
	}
	return s.handshake.roundTrip(s.Halves[s.opener].sums)
}

// FirstFIN and FirstRST return the directions of the first packets with these flags, -1
// for none.
func (s *State) FirstFIN() int { return int(s.firstFIN) }
func (s *State) FirstRST() int { return int(s.firstRST) }

// HandshakeBegun reports whether the capture has a SYN of the connection.
func (s *State) HandshakeBegun() bool { return s.opener >= 0 || s.answerer >= 0 }

// DataSegments returns how many segments of both directions carry data.
func (s *State) DataSegments() int { return s.Halves[0].Segments + s.Halves[1].Segments }

// Flow returns the facts of a direction.
func (s *State) Flow(dir int) Flow {
	h := &s.Halves[dir]
	f := h.Flow
	if s.firstRST < 0 {
		f.Delivered = h.delivered()
	}
	if h.Segments > 0 || h.finSeen || h.synSeen || h.acked {
		have, start, end := h.Stream()
		if h.synSeen || start != h.ackedFrom {
			f.SYNAcked = 0
		}
		f.Bytes, f.Unseen = have.Size(), h.unseen(end)
		f.CutShort += h.cut.Clip(start, end).Size()
		if h.finSeen {
			f.Beyond = h.have.Clip(end, math.MaxInt64).Size()
		}
		if h.Segments > 0 || h.synSeen || h.acked {
			f.Missing = end - start - f.Bytes
		}
	}
	return f
}

// History returns Zeek's connection history. The events of the given direction are in
// capital letters.
func (s *State) History(capital int) string {
	text := make([]byte, len(s.letters))
	for i, l := range s.letters {
		text[i] = l & 0x7f
		if int(l>>7) != capital {
			text[i] |= 0x20 // in lower case
		}
	}
	return string(text)
}
