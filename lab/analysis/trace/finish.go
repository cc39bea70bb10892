// What can be told only when the whole capture has been read: who is who, and
// what belongs together.

package trace

import (
	"math"
	"net/netip"
	"slices"
	"sort"
	"strings"
)

// finish turns the connections into the facts of t.
func (k *tracker) finish(t *Trace) {
	k.room.left = maxLines + t.Packets
	k.store.desk, k.index = newDesk(), index{} // no packets come any more
	for _, c := range k.store.own {
		c.reading.finish()
		k.store.forgetOther(c.reading)
	}
	// First the connections to port 21 and the data connections that they
	// announce, only then those to other ports: a data connection that
	// carries the record of a dialogue is not one itself.
	for _, at21 := range []bool{true, false} {
		join(k.recognise(t, at21), k.store)
	}
	t.sessions = slices.Clone(t.sessions) // without the room that append made for more
	sort.Slice(t.sessions, func(i, j int) bool { return t.sessions[i].control < t.sessions[j].control })
	joinByPort(t.sessions, k.store)
	for i := range t.sessions {
		if s := &t.sessions[i]; s.announced() {
			var all movers
			s.hear(k.store, k.store.desk, &k.room, hearer{exchange: all.hear})
			all.assign(s.announcements, k.store)
		}
	}
	if k.store.keepAll {
		k.keepSessions(t)
	}
	for _, c := range k.store.own {
		if r := c.reading; r != nil {
			r.settle()
			k.store.sign(r)
			k.store.forget(r)
		}
	}
	k.store.desk = nil
	t.connections = *k.store
}

// keepSessions makes all sessions, for good.
func (k *tracker) keepSessions(t *Trace) {
	for i := range t.sessions {
		s := &t.sessions[i]
		s.session = s.make(k.store, k.store.desk, &k.room)
		k.store.forget(s.reading)
		s.reading = nil
	}
}

// recognise finds the control connections, among those to port 21 or among the
// others, hears their dialogue, and returns what they announced.
func (k *tracker) recognise(t *Trace, at21 bool) *offers {
	all := &offers{}
	var same string // the user of the last session is most often the next one's
	for id := range k.store.len() {
		if !k.store.unknown(id, at21) {
			continue
		}
		r := k.store.recallWhole(id, k.store.desk).reading
		recorded := k.store.recorded(r)
		if !r.mayBeDialogue(recorded) {
			continue
		}
		said := r.inOrder(recorded)
		client := r.clientDirection(said)
		if client < 0 {
			continue
		}
		r.Role = Control
		r.setClient(client)
		k.store.note(r.Connection)
		s := saved{control: id, lines: int32(min(k.room.left, math.MaxInt32))}
		var user user
		made := announcements{on: r.Connection}
		tlsFrom, _ := r.listen(said, &k.room, hearer{
			exchange: func(e *Exchange) {
				user.hear(e)
				made.hear(e)
			},
			stray: made.hearStray,
		})
		s.tls, s.announcements = tlsFrom > 0, made.inOrder()
		if name := user.name(); name != same {
			same = strings.Clone(name)
		}
		s.user = same
		all.add(r.Connection, s.announcements)
		r.settle()
		if r.own {
			s.reading = r
		}
		t.sessions = append(t.sessions, s)
	}
	all.sort()
	return all
}

// unknown reports whether the connection with an ID is one, to port 21 or not, of which
// nothing is known yet, and whose data may be read.
func (s *store) unknown(id int, at21 bool) bool {
	if a, b := s.ends(id); (a.Port() == ftpPort || b.Port() == ftpPort) != at21 {
		return false
	}
	if c := s.find(id); c != nil {
		return c.Role == Other && c.reading.use != opaque && c.data() > 0
	}
	first := s.stub(id)
	return s.tape.tie(first) < 0 && s.tape.hasData(first)
}

// data is how many segments carry data.
func (c *Connection) data() int { return c.ClientFlow.Segments + c.ServerFlow.Segments }

func (c *Connection) atFTPPort() bool {
	return c.Client.Port() == ftpPort || c.Server.Port() == ftpPort
}

