// The acknowledgements of a dialogue. If a recorder with several queues has the two
// directions out of order, the ACK numbers decide which side spoke first.

package tcp

import (
	"cmp"
	"math"
	"slices"
	"sort"
)

// An ack is a segment with data, at seq, that acknowledges the other direction up to a
// relative number. A Half notes it if the capture may lack some of the bytes before
// that number.
type ack struct {
	upTo, seq int64
	packet    int
}

// maxAcks is the largest number of acks that are noted for one gap. A gap that comes
// from swapped packets is filled soon; a gap that stays could collect a million.
const maxAcks = 8

// notable reports whether to note that the peer acknowledges the stream up to a
// number.
func (h *Half) notable(upTo int64) bool {
	if upTo > h.reach {
		return true
	}
	gap := h.unbroken()
	if upTo <= gap {
		return false
	}
	if gap != h.gap {
		h.gap, h.noted = gap, 0
	}
	h.noted++
	return h.noted <= maxAcks
}

// unbroken returns the number up to which the stream was seen without a gap.
func (h *Half) unbroken() int64 {
	switch {
	case len(h.have) == 0 && !h.synSeen, !h.synSeen && h.Segments < maxAcks: // the first segment may not be the first one
		return math.MinInt64
	case h.synSeen && !h.Begins():
		return h.syn + 1
	}
	return h.have[0].End
}

// acks are sorted by what they acknowledge, one for each number.
type acks []ack

// acks returns the acknowledgements of the peer for a recorded stream that ends at a
// relative number. Only acks that end with a segment count, because forged captures
// have ACK numbers without meaning.
func (r *Recording) acks(peer *Recording, end int64) acks {
	if r == nil || peer == nil || len(peer.noted) == 0 {
		return nil
	}
	all := acks(slices.Clone(peer.noted))
	for i := range all {
		if all[i].upTo == end+1 {
			all[i].upTo = end // the FIN counts as a byte
		}
	}
	slices.SortFunc(all, func(a, b ack) int { return cmp.Or(cmp.Compare(a.upTo, b.upTo), cmp.Compare(a.seq, b.seq)) })
	all = slices.CompactFunc(all, func(a, b ack) bool { return a.upTo == b.upTo })
	whole := make([]bool, len(all))
	next := 0 // the first ack that is not below the last bound; the next one is usually near
	mark := func(bound int64) {
		if next > 0 && bound <= all[next-1].upTo {
			next = all.search(bound)
		}
		for next < len(all) && all[next].upTo < bound {
			next++
		}
		if next < len(all) && all[next].upTo == bound {
			whole[next] = true
		}
	}
	for _, s := range r.segments {
		mark(s.seq) // where the segment before ends, even if the recorder cut it short
		mark(s.seq + int64(s.to-s.from))
	}
	mark(end)
	kept := all[:0]
	for i, a := range all {
		if whole[i] {
			kept = append(kept, a)
		}
	}
	return kept
}

// NotAcked is greater than every sequence number.
const NotAcked = math.MaxInt64

// at returns the position of the segment that acknowledges the stream up to a
// number and as little more as possible. It returns NotAcked if none was
// captured before a packet.
func (a acks) at(upTo int64, before int) (seq int64) {
	i := a.search(upTo)
	if i == len(a) || a[i].packet >= before {
		return NotAcked
	}
	return a[i].seq
}

// search returns the first ack that acknowledges at least a number.
func (a acks) search(upTo int64) int {
	return sort.Search(len(a), func(i int) bool { return a[i].upTo >= upTo })
}
