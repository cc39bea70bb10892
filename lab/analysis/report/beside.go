// Connections besides FTP: those that are neither control nor data connections, and yet
// belong to what the page tells.

package report

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"ftplab/lab/analysis/ftp"
)

const (
	maxBeside = 20                 // connections that are drawn
	maxPairs  = 4096               // pairs of hosts that are remembered
	besideFTP = int64(time.Minute) // how long before and after a session a connection is beside it
	backDoor  = 6200               // where vsftpd 2.3.4 with the back door offers a shell
)

// A besideSurvey finds the connections besides FTP: in a capture of a scenario all that are
// not FTP, and else those between the two hosts of a session, while it lasts and a minute
// before and after.
type besideSurvey struct {
	all         bool // the scenario's
	sessions    map[leg]period
	connections []*ftp.Connection
	ids         map[int]bool
	bytes       int64 // that they carried
	announced   bool  // one of them perhaps, by a command that is not in the capture
}

// A period is when two hosts had sessions, in nanoseconds since 1970.
type period struct{ from, to int64 }

func (r *Report) newBesideSurvey() besideSurvey {
	b := besideSurvey{all: r.Scenario != nil, sessions: map[leg]period{}, ids: map[int]bool{}}
	for s := range r.Trace.Sessions() {
		c := s.Control
		pair := leg{c.Client.Addr().Unmap(), c.Server.Addr().Unmap()}
		p, known := b.sessions[pair]
		switch {
		case known:
			b.sessions[pair] = period{min(p.from, c.FirstTime), max(p.to, c.LastTime)}
		case len(b.sessions) < maxPairs:
			b.sessions[pair] = period{c.FirstTime, c.LastTime}
		}
	}
	return b
}

// add takes the next connection, and reports whether it is one of them.
func (b *besideSurvey) add(c *ftp.Connection) bool {
	if c.Role != ftp.Other || len(b.sessions) == 0 || len(b.connections) == maxBeside || !b.all && !b.near(c) {
		return false
	}
	kept := *c
	b.connections = append(b.connections, &kept)
	b.ids[c.ID] = true
	b.announced = b.announced || !c.Unannounced
	b.bytes += c.ClientFlow.Bytes + c.ServerFlow.Bytes
	return true
}

// near reports whether a connection is between the hosts of a session, at its time.
func (b *besideSurvey) near(c *ftp.Connection) bool {
	one, other := c.Client.Addr().Unmap(), c.Server.Addr().Unmap()
	for _, pair := range []leg{{one, other}, {other, one}} {
		if p, ok := b.sessions[pair]; ok && c.FirstTime >= p.from-besideFTP && c.FirstTime <= p.to+besideFTP {
			return true
		}
	}
	return false
}

// story says which connections there are besides FTP; "" for none.
func (b *besideSurvey) story() string {
	if len(b.connections) == 0 {
		return ""
	}
	var ports []string
	seen := map[netip.AddrPort]bool{}
	for _, c := range b.connections {
		listener := c.Addr(opener(c).Other())
		if !seen[listener] && len(ports) < 6 {
			ports = append(ports, fmt.Sprintf("port %d of %s", listener.Port(), listener.Addr().Unmap()))
		}
		seen[listener] = true
	}
	text, verb := "Besides FTP", "is"
	if b.announced {
		text = "Besides the dialogue"
	}
	if len(b.connections) > 1 {
		verb = "are"
	}
	text += fmt.Sprintf(" there %s %s", verb, counted(len(b.connections), "connection"))
	text += ", to " + enumerate(ports)
	if len(seen) > len(ports) {
		text += " and others"
	}
	if b.bytes == 0 {
		return text + ": no bytes passed."
	}
	return text + fmt.Sprintf(": %s passed there.", counted(b.bytes, "byte"))
}

// besideText says of a connection besides FTP what is known of it, after the sentence on who
// opened it.
func besideText(c *ftp.Connection, hidden bool) string {
	text := " No command in the capture announced it; one that the capture lacks may have."
	switch {
	case hidden:
		text = " No command that can be read announced it."
	case c.Unannounced:
		text = " No command announced it, so it is not part of FTP."
	}
	if c.Addr(opener(c).Other()).Port() == backDoor && c.HandshakeSeen {
		text += " At this port a vsftpd 2.3.4 with the back door opens a shell, after a user name with :) (CVE-2011-2523)."
	}
	return text
}

// carried says what passed on a connection that has ended.
func carried(c *ftp.Connection) string {
	if c.Role == ftp.Control {
		return ""
	}
	return fmt.Sprintf(" It carried %s.", volume(c))
}

// hostOf is what a sentence calls the host of a side of a connection besides FTP, whose sides
// are not those of FTP, unless both have one address, as on loopback.
func (ls lanes) hostOf(c *ftp.Connection, side ftp.Side) string {
	addr := c.Addr(side).Addr()
	i := ls.find(addr, "")
	if addr == c.Addr(side.Other()).Addr() {
		i = ls.party(addr, side)
	}
	switch {
	case i < 0:
		return addr.Unmap().String()
	case strings.HasPrefix(ls[i].Name, string(ls[i].Side)):
		return "the " + ls[i].Name
	}
	return ls[i].Name
}
