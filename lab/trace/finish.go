// What can be told only when the whole capture has been read: who is who, and
// what belongs together.

package trace

import (
	"net/netip"
	"sort"
)

// finish turns the connections into the facts of t.
func (k *tracker) finish(t *Trace) {
	k.room.left = maxLines + t.Packets
	for _, c := range k.store.kept {
		r := c.reading
		r.halves[0].finish()
		r.halves[1].finish()
		k.forget(r)
	}
	// First the connections to port 21 and the data connections that they
	// announce, only then those to other ports: a data connection that
	// carries the record of a dialogue is not one itself.
	k.recognise(t, true)
	known := len(t.Sessions)
	join(t.Sessions, k.store)
	k.recognise(t, false)
	join(t.Sessions[known:], k.store)
	sort.Slice(t.Sessions, func(i, j int) bool { return t.Sessions[i].Control.ID < t.Sessions[j].Control.ID })
	joinByPort(t.Sessions, k.store)
	for _, s := range t.Sessions {
		s.assignTransfers()
	}
	for _, c := range k.store.kept {
		r := c.reading
		if c.Role == Control {
			continue
		}
		c.settle()
		if c.Role == Data {
			k.sign(r)
		}
	}
	t.connections = *k.store
}

// recognise finds the control connections, among those to port 21 or among the
// others, and reads their dialogue. A connection that is not kept is none: it
// has no data.
func (k *tracker) recognise(t *Trace, at21 bool) {
	for id := range k.store.len() {
		each := k.store.find(id)
		if each == nil || each.reading == nil {
			continue
		}
		c := each.reading
		if c.Role != Other || c.use == opaque || each.data() == 0 || c.atFTPPort() != at21 {
			continue
		}
		said := c.inOrder()
		client := c.clientDirection(said)
		if client < 0 {
			continue
		}
		c.Role = Control
		c.setClient(client)
		t.Sessions = append(t.Sessions, c.session(said, &k.room))
		each.settle()
	}
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

// settle fills in the facts that are told in terms of client and server, and
// lets go of what was needed to read the connection.
func (c *Connection) settle() {
	opener := c.initiator()
	if c.Role == Other && opener >= 0 {
		c.setClient(opener)
	}
	if c.clientDir == 1 {
		c.ClientFlow, c.ServerFlow = c.ServerFlow, c.ClientFlow
	}
	c.OpenedBy = c.side(opener)
	r := c.reading
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

// forget lets go of all but the digests of a connection that is clearly no
// dialogue, before those that are dialogue are made into more.
func (k *tracker) forget(c *conn) {
	if c.use == undecided && !c.atFTPPort() && !c.plausible() {
		c.use = opaque
	}
	if c.use == opaque {
		c.sums = [2]string{k.digestOf(&c.halves[0]), k.digestOf(&c.halves[1])}
		c.halves = nil
	}
}

// digestOf is the digest of a stream, "" if it has a hole or is not wanted.
func (k *tracker) digestOf(h *half) string {
	have, start, end := h.stream()
	if k.noHash || start == end || !have.covers(start, end) {
		return ""
	}
	if h.digest == nil {
		k.digestKept(h)
	}
	return h.digest.sum(start, end)
}

// sign gives a data connection the digest of what it carried: in the direction
// of its command, or else in that which carried anything.
func (k *tracker) sign(c *conn) {
	from := 1 - c.clientDir
	upload := c.Transfer != nil && transfers[c.Transfer.Command]
	if upload || c.Transfer == nil && c.ServerFlow.Segments == 0 {
		from = c.clientDir
	}
	c.SHA256 = c.sums[from]
	if c.use != opaque {
		c.SHA256 = k.digestOf(&c.halves[from])
	}
}
