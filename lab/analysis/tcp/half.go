package tcp

import (
	"slices"

	"ftplab/lab/analysis/internal/ranges"
	"ftplab/lab/analysis/packet"
)

// A Flow is one direction of a connection: what one side sent.
type Flow struct {
	// Packets counts every packet.
	Packets int
	// SYN is the number of the first packet with this flag, 0 for none.
	SYN int
	// SYNAcked is the number of a packet of the peer that acknowledges the SYN, and perhaps bytes after it, if the
	// capture lacks the SYN and has nothing of this side before that packet. It is 0 for none.
	SYNAcked int
	// ISN is the sequence number on the wire that corresponds to the relative number 0:
	// that of the SYN, or one less than the first number seen.
	ISN uint32
	// Segments counts the packets that carry data, without probes that repeat a byte: keep-alives, and those
	// of a closed window. Damaged packets do not count. Neither do they for FirstData and LastData.
	Segments int
	// Elsewhere counts those of them that only another place has than the one where the connection is read; see
	// [packet.Away].
	Elsewhere int
	// Damaged counts the packets that the peer dropped because their checksums are wrong.
	Damaged int
	// Bytes is the number of bytes of the stream that were seen: retransmitted bytes
	// count once, gaps do not count.
	Bytes int64
	// Missing is the number of bytes that are not in the capture although later bytes
	// show that they were sent.
	Missing int64
	// Unseen is how many bytes come after all that the capture has of the stream, although the number
	// of a later packet or an acknowledgement shows that they were sent. The FIN counts as one.
	Unseen int64
	// CutShort is how many bytes of the stream the recorder cut off from its packets, of those that
	// no other packet has.
	CutShort int64
	// Beyond is how many bytes are numbered after the FIN, wherever in the capture they come.
	Beyond int64
	// Wire is the number of bytes of data in all segments, retransmissions
	// included.
	Wire int64
	// Retransmissions and OutOfOrder count segments, by Wireshark's rules.
	Retransmissions, OutOfOrder int
	// FIN and RST are the numbers of the first packets with these flags, 0
	// for none.
	FIN, RST int
	// FINAck is what the segment with the FIN acknowledges, 0 for nothing.
	FINAck int64
	// Delivered says that the peer acknowledged the FIN, and so all before it, before any RST.
	Delivered bool
	// RefutedFIN is the number of the first packet with a FIN that the peer did not receive: it acknowledged
	// data in its place. FIN is then a later one. AfterFIN is the number of the first packet with data that
	// is numbered after the FIN that came before it, which no TCP sends. Both are 0 for none.
	RefutedFIN, AfterFIN int
	// FirstData and LastData are the numbers of the first and the last packet
	// with data, 0 for none. One that only another place has counts if there is no other: its time is another, too.
	FirstData, LastData int
	// FINTime and the others are the timestamps of those packets, in nanoseconds since
	// 1970.
	FINTime, RSTTime, RefutedFINTime, AfterFINTime, FirstDataTime, LastDataTime int64
}

// FINOvertook reports whether the FIN came before data that was sent before it. Data that was sent again may
// come after it, too.
func (f *Flow) FINOvertook() bool {
	return f.FINBeforeData() && f.Retransmissions+f.Damaged == 0 && f.OutOfOrder > 0
}

// FINBeforeData reports whether data of the stream came after the FIN.
func (f *Flow) FINBeforeData() bool { return f.FIN > 0 && f.FIN < f.LastData && f.AfterFIN == 0 }

// A Half is the state of one direction of a connection while its packets are read: its
// sequence numbers, and which parts of its stream were seen. Of its Flow, Bytes,
// Missing, Unseen and CutShort are not set; [State.Flow] computes them.
type Half struct {
	Flow

	// reach is the highest relative number so far. A number on the wire is taken for
	// the relative number nearest to reach. So a stream can be longer than 4 GiB.
	reach int64
	// sent is the highest relative number from which this side went on, confirmed the highest one that
	// the peer acknowledged, which had sent its own bytes up to confirmedBy. Of what is acknowledged before a
	// FIN, only what is before the FIN was sent.
	sent, confirmed, confirmedBy int64

	// syn is the relative number of the first SYN, fin that of the end of the data
	// before the first FIN, which is known from the packet finKnown on.
	syn, fin int64
	finKnown int

	// have are the parts of the stream that were seen.
	have ranges.Set
	cut  ranges.Set // of these parts, what the recorder cut off
	head *head      // nil if the SYN was seen, or nothing yet
	// If the SYN was not recorded but the peer's part of the handshake was, acked is
	// set, and the stream begins at ackedFrom.
	ackedFrom int64

	analysis analysis
	history  history
	doubt    *doubt // nil if no segment was damaged
	sums     sums
	receipt  receipt

	gap   int64 // the start of the gap for which acks were noted
	noted int8  // how many acks

	replaced         bool // data came in the place of the FIN, after it
	away             bool // some packets are those of another recorder
	anchored         bool // ISN is known
	synSeen, finSeen bool
	answered         bool // its SYN was an answer: it had the ACK flag
	stamps           bool // its SYN had a time stamp
	acked            bool
	shown            bool  // a packet without data of its own shows where this side was before its first data
	shownFrom        int64 // the lowest such number
	scale            int8  // window scale that its SYN offered, -1 for none
}

