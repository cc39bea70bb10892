package capture

import (
	"sort"

	"ftplab/lab/analysis/ftp"
)

// Made returns a capture that was not read from a file but made of connections, whose IDs
// are their places, and of sessions: for tests of what is written about captures. It has no
// packets.
func Made(connections []ftp.Connection, sessions []*ftp.Session) *Capture {
	c := &Capture{
		file:     &file{},
		purposes: make([]*ftp.Purpose, len(connections)),
		kept:     &kept{connections: connections, sessions: map[int]*ftp.Session{}},
	}
	for i := range connections {
		x := &connections[i]
		x.ID = i
		c.spans = append(c.spans, span{uint32(x.FirstPacket), uint32(x.LastPacket)})
		if x.Role != ftp.Other && x.Role != "" {
			c.purposes[i] = &x.Purpose
		}
	}
	for _, s := range sessions {
		c.kept.sessions[s.Control.ID] = s
		outline := &ftp.Outline{User: s.User, TLS: s.TLS, Protection: s.Protection, Hidden: s.Hidden, Proxy: s.Proxy, DataPorts: s.DataPorts}
		c.sessions = append(c.sessions, session{s.Control.ID, outline, 0})
	}
	sort.Slice(c.sessions, func(i, j int) bool { return c.sessions[i].control < c.sessions[j].control })
	return c
}
