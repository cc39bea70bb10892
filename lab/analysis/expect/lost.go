// Single packets that the recorder lost, although no gap in a stream shows that: what other packets
// show to have been sent before them.

package expect

import (
	"math"
	"slices"

	"ftplab/lab/analysis/packet"
)

// A lost is a packet that the capture lacks, of one direction.
type lost struct {
	// from and to are the elements before which it may have come, from the first to the last.
	from, to int
	// before is the frame that shows it.
	before int
	// fits reports whether a line may mean it.
	fits func(l *line) bool
}

// lostAt returns the lost packet that a line may mean if it comes before element at, or nil.
func (s *unrecordedSide) lostAt(l *line, at int) *lost {
	for i := range s.lost {
		if p := &s.lost[i]; p.from <= at && at <= p.to && p.fits(l) {
			return p
		}
	}
	return nil
}

// findLost finds the packets of a TCP connection that other packets show to have been sent.
func (t *track) findLost() {
	for dir := range t.sides {
		side := &t.sides[dir]
		side.sentAgain = map[int]bool{}
		side.lost = slices.Concat(t.lostSYN(dir), t.lostACK(dir), t.lostTexts(dir))
	}
}

// lostSYN returns the SYN that the other side answered with a reset. A reset with the sequence
// number 0 answers a packet without an ACK (RFC 9293, 3.10.7.1).
func (t *track) lostSYN(dir int) []lost {
	own, other := t.conn.Flow(t.side(dir == 1)), t.conn.Flow(t.side(dir == 0))
	const before0 = math.MaxUint32
	if own.SYN+other.SYN+other.Segments+other.FIN > 0 || other.RST == 0 || other.ISN != before0 {
		return nil
	}
	at := slices.IndexFunc(t.elements, func(e element) bool { return e.kind == elementRST && e.dir() != dir })
	return []lost{{to: at, before: t.elements[at].frame, fits: func(l *line) bool { return l.kind == kindSYN }}}
}

// lostACK returns the ACK of the handshake. The side that was called sends nothing before it has
// come (RFC 9293, 3.10.7.4).
func (t *track) lostACK(dir int) []lost {
	opener := t.side(dir == 1)
	if t.conn.OpenedBy != opener || t.conn.ClientFlow.SYN == 0 || t.conn.ServerFlow.SYN == 0 {
		return nil
	}
	syn := -1 // the element of the second SYN
	for i, e := range t.elements {
		f := &t.capture.frames[e.frame]
		switch {
		case e.kind == elementGap:
		case e.dir() == dir && f.Has(packet.ACK):
			return nil
		case e.dir() != dir && e.kind == elementSYN:
			syn = i
		case e.dir() != dir && syn >= 0 && e.inStream():
			return []lost{{from: syn + 1, to: i, before: e.frame, fits: (*line).fitsACK}}
		}
	}
	return nil
}

// lostTexts returns the texts, each in one packet, that were acknowledged before they were
// recorded. What the capture has of them may be a retransmission.
func (t *track) lostTexts(dir int) (all []lost) {
	end := 0 // of the elements before the text
	for i, e := range t.elements {
		if e.dir() != dir || !e.inStream() {
			continue
		}
		text := t.texts[dir][e.start]
		if text != nil && text.Complete && e.kind == elementBytes && e.end == text.End {
			if to := t.acknowledged(dir, text.End, end, i); to >= 0 {
				t.sides[dir].sentAgain[i] = true
				all = append(all, lost{from: end, to: to, before: t.elements[to].frame, fits: func(l *line) bool {
					return l.kind == kindText && l.words.matches(text.Text)
				}})
			}
		}
		end = i + 1
	}
	return all
}

// acknowledged returns the first of some elements with which the other side acknowledges what comes
// before a sequence number, or -1.
func (t *track) acknowledged(dir int, upTo int64, from, to int) int {
	i := slices.IndexFunc(t.elements[from:to], func(e element) bool {
		f := &t.capture.frames[e.frame]
		return e.dir() != dir && e.kind != elementGap && f.Ack >= upTo && !f.Damaged
	})
	if i < 0 {
		return -1
	}
	return from + i
}