// anchor sets the initial sequence number, whose relative number is 0.
func (h *Half) anchor(isn uint32) {
	if !h.anchored {
		h.anchored, h.ISN = true, isn
	}
}

// otherSYN reports whether a SYN has another number than the first one. It is another host's, or another connection's,
// and says nothing about this stream.
func (h *Half) otherSYN(s *Segment) bool {
	return s.Flags&packet.SYN != 0 && h.synSeen && s.Seq != h.syn
}

// relative turns a number on the wire into the relative number nearest to the
// highest one so far.
func (h *Half) relative(raw uint32) int64 {
	return h.reach + int64(int32(raw-h.ISN-uint32(h.reach)))
}

// data counts the data of a segment that is not damaged.
func (h *Half) data(p *packet.Packet, seg *Segment) {
	seq := seg.DataSeq()
	if seg.Analysis&KeepAlive != 0 && (seq < h.start() || h.have.Covers(seq, seq+1)) {
		return
	}
	h.count(p.Number, p.Time, seg.Length, p.Away != nil)
	if seg.InDoubt() {
		return
	}
	if h.finSeen {
		h.afterFIN(p, seq, seq+int64(seg.Length))
	}
	h.cutOff(seq, seq+int64(len(seg.Payload)), seq+int64(seg.Length))
	h.have.Add(seq, seq+int64(seg.Length))
	if !h.synSeen {
		if h.head == nil {
			h.head = &head{}
		}
		h.head.data(seg, seq)
	}
}

// count counts a segment with data; away says that only another place has it.
func (h *Half) count(number int, time int64, length int, away bool) {
	h.Segments++
	h.Wire += int64(length)
	onlyAway := h.Elsewhere == h.Segments-1
	switch {
	case away:
		h.Elsewhere++
	case onlyAway:
		h.FirstData, h.LastData = 0, 0
	}
	if away && !onlyAway {
		return
	}
	if h.FirstData == 0 || number < h.FirstData {
		h.FirstData, h.FirstDataTime = number, time
	}
	if number > h.LastData {
		h.LastData, h.LastDataTime = number, time
	}
}

// maxCut is how many parts of a stream that the recorder cut off may still be in another packet. If there are more,
// the first ones are not: a segment is sent again soon.
const maxCut = 1 << 10

// cutOff takes a segment with the data from start up to end, of which the recorder kept what is before kept.
func (h *Half) cutOff(start, kept, end int64) {
	if kept == end && len(h.cut) == 0 {
		return
	}
	h.cut.Remove(start, kept)
	for _, r := range h.have.Gaps(kept, end) {
		h.cut.Add(r.Start, r.End)
	}
	if len(h.cut) > maxCut {
		h.CutShort += h.cut[:maxCut/2].Size()
		h.cut = slices.Delete(h.cut, 0, maxCut/2)
	}
}

// repeats reports whether a segment has some data, a SYN or a FIN that an earlier one had.
func (h *Half) repeats(p *packet.Packet, seg *Segment) bool {
	seq := seg.DataSeq()
	end := seq + int64(seg.Length)
	return !seg.Damaged && seg.Flags&packet.RST == 0 && (h.have.Clip(seq, end).Size() > 0 && seg.Length > 0 ||
		seg.Has(packet.SYN) && h.SYN != p.Number && h.syn == seg.Seq ||
		seg.Has(packet.FIN) && h.FIN != p.Number && h.fin == end)
}

// scales reports whether the windows of this direction are scaled: both sides offered
// it, or the peer's SYN was not recorded and this side answered it with an offer, which
// it may do only if the peer offered first (RFC 7323 section 2.2).
func (h *Half) scales(peer *Half) bool {
	return h.scale >= 0 && (peer.scale >= 0 || h.answered && !peer.synSeen)
}

