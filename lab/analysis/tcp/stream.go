// The data of one direction in the order of the stream.

package tcp

import (
	"container/heap"
	"iter"
)

// A Stream is the data of one direction in the order of the stream. It is read once; a copy
// that was made before can be read again.
type Stream struct {
	ordered []Chunk // from StreamOf

	recording *Recording // nil for none
	acks      acks
	at        int         // the next segment of the recording
	readable  int         // the packet of the segment before
	waiting   *bySequence // segments behind a gap; nil for none so far
	next, end int64       // relative numbers of the next byte, and behind the last one
	fin       int64       // that of the FIN, if there is one
	gap       bool        // before next
	injected  *Injected

	skip int // bytes that are left out
}

// StreamOf returns a stream of chunks that are in order.
func StreamOf(chunks []Chunk) Stream { return Stream{ordered: chunks} }

// Streams returns the recorded data of the two directions of a connection.
func (s *State) Streams(recorded [2]*Recording) (streams [2]Stream) {
	for dir, r := range recorded {
		if r != nil {
			recorded[dir] = r.received(&s.Halves[dir]).stamped(s.Halves[0].stamps && s.Halves[1].stamps)
		}
	}
	for dir, r := range recorded {
		if r == nil {
			continue
		}
		start, fin := s.Halves[dir].ends()
		end := s.Halves[dir].received(fin)
		streams[dir] = Stream{recording: r, acks: r.acks(recorded[1-dir], end), fin: fin, end: end, injected: s.Halves[dir].receipt.injected.in(r)}
		streams[dir].next, streams[dir].gap = r.have.From(start)
	}
	return streams
}

// Without returns a stream without its next n bytes.
func (s Stream) Without(n int) Stream {
	s.skip += n
	return s
}

// All yields the chunks of a stream.
func (s Stream) All() iter.Seq[Chunk] {
	return func(yield func(Chunk) bool) {
		for c, ok := s.Next(); ok && yield(c); c, ok = s.Next() {
		}
	}
}

// Next returns the next chunk. It returns false at the end of the stream.
func (s *Stream) Next() (c Chunk, ok bool) {
	for {
		if c, ok = s.chunk(); s.skip == 0 || !ok {
			return c, ok
		}
		n := min(s.skip, len(c.Data))
		s.skip -= n
		if c.Seq, c.Data, c.AfterGap = c.Seq+int64(n), c.Data[n:], false; len(c.Data) > 0 {
			return c, true
		}
	}
}

// chunk returns the next chunk, which may have to be skipped. Each byte comes from the first
// segment that contains it. Gaps are left out.
func (s *Stream) chunk() (c Chunk, ok bool) {
	if len(s.ordered) > 0 {
		c, s.ordered = s.ordered[0], s.ordered[1:]
		return c, true
	}
	for x := s.segment(); x != nil; x = s.segment() {
		data := s.recording.data[x.from:x.to]
		if last := min(x.seq+int64(len(data)), s.end); last > s.next {
			data = data[s.next-x.seq : last-x.seq]
			c = Chunk{Seq: s.next, Ack: x.ack, Data: data, Packet: x.packet, Time: x.time, ReadableAt: s.readable, AckedAt: s.acks.at(last, s.readable), AfterGap: s.gap, Urgent: x.urgent}
			s.next, s.gap = s.recording.have.From(last)
			s.gap = s.gap && (last != s.fin || s.next != last+1) // else there is only the FIN in between
			return c, true
		}
	}
	return Chunk{}, false
}

// segment returns the next segment that does not begin behind a gap, nil if there is none: one
// that has waited, or else one of the recording.
func (s *Stream) segment() *recorded {
	if s.waiting != nil && len(*s.waiting) > 0 && (*s.waiting)[0].seq <= s.next {
		return heap.Pop(s.waiting).(*recorded)
	}
	for s.recording != nil && s.at < len(s.recording.segments) {
		x := &s.recording.segments[s.at]
		s.at, s.readable = s.at+1, x.packet
		if x.dropped {
			continue
		}
		if x.seq <= s.next {
			return x
		}
		if s.waiting == nil {
			s.waiting = &bySequence{} // a pointer, so that streams do not escape to the heap
		}
		heap.Push(s.waiting, x)
	}
	return nil
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
