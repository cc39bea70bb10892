// The connections of a capture, one after the other.

package capture

import (
	"iter"

	"ftplab/lab/analysis/ftp"
)

// hashes reports whether what a connection carries is to be hashed, or read inside TLS.
func (c *Capture) hashes(id int) bool { return c.protected[id] || c.hash && c.role(id) == ftp.Data }

// Connections yields all TCP connections, in the order of their first packets. Of a large
// capture they are read from the file, and one is valid until the next one comes.
func (c *Capture) Connections() iter.Seq[*ftp.Connection] {
	return func(yield func(*ftp.Connection) bool) {
		if c.kept != nil {
			for i := range c.kept.connections {
				if !yield(&c.kept.connections[i]) {
					return
				}
			}
			return
		}
		for lo := 0; lo < len(c.spans); {
			next, err := c.readConnections(lo, yield)
			if err != nil {
				c.fail(err)
				return
			}
			if next <= lo {
				return
			}
			lo = next
		}
	}
}

// readConnections yields connections from an ID on, as many as one reading gives. It
// returns the next ID, lo if no more are wanted.
func (c *Capture) readConnections(lo int, yield func(*ftp.Connection) bool) (next int, err error) {
	ready := map[int]*ftp.Connection{} // that wait for others
	next = lo
	stopped := false
	pass := func(x *ftp.Connection) {
		next++
		stopped = !yield(x)
	}
	var inTurn ftp.Connection // of one that waits for none
	r := reading{
		lo: lo, hi: len(c.spans),
		records: c.hashes, hash: c.hash, stopped: &stopped,
		done: func(l *live) bool {
			switch {
			case stopped:
				return false
			case l.id != next:
				x := &ftp.Connection{}
				l.describe(x)
				ready[l.id] = x
				return false
			}
			l.describe(&inTurn)
			pass(&inTurn)
			for x := ready[next]; x != nil && !stopped; x = ready[next] {
				delete(ready, next)
				pass(x)
			}
			return false
		},
	}
	limit := len(c.spans)
	r.want = func(id int) bool {
		if id-next >= c.limits.waiting {
			limit = min(limit, id)
		}
		return id < limit
	}
	_, err = c.follow(r)
	if stopped {
		return lo, nil
	}
	return next, err
}

// Connection returns the connection with an ID, which must exist.
func (c *Capture) Connection(id int) *ftp.Connection {
	if c.kept != nil {
		return &c.kept.connections[id]
	}
	x := &ftp.Connection{}
	_, err := c.follow(reading{
		lo: id, hi: id + 1,
		records: c.hashes, hash: c.hash,
		done: func(l *live) bool {
			l.describe(x)
			return false
		},
	})
	c.fail(err)
	return x
}
