package redact

import (
	"sort"

	"ftplab/lab/analysis/ftp"
)

// A place is one direction of a connection.
type place struct {
	connection int
	from       ftp.Side
}

// An edit is what stands for the bytes of a stream between two relative sequence numbers.
type edit struct {
	start, end int64
	text       []byte
}

// A stream is what one side of a connection is to send. Bytes that no edit covers become
// filler.
type stream struct {
	edits  []edit  // in order
	before []int64 // by how much the stream has grown in front of each
	// opaqueFrom is the number from which on the bytes are encrypted and stay, up to the
	// packet opaqueTo; 0 for nowhere, and for the end.
	opaqueFrom int64
	opaqueTo   int
	lines      bool // the ends of lines stay
}

// listing is the stream of a listing: its lines keep their lengths, as those of the dialogue do.
var listing = &stream{lines: true}

// filler is what stands for contents.
const filler = 'x'

// newStream makes a stream of edits.
func newStream(edits []edit) *stream {
	sort.Slice(edits, func(i, j int) bool { return edits[i].start < edits[j].start })
	s := &stream{}
	grown, end := int64(0), int64(0)
	for _, e := range edits {
		if e.start < end {
			continue // what two lines claim belongs to the first
		}
		s.edits, s.before = append(s.edits, e), append(s.before, grown)
		grown += int64(len(e.text)) - (e.end - e.start)
		end = e.end
	}
	return s
}

// at returns the place of the first edit that ends after a number.
func (s *stream) at(n int64) int {
	return sort.Search(len(s.edits), func(i int) bool { return s.edits[i].end > n })
}

// position is where the byte with a relative number is in the new stream.
func (s *stream) position(n int64) int64 {
	if s == nil || len(s.edits) == 0 {
		return n
	}
	i := s.at(n)
	if i == len(s.edits) {
		last := &s.edits[i-1]
		return n + s.before[i-1] + int64(len(last.text)) - (last.end - last.start)
	}
	e := &s.edits[i]
	if n <= e.start {
		return n + s.before[i]
	}
	return e.start + s.before[i] + min(n-e.start, int64(len(e.text)))
}

// bytes returns what stands for the captured bytes of a segment in a packet. A zero alone
// stays: it is what probes of an idle connection carry.
func (s *stream) bytes(from int64, data []byte, packet int) []byte {
	to := int64(len(data)) + from
	var out []byte
	fill := func(n int64) { // from the number from up to n
		for ; from < n; from++ {
			c := data[len(data)-int(to-from)]
			switch {
			case s != nil && s.opaqueFrom > 0 && from >= s.opaqueFrom && (s.opaqueTo == 0 || packet < s.opaqueTo):
			case s != nil && s.lines && (c == '\r' || c == '\n'):
			case len(data) == 1 && c == 0:
			default:
				c = filler
			}
			out = append(out, c)
		}
	}
	if s != nil {
		for i := s.at(from); i < len(s.edits) && s.edits[i].start < to; i++ {
			e := &s.edits[i]
			fill(e.start)
			first := min(from-e.start, int64(len(e.text)))
			last := int64(len(e.text))
			if to < e.end {
				last = min(to-e.start, last)
			}
			out = append(out, e.text[first:last]...)
			from = min(to, e.end)
		}
	}
	fill(to)
	return out
}
