// What both sides of a control connection said, read in the order in which they said it.

package ftp

import (
	"iter"
	"net/netip"
	"slices"
	"strings"

	"ftplab/lab/analysis/tcp"
)

// A Transcript is what was recorded of a control connection, ready to be read.
type Transcript struct {
	client, server iter.Seq[tcp.Chunk]
	fromStart      bool // the capture has the beginning of the connection
	cut            bool // only the beginning was recorded
	most           int  // lines
}

// A Handler is called for what is read, in the order in which it was said. What is nil
// is not called.
type Handler struct {
	Line func(*Line)
	// Exchange is called for a command when no more replies to it can come.
	Exchange func(*Exchange)
	// Unsolicited is called for a reply that answers no command, with the number of
	// commands before it.
	Unsolicited func(r *Reply, commands int)
}

// Session reads the whole dialogue. Control, User, DataPorts and the data connections of
// the exchanges are not in it.
func (t *Transcript) Session() *Session {
	s := &Session{}
	s.TLSFrom, s.Overlong = t.Read(Handler{
		Line:        func(l *Line) { s.Lines = append(s.Lines, l) },
		Exchange:    func(e *Exchange) { s.Exchanges = append(s.Exchanges, e) },
		Unsolicited: func(r *Reply, _ int) { s.Unsolicited = append(s.Unsolicited, r) },
	})
	s.TLS = s.TLSFrom > 0
	return s
}

// An Outline is what has to be known of a session when the dialogue itself is forgotten.
type Outline struct {
	User      string
	TLS       bool
	DataPorts []*DataPort
	Lines     int // how many there are

	transfers transfers
}

// Outline reads the dialogue between two addresses for its outline.
func (t *Transcript) Outline(client, server netip.AddrPort) *Outline {
	var user user
	ports := dataPorts{client: client, server: server}
	o := &Outline{}
	tlsFrom, _ := t.Read(Handler{
		Line: func(*Line) { o.Lines++ },
		Exchange: func(e *Exchange) {
			user.add(e)
			ports.add(e)
			o.transfers.add(e)
		},
		Unsolicited: ports.addUnsolicited,
	})
	o.User, o.TLS, o.DataPorts = strings.Clone(user.name()), tlsFrom > 0, ports.inOrder()
	if len(o.DataPorts) == 0 {
		o.transfers = transfers{}
	}
	return o
}

// Read calls the handler. It returns from which packet on the dialogue is TLS, 0 for
// never, and whether only its beginning was read.
func (t *Transcript) Read(to Handler) (tlsFrom int, overlong bool) {
	tls := func(packet int) {
		if tlsFrom == 0 || packet < tlsFrom {
			tlsFrom = packet
		}
	}
	p := parser{to: to, left: t.most, fromStart: t.fromStart}
	p.parse(inClear(t.client, tls), inClear(t.server, tls))
	return tlsFrom, t.cut || p.overlong
}

// MaxLines bounds the lines of a dialogue, beside one for each packet of the capture. A
// real one never comes near; a stream of empty lines would else fill the memory.
const MaxLines = 100_000

// A parser turns what both sides of a session say into lines, replies and exchanges.
type parser struct {
	to       Handler
	left     int // lines that may still be read
	overlong bool

	open              *Reply // of many lines, its last one not seen yet
	openGap           bool   // bytes are missing in front of it
	commands          int    // so far
	waiting           []*Exchange
	answered, greeted bool // a command was, the client was
	gap               bool // bytes are missing in front of a reply
	cut               bool // the last line of the server was, as by a recorder that cuts packets short
	lost              bool // whole lines may be, since the last reply that was given to a command
	pipelines         bool // the client does not wait for a reply before its next command
	fromStart         bool // the capture has the beginning of the connection
}

