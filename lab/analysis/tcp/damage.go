// Data that its receiver may have dropped: that of segments that were damaged on their way, and of SYNs.

package tcp

import (
	"slices"

	"ftplab/lab/analysis/internal/ranges"
	"ftplab/lab/analysis/packet"
)

// A receiver drops a segment with a wrong checksum, and its sender sends the same bytes again (RFC
// 9293 section 3.1). But wrong checksums are also recorded of segments that are sound: the network
// card computes the checksum of what its host sends, or joins segments that came. So a segment is
// taken for damaged only if its sender has right checksums, too, and its bytes are in doubt until the
// receiver acknowledges them. If no other segment had them by then, the checksums of this sender mean
// nothing. So it is with a FIN. Data that comes with a SYN is in doubt, too: most receivers acknowledge the SYN only.

// sums is what is known of the checksums of one side of a connection.
type sums uint8

const (
	neverRight  sums = iota
	someRight        // so a wrong one shows damage
	meaningless      // the receiver accepted wrong ones
)

// A doubt has the segments of one direction whose data is in doubt.
type doubt struct {
	waiting  []doubtful // for the receiver's acknowledgement, those that end first in front
	acked    int64      // the relative number up to which the receiver has decided
	accepted ranges.Set // bytes that only segments in doubt have, and that the receiver acknowledged
}

// A doubtful segment is one that the receiver may have dropped.
type doubtful struct {
	ending
	seq   int64
	flags uint8
	early bool // only because it comes with a SYN
	away  bool // only another place has it
}

// needs is what the receiver acknowledges if it accepts the segment. A FIN counts as a byte.
func (x *doubtful) needs() int64 {
	if x.flags&packet.FIN != 0 {
		return x.at + 1
	}
	return x.at
}

// maxDoubtful is how many segments of a direction are in doubt at most. Of more, the last ones count
// as dropped.
const maxDoubtful = 256

// damaged reports whether a segment that h sends has a wrong checksum that shows damage. If the
// capture has nothing of the peer, nothing shows later what it received. Where a connection begins,
// State.settle finds damage.
func (h *Half) damaged(p *packet.Packet, peer *Half) bool {
	switch {
	case h.sums == neverRight && p.ChecksumRight():
		h.sums = someRight
	case h.sums == someRight && peer.Packets > 0 && p.ChecksumWrong():
		return true
	}
	return false
}

// doubts takes a segment whose data is in doubt.
func (h *Half) doubts(p *packet.Packet, seg *Segment) {
	if h.doubt == nil {
		h.doubt = &doubt{}
	}
	d, seq := h.doubt, seg.DataSeq()
	end := seq + int64(seg.Length)
	if end == seq && seg.Flags&packet.FIN == 0 || len(d.waiting) == maxDoubtful {
		return
	}
	x := doubtful{ending{end, seg.Ack, p.Number, p.Time}, seq, seg.Flags & packet.FIN, !seg.Damaged, p.Away != nil}
	i := len(d.waiting)
	for i > 0 && d.waiting[i-1].at > end {
		i--
	}
	d.waiting = slices.Insert(d.waiting, i, x)
}

// accept notes what the packet p, a segment of the peer, acknowledges of a direction.
func (s *State) accept(p *packet.Packet, dir int, ack *Segment) {
	h := &s.Halves[dir]
	d := h.doubt
	if d == nil || ack.Flags&packet.ACK == 0 || ack.Ack <= d.acked {
		return
	}
	d.acked = ack.Ack
	for len(d.waiting) > 0 && (d.waiting[0].needs() <= d.acked || h.sums == meaningless && !d.waiting[0].early) {
		x := d.waiting[0]
		d.waiting = d.waiting[1:]
		n := len(h.have)
		last := n == 0 || h.have[n-1].End <= x.at // else the peer acknowledged data in the place of a FIN
		fin := last && x.flags&packet.FIN != 0 && !h.finSeen
		data := !h.have.Covers(x.seq, x.at)
		if (data || fin) && !x.early {
			h.sums, h.Damaged = meaningless, 0
			s.letters = h.history.sound(s.letters, dir)
			if data {
				s.letters = h.history.late(s.letters, 'D', dir)
			}
			if fin {
				s.letters = h.history.late(s.letters, 'F', dir)
				h.history.fin = h.ISN + uint32(x.at)
			}
		}
		if data {
			if !x.early {
				h.count(x.packet, x.time, int(x.at-x.seq), x.away)
			}
			h.trust(x.seq, x.at)
		}
		if last {
			s.ending(p, dir, x.flags, x.ending)
		}
	}
}

// trust puts the bytes of a segment in doubt into the stream that no other one had.
func (h *Half) trust(start, end int64) {
	for _, r := range h.have.Gaps(start, end) {
		h.doubt.accepted.Add(r.Start, r.End)
	}
	h.have.Add(start, end)
	h.reach = max(h.reach, end)
	if !h.synSeen {
		if h.head == nil {
			h.head = &head{}
		}
		h.head.segments.add(start)
	}
}

// decided reports whether a segment is no longer in doubt.
func (h *Half) decided(packet int) bool {
	return h.doubt == nil || !slices.ContainsFunc(h.doubt.waiting, func(x doubtful) bool { return x.packet == packet })
}

// trusted returns the parts of a segment in doubt that are in the stream.
func (h *Half) trusted(start, end int64) ranges.Set {
	if h.doubt == nil {
		return nil
	}
	return h.doubt.accepted.Clip(start, end)
}
