// Segments of data connections that were sent twice with different bytes.

package rules

import (
	"bytes"
	"fmt"

	"ftplab/lab/analysis/baseline/internal/bounded"
	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
)

// overlaps keeps the data of the last segments. A segment is sent again soon, so that is enough.
type overlaps struct {
	last        [1 << 12]segment  // segment n is at n modulo its length
	n           int               // how many there were
	data        []byte            // byte n is at n modulo keptData
	written     int               // how many bytes there were
	newest      map[flow]int      // the number of the last segment of each, if last has it
	found       map[int][]overlap // by connection
	overlapping int
	ledger      *bounded.Ledger
}

// keptData is how many bytes of data are kept at most.
const keptData = 4 << 20

// A flow is one direction of a connection.
type flow struct {
	connection int
	from       ftp.Side
}

// A segment is one whose data is kept.
type segment struct {
	flow
	number, packet int
	at, size       int   // of its data
	seq            int64 // relative
	before         int   // the number of the segment before it in its direction, -1 if there is none
	reach          int64 // where those up to this one end
}

// An overlap is a segment that has other bytes than one before it in the same place.
type overlap struct{ first, second int }

// packet takes the next packet of a data connection.
func (o *overlaps) packet(p *capture.Packet) {
	seq, data := p.Segment.DataSeq(), p.TCP.Payload
	if len(data) < 2 || len(data) < p.TCP.Length || len(data) > keptData || p.ChecksumWrong() { // a keep-alive, or cut short, or damaged
		return
	}
	f := flow{p.Connection.ID, p.From}
	first, known := o.compare(f, seq, data)
	switch {
	case first == 0 && !known:
		o.keep(segment{flow: f, packet: p.Number, seq: seq}, data)
	case first > 0 && o.ledger.Room(maxOverlapping, o.overlapping):
		o.overlapping++
		o.found[f.connection] = append(o.found[f.connection], overlap{first, p.Number})
	}
}

// compare returns the packet that has other bytes than data in the same place, 0 for none, and whether one packet has
// all of data. A capture may have a million segments that overlap, so a segment is compared a few times only.
func (o *overlaps) compare(f flow, seq int64, data []byte) (differs int, known bool) {
	end, left := seq+int64(len(data)), 4*len(data)
	for s := o.newestOf(f); s != nil && s.reach > seq && left > 0; s = o.segment(s.before) {
		from, to := max(seq, s.seq), min(end, s.seq+int64(s.size))
		if to <= from {
			continue
		}
		if !bytes.Equal(o.bytes(s)[from-s.seq:to-s.seq], data[from-seq:to-seq]) {
			return s.packet, false
		}
		known = known || to-from == end-seq
		left -= int(to - from)
	}
	return 0, known
}

// newestOf returns the last segment of a direction, nil if it is not kept.
func (o *overlaps) newestOf(f flow) *segment {
	if n, ok := o.newest[f]; ok {
		return o.segment(n)
	}
	return nil
}

// segment returns a segment, nil if it is not kept.
func (o *overlaps) segment(n int) *segment {
	if n < 0 {
		return nil
	}
	if s := &o.last[n%len(o.last)]; s.number == n && o.written-s.at <= keptData {
		return s
	}
	return nil
}

// bytes returns the data of a segment that is kept.
func (o *overlaps) bytes(s *segment) []byte { return o.data[s.at%keptData:][:s.size] }

// keep keeps a segment and its data, in one piece.
func (o *overlaps) keep(s segment, data []byte) {
	if at := o.written % keptData; at+len(data) > keptData {
		o.written += keptData - at
	}
	s.number, s.at, s.size, s.before, s.reach = o.n, o.written, len(data), -1, s.seq+int64(len(data))
	if before := o.newestOf(s.flow); before != nil {
		s.before, s.reach = before.number, max(s.reach, before.reach)
	}
	if more := s.at%keptData + len(data) - len(o.data); more > 0 {
		o.data = append(o.data, make([]byte, more)...)
	}
	copy(o.bytes(&s), data)
	o.written += len(data)
	place := &o.last[o.n%len(o.last)]
	if o.newest[place.flow] == place.number {
		delete(o.newest, place.flow)
	}
	*place, o.newest[s.flow] = s, o.n
	o.n++
}

// dataRepeats finds data that was sent again with other bytes.
func dataRepeats(e *Evidence, _ *session, c *ftp.Connection) (found []breach) {
	for _, o := range e.watch.overlaps.found[c.ID] {
		found = append(found, breach{packets: []int{o.first, o.second},
			observed: fmt.Sprintf("frames %d and %d have different data in the same place: of the two versions, a receiver keeps the bytes that come first, as explain --extract does", o.first, o.second)})
	}
	return found
}