// end is the address of the sender of a direction.
func (c *Connection) end(dir int) netip.AddrPort {
	if dir == int(c.clientDir) {
		return c.Client
	}
	return c.Server
}

// setClient makes the sender of a direction the client. The flows follow when
// the connection is settled.
func (c *Connection) setClient(dir int) {
	if dir != int(c.clientDir) {
		c.Client, c.Server = c.Server, c.Client
		c.clientDir = int8(dir)
	}
}

// initiator is the direction that opened the connection, -1 if no handshake was
// seen.
func (c *Connection) initiator() int {
	switch r := c.reading; {
	case r.opener < 0 && r.answerer >= 0:
		return int(1 - r.answerer)
	default:
		return int(r.opener)
	}
}

// finish works out what can be known only when all packets have been read.
func (c *conn) finish() {
	c.halves[0].finish()
	c.halves[1].finish()
	c.whole = true
}

// settle fills in the facts that are told in terms of client and server, and
// lets go of what was needed to read the connection.
func (r *conn) settle() {
	c := r.Connection
	opener := c.initiator()
	if c.Role == Other && opener >= 0 {
		c.setClient(opener)
	}
	if c.clientDir == 1 {
		c.ClientFlow, c.ServerFlow = c.ServerFlow, c.ClientFlow
	}
	c.OpenedBy = c.side(opener)
	c.FirstFIN, c.ResetBy = c.side(int(r.firstFIN)), c.side(int(r.firstRST))
	if opener < 0 {
		opener = int(c.clientDir)
	}
	c.History = historyOf(r.letters, opener)
	c.reading = nil
}

// historyOf is Zeek's, of letters whose top bit is the direction.
func historyOf(letters []byte, opener int) string {
	text := make([]byte, len(letters))
	for i, l := range letters {
		text[i] = l & 0x7f
		if int(l>>7) != opener {
			text[i] |= 0x20 // in lower case
		}
	}
	return string(text)
}

// side names a direction; "" for -1.
func (c *Connection) side(dir int) Side {
	switch dir {
	case -1:
		return ""
	case int(c.clientDir):
		return Client
	}
	return Server
}

// forgetOther lets go of all but the digests of a connection that is clearly no
// dialogue, before those that are dialogue are made into more.
func (s *store) forgetOther(c *conn) {
	if c.use == undecided && !c.atFTPPort() {
		if recorded := s.recorded(c); !plausible(recorded) {
			c.use = opaque
			c.halves[0].kept, c.halves[1].kept = recorded[0], recorded[1]
			s.forget(c)
		}
	}
	if c.use == opaque {
		c.sums = [2]string{s.digestOf(&c.halves[0]), s.digestOf(&c.halves[1])}
		c.halves = nil
	}
}

// mayBeDialogue reports whether a connection that has been read may be dialogue:
// anything in it sounds like FTP, or it is to port 21.
func (c *conn) mayBeDialogue(recorded [2]*recording) bool {
	return c.use == dialogue || c.use == undecided && (c.atFTPPort() || plausible(recorded))
}

// digestOf is the digest of a stream, "" if it has a hole or is not wanted.
func (s *store) digestOf(h *half) string {
	have, start, end := h.stream()
	if s.noHash || start == end || !have.covers(start, end) {
		return ""
	}
	if h.digest == nil {
		h.digestKept(&pool{})
	}
	return h.digest.sum(start, end)
}

// sign gives a data connection the digest of what it carried: in the direction
// of its command, or else in that which carried anything.
func (s *store) sign(c *conn) {
	if c.Role != Data {
		return
	}
	from := 1 - c.clientDir
	upload := c.Transfer != nil && c.Transfer.Sender() == Client
	if upload || c.Transfer == nil && c.ServerFlow.Segments == 0 {
		from = c.clientDir
	}
	c.SHA256 = c.sums[from]
	if c.use != opaque && !s.noHash {
		h := &c.halves[from]
		h.kept = s.recorded(c)[from]
		c.SHA256 = s.digestOf(h)
	}
}
