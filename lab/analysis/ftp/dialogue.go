// The two directions of a control connection, read as one dialogue.

package ftp

import (
	"net/netip"
	"strings"

	"ftplab/lab/analysis/tcp"
	"ftplab/lab/analysis/tls"
)

// A Transcript is the recorded dialogue of a control connection. Read yields its lines.
type Transcript struct {
	client, server tcp.Stream
	fromStart      bool // the capture has the beginning of the connection
	cut            bool // only the beginning was recorded
	most           int  // lines
	proxy          *Proxy
	tls            bool // some of it may be in TLS
	inMiddle       bool // all of it is in TLS, whose beginning was not recorded
	keys           *tls.Keys
}

// A Handler is called for each part of a dialogue, in the order of the dialogue. Functions
// that are nil are not called.
type Handler struct {
	Line func(*Line)
	// Exchange is called for a command after its last reply.
	Exchange func(*Exchange)
	// Unsolicited is called for a reply that answers no command. commands is the number
	// of commands before it.
	Unsolicited func(r *Reply, commands int)
}

// Session reads the whole dialogue. It leaves Control, User, Protection, DataPorts and the Data
// of the exchanges empty. Hidden is about TLS alone, then.
func (t *Transcript) Session() *Session {
	s := &Session{}
	s.Layer, s.Overlong = t.Read(Handler{
		Line:        func(l *Line) { s.Lines = append(s.Lines, l) },
		Exchange:    func(e *Exchange) { s.Exchanges = append(s.Exchanges, e) },
		Unsolicited: func(r *Reply, _ int) { s.Unsolicited = append(s.Unsolicited, r) },
	})
	s.Proxy = t.proxy
	if s.Layer != nil {
		s.TLS, s.TLSFrom, s.Hidden = true, s.Layer.From, s.Layer.Hidden()
	}
	return s
}

// An Outline is the part of a session that is kept in memory; the dialogue is read again
// when it is needed.
type Outline struct {
	User       string
	TLSFrom    int
	Protection *Protection
	ClearFrom  int // as in a TLSLayer
	Proxy      *Proxy
	DataPorts  []*DataPort
	Lines      int  // how many there are
	TLS        bool // as in a Session
	Hidden     bool
	InMiddle   bool // as in a TLSLayer
	Greeted    bool // as in a Purpose
	Whole      bool // all lines can be read, and the capture lacks none before or between them

	transfers *transfers // until each has its data connection; nil for none
	inferred  []use      // of data connections whose announcement is not in the capture
}

// Outline reads the dialogue between two addresses and returns its outline.
func (t *Transcript) Outline(client, server netip.AddrPort) *Outline {
	var user user
	ports := dataPorts{client: client, server: server, proxy: t.proxy}
	o := &Outline{Proxy: t.proxy}
	moves := transfers{lacksLines: !t.fromStart}
	mute := true             // nothing that the server says is in the capture
	first, greeting := 0, -1 // the packets of the first line, and of the greeting
	var protection Protection
	layer, _ := t.Read(Handler{
		Line: func(l *Line) {
			if o.Lines++; o.Lines == 1 {
				first = l.FirstPacket
			}
			mute = mute && l.From == Client
			moves.line(l)
		},
		Exchange: func(e *Exchange) {
			user.add(e)
			protection.exchange(e)
			ports.add(e)
			moves.add(e)
		},
		Unsolicited: func(r *Reply, commands int) {
			if r.Greets && r.Code != 421 && greeting < 0 {
				greeting = r.FirstPacket
			}
			protection.unsolicited(r)
			ports.addUnsolicited(r, commands)
			moves.unsolicited(r, commands)
		},
	})
	o.Greeted = greeting == first
	ports.dropUnknown(moves.lossy, mute)
	o.User = strings.Clone(user.name())
	ports.inOrder()
	if layer != nil {
		o.TLS, o.TLSFrom, o.Hidden, o.InMiddle, o.ClearFrom = true, layer.From, layer.Hidden(), layer.InMiddle, layer.ClearFrom()
	}
	if p := protection.found(); p != nil && layer == nil {
		p.Mechanism = strings.Clone(p.Mechanism)
		o.Protection, o.Hidden = p, true
	}
	o.Whole = !o.Hidden && !moves.lacksLines && !moves.lossy && !mute
	ports.used(&moves)
	ports.dropUnused()
	o.DataPorts = ports.list
	if len(moves.list)+len(moves.unseen) > 0 {
		o.transfers = &moves
	}
	return o
}

// Read calls the handler. It returns the TLS layer, nil for a dialogue in clear, and whether
// the dialogue was too long to read all of it.
func (t *Transcript) Read(to Handler) (layer *TLSLayer, overlong bool) {
	client, server := t.client, t.server
	if t.tls {
		layer, client, server = unwrap(client, server, t.keys, t.inMiddle)
	}
	p := parser{to: to, left: t.most, fromStart: t.fromStart, others: [2][]tcp.Contradiction{t.client.Contradictions(), t.server.Contradictions()}, injected: [2]*tcp.Injected{t.client.Injected(), t.server.Injected()}}
	p.parse(client, server)
	return layer, t.cut || p.overlong
}

// A user keeps track of the user name in a dialogue.
type user struct {
	tried     string // the name of the last login
	begun     bool   // there was one
	succeeded bool
	before    string // the name of the last one before that succeeded
	any       bool   // there was one such
}

// add takes the next command.
func (u *user) add(e *Exchange) {
	if e.Command != "USER" && e.Command != "PASS" {
		return
	}
	if e.Command == "USER" || !u.begun {
		if u.succeeded {
			u.before, u.any = u.tried, true
		}
		u.tried, u.begun, u.succeeded = "", true, false
	}
	if e.Command == "USER" && e.Complete {
		u.tried = e.Argument
	}
	if final := e.Final(); final > 0 {
		u.succeeded = final == 230 || final == 202 || final == 232
	}
}

// name returns the name of the last login that succeeded, or else of the last attempt. It
// is "" if the capture lacks USER, or the end of it.
func (u *user) name() string {
	if !u.succeeded && u.any {
		return u.before
	}
	return u.tried
}
