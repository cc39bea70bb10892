// The expert info on a segment, by Wireshark's rules: a reader who has the capture
// open there finds the same words at the same packets.

package tcp

import "ftplab/lab/analysis/packet"

// An Analysis is the expert info on a TCP segment: a set of flags, each as
// Wireshark defines the field of the same name.
type Analysis uint16

// What a segment may be.
const (
	// Retransmission: it repeats what was seen. The two kinds below are
	// retransmissions too.
	Retransmission Analysis = 1 << iota
	// FastRetransmission: it follows duplicate ACKs (RFC 5681).
	FastRetransmission
	// SpuriousRetransmission: it repeats what was acknowledged.
	SpuriousRetransmission
	// OutOfOrder: it should have come earlier.
	OutOfOrder
	// LostSegment: there is a gap in front of it.
	LostSegment
	// AckLostSegment: it acknowledges data that was not seen.
	AckLostSegment
	// DuplicateAck: it repeats an acknowledgement.
	DuplicateAck
	// KeepAlive and KeepAliveAck: a probe of an idle connection, its answer.
	KeepAlive
	KeepAliveAck
	// ZeroWindow: its sender can take no more. ZeroWindowProbe asks whether
	// that is still so, ZeroWindowProbeAck says it is.
	ZeroWindow
	ZeroWindowProbe
	ZeroWindowProbeAck
	// WindowUpdate: nothing but a new window.
	WindowUpdate
	// WindowFull: it fills the window of the receiver.
	WindowFull
	// ReusedPorts: a new connection between the ports of an old one.
	ReusedPorts
)

// An analysis is what has to be remembered of a direction to judge the next
// segment of either direction. Numbers are those on the wire.
type analysis struct {
	nextTime int64
	next     uint32 // behind the highest segment
	// ackable is up to where everything has been seen, so that it may be
	// acknowledged.
	ackable uint32

	ackTime int64
	ack     uint32 // the last one sent
	dupAcks int32
	window  uint16   // the last one announced, as on the wire
	flags   Analysis // of the last segment
	// scaled says that the next window announced is no longer a SYN's.
	scaled bool
	begun  bool
}

// before reports whether the sequence number a comes before b (RFC 9293
// section 3.4).
func before(a, b uint32) bool { return int32(a-b) < 0 }

// A judge applies the rules to one segment.
type judge struct {
	t        *Segment
	time     int64
	fwd, rev *analysis
	// peerScale is the window scale of the other side, -1 if unknown.
	peerScale int
	// rtt is the round-trip time of the handshake in nanoseconds, 0 if unknown.
	rtt int64
}

const controlFlags = packet.SYN | packet.FIN | packet.RST

// analyse sets t.Analysis and remembers what the next segments need.
func (j *judge) analyse() {
	j.classify()
	if j.t.RawAck != j.fwd.ack {
		j.fwd.dupAcks = 0
	}
	j.ackOfUnseen()
	if (j.t.Length > 0 || j.t.Flags&(packet.SYN|packet.FIN) != 0) && j.t.Analysis&KeepAlive == 0 {
		j.t.Analysis |= j.repetition()
	}
	j.remember()
}

// classify finds probes, their answers, gaps and what is about the window.
func (j *judge) classify() {
	t, fwd, rev := j.t, j.fwd, j.rev
	plain := t.Flags&controlFlags == 0
	if t.Length == 1 && fwd.begun && t.RawSeq == fwd.next && rev.begun && rev.window == 0 {
		t.Analysis |= ZeroWindowProbe
		return
	}
	if t.RawWindow == 0 && plain {
		t.Analysis |= ZeroWindow
	}
	if fwd.begun && before(fwd.next, t.RawSeq) && t.Flags&packet.RST == 0 {
		t.Analysis |= LostSegment
	}
	if fwd.begun && t.Length <= 1 && t.RawSeq == fwd.next-1 && plain {
		t.Analysis |= KeepAlive
	}
	if j.fillsWindow() && plain {
		t.Analysis |= WindowFull
	}
	repeats := fwd.begun && t.Length == 0 && plain && t.RawSeq == fwd.next && t.RawAck == fwd.ack
	switch {
	case !repeats:
	case t.RawWindow != fwd.window:
		if t.RawWindow != 0 {
			t.Analysis |= WindowUpdate
		}
	case t.RawWindow == 0:
		if rev.flags&ZeroWindowProbe != 0 {
			t.Analysis |= ZeroWindowProbeAck
		}
	case rev.flags&KeepAlive != 0:
		t.Analysis |= KeepAliveAck
	default:
		fwd.dupAcks = max(fwd.dupAcks, 0) + 1
		t.Analysis |= DuplicateAck
	}
}

