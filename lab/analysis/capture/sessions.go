// The sessions of a capture, one after the other.

package capture

import (
	"iter"
	"sort"

	"ftplab/lab/analysis/ftp"
)

// A Dialogue is a session that is read line by line. A session of a mirror may have millions
// of lines, too many for memory.
type Dialogue struct {
	Control    *ftp.Connection
	User       string
	TLS        bool // as in a Session
	Protection *ftp.Protection
	Hidden     bool
	Proxy      *ftp.Proxy
	DataPorts  []*ftp.DataPort
	// Data are the data connections of the session, in the order of their IDs.
	Data []*ftp.Connection

	from       *Capture
	outline    *ftp.Outline
	transcript ftp.Transcript
	made       *ftp.Session // in the place of the transcript; see Made
}

// Read calls the handler for every line, in the order in which they were said, and for every
// command, when no more replies to it can come; how the two alternate is not defined. The
// data connections of a command are not in it. What is returned is what the session has as
// Layer and Overlong.
func (d *Dialogue) Read(to ftp.Handler) (layer *ftp.TLSLayer, overlong bool) {
	if d.made != nil {
		return d.made.Each(to)
	}
	return d.transcript.Read(to)
}

// EachUse calls use for every data connection that a command used, with the index of the command.
func (d *Dialogue) EachUse(use func(exchange, id int)) { d.outline.EachUse(use) }

// Dialogues yields the dialogues of all sessions, in the order of Sessions, with their data
// connections if these are asked for. Each is valid until the next one comes.
func (c *Capture) Dialogues(data bool) iter.Seq[*Dialogue] {
	return func(yield func(*Dialogue) bool) {
		var spare []*live
		for i := 0; i < len(c.sessions); {
			n, more := c.dialogues(c.sessions[i:], data, &spare, yield)
			if i += n; !more {
				return
			}
		}
	}
}

// dialogue yields the dialogue of a session with some data connections. l is its control
// connection; nil if the capture is made by hand.
func (c *Capture) dialogue(s *session, l *live, data []*ftp.Connection, yield func(*Dialogue) bool) bool {
	d := &Dialogue{from: c, outline: s.Outline, User: s.User, TLS: s.TLS, Protection: s.Protection, Hidden: s.Hidden, Proxy: s.Proxy, DataPorts: s.DataPorts, Data: data}
	if l != nil {
		d.transcript = l.Transcript(l.purpose.ClientDir, c.mostLines(), c.keys)
	} else {
		d.made = c.kept.sessions[s.control]
	}
	if c.kept != nil {
		d.Control = &c.kept.connections[s.control]
	} else {
		d.Control = &ftp.Connection{}
		l.describe(d.Control)
	}
	return yield(d)
}

// Sessions yields the FTP sessions, one for each control connection, in the order of
// their IDs.
func (c *Capture) Sessions() iter.Seq[*ftp.Session] {
	return func(yield func(*ftp.Session) bool) {
		for d := range c.Dialogues(false) {
			if !yield(d.Session()) {
				return
			}
		}
	}
}

// DataPorts are the addresses that the control connection with an ID offered.
func (c *Capture) DataPorts(control int) []*ftp.DataPort {
	if s := c.find(control); s != nil {
		return s.DataPorts
	}
	return nil
}

// SessionsOf returns the sessions on some control connections, by their IDs. Other
// connections have none.
func (c *Capture) SessionsOf(ids map[int]bool) map[int]*ftp.Session {
	sessions := map[int]*ftp.Session{}
	if c.kept != nil {
		for id := range ids {
			if s := c.Session(id); s != nil {
				sessions[id] = s
			}
		}
		return sessions
	}
	lo, hi := len(c.spans), 0
	for id := range ids {
		if c.role(id) == ftp.Control {
			lo, hi = min(lo, id), max(hi, id+1)
		}
	}
	_, err := c.follow(reading{
		lo: lo, hi: hi,
		want:    func(id int) bool { return ids[id] && c.role(id) == ftp.Control },
		records: func(int) bool { return true },
		done: func(l *live) bool {
			c.dialogue(c.find(l.id), l, nil, func(d *Dialogue) bool {
				sessions[l.id] = d.Session()
				return true
			})
			return false
		},
	})
	c.fail(err)
	return sessions
}

// find returns the session on a control connection, nil if it is none.
func (c *Capture) find(control int) *session {
	i := sort.Search(len(c.sessions), func(i int) bool { return c.sessions[i].control >= control })
	if i == len(c.sessions) || c.sessions[i].control != control {
		return nil
	}
	return &c.sessions[i]
}

// Session returns the session on the control connection with an ID, nil if it is
// none.
func (c *Capture) Session(control int) (s *ftp.Session) {
	found := c.find(control)
	if found == nil {
		return nil
	}
	c.dialogues([]session{*found}, false, &[]*live{}, func(d *Dialogue) bool {
		s = d.Session()
		return true
	})
	return s
}

// Session reads the whole of the dialogue.
func (d *Dialogue) Session() *ftp.Session {
	c, id := d.from, d.Control.ID
	if c.kept != nil && c.kept.sessions[id] != nil {
		return c.kept.sessions[id]
	}
	s := d.transcript.Session()
	s.Control, s.User, s.TLS, s.Protection, s.Hidden, s.DataPorts = d.Control, d.User, d.TLS, d.Protection, d.Hidden, d.DataPorts
	d.EachUse(func(exchange, data int) {
		e := s.Exchanges[exchange]
		e.Data = append(e.Data, data)
	})
	if c.kept != nil && c.kept.dialogue <= keptDialogue {
		c.kept.sessions[id] = s
	}
	return s
}

// TransferOf is the transfer that a data connection was used by, nil for none.
func (c *Capture) TransferOf(id int) *ftp.Transfer {
	if p := c.purpose(id); p != nil {
		return p.Transfer
	}
	return nil
}

// Follow reads the capture once. It calls packet for every packet, as Packets yields them,
// and ended for each connection when its last packet has passed, with its session if it is a
// control connection: in the order in which they end. What ended is given may be kept.
func (c *Capture) Follow(packet func(*Packet), ended func(*ftp.Connection, *ftp.Session)) error {
	_, err := c.follow(reading{
		details: true, hi: len(c.spans),
		records: func(id int) bool { return c.role(id) == ftp.Control || c.hashes(id) }, hash: c.hash,
		packet: c.handOut(func(p *Packet) bool { packet(p); return true }),
		done: func(l *live) bool {
			x := &ftp.Connection{}
			l.describe(x)
			var s *ftp.Session
			if x.Role == ftp.Control {
				c.dialogue(c.find(l.id), l, nil, func(d *Dialogue) bool {
					s = d.Session()
					return true
				})
			}
			ended(x, s)
			return false
		},
	})
	return err
}
