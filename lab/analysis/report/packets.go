package report

import (
	"slices"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/packet"
	"ftplab/lab/analysis/tcp"
)

// Packets is what a report keeps of a capture's packets while the capture is
// read, in bounded memory: all of a short connection, the ends and the
// remarkable ones of a long one, and its shape in time and sequence numbers. Its
// zero value is ready to use.
type Packets struct {
	Lengths Lengths

	wanted  map[int]bool    // numbers of packets to keep wherever they stand
	noFTP   bool            // the capture has no session, so other connections are drawn
	loose   []*Packet       // of no connection
	ended   []*Packet       // of connections that have ended
	courses map[int]*course // of those that go on, and of those that may be graphs, by ID
	kept    int             // packets, in all
	// more are packets that might have been drawn if there had been room, others those that
	// are not FTP.
	more, others int
	points       int   // of all courses
	last         int64 // time of the packet before
}

// What is kept at most, in packets.
const (
	maxKept    = 8000 // of the whole capture
	maxLoose   = 500  // that belong to no connection
	maxHead    = 1000 // from the beginning of a connection
	maxTail    = 120  // from its end
	maxSpecial = 200  // with SYN, FIN, RST or expert info, from between
)

// A Packet is a packet that was kept, and what went before it.
type Packet struct {
	*capture.Packet
	// Connection has the facts of the packet's connection, nil if it has none.
	Connection *ftp.Connection
	// Since is the time since the packet before it in the capture, SinceSame
	// since the one before it in the same connection, in nanoseconds.
	Since, SinceSame int64
	// Passed is what its connection had sent up to it, this packet included,
	// both sides together.
	Passed Passed
}

// Passed counts what went by on a connection.
type Passed struct {
	Packets  int
	Segments int   // with data
	Bytes    int64 // of data
}

// minus is what went by after the state before.
func (p Passed) minus(before Passed) Passed {
	return Passed{p.Packets - before.Packets, p.Segments - before.Segments, p.Bytes - before.Bytes}
}

// A course is what is kept of one connection.
type course struct {
	time   int64 // of the packet before
	passed Passed

	head    []*Packet
	special []*Packet
	tail    []*Packet // a ring once it is full
	oldest  int       // of the ring

	shape shape
	holes [2]holes // of the client and the server
}

// Add takes the next packet of the capture.
func (ps *Packets) Add(p *capture.Packet) {
	if ps.courses == nil {
		ps.courses = map[int]*course{}
		ps.last = p.Time
	}
	ps.Lengths.Add(p.Length)
	k := &Packet{Packet: p, Since: p.Time - ps.last}
	ps.last = p.Time
	if p.Connection == nil {
		if len(ps.loose) < maxLoose {
			ps.loose = append(ps.loose, k.keep())
		}
		return
	}
	c := ps.courses[p.Connection.ID]
	if c == nil {
		c = &course{time: p.Time}
		ps.courses[p.Connection.ID] = c
	}
	c.passed.Packets++
	if p.TCP.Length > 0 {
		c.passed.Segments++
		c.passed.Bytes += int64(p.TCP.Length)
	}
	k.SinceSame, c.time, k.Passed = p.Time-c.time, p.Time, c.passed
	ps.keep(c, k)
	if role := p.Connection.Role; role == ftp.Data || role == ftp.Other && ps.noFTP {
		q := pointOf(p)
		ps.points += c.shape.add(q, ps.points < maxPoints)
		c.holes[sideIndex(q.from)].add(q)
	}
	if p.Connection.LastPacket == p.Number {
		ps.end(p.Connection.ID, c)
	}
}

// end lets go of a connection that has ended, but for the packets that were kept, and for
// its shape if that makes a picture.
func (ps *Packets) end(id int, c *course) {
	ps.ended = c.packets(ps.ended)
	c.head, c.special, c.tail = nil, nil, nil
	if c.passed.Segments < graphLeast {
		ps.points -= len(c.shape.all())
		delete(ps.courses, id)
	}
}

// packets appends the packets that were kept.
func (c *course) packets(to []*Packet) []*Packet {
	return append(append(append(to, c.head...), c.special...), c.tail...)
}

// keep decides what becomes of a packet of a connection.
func (ps *Packets) keep(c *course, k *Packet) {
	switch {
	case ps.kept >= maxKept && len(c.tail) < maxTail:
		// No more room; a ring that exists goes on turning.
		if k.Packet.Connection.Role != ftp.Other || ps.noFTP {
			ps.more++
		} else {
			ps.others++
		}
	case len(c.head) < maxHead:
		c.head = append(c.head, k.keep())
		ps.kept++
	case len(c.tail) < maxTail:
		c.tail = append(c.tail, k.keep())
		ps.kept++
	default:
		old := c.tail[c.oldest]
		if ps.wanted[old.Number] || remarkable(old.Segment) && len(c.special) < maxSpecial {
			c.special = append(c.special, old)
			ps.kept++
		}
		c.tail[c.oldest] = k.keep()
		c.oldest = (c.oldest + 1) % maxTail
	}
}

// keep returns p with a packet that stays valid when the capture is read on.
func (p *Packet) keep() *Packet {
	p.Packet = p.Packet.Clone()
	return p
}

// remarkable reports whether a segment is worth keeping wherever it stands.
func remarkable(t *tcp.Segment) bool {
	return t.Flags&(packet.SYN|packet.FIN|packet.RST) != 0 || t.Analysis&^(tcp.WindowUpdate|tcp.DuplicateAck) != 0
}

// All returns the packets that were kept, in the order of the capture.
func (ps *Packets) All() []*Packet {
	all := slices.Concat(ps.loose, ps.ended)
	for _, c := range ps.courses {
		all = c.packets(all)
	}
	slices.SortFunc(all, func(a, b *Packet) int { return a.Number - b.Number })
	return all
}
