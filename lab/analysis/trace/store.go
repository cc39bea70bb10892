// The connections of a capture, by their IDs.

package trace

import (
	"iter"
	"net/netip"
)

// A store holds connections. A small one is a stub, held as what its packets say and
// made into a Connection when it is looked at: most of what a scan, a flood or a
// busy server leaves behind is small, and takes less room so than in the file.
// Any other is held as a Connection, and beside it what its packets carried, for as
// long as that may be dialogue.
type store struct {
	berths list[berth]
	own    []*Connection
	tape   tape
	ties   list[tie] // of stubs
	desk   *desk     // where stubs are made into connections while the capture is being read

	// keepAll says that no connection with data is to be a stub.
	keepAll bool
	noHash  bool
}

// A berth is where a connection is held: in own, at berth-1; or if that is negative,
// on the tape, its first packet at -berth-1.
type berth int

// stubPackets is how many packets a stub may have. Each time that one is made into a
// Connection all of them are read, and a Connection takes less room than so many
// packets do in the file.
const stubPackets = 64

func newStore(opts Options) *store {
	d := &desk{places: make([]*conn, smallDesk), room: &list[Connection]{}}
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
	s.dock(c)
}

// find returns the connection with an ID if it is no stub, else nil.
func (s *store) find(id int) *Connection {
	if p := *s.berths.at(id); p > 0 {
		return s.own[p-1]
	}
	return nil
}

// stub is where the first packet of a stub stands.
func (s *store) stub(id int) int { return int(-*s.berths.at(id) - 1) }

// recall returns the connection with an ID; one that is held as a stub is made on
// the desk, unless it lies there still.
func (s *store) recall(id int, on *desk) *Connection {
	if c := s.find(id); c != nil {
		return c
	}
	if r := *on.place(id); r != nil && r.ID == id && r.reading == r {
		return r.Connection
	}
	if on.room != nil {
		on.miss()
	}
	first := s.stub(id)
	from, to := s.tape.ends(first)
	r := on.begin(id, from, to)
	r.first = first
	for at := first; at >= 0; {
		p := s.tape.read(at)
		p.play(r, on.data)
		r.last, at = at, p.next
	}
	if t := s.tied(id); t != nil {
		t.apply(r)
	}
	return r.Connection
}

// recallWhole is recall when all packets have been read.
func (s *store) recallWhole(id int, on *desk) *Connection {
	c := s.recall(id, on)
	if r := c.reading; r != nil && !r.whole {
		r.finish()
	}
	return c
}

// told is recall when all is known of all connections. The desk is to be used for
// nothing else.
func (s *store) told(id int, on *desk) *Connection {
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
		on := newDesk()
		for id := range s.len() {
			if !yield(s.told(id, on)) {
				return
			}
		}
	}
}

// recorded returns what has been recorded of both directions of a connection.
func (s *store) recorded(r *conn) [2]*recording {
	if r.played {
		return [2]*recording{r.halves[0].kept, r.halves[1].kept}
	}
	again := newDesk().begin(r.ID, r.Client, r.Server)
	for at := r.first; at >= 0; {
		p := s.tape.read(at)
		p.play(again, true)
		at = p.next
	}
	return [2]*recording{again.halves[0].kept, again.halves[1].kept}
}

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
	return s.tape.ends(s.stub(id))
}

// sides returns the two ends of a connection whose client is known.
func (s *store) sides(id int) (client, server netip.AddrPort) {
	client, server = s.ends(id)
	if s.find(id) == nil && s.tied(id).clientDir == 1 {
		client, server = server, client
	}
	return client, server
}

// firstPacket is the number of the first packet of a connection.
func (s *store) firstPacket(id int) int {
	if c := s.find(id); c != nil {
		return c.FirstPacket
	}
	return s.tape.read(s.stub(id)).number
}

