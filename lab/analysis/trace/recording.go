// The bytes of a stream that may be FTP dialogue, put in order when it is known what
// the capture has and what it has not.

package trace

import (
	"container/heap"
	"iter"
	"sort"
)

// A recording is the data of one direction, segment by segment, as it came.
type recording struct {
	segments []kept
	data     []byte // of all of them
	noted    []ack  // of the other direction
}

// A kept is a segment of a recording.
type kept struct {
	seq      int64 // relative
	time     int64
	packet   int
	from, to int32 // its bytes are data[from:to]
}

// keep adds the data of a segment to what is kept of a direction.
func (h *half) keep(p *Packet, t *TCP, seq int64) {
	if len(t.Payload) == 0 {
		return
	}
	if h.kept == nil {
		h.kept = &recording{segments: make([]kept, 0, 4)}
	}
	r := h.kept
	from := int32(len(r.data))
	r.data = append(r.data, t.Payload...)
	r.segments = append(r.segments, kept{seq, p.Time, p.Number, from, int32(len(r.data))})
	if p.acks != 0 {
		r.noted = append(r.noted, ack{p.acks, seq, p.Number})
	}
}

// A chunk is a piece of a stream in its place.
type chunk struct {
	seq  int64
	data []byte
	*kept
	// heard is the packet that made it possible to read the chunk: its own, or
	// the one that filled the hole in front of it.
	heard int
	// ackedAt is where in the other direction the segment stands that acknowledges the
	// chunk, if that was captured before the chunk was heard; else notAcked.
	ackedAt int64
	// gap says that bytes in front of it are missing for good.
	gap bool
}

// chunks puts what was recorded between the relative numbers start and end in
// order. Every byte is taken from the segment that brought it first. Holes that
// nothing fills are passed over where they are met.
func (r *recording) chunks(start, end int64, acks acks) iter.Seq[chunk] {
	return func(yield func(chunk) bool) {
		if r == nil {
			return
		}
		var seen ranges
		for i := range r.segments {
			s := &r.segments[i]
			seen.add(max(s.seq, start), min(s.seq+int64(s.to-s.from), end))
		}
		var waiting byPlace
		next, gap := seen.from(start)
		for i := range r.segments {
			s := &r.segments[i]
			heap.Push(&waiting, s)
			for len(waiting) > 0 && waiting[0].seq <= next {
				w := heap.Pop(&waiting).(*kept)
				data := r.data[w.from:w.to]
				if last := min(w.seq+int64(len(data)), end); last > next {
					data = data[next-w.seq : last-w.seq]
					if !yield(chunk{next, data, w, s.packet, acks.at(last, s.packet), gap}) {
						return
					}
					next, gap = seen.from(last)
				}
			}
		}
	}
}

// from returns the first number of the set that is not below n, and whether it
// had to pass over any to get there. Behind the end of the set that is n.
func (r ranges) from(n int64) (int64, bool) {
	i := sort.Search(len(r), func(i int) bool { return r[i].end > n })
	if i < len(r) && r[i].start > n {
		return r[i].start, true
	}
	return n, false
}

// byPlace is a heap of segments, that with the lowest number first.
type byPlace []*kept

func (b byPlace) Len() int { return len(b) }
func (b byPlace) Less(i, j int) bool {
	return b[i].seq < b[j].seq || b[i].seq == b[j].seq && b[i].from < b[j].from
}
func (b byPlace) Swap(i, j int) { b[i], b[j] = b[j], b[i] }
func (b *byPlace) Push(x any)   { *b = append(*b, x.(*kept)) }
func (b *byPlace) Pop() any {
	old := *b
	x := old[len(old)-1]
	*b = old[:len(old)-1]
	return x
}
