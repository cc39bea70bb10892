// Segments of data connections that were sent twice with different bytes.

package rules

import (
	"bytes"
	"fmt"

	"ftplab/lab/analysis/baseline/internal/bounded"
	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
)

// overlaps remembers the first bytes of the last segments. Retransmissions come soon, so a table of
// fixed size is enough: a new segment overwrites an old one.
type overlaps struct {
	last   [1 << 12]segment
	found  map[int][]overlap // by connection
	n      int
	ledger *bounded.Ledger
}

// A segment is one that was received, with the beginning of its data.
type segment struct {
	connection, packet int // the packet is 0 if the place is empty
	from               ftp.Side
	seq                int64
	size               int
	data               [32]byte
}

// An overlap is a segment that has other bytes than one before it in the same place.
type overlap struct{ first, second int }

// packet takes the next packet of a data connection.
func (o *overlaps) packet(p *capture.Packet) {
	id, seq, data := p.Connection.ID, p.Segment.DataSeq(), p.TCP.Payload
	if len(data) < 2 || len(data) < p.TCP.Length || p.ChecksumWrong() { // a keep-alive, or cut short, or damaged
		return
	}
	before := &o.last[(uint64(seq)*0x9e3779b97f4a7c15>>40^uint64(id))%uint64(len(o.last))]
	if before.packet > 0 && before.connection == id && before.from == p.From && before.seq == seq {
		n := min(before.size, len(data))
		if !bytes.Equal(before.data[:n], data[:n]) && o.ledger.Room(maxOverlapping, o.n) {
			o.n++
			o.found[id] = append(o.found[id], overlap{before.packet, p.Number})
		}
		return
	}
	*before = segment{connection: id, packet: p.Number, from: p.From, seq: seq}
	before.size = copy(before.data[:], data)
}

// dataRepeats finds data that was sent again with other bytes.
func dataRepeats(e *Evidence, _ *session, c *ftp.Connection) (found []breach) {
	for _, o := range e.watch.overlaps.found[c.ID] {
		found = append(found, breach{packets: []int{o.first, o.second},
			observed: fmt.Sprintf("frames %d and %d have different data in the same place: of the two versions, a receiver keeps the bytes that come first, as explain --extract does", o.first, o.second)})
	}
	return found
}