// fillsWindow reports whether the segment ends exactly where the window of the
// other side does.
func (j *judge) fillsWindow() bool {
	if j.t.Length == 0 || j.peerScale < 0 || !j.rev.begun {
		return false
	}
	window := uint32(j.rev.window)
	if j.rev.scaled {
		window <<= j.peerScale
	}
	return j.t.RawSeq+uint32(j.t.Length) == j.rev.ack+window
}

// ackOfUnseen finds an ACK of data that is not in the capture, and says so once.
func (j *judge) ackOfUnseen() {
	rev := j.rev
	if !rev.begun || j.t.Flags&packet.ACK == 0 || !before(rev.ackable, j.t.RawAck) {
		return
	}
	if before(rev.ackable, rev.next) {
		rev.ackable = rev.next
		j.t.Analysis |= AckLostSegment
		return
	}
	if rev.dupAcks == 0 {
		j.t.Analysis |= AckLostSegment
	}
	rev.dupAcks = -1
}

// repetition tells the kinds of retransmission from each other and from a
// segment that was overtaken.
func (j *judge) repetition() Analysis {
	const (
		soon      = 20e6 // ns after the duplicate ACKs
		unknownRT = 3e6  // ns, for a round trip that was not seen
	)
	t, fwd, rev := j.t, j.fwd, j.rev
	end := t.RawSeq + uint32(t.Length)
	behind := fwd.begun && before(t.RawSeq, fwd.next)
	if t.Length > 1 && t.RawSeq == fwd.next-1 {
		behind = false // the byte in front was a zero-window probe
	}
	if t.Length > 0 && rev.ack != 0 && !before(rev.ack, end) {
		return Retransmission | SpuriousRetransmission
	}
	if !behind {
		return 0
	}
	if rev.dupAcks >= 2 && rev.ack == t.RawSeq && within(j.time-rev.ackTime, soon) {
		return Retransmission | FastRetransmission
	}
	limit := j.rtt
	if limit == 0 {
		limit = unknownRT
	}
	if t.Flags&(packet.SYN|packet.FIN) != 0 {
		end++
	}
	if within(j.time-fwd.nextTime, limit) && fwd.next != end {
		return OutOfOrder
	}
	return Retransmission
}

// within reports whether a time passed that is shorter than limit. A clock that
// ran backwards shows none.
func within(passed, limit int64) bool { return passed >= 0 && passed < limit }

// remember takes note of the segment for those that follow.
func (j *judge) remember() {
	t, fwd := j.t, j.fwd
	next := t.RawSeq + uint32(t.Length)
	if t.Flags&(packet.SYN|packet.FIN) != 0 {
		next++
	}
	probe := t.Analysis&ZeroWindowProbe != 0
	if !probe && (!fwd.begun || before(fwd.next, next)) {
		fwd.next, fwd.nextTime = next, j.time
	}
	if !probe && (!fwd.begun || t.RawSeq == fwd.ackable) {
		fwd.ackable = fwd.next
	}
	fwd.begun = true
	fwd.window, fwd.ack, fwd.ackTime = t.RawWindow, t.RawAck, j.time
	fwd.flags = t.Analysis
	switch {
	case t.Flags&packet.SYN != 0:
		fwd.scaled = false
	case t.Flags&packet.ACK != 0:
		fwd.scaled = true
	}
}
