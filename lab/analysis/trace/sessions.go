// The sessions of a capture, made when they are looked at.

package trace

import (
	"iter"
	"sort"
)

// A saved session is what has to be known of one to make it again from its control
// connection. A busy server has a million of them, each of which would take many
// times the room that its packets do.
type saved struct {
	control       int // the ID of its connection
	user          string
	announcements []*Announcement
	lines         int32 // how many may be made of it
	tls           bool
	reading       *conn    // what was needed to read its connection; nil for a stub
	session       *Session // if it is kept
}

// Sessions yields the FTP sessions, one for each control connection, in the order of
// their IDs. Unless they are kept (see Options.Keep) they are made anew each time.
func (t *Trace) Sessions() iter.Seq[*Session] {
	return func(yield func(*Session) bool) {
		on, in := newDesk(), &room{}
		for i := range t.sessions {
			if !yield(t.sessions[i].make(&t.connections, on, in)) {
				return
			}
		}
	}
}

// Session returns the session on the control connection with an ID, nil if it is
// none.
func (t *Trace) Session(control int) *Session {
	i := sort.Search(len(t.sessions), func(i int) bool { return t.sessions[i].control >= control })
	if i == len(t.sessions) || t.sessions[i].control != control {
		return nil
	}
	return t.sessions[i].make(&t.connections, newDesk(), &room{})
}

// A Dialogue is a session for those who do not need the whole of it at once: its lines
// and commands are made while it is heard. A session of a mirror may have millions.
type Dialogue struct {
	// Control is the ID of its connection; the others are the Session's.
	Control       int
	User          string
	TLS           bool
	Announcements []*Announcement

	saved *saved
	from  *store
	on    *desk
	in    *room
}

// Dialogues yields the dialogues of all sessions, in the order of Sessions. Each is good
// until the next one comes.
func (t *Trace) Dialogues() iter.Seq[*Dialogue] {
	return func(yield func(*Dialogue) bool) {
		d := &Dialogue{from: &t.connections, on: newDesk(), in: &room{}}
		for i := range t.sessions {
			s := &t.sessions[i]
			d.Control, d.User, d.TLS, d.Announcements, d.saved = s.control, s.user, s.tls, s.announcements, s
			if kept := s.session; kept != nil {
				d.User, d.TLS, d.Announcements = kept.User, kept.TLS, kept.Announcements
			}
			if !yield(d) {
				return
			}
		}
	}
}

// Hear calls line for every line, in the order in which they were said, and exchange for
// every command, when no more replies to it can come; how the two alternate is not said.
// Of what they are given only the texts are good when they have returned, and they must not
// call Hear. The data connections of a command are not in it. What is returned is what the
// session has as TLSFrom and Overlong.
func (d *Dialogue) Hear(line func(*Line), exchange func(*Exchange)) (tlsFrom int, overlong bool) {
	return d.saved.hear(d.from, d.on, d.in, hearer{line: line, exchange: exchange})
}

// NumSessions is how many sessions there are.
func (t *Trace) NumSessions() int { return len(t.sessions) }

// AddSession adds a session to a trace that is made by hand, not read. Its control
// connection must have been added.
func (t *Trace) AddSession(s *Session) {
	t.sessions = append(t.sessions, saved{control: s.Control.ID, session: s})
	sort.SliceStable(t.sessions, func(i, j int) bool { return t.sessions[i].control < t.sessions[j].control })
}

// announced reports whether data connections came to what was announced in it.
func (s *saved) announced() bool {
	for _, a := range s.announcements {
		if len(a.Connections) > 0 {
			return true
		}
	}
	return false
}

// hear tells what is said in the session, without making the whole of it. It returns what
// Dialogue.Hear does.
func (s *saved) hear(from *store, on *desk, in *room, to hearer) (tlsFrom int, overlong bool) {
	if s.session != nil {
		s.session.tell(to)
		return s.session.TLSFrom, s.session.Overlong
	}
	r := s.recall(from, on)
	in.release(int(s.lines))
	return r.listen(r.inOrder(from.recorded(r)), in, to)
}

// tell tells the lines and the commands of a session.
func (s *Session) tell(to hearer) {
	if to.line != nil {
		for _, l := range s.Lines {
			to.line(l)
		}
	}
	if to.exchange != nil {
		for _, e := range s.Exchanges {
			to.exchange(e)
		}
	}
}

// make returns the session; one that is not kept is made anew.
func (s *saved) make(from *store, on *desk, in *room) *Session {
	if s.session != nil {
		return s.session
	}
	r := s.recall(from, on)
	in.release(int(s.lines))
	session := r.session(r.inOrder(from.recorded(r)), in)
	if r.reading != nil {
		r.settle()
		control := *r.Connection // which will be overwritten
		session.Control = &control
	}
	session.User, session.TLS, session.Announcements = s.user, s.tls, s.announcements
	for _, a := range s.announcements {
		for _, id := range a.Connections {
			if t := from.transferOf(id); t != nil {
				e := session.Exchanges[t.Exchange]
				e.Data = append(e.Data, id)
			}
		}
	}
	return session
}

// recall returns what is needed to read the dialogue.
func (s *saved) recall(from *store, on *desk) *conn {
	if s.reading != nil {
		return s.reading
	}
	return from.recallWhole(s.control, on).reading
}
