// The bytes of a stream that may be FTP dialogue. They are put in order when the
// connection has ended.

package tcp

import (
	"iter"
	"slices"

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
	doubtful bool       // some segments are
	bare     bool       // some segments have no time stamp
}

// A recorded is one segment of a recording.
type recorded struct {
	seq, ack int64 // relative
	time     int64
	packet   int
	from, to int32 // its bytes are data[from:to]
	urgent   bool
	doubtful bool // the peer may have dropped it
	bare     bool // without a time stamp
	dropped  bool // by the peer, which has the bytes from other segments
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
	s := recorded{
		seq: seq, ack: seg.Ack, time: p.Time, packet: p.Number, from: from, to: int32(len(r.data)),
		urgent: seg.Has(packet.URG), doubtful: seg.InDoubt(), bare: !seg.Options.HasTimestamps && !seg.Options.Cut,
	}
	r.segments = append(r.segments, s)
	r.bare = r.bare || s.bare
	if r.doubtful = r.doubtful || seg.InDoubt(); !seg.InDoubt() {
		r.have.Add(seq, seq+int64(len(seg.Payload)))
	}
	if seg.acks != 0 {
		r.noted = append(r.noted, ack{seg.acks, seq, p.Number})
	}
}

// received returns the recording as the peer received it: of segments in doubt of the direction h,
// it has only the bytes that the peer acknowledged although no other segment has them.
func (r *Recording) received(h *Half) *Recording {
	if !r.doubtful {
		return r
	}
	out := &Recording{data: r.data, noted: r.noted, bare: r.bare}
	for _, s := range r.segments {
		from, parts := s.seq, ranges.Set{{Start: s.seq, End: s.seq + int64(s.to-s.from)}}
		if s.doubtful {
			parts = h.trusted(from, parts[0].End)
		}
		for _, p := range parts {
			x := s
			x.seq, x.from, x.to = p.Start, s.from+int32(p.Start-from), s.from+int32(p.End-from)
			out.segments = append(out.segments, x)
			out.have.Add(p.Start, p.End)
		}
	}
	return out
}

// stamped returns the recording without the segments that the peer dropped because they have no time stamp, although the
// two sides had agreed on these (RFC 7323 section 3.2). It keeps them if no other segments have their bytes.
func (r *Recording) stamped(agreed bool) *Recording {
	if !agreed || !r.bare {
		return r
	}
	var have ranges.Set
	for _, s := range r.segments {
		if !s.bare {
			have.Add(s.seq, s.seq+int64(s.to-s.from))
		}
	}
	out := *r
	out.segments = slices.Clone(r.segments)
	for i := range out.segments {
		s := &out.segments[i]
		s.dropped = s.bare && have.Covers(s.seq, s.seq+int64(s.to-s.from))
	}
	return &out
}

// Bytes returns all that was recorded, in the order of the capture, without segments in doubt.
func (r *Recording) Bytes() []byte {
	if !r.doubtful {
		return r.data
	}
	var sound []byte
	for _, s := range r.segments {
		if !s.doubtful {
			sound = append(sound, r.data[s.from:s.to]...)
		}
	}
	return sound
}

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
	r.segments, r.data, r.have, r.noted, r.doubtful, r.bare = r.segments[:0], r.data[:0], r.have[:0], r.noted[:0], false, false
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
	// InTLS says that it was encrypted.
	InTLS bool
	// Urgent says that the segment had the URG flag.
	Urgent bool
}
