// The dialogues of a capture, read with their data connections.

package capture

import (
	"cmp"
	"slices"

	"ftplab/lab/analysis/ftp"
)

// A dialogueReading reads sessions, and hands them out in the order of their IDs: each at
// the last packet of its connections, or when those with lower IDs have been handed out.
type dialogueReading struct {
	c     *Capture
	of    []session // neighbours
	data  bool      // their data connections are asked for
	parts []parts   // of each of them
	yield func(*Dialogue) bool
	spare *[]*live

	next    int  // the one that is handed out next
	most    int  // those from this one on are left to another reading
	memory  int  // what is recorded of those that go on or wait, bytes
	more    bool // yield wants more
	stopped bool // nothing more is to be read
}

// parts are the connections of a session.
type parts struct {
	last    uint32 // their last packet
	control *live
	data    []*ftp.Connection
}

// spareMost is how much may have been recorded of a connection whose memory is used for
// another one, in bytes.
const spareMost = 4 << 10

// dialogues yields the first of some sessions, as many as one reading gives, and returns how
// many.
func (c *Capture) dialogues(of []session, data bool, spare *[]*live, yield func(*Dialogue) bool) (n int, more bool) {
	if c.kept != nil {
		return c.keptDialogues(of, data, yield)
	}
	d := &dialogueReading{c: c, of: of, data: data, parts: make([]parts, len(of)), yield: yield, spare: spare, most: len(of), more: true}
	lo, hi := d.span()
	_, err := c.follow(reading{
		lo: lo, hi: hi, want: d.wants,
		records: func(id int) bool { return c.role(id) == ftp.Control || c.hashes(id) }, hash: c.hash,
		done: d.done, stopped: &d.stopped, spare: spare,
	})
	c.fail(err)
	return d.next, d.more && d.stopped // else the file could not be read again; see Err
}

// span finds the last packet of each session. It returns the IDs between which all
// connections are, hi excluded.
func (d *dialogueReading) span() (lo, hi int) {
	lo, hi = d.of[0].control, d.of[len(d.of)-1].control+1
	for i := range d.of {
		d.parts[i].last = d.c.spans[d.of[i].control].last
	}
	if !d.data {
		return lo, hi
	}
	for id, p := range d.c.purposes {
		if i := d.session(id, p); i >= 0 {
			lo, hi = min(lo, id), max(hi, id+1)
			d.parts[i].last = max(d.parts[i].last, d.c.spans[id].last)
		}
	}
	return lo, hi
}

// session returns the place of the session that a connection is read for, -1 for none.
func (d *dialogueReading) session(id int, p *ftp.Purpose) int {
	switch {
	case p == nil:
		return -1
	case p.Role == ftp.Data && d.data:
		id = p.Control
	case p.Role != ftp.Control:
		return -1
	}
	i, found := slices.BinarySearchFunc(d.of, id, func(s session, id int) int { return cmp.Compare(s.control, id) })
	if !found {
		return -1
	}
	return i
}

// wants reports whether a connection that begins is to be followed. A session for which there
// is no room is left to another reading, with all those after it.
func (d *dialogueReading) wants(id int) bool {
	p := d.c.purposes[id]
	i := d.session(id, p)
	if i < 0 || i >= d.most {
		return false
	}
	if p.Role == ftp.Control {
		if d.memory > 0 && d.memory+d.of[i].size >= d.c.limits.batch {
			d.most = i
			return false
		}
		d.memory += d.of[i].size + connectionMemory
	}
	return true
}

// done takes a connection at its last packet.
func (d *dialogueReading) done(l *live) (keeps bool) {
	p := &d.parts[d.session(l.id, l.purpose)]
	if keeps = l.purpose.Role == ftp.Control; keeps {
		p.control = l
	} else {
		x := &ftp.Connection{}
		l.describe(x)
		p.data = append(p.data, x)
	}
	for now := d.c.spans[l.id].last; d.more && d.next < d.most && d.parts[d.next].last <= now; {
		d.handOut()
	}
	d.stopped = !d.more || d.next == d.most
	return keeps
}

// handOut yields the next session.
func (d *dialogueReading) handOut() {
	s, p := &d.of[d.next], &d.parts[d.next]
	d.next++
	d.memory -= s.size + connectionMemory
	slices.SortFunc(p.data, func(a, b *ftp.Connection) int { return cmp.Compare(a.ID, b.ID) })
	d.more = d.c.dialogue(s, p.control, p.data, d.yield)
	if p.control.RecordedSize() <= spareMost {
		*d.spare = append(*d.spare, p.control)
	}
	*p = parts{}
}

// keptDialogues yields sessions whose facts are kept.
func (c *Capture) keptDialogues(of []session, data bool, yield func(*Dialogue) bool) (n int, more bool) {
	connections := map[int][]*ftp.Connection{}
	if data {
		for i := range c.kept.connections {
			if x := &c.kept.connections[i]; x.Role == ftp.Data {
				connections[x.Control] = append(connections[x.Control], x)
			}
		}
	}
	for i := range of {
		s := &of[i]
		if !c.dialogue(s, c.kept.control[s.control], connections[s.control], yield) {
			return i + 1, false
		}
	}
	return len(of), true
}
