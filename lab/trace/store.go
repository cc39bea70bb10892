// The connections of a capture, by their IDs.

package trace

import (
	"iter"
	"net/netip"
)

// A store holds connections. A small one is a stub, held as what its packets say and
// made into a Connection when it is looked at: most of what a scan, a flood or a
// busy server leaves behind is small, and takes less room so than in the file.
type store struct {
	berths list[berth]
	kept   []*Connection
	stubs  stubs
	desk   desk // where stubs are made into connections while the capture is being read

	// keepAll says that a connection is kept from its first data on.
	keepAll bool
	noHash  bool
}

// A berth is where a connection is held: in kept, at berth-1; or if that is
// negative in stubs, its first packet at -berth-1.
type berth int32

const (
	// A stub has stubPackets packets at most, and less than stubBytes of data: it
	// is not yet looked at whether they are dialogue. With more, a Connection takes
	// no more room than they do in the file.
	stubPackets = 64
	stubBytes   = firstLook
)

func newStore(opts Options) *store {
	d := newDesk(256)
	d.room = &list[Connection]{}
	return &store{desk: d, keepAll: opts.Keep, noHash: opts.NoHash}
}

func (s *store) len() int { return s.berths.len() }

// open begins the next connection.
func (s *store) open(src, dst netip.AddrPort) *Connection {
	s.berths.next()
	return s.desk.begin(s.len()-1, src, dst).Connection
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

// recall returns the connection with an ID; one that is held as a stub is made on
// the desk, unless it lies there still.
func (s *store) recall(id int, on desk) *Connection {
	if c := s.find(id); c != nil {
		return c
	}
	if r := *on.place(id); r != nil && r.ID == id && r.reading == r {
		return r.Connection
	}
	first := s.stub(id)
	r := on.begin(id, s.stubs.from(first), s.stubs.to(first))
	for at := first; at >= 0; {
		p := s.stubs.packet(at)
		p.read(r)
		r.last, at = at, p.next
	}
	if t := s.stubs.tied(first); t != nil {
		t.apply(r)
	}
	return r.Connection
}

// recallWhole is recall when all packets have been read.
func (s *store) recallWhole(id int, on desk) *Connection {
	c := s.recall(id, on)
	if r := c.reading; r != nil && !r.whole {
		r.finish()
	}
	return c
}

// told is recall when all is known of all connections. The desk is to be used for
// nothing else.
func (s *store) told(id int, on desk) *Connection {
	c := s.recallWhole(id, on)
	if r := c.reading; r != nil {
		r.settle()
		s.sign(r)
	}
	return c
}

// all yields all connections when all is known of them.
func (s *store) all() iter.Seq[*Connection] {
	return func(yield func(*Connection) bool) {
		on := newDesk(1)
		for id := range s.len() {
			if !yield(s.told(id, on)) {
				return
			}
		}
	}
}

// stub is where the first packet of a stub stands.
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

// sides returns the two ends of a connection whose client is known.
func (s *store) sides(id int) (client, server netip.AddrPort) {
	client, server = s.ends(id)
	if s.find(id) == nil && s.stubs.tied(s.stub(id)).clientDir == 1 {
		client, server = server, client
	}
	return client, server
}

// firstPacket is the number of the first packet of a connection.
func (s *store) firstPacket(id int) int {
	if c := s.find(id); c != nil {
		return c.FirstPacket
	}
	return s.stubs.packet(s.stub(id)).number
}

// transferOf is the transfer of a data connection, nil for none.
func (s *store) transferOf(id int) *Transfer {
	if c := s.find(id); c != nil {
		return c.Transfer
	}
	return s.stubs.tied(s.stub(id)).transfer
}

// transfer gives a data connection its transfer.
func (s *store) transfer(id int, t *Transfer) {
	if c := s.find(id); c != nil {
		c.Transfer = t
		return
	}
	s.stubs.tied(s.stub(id)).transfer = t
}

// settle decides how a connection is held for which a packet has come.
func (s *store) settle(r *conn, p *Packet) {
	if r.kept {
		return
	}
	if r.pinned || s.keepAll && r.data() > 0 || r.use != undecided || r.recorded() >= stubBytes ||
		r.ClientFlow.Packets+r.ServerFlow.Packets > stubPackets || s.stubs.full() {
		s.keep(r.Connection)
		return
	}
	if r.last < 0 {
		r.last = s.stubs.begin(p, r.Client, r.Server)
		*s.berths.at(r.ID) = berth(-r.last - 1)
		return
	}
	r.last = s.stubs.add(p, r.last)
}

// note keeps what has become known of a connection beside its packets.
func (s *store) note(c *Connection) {
	switch {
	case s.find(c.ID) != nil:
	case s.keepAll:
		s.keep(c)
	default:
		s.stubs.tie(s.stub(c.ID), tie{c.Role, c.Mode, c.clientDir, c.Control, c.Announced, c.Transfer})
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
	if c.reading != nil {
		c.reading.kept = true
		*s.desk.place(c.ID) = nil
	}
}

// A tie is what is known of a connection but not from its packets alone.
type tie struct {
	role      Role
	mode      Mode
	clientDir int8
	control   int
	announced *Announcement
	transfer  *Transfer
}

func (t *tie) apply(r *conn) {
	r.Role, r.Mode, r.Control, r.Announced, r.Transfer = t.role, t.mode, t.control, t.announced, t.transfer
	r.setClient(int(t.clientDir))
}

// A desk is where connections are made, each in a place that it shares with others.
type desk struct {
	places []*conn
	room   *list[Connection] // where many are to be kept; may be nil
}

func newDesk(places int) desk { return desk{places: make([]*conn, places)} }

func (d desk) place(id int) **conn { return &d.places[id%len(d.places)] }

// begin makes a connection, to be read from its first packet on. The one that had
// its place is gone.
func (d desk) begin(id int, src, dst netip.AddrPort) *conn {
	at := d.place(id)
	if *at == nil {
		c := &Connection{}
		if d.room != nil {
			c = d.room.next()
		}
		*at = &conn{Connection: c, halves: &[2]half{}}
	}
	r := *at
	*r.Connection = Connection{ID: id, Client: src, Server: dst, Role: Other, Control: NoConnection, reading: r}
	*r = conn{Connection: r.Connection, halves: r.halves, letters: r.letters[:0], last: -1, opener: -1, answerer: -1, firstFIN: -1, firstRST: -1}
	r.halves[0].begin(&r.ClientFlow)
	r.halves[1].begin(&r.ServerFlow)
	return r
}
