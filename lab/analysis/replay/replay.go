// Package replay follows a capture packet by packet. After each packet it gives the
// state of the two TCPs of its connection and of the two sides of its FTP session.
//
//	for m, err := range replay.Moments(c, 2000) { ... }
//
// The states are those of RFC 9293, section 3.3.2. They are derived from the packets,
// as if each packet arrived when it was recorded. If the recorder was near one host,
// the state of the other host really changed a little later.
package replay

import (
	"iter"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
)

// A Moment is how things stand when a packet has arrived.
type Moment struct {
	Packet     int   `json:"packet"`
	Time       int64 `json:"time"`       // since the first packet, nanoseconds
	Connection int   `json:"connection"` // its ID, ftp.NoConnection for a packet that is not TCP
	// Role is that of the connection, Control the control connection of its session.
	Role    ftp.Role `json:"role,omitempty"`
	Control int      `json:"control"`
	From    ftp.Side `json:"from,omitempty"`
	Client  *End     `json:"client,omitempty"`
	Server  *End     `json:"server,omitempty"`
	Session *Session `json:"session,omitempty"`
}

// Moments yields what each of the first packets of a capture changes, most of them at
// most.
func Moments(c *capture.Capture, most int) iter.Seq[Moment] {
	return func(yield func(Moment) bool) {
		connections, dialogues := map[int]*connection{}, readDialogues(c, most)
		for p := range c.Packets() {
			if p.Number > most || !yield(moment(p, c.Start, connections, dialogues)) {
				return
			}
		}
	}
}

func moment(p *capture.Packet, start int64, connections map[int]*connection, dialogues dialogues) Moment {
	m := Moment{Packet: p.Number, Time: p.Time - start, Connection: ftp.NoConnection, Control: ftp.NoConnection}
	identity := p.Connection
	if identity == nil {
		return m
	}
	k := connections[identity.ID]
	if k == nil {
		k = &connection{}
		connections[identity.ID] = k
	}
	k.pass(p.Segment, p.From)
	m.Connection, m.Role, m.From = identity.ID, identity.Role, p.From
	client, server := k.ends[0].End, k.ends[1].End
	m.Client, m.Server = &client, &server
	switch identity.Role {
	case ftp.Control:
		m.Control = identity.ID
	case ftp.Data:
		m.Control = identity.Control
	}
	m.Session = dialogues.at(m.Control, p.Number)
	return m
}