// parse reads both sides, in the order in which they spoke.
func (p *parser) parse(client, server iter.Seq[tcp.Chunk]) {
	next, stop := iter.Pull(splitLines(server))
	defer stop()
	reply, more := next()
	for l := range splitLines(client) {
		for more && p.precedes(reply, l) && p.serverLine(reply) {
			reply, more = next()
		}
		if !p.clientLine(l) {
			break
		}
		for !more && p.open == nil && len(p.waiting) > 0 {
			p.done() // nobody will answer
		}
	}
	for more && p.serverLine(reply) {
		reply, more = next()
	}
	if p.open != nil {
		p.close(true)
	}
	for len(p.waiting) > 0 {
		p.done()
	}
}

// precedes reports whether a line of the server comes before one of the client. As a rule
// the one that could be read first does, but not a reply before a command that it acknowledges,
// nor a command before a reply that it does: if there is something to be answered. (Some
// forgers let each command acknowledge its own reply.)
func (p *parser) precedes(reply, command rawLine) bool {
	switch {
	case reply.end > command.ackedAt:
		return false
	case command.seq >= reply.ackedAt && (len(p.waiting) > 0 || command.afterGap):
		return true
	}
	return reply.readableAt < command.readableAt
}

// line makes a Line, nil if there have been too many.
func (p *parser) line(l rawLine, from Side) *Line {
	if p.left <= 0 {
		p.overlong = true
		return nil
	}
	p.left--
	text, _ := withoutTelnet(l.text)
	line := &Line{
		From: from, Text: string(text), Seq: l.seq, End: l.end, Ack: l.ack,
		FirstPacket: l.firstPacket, Packet: l.packet, Time: l.time,
		Complete: l.complete, AfterGap: l.afterGap,
	}
	if p.to.Line != nil {
		p.to.Line(line)
	}
	return line
}

// clientLine takes a line of the client, a command, and reports whether there was room.
func (p *parser) clientLine(l rawLine) bool {
	line := p.line(l, Client)
	if line == nil {
		return false
	}
	if x := p.command(line, l); x != nil {
		p.commands++
		p.waiting = append(p.waiting, x)
	}
	return true
}

// command reads a line of the client; nil if it holds nothing but Telnet
// commands.
func (p *parser) command(line *Line, raw rawLine) *Exchange {
	verb, argument := cutCommand(line.Text)
	if verb == "" {
		if _, telnet := withoutTelnet(raw.text); telnet || !line.Complete {
			return nil
		}
	}
	return &Exchange{Line: line, Command: capitals(verb), Argument: argument}
}

// capitals puts the letters of a verb in capitals, and leaves other bytes as they
// are, whatever they stand for.
func capitals(verb string) string {
	small := func(c byte) bool { return c >= 'a' && c <= 'z' }
	if !slices.ContainsFunc([]byte(verb), small) {
		return verb // most are, and it shares the bytes of its line
	}
	b := []byte(verb)
	for i, c := range b {
		if small(c) {
			b[i] = c - 'a' + 'A'
		}
	}
	return string(b)
}

// cutCommand cuts a line into verb and argument, at one blank. What follows that
// is the argument, further blanks included: they may belong to a name.
func cutCommand(text string) (verb, argument string) {
	text = strings.TrimRight(strings.TrimLeft(text, " \t\r\n\v\f"), "\r")
	if i := strings.IndexAny(text, " \t"); i >= 0 {
		return text[:i], text[i+1:]
	}
	return text, ""
}

// serverLine takes a line of the server: a reply, or one of the lines of a reply. It
// reports whether there was room.
func (p *parser) serverLine(l rawLine) bool {
	if p.open != nil && l.afterGap {
		p.close(true)
	}
	p.lost = p.lost || l.afterGap && !p.cut
	p.cut = !l.complete
	line := p.line(l, Server)
	if line == nil {
		return false
	}
	code, more, ok := replyCode([]byte(line.Text))
	switch {
	case p.open != nil:
		p.open.Lines = append(p.open.Lines, line)
		if ok && !more && code == p.open.Code {
			p.open.endsIn(line)
			p.close(false)
		}
	case ok || strings.TrimSpace(line.Text) != "":
		r := &Reply{Code: code, FirstPacket: line.FirstPacket, Lines: []*Line{line}}
		r.endsIn(line)
		if !ok {
			r.Code, r.Text = 0, line.Text
		} else if more {
			p.open, p.openGap = r, l.afterGap
			return true
		} else {
			r.Text = afterCode(line.Text)
		}
		p.answer(r, l.afterGap, !l.complete)
	}
	return true
}

