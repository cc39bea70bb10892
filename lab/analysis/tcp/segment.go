package tcp

import (
	"slices"

	"ftplab/lab/analysis/packet"
)

// A Segment is a TCP segment in its connection: its header, and what the segments
// before it make of that.
type Segment struct {
	*packet.TCP
	// Direction is 0 if it comes from the sender of the connection's first packet,
	// else 1.
	Direction int
	// Seq and Ack are relative and do not wrap: 0 is the SYN, 1 the first byte of
	// the stream. Ack is 0 without the flag.
	Seq, Ack int64
	// Window is RawWindow, scaled as the handshake agreed (unscaled if the
	// handshake was not seen).
	Window int
	// SACK are the blocks of selective acknowledgement (RFC 2018).
	SACK []SACKBlock
	// Analysis is the expert info on it, by the rules of Wireshark's fields
	// tcp.analysis.*.
	Analysis Analysis

	// acks is up to where its data acknowledge the peer, if that is worth a note; else 0.
	acks int64
}

// A SACKBlock is a range that arrived behind a gap, in relative sequence numbers.
type SACKBlock struct{ Left, Right int64 }

// Clone returns a copy of s that belongs to the clone of its packet.
func (s *Segment) Clone(of *packet.Packet) *Segment {
	c := *s
	c.TCP, c.SACK = of.TCP, slices.Clone(s.SACK)
	return &c
}

// DataSeq is where the data of the segment stands in the stream: behind its SYN.
func (s *Segment) DataSeq() int64 {
	if s.Flags&packet.SYN != 0 {
		return s.Seq + 1
	}
	return s.Seq
}

// number fills in the relative numbers.
func (s *Segment) number(fwd, rev *Half) {
	isn := s.RawSeq
	if s.Flags&packet.SYN == 0 {
		isn--
	}
	fwd.anchor(isn)
	s.Seq = fwd.relative(s.RawSeq)
	if end := s.Seq + int64(s.Length); s.Flags&packet.RST == 0 || s.Length > 0 {
		fwd.reach = max(fwd.reach, end)
	}
	if s.Flags&packet.ACK != 0 {
		rev.anchor(s.RawAck - 1)
		s.Ack = rev.relative(s.RawAck)
		s.Options.SACKBlocks(func(left, right uint32) {
			s.SACK = append(s.SACK, SACKBlock{rev.relative(left), rev.relative(right)})
		})
	}
}
