package tcp

import (
	"ftplab/lab/analysis/internal/ranges"
	"ftplab/lab/analysis/packet"
)

// A Flow is one direction of a connection: what one side sent.
type Flow struct {
	// Packets counts every packet.
	Packets int
	// SYN is the number of the first packet with this flag, 0 for none.
	SYN int
	// ISN is the sequence number on the wire that the relative number 0
	// stands for: the SYN's, or one less than the first one seen.
	ISN uint32
	// Segments counts the packets that carry data.
	Segments int
	// Bytes is the length of the stream as far as it was seen: retransmitted
	// bytes are counted once, gaps are not counted.
	Bytes int64
	// Missing is the number of bytes that the capture has not got although
	// later ones show that they were sent.
	Missing int64
	// Wire is the number of bytes of data in all segments, retransmissions
	// included.
	Wire int64
	// Retransmissions and OutOfOrder count segments, by Wireshark's rules.
	Retransmissions, OutOfOrder int
	// FIN and RST are the numbers of the first packets with these flags, 0
	// for none.
	FIN, RST int
	// FirstData and LastData are the numbers of the first and the last packet
	// with data, 0 for none.
	FirstData, LastData int
	// FINTime and the others are the stamps of those packets, in nanoseconds
	// since 1970.
	FINTime, RSTTime, FirstDataTime, LastDataTime int64
}

// A Half is one direction of a connection while its packets pass: its sequence
// numbers, and what of its stream has been seen. Bytes and Missing of its Flow are
// counted by [State.Flow] only.
type Half struct {
	Flow

	// Relative numbers start where the first number seen says: ISN stands for
	// 0. reach is the highest one so far; the next is looked for around it,
	// which is how a stream of more than 4 GiB is followed.
	reach int64

	// syn is the relative number of the first SYN, fin that behind the data
	// before the first FIN.
	syn, fin int64

	// have is what has been seen of the stream.
	have ranges.Set
	head *head // nil if the SYN was seen, or nothing yet
	// The peer's part of the handshake says where the stream begins whose SYN was not
	// recorded: at ackedFrom, if acked.
	ackedFrom int64

	analysis analysis
	history  history

	gap   int64 // in front of which acks were noted
	noted int8  // how many

	anchored         bool // ISN is known
	synSeen, finSeen bool
	answered         bool // its SYN answered another one
	acked            bool
	scale            int8 // of the windows it announces, -1 if its SYN offered none
}

// anchor fixes the number that is called 0.
func (h *Half) anchor(isn uint32) {
	if !h.anchored {
		h.anchored, h.ISN = true, isn
	}
}

// relative turns a number on the wire into the relative number nearest to the
// highest one so far.
func (h *Half) relative(raw uint32) int64 {
	return h.reach + int64(int32(raw-h.ISN-uint32(h.reach)))
}

// data counts the data of a segment.
func (h *Half) data(p *packet.Packet, seg *Segment) {
	h.Segments++
	h.Wire += int64(seg.Length)
	if h.FirstData == 0 {
		h.FirstData, h.FirstDataTime = p.Number, p.Time
	}
	h.LastData, h.LastDataTime = p.Number, p.Time
	seq := seg.DataSeq()
	h.have.Add(seq, seq+int64(seg.Length))
	if !h.synSeen {
		if h.head == nil {
			h.head = &head{}
		}
		h.head.data(seg, seq)
	}
}

// scales reports whether one direction scales its windows: it does if both sides
// offered to, and the answer to an offer is an offer too (RFC 7323 section 2.2).
func (h *Half) scales(peer *Half) bool {
	return h.scale >= 0 && (peer.scale >= 0 || h.answered && !peer.synSeen)
}

// start is where the stream begins: behind the SYN, or else where the peer's part of
// the handshake says, or at the lowest number seen in the first segments.
func (h *Half) start() int64 {
	switch {
	case h.synSeen:
		return h.syn + 1
	case h.head != nil && h.acked:
		return min(h.head.start(), h.ackedFrom)
	case h.head != nil:
		return h.head.start()
	}
	return 0
}

// Begins reports whether the capture has the beginning of the stream.
func (h *Half) Begins() bool { return h.synSeen && h.have.Covers(h.syn+1, h.syn+2) }

// Stream is what has been seen of the stream, within its two ends.
func (h *Half) Stream() (have ranges.Set, start, end int64) {
	start, end = h.start(), 1<<62
	if h.finSeen && h.fin >= start {
		end = h.fin
	}
	have = h.have.Clip(start, end)
	if len(have) > 0 && (!h.finSeen || h.fin < start) {
		end = have[len(have)-1].End
	}
	if end == 1<<62 {
		end = start
	}
	return have, start, end
}

// A head finds where a stream begins whose SYN is not in the capture: at the
// lowest number among its first segments, which may have come out of order.
type head struct {
	segments lowest // that are no keep-alive probes
	bytes    lowest // that may be some
	probed   int64  // behind the last one that is one
}

// data takes note of a segment with data. A keep-alive probe repeats the byte before the
// stream, or has a zero for it, and must not be taken for its beginning. So one byte
// counts only if nothing else does: if it stands before the first number that was seen,
// or if it is a zero or the end of a line. (A probe that opens the capture and is neither
// cannot be distinguished from a command that is typed, and is taken for that.)
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

// lowest is the lowest of the first numbers added.
type lowest struct {
	n          int
	first, low int64
}

const (
	headSegments = 200     // how many numbers count as the first
	headReach    = 1 << 24 // how far behind the very first one may lie
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