// endsIn says which line is the last one seen of a reply that is whole.
func (r *Reply) endsIn(line *Line) {
	r.Packet, r.Time = line.Packet, line.Time
}

// close ends the reply that is open.
func (p *parser) close(partial bool) {
	texts := make([]string, 0, len(p.open.Lines))
	for _, l := range p.open.Lines {
		if code, _, ok := replyCode([]byte(l.Text)); ok && code == p.open.Code {
			texts = append(texts, afterCode(l.Text))
		} else {
			texts = append(texts, l.Text)
		}
	}
	r := p.open
	r.Text = strings.Join(texts, "\n")
	p.open = nil
	p.answer(r, p.openGap, partial)
}

func afterCode(text string) string { return text[min(4, len(text)):] }

// answer gives a reply to the command that it answers: the oldest one that still waits
// (RFC 959 section 5.4), since a server answers in order. Bytes may be missing in front
// of the reply, or of its end.
func (p *parser) answer(r *Reply, afterGap, partial bool) {
	if !p.greeted && p.greets(r) {
		p.greeted = r.Code != 120 // "ready in n minutes": 220 will follow
		p.unsolicited(r)
		return
	}
	p.gap = p.gap || afterGap
	switch {
	case r.Code == 0:
		// A whole line in the place of a reply is a wrong answer, if
		// nothing else can be the reason.
		if len(p.waiting) > 0 && p.fromStart && !p.gap && p.greeted && !partial {
			defer p.done()
		}
		p.unsolicited(r)
	case len(p.waiting) == 0:
		p.unsolicited(r)
	default:
		p.passOver()
		p.answered = true
		p.waiting[0].Replies = append(p.waiting[0].Replies, r)
		if !preliminary(r.Code) {
			p.done()
		}
	}
}

// passOver is called when a reply is to be given to a command. If replies were lost before
// it, a client that has waited for each so far has had those to all commands but the last.
func (p *parser) passOver() {
	if len(p.waiting) > 1 && !p.lost {
		p.pipelines = true
	}
	for len(p.waiting) > 1 && !p.pipelines {
		p.done()
	}
	p.lost = false
}

// done ends the wait of the command that has waited longest.
func (p *parser) done() {
	if p.to.Exchange != nil {
		p.to.Exchange(p.waiting[0])
	}
	p.waiting = p.waiting[1:]
}

func (p *parser) unsolicited(r *Reply) {
	if p.to.Unsolicited != nil {
		p.to.Unsolicited(r, p.commands)
	}
}

// preliminary reports whether another reply will follow the one with this code.
func preliminary(code int) bool { return code >= 100 && code < 200 }

// greets reports whether a reply is the greeting of the server, not the answer to
// the command that waits.
func (p *parser) greets(r *Reply) bool {
	if r.Code != 220 && r.Code != 120 && r.Code != 421 {
		return false
	}
	if p.commands == 0 {
		return true
	}
	if p.answered {
		return false
	}
	if p.fromStart {
		return true
	}
	// Without the beginning of the connection, 220 may answer REIN or HOST.
	return r.Code != 421 && len(p.waiting) > 0 && p.waiting[0].Command != "REIN" && p.waiting[0].Command != "HOST"
}

// A user is who logs in, as far as it has been read.
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
	if e.Command == "USER" {
		u.tried = e.Argument
	}
	if final := e.Final(); final > 0 {
		u.succeeded = final == 230 || final == 202 || final == 232
	}
}

// name is that of the last login that succeeded, or else of the last one tried. It is
// unknown, "", if USER is not in the capture.
func (u *user) name() string {
	if !u.succeeded && u.any {
		return u.before
	}
	return u.tried
}
