// Segments that have other bytes than the stream in the same place.

package tcp

import (
	"bytes"
	"sort"
)

// A Contradiction is a segment that has other bytes than the stream, for the same sequence numbers:
// somebody else sent one of the two, or a device on the way changed it.
type Contradiction struct {
	Seq    int64 // relative number of its first byte
	Data   []byte
	Packet int
}

// mostContradictions is how many are found in a stream.
const mostContradictions = 64

// Contradictions are those of a recorded stream, in the order of the capture.
func (s Stream) Contradictions() (all []Contradiction) {
	if s.recording == nil || int64(len(s.recording.data)) <= s.recording.have.Size() {
		return nil // no byte was recorded twice
	}
	var chunks []Chunk
	for c := range s.All() {
		chunks = append(chunks, c)
	}
	for _, x := range s.recording.segments {
		data := s.recording.data[x.from:x.to]
		if len(data) > 1 && contradicts(chunks, x.seq, data) { // else it may be a keep-alive
			if all = append(all, Contradiction{x.seq, data, x.packet}); len(all) == mostContradictions {
				break
			}
		}
	}
	return all
}

// contradicts reports whether chunks in their order have other bytes than data, which begins at seq.
func contradicts(chunks []Chunk, seq int64, data []byte) bool {
	end := seq + int64(len(data))
	first := sort.Search(len(chunks), func(i int) bool { return chunks[i].Seq+int64(len(chunks[i].Data)) > seq })
	for _, c := range chunks[first:] {
		if c.Seq >= end {
			break
		}
		from, to := max(seq, c.Seq), min(end, c.Seq+int64(len(c.Data)))
		if !bytes.Equal(data[from-seq:to-seq], c.Data[from-c.Seq:to-c.Seq]) {
			return true
		}
	}
	return false
}
