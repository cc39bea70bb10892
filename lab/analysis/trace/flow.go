// One direction of a connection: its sequence numbers, and what of its stream
// has been seen.

package trace

// A half is one direction of a connection while it is being read.
type half struct {
	*Flow

	// Relative numbers start where the first number seen says: ISN stands for
	// 0. reach is the highest one so far; the next is looked for around it,
	// which is how a stream of more than 4 GiB is followed.
	reach int64

	// syn is the relative number of the first SYN, fin that behind the data
	// before the first FIN.
	syn, fin int64

	// have is what has been seen of the stream.
	have ranges
	head *head // nil if the SYN was seen, or nothing yet

	analysis analysis
	history  history

	recorded int        // bytes, while they may be dialogue
	kept     *recording // they, of a connection that was made with its data; may be nil
	digest   *digest    // of its bytes, nil for none

	hole  int64 // in front of which acks were noted
	noted int8  // how many

	anchored         bool // ISN is known
	synSeen, finSeen bool
	answered         bool // its SYN answered another one
	scale            int8 // of the windows it announces, -1 if its SYN offered none
}

// begin makes h a direction of which nothing has been seen.
func (h *half) begin(f *Flow) {
	have, r := h.have[:0], h.kept
	if r != nil {
		r.segments, r.data, r.noted = r.segments[:0], r.data[:0], r.noted[:0]
	}
	*h = half{Flow: f, have: have, kept: r, scale: -1}
}

// anchor fixes the number that is called 0.
func (h *half) anchor(isn uint32) {
	if !h.anchored {
		h.anchored, h.ISN = true, isn
	}
}

// relative turns a number on the wire into the relative number nearest to the
// highest one so far.
func (h *half) relative(raw uint32) int64 {
	return h.reach + int64(int32(raw-h.ISN-uint32(h.reach)))
}

// data counts the data of a segment, which stands at the relative number seq.
func (h *half) data(p *Packet, t *TCP, seq int64) {
	h.Segments++
	h.Wire += int64(t.Length)
	if h.FirstData == 0 {
		h.FirstData, h.FirstDataTime = p.Number, p.Time
	}
	h.LastData, h.LastDataTime = p.Number, p.Time
	h.have.add(seq, seq+int64(t.Length))
	if !h.synSeen {
		if h.head == nil {
			h.head = &head{}
		}
		h.head.data(t, seq)
	}
}

// start is where the stream begins: behind the SYN, or else at the lowest
// number seen in the first segments.
func (h *half) start() int64 {
	switch {
	case h.synSeen:
		return h.syn + 1
	case h.head != nil:
		return h.head.start()
	}
	return 0
}

// begins reports whether the capture has the beginning of the stream.
func (h *half) begins() bool { return h.synSeen && h.have.covers(h.syn+1, h.syn+2) }

// stream is what has been seen of the stream, within its two ends.
func (h *half) stream() (have ranges, start, end int64) {
	start, end = h.start(), 1<<62
	if h.finSeen && h.fin >= start {
		end = h.fin
	}
	have = h.have.clip(start, end)
	if len(have) > 0 && (!h.finSeen || h.fin < start) {
		end = have[len(have)-1].end
	}
	if end == 1<<62 {
		end = start
	}
	return have, start, end
}

// finish works out what can be known only at the end.
func (h *half) finish() {
	if h.Segments == 0 && !h.finSeen {
		return
	}
	have, start, end := h.stream()
	h.Bytes = have.size()
	if h.Segments > 0 || h.synSeen {
		h.Missing = end - start - h.Bytes
	}
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
// cannot be told from a command that is typed, and is taken for that.)
func (s *head) data(t *TCP, seq int64) {
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
