package tcp

import (
	"slices"

	"ftplab/lab/analysis/packet"
)

// A Segment is a TCP segment of a connection: its header, and what its meaning is after
// the segments before it.
type Segment struct {
	*packet.TCP
	// Direction is 0 if it comes from the sender of the connection's first packet,
	// else 1.
	Direction int
	// Seq and Ack are relative and do not wrap: 0 is the SYN, 1 the first byte of
	// the stream. Ack is 0 without the flag.
	Seq, Ack int64
	// Window is RawWindow, scaled as agreed in the handshake. It is not scaled
	// if the handshake was not seen.
	Window int
	// SACK are the blocks of selective acknowledgement (RFC 2018).
	SACK []SACKBlock
	// Analysis is Wireshark's expert info on it, as in the fields
	// tcp.analysis.*.
	Analysis Analysis
	// Damaged says that the checksum is wrong and others of the same side are right, so that the
	// receiver has dropped the segment, unless it acknowledges it later.
	Damaged bool
	// FirstSeen says of a retransmission that no earlier segment in the capture has any of its data: the
	// first copy did not reach the recorder.
	FirstSeen bool
	// PeerClosed says that the last window of the other side was 0.
	PeerClosed bool

	// acks is the number up to which the segment acknowledges the peer, if an ack must
	// be noted; else 0.
	acks int64
}

// A SACKBlock is a range of bytes that arrived after a gap, in relative sequence
// numbers.
type SACKBlock struct{ Left, Right int64 }

// InDoubt reports whether the receiver may drop the data of the segment: it is damaged, or it comes with a SYN, whose
// receiver may acknowledge the SYN only (RFC 9293 section 3.10.7.4, RFC 7413).
func (s *Segment) InDoubt() bool { return s.Damaged || s.early() }

// early reports whether the segment has data although its connection is not established.
func (s *Segment) early() bool { return s.Flags&packet.SYN != 0 && s.Length > 0 }

// Clone returns a copy of s that belongs to the clone of its packet.
func (s *Segment) Clone(of *packet.Packet) *Segment {
	c := *s
	c.TCP, c.SACK = of.TCP, slices.Clone(s.SACK)
	return &c
}

// DataSeq returns the position of the segment's data in the stream, after its
// SYN.
func (s *Segment) DataSeq() int64 {
	if s.Flags&packet.SYN != 0 {
		return s.Seq + 1
	}
	return s.Seq
}

// end returns the relative number behind the segment. A FIN counts as a byte.
func (s *Segment) end() int64 {
	end := s.DataSeq() + int64(s.Length)
	if s.Flags&packet.FIN != 0 {
		end++
	}
	return end
}

// number sets the relative numbers.
func (s *Segment) number(fwd, rev *Half) {
	isn := s.RawSeq
	if s.Flags&packet.SYN == 0 {
		isn--
	}
	fwd.anchor(isn)
	s.Seq = fwd.relative(s.RawSeq)
	if end := s.Seq + int64(s.Length); !s.Damaged && !fwd.otherSYN(s) && (s.Flags&packet.RST == 0 || s.Length > 0) {
		fwd.reach = max(fwd.reach, end)
	}
	sound := !s.Damaged && s.Flags&packet.RST == 0 && !fwd.otherSYN(s)
	if sound {
		fwd.sent = max(fwd.sent, s.Seq)
	}
	if s.Flags&packet.ACK != 0 {
		rev.anchor(s.RawAck - 1)
		s.Ack = rev.relative(s.RawAck)
		if sound {
			rev.confirm(s.Ack, s.end())
		}
		s.Options.SACKBlocks(func(left, right uint32) {
			s.SACK = append(s.SACK, SACKBlock{rev.relative(left), rev.relative(right)})
		})
	}
}
