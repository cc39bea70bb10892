// A reading after the first: connections are followed from their first packet to their
// last, so that only those that are going on take memory.

package capture

import (
	"errors"
	"sort"

	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/packet"
	"ftplab/lab/analysis/tcp"
	"ftplab/lab/pcapng"
)

// A reading says what is wanted of the file.
type reading struct {
	// lo and hi bound the IDs of the connections that are followed, hi excluded. want
	// chooses among them; nil chooses all.
	lo, hi int
	want   func(id int) bool
	// records says that the bytes of a connection are to be recorded while they may be
	// dialogue, and with hash hashed when they are not; nil says so of none.
	records func(id int) bool
	hash    bool
	// deliver takes the bytes of the connections that are recorded, in the order of each
	// direction; may be nil.
	deliver func(l *live, dir int, b tcp.Chunk)
	// most is how many connections may be followed at the same time, 0 for any number:
	// those that begin when there are so many are left to another reading.
	most int
	// packet is called for every packet of the file, with its connection if that is
	// followed, until it returns false; may be nil. details asks for what only a
	// printed line needs.
	packet  func(p *packet.Packet, l *live) bool
	details bool
	// done is called for a connection when all of its packets have passed; may be nil.
	// It reports whether it keeps l.
	done func(l *live) (keeps bool)
	// stopped ends the reading when it becomes true; may be nil.
	stopped *bool
	// spare is memory for connections, from an earlier reading.
	spare *[]*live
}

// A live connection is one that goes on at the packet that is read.
type live struct {
	ftp.Candidate
	id       int
	segment  tcp.Segment
	purpose  *ftp.Purpose
	identity *ftp.Identity
	records  bool
}

// A follower follows connections in one reading.
type follower struct {
	reading
	c      *Capture
	live   tuples[*live]
	latest tuple         // of the packet before: most often the next one's too
	its    *live         // nil if that is not followed
	open   int           // connections that are followed at present
	next   int           // the ID of the connection that begins next
	reused int           // the place of the next one in Capture.reused
	turn   int           // the place of the next one in Capture.turns
	aside  map[int]*live // those beside which another one between the same addresses goes on, by ID
	pool   tcp.Pool
}

// follow reads the file. It returns the ID of the first connection up to r.hi that was not
// followed because there were too many at the same time.
func (c *Capture) follow(r reading) (hi int, err error) {
	f := &follower{reading: r, c: c, live: newTuples[*live](), aside: map[int]*live{}, next: r.lo}
	f.reused = sort.SearchInts(c.reused, r.lo)
	if f.spare == nil {
		f.spare = &[]*live{}
	}
	d := &packet.Decoder{Details: r.details}
	_, err = c.file.packets(d, func(p *packet.Packet, _ *pcapng.Packet) bool {
		return p.Number <= c.file.number(c.Size) && f.take(p)
	})
	if errors.As(err, new(*pcapng.Damage)) {
		err = nil // Capture.Cut says so
	}
	return f.hi, err
}

// take takes the next packet and reports whether more are wanted.
func (f *follower) take(p *packet.Packet) bool {
	var l *live
	if p.TCP != nil {
		l = f.segment(p)
	}
	if f.packet != nil && !f.packet(p, l) {
		return false
	}
	if l != nil && uint32(p.Number) == f.c.spans[l.id].last {
		f.end(p, l)
	}
	if f.stopped != nil && *f.stopped {
		return false
	}
	return f.packet != nil || f.next < f.hi || f.open > 0
}

// segment returns the connection of a segment, nil if it is not followed.
func (f *follower) segment(p *packet.Packet) *live {
	var l *live
	if f.turn < len(f.c.turns) && f.c.turns[f.turn].packet == uint32(p.Number) {
		f.turnTo(p, int(f.c.turns[f.turn].id))
		f.turn++
	}
	begins := f.next < len(f.c.spans) && f.c.spans[f.next].first == uint32(p.Number)
	reused := false
	if begins {
		if f.reused < len(f.c.reused) && f.c.reused[f.reused] == f.next {
			f.reused++
			reused = true
		}
		l = f.begin(p)
		f.next++
	} else if f.open > 0 {
		l = f.find(p)
	}
	if l == nil {
		return nil
	}
	l.Add(p, &l.segment)
	if reused {
		l.segment.Analysis |= tcp.ReusedPorts
	}
	if l.records {
		l.Data(p, &l.segment)
	}
	return l
}

// find returns the connection of a segment that is not its first one, nil if it is not followed.
func (f *follower) find(p *packet.Packet) *live {
	if t := tupleOf(p); !t.same(&f.latest) {
		f.latest = t
		f.its, _ = f.live.get(&t)
	}
	return f.its
}

// turnTo makes another connection current between the addresses of a segment.
func (f *follower) turnTo(p *packet.Packet, id int) {
	t := tupleOf(p)
	if now, _ := f.live.get(&t); now == nil || now.id != id {
		f.setLive(&t, f.aside[id])
	}
}

// setLive makes a connection current between two addresses, nil for one that is not followed.
func (f *follower) setLive(t *tuple, l *live) {
	if before, _ := f.live.get(t); before != nil {
		f.aside[before.id] = before
	}
	if l != nil {
		f.live.set(t, l)
	} else {
		f.live.remove(t)
	}
	f.latest, f.its = *t, l
}

// begin begins the next connection, nil if it is not followed. What its addresses send is then no longer that of an older one.
func (f *follower) begin(p *packet.Packet) *live {
	id := f.next
	l := f.wanted(id, p)
	if s := f.c.spans[id]; s.last > s.first && f.open > 0 {
		t := tupleOf(p)
		f.setLive(&t, l)
	}
	return l
}

// wanted returns a connection that begins with a packet, nil if it is not followed.
func (f *follower) wanted(id int, p *packet.Packet) *live {
	if id >= f.hi || f.want != nil && !f.want(id) {
		return nil
	}
	if f.most > 0 && f.open >= f.most {
		f.hi = id
		return nil
	}
	l := f.blank()
	l.begin(f.c, id, p)
	if f.packet != nil {
		l.identify(f.c)
	}
	if l.records = f.records != nil && f.records(id); l.records {
		f.beginData(l)
	}
	if f.hash && l.Hashes == nil {
		l.Hashes = &f.pool
	}
	f.open++
	return l
}

// beginData chooses what is done with the bytes of a connection that is recorded.
func (f *follower) beginData(l *live) {
	if l.purpose != nil {
		l.Expect(l.purpose)
	}
	if f.c.protected[l.id] {
		l.Protect(&f.pool, f.c.keys, f.c.hash)
	} else if l.purpose != nil && l.purpose.Role == ftp.Data {
		l.NotDialogue(&f.pool)
	}
	if f.deliver != nil {
		l.Deliver(&f.pool, func(dir int, b tcp.Chunk) { f.deliver(l, dir, b) })
	}
}

// blank returns the memory for a connection.
func (f *follower) blank() *live {
	if n := len(*f.spare); n > 0 {
		l := (*f.spare)[n-1]
		*f.spare = (*f.spare)[:n-1]
		return l
	}
	return &live{}
}

// end ends a connection with its last packet.
func (f *follower) end(p *packet.Packet, l *live) {
	f.open--
	if s := f.c.spans[l.id]; s.last > s.first {
		t := tupleOf(p)
		f.live.remove(&t)
		f.latest, f.its = t, nil
		delete(f.aside, l.id)
	}
	keeps := f.done != nil && f.done(l)
	l.Release()
	if !keeps {
		*f.spare = append(*f.spare, l)
	}
}
