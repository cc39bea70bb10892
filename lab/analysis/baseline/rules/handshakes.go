// Packets that do not belong to the handshake of their connection.

package rules

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"ftplab/lab/analysis/baseline/internal/bounded"
	"ftplab/lab/analysis/baseline/internal/wording"
	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/packet"
	"ftplab/lab/analysis/tcp"
)

// A numbering is what the handshake of a side says about its sequence numbers, and about those of its peer.
type numbering struct {
	isn     uint32
	syns    uint8 // how many, at most 255
	options bool  // the first one has options
	opening bool  // it has no ACK
	agrees  bool  // the side has acknowledged what its peer sent
	opened  int64 // the time of the last SYN
}

// soonestRetry is the shortest time after which a SYN is sent again (RFC 6298 section 2). Behind a load balancer, another
// server may answer that one.
const soonestRetry = time.Second

// An acknowledgment is of what the peer never sent if it is neverSent bytes or more from what the peer did send. It counts
// if leastUnsent segments with different data have such a one.
const (
	neverSent   = 1 << 24 // bytes; no window is larger in practice
	leastUnsent = 2
)

// An earlySegment is data that came with a SYN, and the first later segment that has other bytes in its place.
type earlySegment struct {
	packet, differs int // 0 for none
	at              int64
	data            []byte
}

// begins takes a segment, which may be at the beginning of a stream.
func (s *side) begins(all *senders, p *capture.Packet) {
	data := p.TCP.Payload
	if len(data) == 0 || p.Segment.DataSeq() != 1 {
		return
	}
	if p.TCP.Has(packet.SYN) && s.syns == 0 {
		s.oddities().early = earlySegment{packet: p.Number, data: all.ledger.Keep(maxEarly, &all.early, nil, data)}
		return
	}
	if s.odd == nil || s.odd.early.packet == 0 || s.odd.early.differs > 0 {
		return
	}
	if n := min(len(data), len(s.odd.early.data)); !bytes.Equal(data[:n], s.odd.early.data[:n]) {
		s.odd.early.differs = p.Number
	}
}

// synRepeats finds data that came with a SYN, and other bytes in its place later. A host whose SYN was acknowledged
// without its data sends the same data again (RFC 7413 section 3).
func synRepeats(e *Evidence, c *ftp.Connection) (found []breach) {
	e.sides(c, func(name ftp.Side, s *side) {
		if s.odd != nil && s.odd.early.differs > 0 {
			found = append(found, breach{packets: []int{s.odd.early.packet, s.odd.early.differs},
				observed: fmt.Sprintf("the SYN of the %s has data, and frame %d has other bytes in its place: who reads the first ones does not see what the %s received", name, s.odd.early.differs, name.Other())})
		}
	})
	return found
}

// A secondISN is a SYN and ACK with another initial sequence number than the one before, for the same SYN.
type secondISN struct {
	packet  int
	ttl     uint8
	options bool
}

// number takes what a packet says about sequence numbers.
func (s *side) number(p *capture.Packet, peer *side) {
	n, t := &s.numbering, p.TCP
	if t.Has(packet.SYN) {
		if n.syns == 0 && peer.opening && !t.Has(packet.ACK) {
			s.oddities().opens = p.Number
		}
		switch options := t.Options.MSS > 0; {
		case n.syns == 0:
			n.isn, n.options, n.opening = t.RawSeq, options, !t.Has(packet.ACK)
		case t.RawSeq != n.isn && t.Has(packet.ACK) && peer.syns == 1 && time.Duration(p.Time-n.opened) < soonestRetry:
			s.oddities().second = secondISN{p.Number, uint8(p.IP.TTL), options}
		}
		n.opened, n.syns = p.Time, min(n.syns, 254)+1
	}
	if !t.Has(packet.ACK) || t.Has(packet.SYN) || peer.syns == 0 {
		return
	}
	if d := p.Segment.Ack - peer.reach; -neverSent < d && d < neverSent {
		n.agrees = true
	} else if t.Length > 1 && p.Segment.DataSeq() >= s.reach {
		s.oddities().unsent.add(p.Number)
	}
}

// otherHandshake judges a side whose SYN was answered by two hosts, or that sends packets of another connection.
func otherHandshake(name ftp.Side, s *side) (b breach, ok bool) {
	if s.odd == nil {
		return b, false
	}
	second, unsent := s.odd.second, s.odd.unsent
	switch {
	case s.odd.opens > 0:
		return breach{severity: Violation, packets: []int{s.odd.opens}, observed: fmt.Sprintf("the %s answered the SYN of the %s with a SYN of its own, without ACK, as if both had opened the connection: a sensor may take it for the side that opens it", name, name.Other())}, true
	case unsent.n >= leastUnsent && !s.agrees:
		return breach{severity: Violation, packets: unsent.packets, observed: fmt.Sprintf("%s of the %s acknowledge bytes that the %s never sent on this connection, so somebody may replay recorded packets",
			wording.Plural(unsent.n, "segment", "segments"), name, name.Other())}, true
	case second.packet > 0:
		b = breach{packets: []int{int(s.first.first), second.packet}, observed: fmt.Sprintf("the %s answered one SYN twice, with two initial sequence numbers", name)}
		if d := int(s.first.ttl) - int(second.ttl); max(d, -d) >= otherHops {
			b.severity, b.observed = Violation, b.observed+fmt.Sprintf(", and with the times to live %d and %d", s.first.ttl, second.ttl)
		}
		if second.options != s.options {
			b.severity, b.observed = Violation, b.observed+", and only one answer has TCP options"
		}
		if b.severity == Violation {
			b.observed += ", so two hosts answered"
		}
		return b, true
	}
	return b, false
}

// laterSYNs are the SYNs that came after a connection between the same addresses had begun.
type laterSYNs struct {
	of map[[2]netip.AddrPort][]int // by their sender and receiver
	n  int                         // of all
}

// packet takes the next segment.
func (all *laterSYNs) packet(g *bounded.Ledger, p *capture.Packet) {
	if p.Segment.Analysis&tcp.ReusedPorts == 0 || !g.Room(maxLaterSYNs, all.n) {
		return
	}
	ends := [2]netip.AddrPort{netip.AddrPortFrom(p.IP.Src, p.TCP.SrcPort), netip.AddrPortFrom(p.IP.Dst, p.TCP.DstPort)}
	all.of[ends] = append(all.of[ends], p.Number)
	all.n++
}

// openedTwice finds SYNs of a side that then goes on with its connection. Its own TCP opens no other connection as long as
// it has that one (RFC 9293, 3.10.1).
func openedTwice(e *Evidence, c *ftp.Connection) (found []breach) {
	if c.Role == ftp.Other {
		return nil
	}
	for _, side := range []ftp.Side{ftp.Client, ftp.Server} {
		syns := e.watch.syns.of[[2]netip.AddrPort{c.Addr(side), c.Addr(side.Other())}]
		first, _ := slices.BinarySearch(syns, c.FirstPacket+1)
		end, _ := slices.BinarySearch(syns, c.Flow(side).LastData)
		for _, syn := range syns[first:min(max(first, end), first+MaxPackets)] {
			found = append(found, breach{packets: []int{syn, c.Flow(side).LastData},
				observed: fmt.Sprintf("a SYN of the %s within its connection, which went on with the numbers from before: somebody else sent the SYN, or it is to mislead a sensor", side)})
		}
	}
	return found
}
