// Expert info on a segment, by Wireshark's rules, so that a reader who opens
// the capture in Wireshark finds the same words at the same packets.

package tcp

import "ftplab/lab/analysis/packet"

// An Analysis is the expert info on a TCP segment: a set of flags, each as
// Wireshark defines the field of the same name.
type Analysis uint16

// The flags of an Analysis.
const (
	// Retransmission: it repeats data that was seen. The next two flags are kinds of
	// retransmission, and are set in addition to this one.
	Retransmission Analysis = 1 << iota
	// FastRetransmission: it follows duplicate ACKs (RFC 5681).
	FastRetransmission
	// SpuriousRetransmission: it repeats data that was acknowledged.
	SpuriousRetransmission
	// OutOfOrder: it was sent before the previous segment.
	OutOfOrder
	// LostSegment: there is a gap before it.
	LostSegment
	// AckLostSegment: it acknowledges data that was not seen.
	AckLostSegment
	// DuplicateAck: it repeats an acknowledgement.
	DuplicateAck
	// KeepAlive and KeepAliveAck: a probe of an idle connection, its answer.
	KeepAlive
	KeepAliveAck
	// ZeroWindow: its sender cannot receive more. ZeroWindowProbe asks whether
	// that is still so; ZeroWindowProbeAck says that it is.
	ZeroWindow
	ZeroWindowProbe
	ZeroWindowProbeAck
	// WindowUpdate: it changes the window and nothing else.
	WindowUpdate
	// WindowFull: it fills the window of the receiver.
	WindowFull
	// ReusedPorts: it opens a connection between the ports of an earlier one.
	ReusedPorts
)

// An analysis is the state of a direction that is needed to judge the next
// segment of either direction. Its numbers are those on the wire.
type analysis struct {
	nextTime int64
	next     uint32 // after the end of the highest segment
	// ackable is the number up to which everything was seen and may be
	// acknowledged.
	ackable uint32

	ackTime int64
	ack     uint32 // the last one sent
	dupAcks int32
	window  uint16   // the last one, as on the wire
	flags   Analysis // of the last segment
	// scaled says that the next window is scaled, because it is not in a SYN.
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

// analyse sets t.Analysis and updates the state.
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

// classify finds probes, their answers, gaps and window events.
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

// fillsWindow reports whether the segment ends exactly at the end of the other
// side's window.
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

// ackOfUnseen finds an ACK of data that is not in the capture. It reports each
// such ACK once.
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

// repetition distinguishes the kinds of retransmission and segments out of
// order.
func (j *judge) repetition() Analysis {
	const (
		soon      = 20e6 // ns after the duplicate ACKs
		unknownRT = 3e6  // ns, if the round-trip time is unknown
	)
	t, fwd, rev := j.t, j.fwd, j.rev
	end := t.RawSeq + uint32(t.Length)
	behind := fwd.begun && before(t.RawSeq, fwd.next)
	if t.Length > 1 && t.RawSeq == fwd.next-1 {
		behind = false // the byte before was a zero-window probe
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

// within reports whether less than limit has passed. It returns false if the
// clock ran backwards.
func within(passed, limit int64) bool { return passed >= 0 && passed < limit }

// remember updates the state for the segments that follow.
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