// start returns the relative number of the first byte of the stream: the one after the
// SYN. Without a SYN it is the number that the peer's part of the handshake
// acknowledged, or the lowest number of the first segments.
func (h *Half) start() int64 {
	switch {
	case h.synSeen:
		return h.syn + 1
	case h.head != nil && h.acked:
		return min(h.head.start(), h.ackedFrom)
	case h.acked:
		return h.ackedFrom
	case h.head != nil:
		return h.before(h.head.start())
	}
	return 0
}

// maxShown is how far before the first data the numbers of packets may be that show where the stream was: in forged
// captures they have no meaning.
const maxShown = 1 << 16

// show takes a number from which this side goes on, or up to which the peer has received it, before the capture has
// data of it.
func (h *Half) show(seq int64) {
	if h.Segments > 0 || h.synSeen || h.acked {
		return
	}
	if !h.shown || seq < h.shownFrom {
		h.shown, h.shownFrom = true, seq
	}
}

// before returns where the stream begins if its first data begins at a number: earlier, if packets before it show that
// bytes were lost. A keep-alive is one byte before the next one.
func (h *Half) before(first int64) int64 {
	if d := first - h.shownFrom; h.shown && d > 1 && d <= maxShown {
		return h.shownFrom
	}
	return first
}

// Begins reports whether the capture has the beginning of the stream.
func (h *Half) Begins() bool { return h.synSeen && h.have.Covers(h.syn+1, h.syn+2) }

// ends returns the relative numbers of the two ends of the stream.
func (h *Half) ends() (start, end int64) {
	start = h.start()
	switch n := len(h.have); {
	case h.finSeen && h.fin >= start:
		return start, h.fin
	case n > 0:
		return start, max(start, h.have[n-1].End)
	}
	return start, start
}

// confirm takes an acknowledgement up to a number, by a segment of the peer that ends at another one. A host never
// acknowledges less than before (RFC 9293 section 3.4). So if it does in a segment that goes on after an earlier one,
// the earlier one is not its own, whatever the order of the capture.
func (h *Half) confirm(upTo, by int64) {
	if upTo > h.confirmed || upTo < h.confirmed && by > h.confirmedBy {
		h.confirmed, h.confirmedBy = upTo, by
	}
}

// unseen returns how much was sent after all that was seen of the stream, which ends at a number. A
// stream without a SYN begins with what was seen.
func (h *Half) unseen(end int64) int64 {
	if h.finSeen {
		end++
	}
	if n := len(h.have); n > 0 {
		end = max(end, h.have[n-1].End)
	}
	return max(0, max(h.sent, h.confirmed)-end)
}

// Stream returns the parts of the stream that were seen, and the relative numbers of
// its two ends. The parts are valid until the next segment is added.
func (h *Half) Stream() (have ranges.Set, start, end int64) {
	start, end = h.ends()
	return h.have.Clip(start, end), start, end
}

// A head finds the start of a stream whose SYN is not in the capture: the lowest number
// among its first segments, which may have come out of order.
type head struct {
	segments lowest // segments that are not keep-alive probes
	bytes    lowest // segments of one byte, which may be keep-alive probes
	probed   int64  // after the last segment that looks like a keep-alive probe
}

// data takes note of a segment with data. A keep-alive probe repeats the byte before
// the stream, or has a zero in its place, and is not the start of the stream. So a
// segment of one byte that comes before the first number seen, or that is a zero or the
// end of a line, counts only if there are no other segments. (A probe that is the first
// packet of the capture and has another byte looks like a command that is typed letter
// by letter, and is taken for that.)
func (s *head) data(t *Segment, seq int64) {
	probe := len(t.Payload) == 1 && (t.Payload[0] == 0 || t.Payload[0] == '\n')
	switch {
	case t.Length > 1 || seq > 0 && !probe:
		s.segments.add(seq)
	case probe:
		s.probed = seq + 1
	default:
		s.bytes.add(seq)
	}
}

func (s *head) start() int64 {
	switch {
	case s.segments.n > 0:
		return s.segments.low
	case s.bytes.n > 0:
		return s.bytes.low
	}
	return s.probed
}

// lowest keeps the lowest of the first numbers added.
type lowest struct {
	n          int
	first, low int64
}

const (
	headSegments = 200     // how many numbers count as the first
	headReach    = 1 << 24 // how far below the very first number the others may be
)

func (l *lowest) add(seq int64) {
	l.n++
	switch {
	case l.n == 1:
		l.first, l.low = seq, seq
	case l.n <= headSegments && seq > l.first-headReach:
		l.low = min(l.low, seq)
	}
}
