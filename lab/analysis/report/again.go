// Notes on packets that carry what was seen before, and on those that were damaged.

package report

import (
	"strings"

	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/packet"
	"ftplab/lab/analysis/tcp"
)

// earlier remembers packets that explain later ones.
type earlier struct {
	damaged map[numbered]int
	sent    map[identity]*Packet
}

// A numbered is what one side of a connection sends from a sequence number on.
type numbered struct {
	connection int
	from       ftp.Side
	seq        int64
}

// An identity is what two copies of a packet have in common. What its host sends again has another IP
// identification, or a later time stamp.
type identity struct {
	numbered
	ack         int64
	length      int
	window, id  uint16
	flags       uint8
	stamp, echo uint32
}

func newEarlier() earlier { return earlier{map[numbered]int{}, map[identity]*Packet{}} }

// segment explains the expert info on a segment.
func (n *notes) segment(p *Packet) {
	if c := p.Connection; c != nil && p.Segment.Damaged && c.Flow(p.From).Damaged > 0 { // else none were dropped
		n.earlier.damaged[numberedOf(p)] = p.Number
		n.add(p.Number, "Its TCP checksum is wrong: it was damaged on its way, and the receiver drops it (RFC 9293, 3.1).")
		return
	}
	copied, damaged := n.earlier.copyOf(p), 0
	if p.Connection != nil {
		damaged = n.earlier.damaged[numberedOf(p)]
	}
	for _, a := range analysisNotes {
		if p.Segment.Analysis&a.is == 0 || p.TCP.Length == 0 && p.TCP.Flags&(packet.SYN|packet.FIN) == 0 && !a.anyLength {
			continue
		}
		again := a.is == tcp.OutOfOrder || p.Segment.Analysis&tcp.Retransmission != 0
		switch {
		case again && copied > 0:
			n.add(p.Number, "A copy of frame %d, made by the network or the recorder. If its host had sent it again, it would have another IP identification or a later time stamp.", copied)
		case again && damaged > 0:
			n.add(p.Number, "Sent again, because frame %d was damaged.", damaged)
		case a.is == tcp.Retransmission && p.Segment.FirstSeen:
			n.add(p.Number, "Sent again: the first copy of this data did not reach the recorder.")
		case a.is == tcp.KeepAlive && p.Segment.PeerClosed:
			n.add(p.Number, "A probe: is the window still 0?")
		default:
			n.add(p.Number, "%s", strings.Replace(a.sentence, "this data", "this "+sequenced(p.TCP), 1))
		}
		return
	}
}

func numberedOf(p *Packet) numbered { return numbered{p.Connection.ID, p.From, p.Segment.Seq} }

// copyOf returns the earlier packet of which p is a copy, 0 for none, and remembers p. If its host counts no
// IP identification, the two must have a time stamp, and come in less time than a round trip takes.
func (e *earlier) copyOf(p *Packet) int {
	if p.Connection == nil || p.IP == nil || p.Segment.Damaged || p.TCP.Length == 0 && p.TCP.Flags&(packet.SYN|packet.FIN) == 0 {
		return 0
	}
	o := &p.Segment.Options
	x := identity{numberedOf(p), p.Segment.Ack, p.TCP.Length, p.TCP.RawWindow, p.IP.ID, p.TCP.Flags, o.TSval, o.TSecr}
	first := e.sent[x]
	if first == nil {
		e.sent[x] = p
		return 0
	}
	trip := max(p.Connection.RoundTrip, p.Connection.HandshakeRTT)
	if x.id == 0 && (!o.HasTimestamps || p.Time-first.Time >= int64(trip)) {
		return 0
	}
	return first.Number
}

// sequenced names what a segment carries that has sequence numbers.
func sequenced(t *packet.TCP) string {
	switch {
	case t.Length > 0:
		return "data"
	case t.Flags&(packet.SYN|packet.ACK) == packet.SYN|packet.ACK:
		return "SYN with ACK"
	case t.Flags&packet.SYN != 0:
		return "SYN"
	}
	return "FIN"
}

// analysisNotes are in order of importance.
var analysisNotes = []struct {
	is        tcp.Analysis
	anyLength bool // also of bare ACKs
	sentence  string
}{
	{tcp.OutOfOrder, false, "Out of order: by its sequence number it belongs before packets that have already arrived. The sequence numbers show the order of sending, the times only the order of arrival."},
	{tcp.SpuriousRetransmission, false, "Sent again, although it had been acknowledged."},
	{tcp.FastRetransmission, false, "Sent again, because repeated ACKs showed that it was missing."},
	{tcp.Retransmission, false, "Sent again: this data has been seen before."},
	{tcp.LostSegment, false, "There is a gap before it: the bytes before it in the stream have not been seen yet."},
	{tcp.ZeroWindow, true, "Window 0: the receiver can take nothing more for now."},
	{tcp.ZeroWindowProbe, false, "A probe with one byte: is the window still 0?"},
	{tcp.KeepAlive, true, "A probe: is the other side still there?"},
	{tcp.ReusedPorts, true, "The same ports as an earlier connection."},
}