// transferOf is the transfer of a data connection, nil for none.
func (s *store) transferOf(id int) *Transfer {
	if c := s.find(id); c != nil {
		return c.Transfer
	}
	return s.tied(id).transfer
}

// transfer gives a data connection its transfer.
func (s *store) transfer(id int, t *Transfer) {
	if c := s.find(id); c != nil {
		c.Transfer = t
		return
	}
	s.tied(id).transfer = t
}

// write takes what is needed of a packet that belongs to a connection.
func (s *store) write(r *conn, p *Packet) {
	at := -1
	switch {
	case r.own && len(p.TCP.Payload) > 0 && r.halves[p.dir].recorded-len(p.TCP.Payload) < maxDialogue:
		at = s.tape.data(p, p.TCP.dataSeq())
	case r.own:
		return
	case r.first < 0:
		at = s.tape.first(p, r.Client, r.Server)
		*s.berths.at(r.ID) = berth(-at - 1)
	default:
		at = s.tape.another(p)
	}
	if r.first < 0 {
		r.first = at
	} else {
		s.tape.link(r.last, at)
	}
	r.last = at
	if !r.own && (r.pinned || s.keepAll && r.data() > 0 || r.ClientFlow.Packets+r.ServerFlow.Packets > stubPackets) {
		s.dock(r.Connection)
	}
}

// note keeps what has become known, for good, of a connection beside its packets.
func (s *store) note(c *Connection) {
	switch {
	case s.find(c.ID) != nil: // it is written there
	case s.keepAll:
		s.dock(c)
	default:
		*s.ties.next() = tie{c.Role, c.Mode, c.clientDir, c.Control, c.Announced, c.Transfer}
		s.tape.setTie(s.stub(c.ID), s.ties.len()-1)
	}
}

// tied returns what has been noted of a stub, nil for nothing.
func (s *store) tied(id int) *tie {
	if i := s.tape.tie(s.stub(id)); i >= 0 {
		return s.ties.at(i)
	}
	return nil
}

// dock gives a connection that was made elsewhere, or of a stub, a berth in own.
func (s *store) dock(c *Connection) {
	s.own = append(s.own, c)
	*s.berths.at(c.ID) = berth(len(s.own))
	if r := c.reading; r != nil {
		r.own = true
		*s.desk.place(c.ID) = nil
	}
}

// forget lets go of what has been recorded of a connection.
func (s *store) forget(r *conn) {
	s.tape.drop(r.first)
	r.first = -1
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
	data   bool              // they are made with their data
	room   *list[Connection] // for those that are to have a place of their own; may be nil
	missed int               // connections that did not lie there any longer
}

// smallDesk and largeDesk are how many places there are for the connections that are
// being read: at first, and at most. A place takes about a kilobyte.
const (
	smallDesk = 1 << 10
	largeDesk = 1 << 14
)

// miss counts a connection that did not lie there any longer. If there are many, so
// many go on at the same time that the desk is made larger.
func (d *desk) miss() {
	if d.missed++; d.missed < len(d.places) || len(d.places) >= largeDesk {
		return
	}
	before := d.places
	d.places, d.missed = make([]*conn, 2*len(before)), 0
	for _, r := range before {
		if r != nil {
			*d.place(r.ID) = r
		}
	}
}

// newDesk is a desk for one connection after the other, with its data.
func newDesk() *desk { return &desk{places: make([]*conn, 1), data: true} }

func (d *desk) place(id int) **conn { return &d.places[id%len(d.places)] }

// begin makes a connection, to be read from its first packet on. The one that had
// its place is gone.
func (d *desk) begin(id int, src, dst netip.AddrPort) *conn {
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
	*r = conn{
		Connection: r.Connection, halves: r.halves, letters: r.letters[:0], played: d.data,
		first: -1, last: -1, opener: -1, answerer: -1, firstFIN: -1, firstRST: -1,
	}
	r.halves[0].begin(&r.ClientFlow)
	r.halves[1].begin(&r.ServerFlow)
	return r
}
