package tcp

import (
	"time"

	"ftplab/lab/analysis/packet"
)

// A handshake measures how long a SYN took to be answered, and the answer to be acknowledged. If a SYN was sent
// again, its answer does not say which of the two was answered: Linux repeats the timestamp of the first SYN in an
// answer to the second, and gVisor's two SYNs have the same one. A time is taken only between packets of one place,
// so the last SYN and the answer have to be recorded where the connection is read.
type handshake struct {
	first, last syn   // before the answer
	syns        int   // so many, without copies
	answers     int   // SYN and ACK, again and again, without copies
	answered    syn   // when the first answer came, and the timestamp that it echoes
	latest      int64 // when the last answer came
	away        bool  // another place has the last SYN before it, or has it
	ended       bool  // something came after the answer
	acked       int64 // the time of the ACK, in nanoseconds since 1970, if that came next; otherwise 0
	damaged     bool  // a packet of the side that opens came next, with a wrong checksum
	ackDamaged  int64 // its time, if it is the ACK; otherwise 0
}

// soonest is the least time, in nanoseconds, after which a host sends a SYN or its answer again: less than the second
// of RFC 6298 section 2. What comes sooner counts as a copy, for example in a capture that has each packet twice.
const soonest = 200e6

// isCopy reports whether a packet at a time is a copy of an equal one before.
func isCopy(before, at int64) bool { return at-before < soonest }

// A syn is the time of a packet, in nanoseconds since 1970, and a TCP timestamp, 0 for none.
type syn struct {
	time  int64
	stamp uint32
}

// sent notes a SYN of the side that opens. What comes after an answer is not the one answered.
func (h *handshake) sent(p *packet.Packet) {
	if h.answers > 0 {
		return
	}
	if h.away = p.Away != nil; h.away {
		return
	}
	if h.syns == 0 || !isCopy(h.last.time, p.Time) {
		h.syns++
	}
	h.last = syn{p.Time, p.TCP.Options.TSval}
	if h.syns == 1 {
		h.first = h.last
	}
}

// came notes an answer.
func (h *handshake) came(p *packet.Packet) {
	if h.answers == 0 {
		h.answered = syn{p.Time, p.TCP.Options.TSecr}
		h.away = h.away || p.Away != nil
	}
	if h.answers == 0 || !isCopy(h.latest, p.Time) {
		h.answers++
	}
	h.latest = p.Time
}

// begun is when the SYN was sent that the first answer is for. That is the last before it, as
// for Wireshark's initial RTT: those before were lost, or their answers were. But if each SYN has
// an answer, none was lost, and the path takes longer than the sender waits.
func (h *handshake) begun() int64 {
	if h.answers >= h.syns && h.answered.stamp == h.first.stamp {
		return h.first.time
	}
	return h.last.time
}

// unsure reports whether nothing in the handshake says which SYN was answered. An echo of the last
// SYN's timestamp does, if it is not that of the first, too.
func (h *handshake) unsure() bool {
	ofLast := h.answered.stamp == h.last.stamp && h.last.stamp != h.first.stamp
	return h.answers < h.syns && !ofLast
}

// after notes what comes after the answer. Only a bare ACK shows when the answer came: data may have
// waited for a program, and whatever else comes first shows that the recorder lost the ACK. Nor
// does it say which of several answers it is for.
func (h *handshake) after(p *packet.Packet, acknowledges bool) {
	if h.ended || h.answers == 0 {
		return
	}
	h.ended = true
	h.acked = h.ackTime(p, acknowledges)
}

// afterDamaged notes what comes after the answer from the side that opens, with a wrong checksum.
func (h *handshake) afterDamaged(p *packet.Packet, acknowledges bool) {
	if h.ended || h.answers == 0 || h.damaged {
		return
	}
	h.damaged = true
	h.ackDamaged = h.ackTime(p, acknowledges)
}

// ackTime returns the time of a packet if it is the ACK that ends the handshake, 0 otherwise.
func (h *handshake) ackTime(p *packet.Packet, acknowledges bool) int64 {
	if acknowledges && h.answers == 1 && p.Away == nil {
		return p.Time
	}
	return 0
}

// roundTrip is the time from the SYN to the ACK. Wherever on the path the recorder is, it contains
// the ways from there to both ends and back. An ACK with a wrong checksum counts if the checksums of
// the side that opens mean nothing.
func (h *handshake) roundTrip(opener sums) (time.Duration, bool) {
	acked := h.acked
	if h.damaged && opener == meaningless {
		acked = h.ackDamaged
	}
	return time.Duration(acked - h.begun()), acked != 0 && !h.away && !h.unsure()
}

func (h *handshake) rtt() time.Duration { return time.Duration(h.answered.time - h.begun()) }
