// What can be told only when the whole capture has been read: who is who, and
// what belongs together.

package trace

import "sort"

// finish turns the connections into the facts of t.
func (k *tracker) finish(t *Trace) {
	k.linesLeft = maxLines + t.Packets
	for _, c := range k.conns {
		c.halves[0].finish()
		c.halves[1].finish()
	}
	// First the connections to port 21 and the data connections that they
	// announce, only then those to other ports: a data connection that
	// carries the record of a dialogue is not one itself.
	k.recognise(t, true)
	known := len(t.Sessions)
	join(t.Sessions, k.conns)
	k.recognise(t, false)
	join(t.Sessions[known:], k.conns)
	sort.Slice(t.Sessions, func(i, j int) bool { return t.Sessions[i].Control.ID < t.Sessions[j].Control.ID })
	joinByPort(t.Sessions, k.conns)
	for _, s := range t.Sessions {
		s.assignTransfers()
	}
	for i, c := range k.conns {
		c.settle()
		if c.Role == Data && !k.noHash {
			k.sign(c)
		}
		t.Connections = append(t.Connections, c.Connection)
		k.conns[i] = nil // what is left of it is large
	}
}

// recognise finds the control connections, among those to port 21 or among the
// others, and reads their dialogue.
func (k *tracker) recognise(t *Trace, at21 bool) {
	for _, c := range k.conns {
		data := c.halves[0].Segments + c.halves[1].Segments
		if c.Role != Other || c.use == opaque || data == 0 || c.atFTPPort() != at21 {
			continue
		}
		said := c.inOrder()
		client := c.clientDirection(said)
		if client < 0 {
			continue
		}
		c.Role = Control
		c.clientDir = client
		c.Client, c.Server = c.ends[client], c.ends[1-client]
		t.Sessions = append(t.Sessions, c.session(said, &k.linesLeft))
		c.halves[0].kept, c.halves[1].kept = nil, nil
	}
}

func (c *conn) atFTPPort() bool {
	return c.ends[0].Port() == ftpPort || c.ends[1].Port() == ftpPort
}

// initiator is the direction that opened the connection, -1 if no handshake was
// seen.
func (c *conn) initiator() int {
	if c.opener < 0 && c.answerer >= 0 {
		return 1 - c.answerer
	}
	return c.opener
}

// settle fills in the facts that are told in terms of client and server.
func (c *conn) settle() {
	opener := c.initiator()
	if c.Role == Other && opener >= 0 {
		c.clientDir = opener
	}
	c.Client, c.Server = c.ends[c.clientDir], c.ends[1-c.clientDir]
	if c.clientDir == 1 {
		c.ClientFlow, c.ServerFlow = c.ServerFlow, c.ClientFlow
	}
	c.OpenedBy, c.FirstFIN, c.ResetBy = c.side(opener), c.side(c.firstFIN), c.side(c.firstRST)
	if opener < 0 {
		opener = c.clientDir
	}
	for i, l := range c.letters {
		letter := l & 0x7f
		if int(l>>7) != opener {
			letter |= 0x20 // in lower case
		}
		c.letters[i] = letter
	}
	c.History = string(c.letters)
}

// side names a direction; "" for -1.
func (c *conn) side(dir int) Side {
	switch dir {
	case -1:
		return ""
	case c.clientDir:
		return Client
	}
	return Server
}

// sign gives a data connection the digest of what it carried: in the direction
// of its command, or else in that which carried anything.
func (k *tracker) sign(c *conn) {
	from := 1 - c.clientDir
	upload := c.Transfer != nil && transfers[c.Transfer.Command]
	if upload || c.Transfer == nil && c.ServerFlow.Segments == 0 {
		from = c.clientDir
	}
	h := &c.halves[from]
	if h.digest == nil {
		k.digestKept(h)
	}
	have, start, end := h.stream()
	if have.covers(start, end) {
		c.SHA256 = h.digest.sum(start, end)
	}
}
