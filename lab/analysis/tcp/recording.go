// The bytes of a stream that may be FTP dialogue. They are put in order when the
// connection has ended.

package tcp

import (
	"container/heap"
	"iter"

	"ftplab/lab/analysis/internal/ranges"
	"ftplab/lab/analysis/packet"
)

// A Recording is the data of one direction, segment by segment, in the order of
// the capture.
type Recording struct {
	segments []recorded
	data     []byte     // of all of them
	have     ranges.Set // what of the stream they carry
	noted    []ack      // of the other direction
}

// A recorded is one segment of a recording.
type recorded struct {
	seq, ack int64 // relative
	time     int64
	packet   int
	from, to int32 // its bytes are data[from:to]
	urgent   bool
}

// NewRecording returns a recording with room for a few segments.
func NewRecording() *Recording {
	return &Recording{segments: make([]recorded, 0, 8), data: make([]byte, 0, 256)}
}

// Add records the data of a segment.
func (r *Recording) Add(p *packet.Packet, seg *Segment) {
	if len(seg.Payload) == 0 {
		return
	}
	from, seq := int32(len(r.data)), seg.DataSeq()
	r.data = append(r.data, seg.Payload...)
	r.segments = append(r.segments, recorded{seq, seg.Ack, p.Time, p.Number, from, int32(len(r.data)), seg.Has(packet.URG)})
	r.have.Add(seq, seq+int64(len(seg.Payload)))
	if seg.acks != 0 {
		r.noted = append(r.noted, ack{seg.acks, seq, p.Number})
	}
}

// Bytes returns all that was recorded, in the order of the capture.
func (r *Recording) Bytes() []byte { return r.data }

// Segments yields the data of each segment, in the order of the capture.
func (r *Recording) Segments() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for i := range r.segments {
			if s := &r.segments[i]; !yield(r.data[s.from:s.to]) {
				return
			}
		}
	}
}

// Size is how much memory the recording takes, in bytes.
func (r *Recording) Size() int {
	return cap(r.data) + 48*cap(r.segments) + 16*cap(r.have) + 24*cap(r.noted)
}

// Reset empties the recording and keeps its memory for reuse.
func (r *Recording) Reset() {
	r.segments, r.data, r.have, r.noted = r.segments[:0], r.data[:0], r.have[:0], r.noted[:0]
}

// A Chunk is a piece of a stream, with its position.
type Chunk struct {
	Seq  int64 // relative number of its first byte
	Ack  int64 // what its sender acknowledged with it, 0 without the flag
	Data []byte
	// Packet is the packet that contained it, Time the timestamp of that
	// packet.
	Packet int
	Time   int64
	// ReadableAt is the packet at which the chunk could be read: its own, or
	// the one that filled the gap before it.
	ReadableAt int
	// AckedAt is the position, in the other direction, of the segment that
	// acknowledges the chunk, if that was captured before ReadableAt; else
	// [NotAcked].
	AckedAt int64
	// AfterGap says that bytes before it are not in the capture. Unread says that they are,
	// but are encrypted, and no key decrypts them.
	AfterGap, Unread bool
	// Urgent says that the segment had the URG flag.
	Urgent bool
}

// Streams returns the recorded data of the two directions of a connection, each in the
// order of its stream.
func (s *State) Streams(recorded [2]*Recording) (streams [2]iter.Seq[Chunk]) {
	for dir, r := range recorded {
		start, end := s.Halves[dir].ends()
		streams[dir] = r.chunks(start, end, r.acks(recorded[1-dir], end))
	}
	return streams
}

// chunks yields the recorded data between the relative numbers start and end, in order.
// Each byte comes from the first segment that contains it. Gaps are skipped.
func (r *Recording) chunks(start, end int64, acks acks) iter.Seq[Chunk] {
	return func(yield func(Chunk) bool) {
		if r == nil {
			return
		}
		var waiting bySequence
		next, gap := r.have.From(start)
		for i := range r.segments {
			s := &r.segments[i]
			if s.seq > next {
				heap.Push(&waiting, s)
				continue
			}
			for w := s; ; w = heap.Pop(&waiting).(*recorded) {
				data := r.data[w.from:w.to]
				if last := min(w.seq+int64(len(data)), end); last > next {
					data = data[next-w.seq : last-w.seq]
					if !yield(Chunk{next, w.ack, data, w.packet, w.time, s.packet, acks.at(last, s.packet), gap, false, w.urgent}) {
						return
					}
					next, gap = r.have.From(last)
				}
				if len(waiting) == 0 || waiting[0].seq > next {
					break
				}
			}
		}
	}
}

// bySequence is a heap of segments with the lowest number first.
type bySequence []*recorded

func (b bySequence) Len() int { return len(b) }
func (b bySequence) Less(i, j int) bool {
	return b[i].seq < b[j].seq || b[i].seq == b[j].seq && b[i].from < b[j].from
}
func (b bySequence) Swap(i, j int) { b[i], b[j] = b[j], b[i] }
func (b *bySequence) Push(x any)   { *b = append(*b, x.(*recorded)) }
func (b *bySequence) Pop() any {
	old := *b
	x := old[len(old)-1]
	*b = old[:len(old)-1]
	return x
}
