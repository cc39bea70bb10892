// The bytes of a stream that may be FTP dialogue, put in order when it is known what
// the capture has and what it has not.

package trace

import (
	"cmp"
	"container/heap"
	"iter"
	"math"
	"slices"
	"sort"
)

// A recording is the data of one direction, segment by segment, as it came.
type recording struct {
	segments []kept
	data     []byte // of all of them
	answers  []answer
}

// An answer is a segment that acknowledges the other direction up to a relative number,
// and that was captured before all of it was. Its own data stand at seq.
type answer struct {
	upTo, seq int64
	packet    int
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
	if p.answers != 0 {
		r.answers = append(r.answers, answer{p.answers, seq, p.Number})
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
	// answered is where in the other direction the first segment stands that answers
	// it, if that was captured before the chunk was heard; else notAnswered.
	answered int64
	// gap says that bytes in front of it are missing for good.
	gap bool
}

// chunks puts what was recorded between the relative numbers start and end in
// order. Every byte is taken from the segment that brought it first. Holes that
// nothing fills are passed over where they are met.
func (r *recording) chunks(start, end int64, peer *recording) iter.Seq[chunk] {
	return func(yield func(chunk) bool) {
		if r == nil {
			return
		}
		var seen ranges
		for i := range r.segments {
			s := &r.segments[i]
			seen.add(max(s.seq, start), min(s.seq+int64(s.to-s.from), end))
		}
		answers := r.answered(peer)
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
					if !yield(chunk{next, data, w, s.packet, answers.first(last, s.packet), gap}) {
						return
					}
					next, gap = seen.from(last)
				}
			}
		}
	}
}

const notAnswered = math.MaxInt64

// answers are in the order of what they acknowledge.
type answers []answer

// answered returns those that answer to the recording. Only those count that acknowledge
// up to the end of a segment: captures are forged with numbers that mean nothing.
func (r *recording) answered(peer *recording) answers {
	if peer == nil || len(peer.answers) == 0 {
		return nil
	}
	ends := make(map[int64]bool, len(r.segments))
	for _, s := range r.segments {
		ends[s.seq+int64(s.to-s.from)] = true
	}
	var all answers
	for _, a := range peer.answers {
		if ends[a.upTo] {
			all = append(all, a)
		}
	}
	slices.SortFunc(all, func(a, b answer) int { return cmp.Or(cmp.Compare(a.upTo, b.upTo), cmp.Compare(a.seq, b.seq)) })
	return all
}

// first returns where the first answer stands that acknowledges as much, notAnswered if
// that was not captured before a packet.
func (a answers) first(upTo int64, before int) (seq int64) {
	i := sort.Search(len(a), func(i int) bool { return a[i].upTo >= upTo })
	if i == len(a) || a[i].packet >= before {
		return notAnswered
	}
	return a[i].seq
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
