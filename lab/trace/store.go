// The connections of a capture, by their IDs.

package trace

import (
	"iter"
	"net/netip"
)

// A store holds connections. One that has come to no more than a few bare headers
// is a stub, held as these headers only: most of what a scan or a flood leaves
// behind is no more than that, and takes less room so than in the file.
type store struct {
	berths  list[berth]
	kept    []*Connection
	stubs   headers
	scratch scratch // while the capture is being read
}

// A berth is where a connection is held: in kept, at berth-1; or if that is
// negative in stubs, its first header at -berth-1.
type berth int32

// stubHeaders is how many headers a stub may have. With more, a Connection takes no
// more room than they do in the file; a probe that connects and closes has seven.
const stubHeaders = 16

func (s *store) len() int { return s.berths.len() }

// open begins the next connection.
func (s *store) open(src, dst netip.AddrPort) *Connection {
	s.berths.next()
	return s.scratch.begin(s.len()-1, src, dst).Connection
}

// add takes in a connection that has been made elsewhere, as the next one.
func (s *store) add(c *Connection) {
	s.berths.next()
	c.ID = s.len() - 1
	s.keep(c)
}

// find returns the connection with an ID if it is kept, nil if it is a stub.
func (s *store) find(id int) *Connection {
	if p := *s.berths.at(id); p > 0 {
		return s.kept[p-1]
	}
	return nil
}

// recall returns the connection with an ID; one that is held as a stub is made in
// the scratch.
func (s *store) recall(id int, in *scratch) *Connection {
	if c := s.find(id); c != nil {
		return c
	}
	first := s.stub(id)
	r := in.begin(id, s.stubs.from(first), s.stubs.to(first))
	for at := first; at >= 0; {
		h := s.stubs.at(at)
		h.count(r)
		at = h.next
	}
	return r.Connection
}

// recallWhole is recall when all packets have been read.
func (s *store) recallWhole(id int, in *scratch) *Connection {
	c := s.recall(id, in)
	if r := c.reading; r != nil && r == in.conn {
		r.halves[0].finish()
		r.halves[1].finish()
	}
	return c
}

// told is recall when all is known of all connections.
func (s *store) told(id int, in *scratch) *Connection {
	c := s.recallWhole(id, in)
	if c.reading != nil {
		c.settle()
	}
	return c
}

// all yields all connections when all is known of them.
func (s *store) all() iter.Seq[*Connection] {
	return func(yield func(*Connection) bool) {
		var in scratch
		for id := range s.len() {
			if !yield(s.told(id, &in)) {
				return
			}
		}
	}
}

// stub is where the first header of a stub stands.
func (s *store) stub(id int) int { return int(-*s.berths.at(id) - 1) }

// between reports whether the connection with an ID has these two ends.
func (s *store) between(id int, a, b netip.AddrPort) bool {
	x, y := s.ends(id)
	return x == a && y == b || x == b && y == a
}

// ends returns the two ends of the connection with an ID.
func (s *store) ends(id int) (a, b netip.AddrPort) {
	if c := s.find(id); c != nil {
		return c.Client, c.Server
	}
	return s.stubs.from(s.stub(id)), s.stubs.to(s.stub(id))
}

// A scratch is where one connection after the other is made, until one is kept.
type scratch struct {
	*conn
	room *list[Connection] // where many are to be kept; may be nil
}

// begin makes a connection, to be read from its first packet on.
func (in *scratch) begin(id int, src, dst netip.AddrPort) *conn {
	if in.conn == nil {
		c := &Connection{}
		if in.room != nil {
			c = in.room.next()
		}
		in.conn = &conn{Connection: c, halves: &[2]half{}}
	}
	r := in.conn
	*r.Connection = Connection{ID: id, Client: src, Server: dst, Role: Other, reading: r}
	*r = conn{Connection: r.Connection, halves: r.halves, letters: r.letters[:0], opener: -1, answerer: -1, firstFIN: -1, firstRST: -1}
	r.halves[0] = half{Flow: &r.ClientFlow, scale: -1}
	r.halves[1] = half{Flow: &r.ServerFlow, scale: -1}
	return r
}

// settle decides how a connection is held for which a packet has come.
func (s *store) settle(r *conn, p *Packet) {
	if r != s.scratch.conn {
		return
	}
	if r.pinned || r.data() > 0 || r.ClientFlow.Packets+r.ServerFlow.Packets > stubHeaders || s.stubs.full() {
		s.keep(r.Connection)
		return
	}
	t := p.TCP
	h := header{
		number: p.Number, time: p.Time, seq: t.RawSeq, ack: t.RawAck,
		window: t.RawWindow, flags: t.Flags, scale: t.Options.WindowScale, dir: p.dir, next: -1,
	}
	if *s.berths.at(r.ID) == 0 {
		*s.berths.at(r.ID) = berth(-s.stubs.add(h, r.Client, r.Server) - 1)
		return
	}
	last := s.stub(r.ID)
	for next := last; next >= 0; next = s.stubs.at(next).next {
		last = next
	}
	s.stubs.link(last, s.stubs.add(h))
}

// keepIfStub gives a connection that was made of a stub a place of its own.
func (s *store) keepIfStub(c *Connection) {
	if c.reading == s.scratch.conn {
		s.keep(c)
	}
}

// keep gives a new connection, or one that was made of a stub, a place of its own.
func (s *store) keep(c *Connection) {
	p := s.berths.at(c.ID)
	if *p < 0 {
		s.stubs.drop(s.stub(c.ID))
	}
	s.kept = append(s.kept, c)
	*p = berth(len(s.kept))
	s.scratch.conn = nil
}
