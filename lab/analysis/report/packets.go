package report

import (
	"slices"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/packet"
	"ftplab/lab/analysis/tcp"
)

// Packets has the packets that a report keeps while it reads a capture, in bounded
// memory: all packets of a short connection, and of a long one those at its beginning
// and its end, the notable ones, and its shape in time and sequence numbers. Its zero
// value is ready to use.
type Packets struct {
	Lengths Lengths

	wanted  map[int]bool    // numbers of packets to keep in any case
	noFTP   bool            // the capture has no session, so other connections are drawn
	loose   []*Packet       // without a connection
	ended   []*Packet       // of connections that have ended
	courses map[int]*course // of connections that have not ended, and of those that may be graphs, by ID
	kept    int             // packets, in all
	// more is the number of packets that were not kept for lack of room, others the
	// number of those that are not FTP.
	more, others int
	// copies and strays are the numbers of packets that are not read where they were recorded, because another
	// place has them, or because its clock is another; see [packet.Packet.Copy].
	copies, strays int
	points         int   // of all courses
	last           int64 // time of the packet before
	lastRead       int64 // time of the packet before that is no copy
}

// Limits of what is kept, in packets.
const (
	maxKept    = 8000 // of the whole capture
	maxLoose   = 500  // without a connection
	maxHead    = 1000 // from the beginning of a connection
	maxTail    = 120  // from its end
	maxSpecial = 200  // with SYN, FIN, RST or expert info, between the two
)

// A Packet is a packet that was kept, with facts about the packets before it.
type Packet struct {
	*capture.Packet
	// Connection has the facts of the packet's connection, nil if it has none.
	Connection *ftp.Connection
	// Since is the time since the packet before it in the capture, SinceSame
	// since the one before it in the same connection, in nanoseconds.
	Since, SinceSame int64
	// Silence is the time since the packet before it that is no copy, in nanoseconds. A copy has none.
	Silence int64
	// Passed counts what both sides of its connection had sent, up to and including
	// this packet.
	Passed Passed
}

// Passed counts packets and data of a connection.
type Passed struct {
	Packets  int
	Segments int   // with data
	Bytes    int64 // of data
}

// minus returns the difference from an earlier count.
func (p Passed) minus(before Passed) Passed {
	return Passed{p.Packets - before.Packets, p.Segments - before.Segments, p.Bytes - before.Bytes}
}

// A course has what is kept of one connection.
type course struct {
	time   int64 // of the packet before
	passed Passed

	head    []*Packet
	special []*Packet
	tail    []*Packet // a ring once it is full
	oldest  int       // of the ring

	shape   shape
	holes   [2]holes // of the client and the server
	sent    [2]bool  // data came from the client, from the server
	answers [2]int   // packets of each since the first data of the other
	place   string   // where it is read, known if packets of it were not recorded there
}

// addPoint takes a packet of a transfer, and returns how many more points are kept than before. The times of a packet
// that only another place has are not those of the place where the connection is read, so it makes no point.
func (c *course) addPoint(p *capture.Packet, room bool) int {
	if p.Away == nil {
		q := pointOf(p)
		c.holes[sideIndex(q.from)].add(q)
		return c.shape.add(q, room)
	}
	c.place = p.Away.Home
	return 0
}

// Add takes the next packet of the capture.
func (ps *Packets) Add(p *capture.Packet) {
	if ps.courses == nil {
		ps.courses = map[int]*course{}
		ps.last, ps.lastRead = p.Time, p.Time
	}
	ps.Lengths.Add(p.Length)
	k := &Packet{Packet: p, Since: p.Time - ps.last}
	ps.last = p.Time
	if p.Copy == nil {
		k.Silence, ps.lastRead = p.Time-ps.lastRead, p.Time
	}
	if p.Connection == nil {
		ps.addLoose(k)
		return
	}
	c := ps.courses[p.Connection.ID]
	if c == nil {
		c = &course{time: p.Time}
		ps.courses[p.Connection.ID] = c
	}
	c.passed.Packets++
	side := sideIndex(p.From)
	if p.TCP.Length > 0 {
		c.passed.Segments++
		c.passed.Bytes += int64(p.TCP.Length)
		c.sent[side] = true
	}
	if c.sent[1-side] {
		c.answers[side]++
	}
	k.SinceSame, c.time, k.Passed = p.Time-c.time, p.Time, c.passed
	ps.keep(c, k)
	if role := p.Connection.Role; role == ftp.Data || role == ftp.Other && ps.noFTP {
		ps.points += c.addPoint(p, ps.points < maxPoints)
	}
	if p.Connection.LastPacket == p.Number {
		ps.end(p.Connection.ID, c)
	}
}

// addLoose takes a packet without a connection.
func (ps *Packets) addLoose(k *Packet) {
	room := len(ps.loose) < maxLoose || ps.wanted[k.Number]
	switch {
	case k.Copy != nil && k.Away != nil:
		ps.strays++
	case k.Copy != nil:
		ps.copies++
	case !room:
		ps.others++
	}
	if room {
		ps.loose = append(ps.loose, k.keep())
	}
}

// end forgets a connection that has ended, except its kept packets, and its shape if
// that makes a graph.
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

// keep decides whether to keep a packet of a connection.
func (ps *Packets) keep(c *course, k *Packet) {
	switch {
	case ps.kept >= maxKept && len(c.tail) < maxTail:
		// There is no more room, but a ring that exists is still used.
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

// remarkable reports whether to keep a segment also in the middle of a connection.
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
