// Data that somebody else sent in the name of a host.

package tcp

import (
	"bytes"
	"slices"
	"time"

	"ftplab/lab/analysis/packet"
)

// Injected is data that its sender does not know of. The number of the byte that a host sends next never
// goes back (RFC 9293 section 3.4), and its segments without data have this number. So somebody else sent
// the bytes in front of which a host still is when its peer has acknowledged them.
//
// The order of a capture does not show what a host knew when it sent a segment. Only these segments count:
// those that acknowledge what the peer sent later than its acknowledgment, those that echo a later time
// stamp of the peer (RFC 7323 section 3), and those that come longAfter it, if there are several of these
// and the host never gets beyond it.
type Injected struct {
	Seq, End int64 // relative numbers of the first byte, and behind the last one
	Packets  []int // the segments without data: the first ones
	late     bool  // one only came longAfter the acknowledgment
}

const (
	longAfter   = time.Second // no network and no recorder changes the order of packets that far apart
	mostDenials = 4           // packets of an Injected
)

// A receipt is what the peer acknowledged of a direction.
type receipt struct {
	upTo     int64  // relative number
	peer     int64  // what the peer sent from this number of its own on, it sent later
	time     int64  // of the acknowledgment
	stamp    uint32 // its time stamp
	stamped  bool
	passed   bool      // since then, the host has sent something behind upTo
	injected *Injected // nil for nothing
}

// receipts takes a segment, which acknowledges data of the other side, or shows that its sender does not
// know of data that was acknowledged.
func (s *State) receipts(p *packet.Packet, seg *Segment, fwd, rev *Half) {
	if seg.Flags&packet.ACK == 0 || seg.Flags&(packet.SYN|packet.RST) != 0 || fwd.away || p.Away != nil {
		return
	}
	rev.receipt.acknowledge(p, seg, fwd)
	if seg.Seq >= fwd.receipt.upTo || fwd.finSeen {
		fwd.receipt.pass()
	}
	if seg.Length == 0 && seg.Flags&packet.FIN == 0 && seg.Seq+1 < min(fwd.receipt.upTo, fwd.reach) { // else it may be a keep-alive
		fwd.receipt.deny(p, seg, rev.reach)
	}
}

// acknowledge takes an acknowledgment of the peer, whose own numbers are those of h. One that goes back
// came late, or belongs to another place of the network: what the peer sent before it does not count.
func (r *receipt) acknowledge(p *packet.Packet, seg *Segment, h *Half) {
	switch o := &seg.Options; {
	case seg.Ack > r.upTo:
		r.upTo, r.time, r.peer = seg.Ack, p.Time, seg.Seq
		if n := len(h.have); n > 0 {
			r.peer = max(r.peer, h.have[n-1].End)
		}
		r.stamp, r.stamped, r.passed = o.TSval, o.HasTimestamps, false
	case seg.Ack < r.upTo:
		r.time, r.peer, r.injected = max(r.time, p.Time), max(r.peer, h.reach), nil
		if o.HasTimestamps && before(r.stamp, o.TSval) {
			r.stamp = o.TSval
		}
	}
}

// pass notes that the host is not in front of what was acknowledged.
func (r *receipt) pass() {
	if r.passed = true; r.injected != nil && r.injected.late {
		r.injected = nil
	}
}

// deny takes a segment without data whose number is before what the peer acknowledged. The peer has sent
// its bytes up to a number.
func (r *receipt) deny(p *packet.Packet, seg *Segment, sent int64) {
	o := &seg.Options
	answers := seg.Ack > r.peer && seg.Ack <= sent
	echoes := r.stamped && o.HasTimestamps && before(r.stamp, o.TSecr)
	late := !answers && !echoes
	if late && (r.passed || time.Duration(p.Time-r.time) < longAfter) {
		return
	}
	x := r.injected
	if x == nil {
		x = &Injected{Seq: seg.Seq}
		r.injected = x
	}
	if d := seg.Seq - x.Seq; d < -1 || d > 1 { // a keep-alive is one before the next byte
		return
	}
	x.Seq, x.End, x.late = max(x.Seq, seg.Seq), r.upTo, x.late || late
	if len(x.Packets) < mostDenials {
		x.Packets = append(x.Packets, p.Number)
	}
}

// in returns what of x is in a recording, nil for nothing. It begins with a segment, or else a device on the way
// has changed the length of a text. And nobody sends it again later: that would be its sender.
func (x *Injected) in(r *Recording) *Injected {
	if x == nil || x.late && len(x.Packets) < 2 {
		return nil
	}
	first := slices.IndexFunc(r.segments, func(s recorded) bool {
		return (s.seq == x.Seq || s.seq == x.Seq+1) && s.to-s.from > 1 && s.packet < x.Packets[0]
	})
	if first < 0 {
		return nil
	}
	f := r.segments[first]
	again := slices.ContainsFunc(r.segments[first+1:], func(s recorded) bool {
		return s.seq == f.seq && s.packet > x.Packets[0] && bytes.Equal(r.data[s.from:s.to], r.data[f.from:f.to])
	})
	if again {
		return nil
	}
	return &Injected{Seq: f.seq, End: x.End, Packets: x.Packets}
}

// Injected is data of a recorded stream that its sender does not know of, nil for none.
func (s Stream) Injected() *Injected { return s.injected }
