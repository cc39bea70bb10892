// The facts that a small capture keeps in memory. Those of a large one are read again.

package capture

import "ftplab/lab/analysis/ftp"

// kept is the facts of a capture that is small enough.
type kept struct {
	connections []ftp.Connection
	control     map[int]*live        // control connections, with what was recorded of them
	sessions    map[int]*ftp.Session // those that were looked at
	dialogue    int                  // about what all of these take, bytes
}

const (
	keptDialogue = 8 << 20 // what the sessions that are kept may take, bytes
	lineMemory   = 250     // about what a line takes in addition to its text
)

// keep keeps the facts of all connections.
func (c *Capture) keep(all []*live) {
	k := &kept{connections: make([]ftp.Connection, len(all)), control: map[int]*live{}, sessions: map[int]*ftp.Session{}}
	for _, s := range c.sessions {
		k.dialogue += s.Lines*lineMemory + s.size
	}
	for id, l := range all {
		l.purpose = c.purposeOf(id)
		l.describe(&k.connections[id])
		if l.purpose.Role == ftp.Control {
			k.control[id] = l
		}
		all[id] = nil
	}
	c.kept = k
}
