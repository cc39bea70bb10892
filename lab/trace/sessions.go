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

// NumSessions is how many sessions there are.
func (t *Trace) NumSessions() int { return len(t.sessions) }

// AddSession adds a session to a trace that is made by hand, not read. Its control
// connection must have been added.
func (t *Trace) AddSession(s *Session) {
	t.sessions = append(t.sessions, saved{control: s.Control.ID, user: s.User, tls: s.TLS, session: s})
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

// each calls use for each command of the session, without making the whole of it: what
// use is given is good until it returns, but for the texts.
func (s *saved) each(from *store, on *desk, in *room, use func(*Exchange)) {
	if s.session != nil {
		for _, e := range s.session.Exchanges {
			use(e)
		}
		return
	}
	r := s.recall(from, on)
	in.release(int(s.lines))
	r.listen(r.inOrder(from.recorded(r)), in, listener{exchange: use})
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
	session.Announcements = s.announcements
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
