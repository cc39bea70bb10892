// A control connection becomes a session: lines, replies, exchanges.

package trace

import (
	"iter"
	"slices"
	"strings"
)

// A hearer is told what is said in a session, in the order in which it was said.
// What is nil is not told.
type hearer struct {
	line     func(*Line)
	exchange func(*Exchange)              // a command, when no more replies to it can come
	stray    func(r *Reply, commands int) // that answers none, and how many were heard before
	// keeps says that what was told is kept. Otherwise only its texts are good when the
	// function has returned.
	keeps bool
}

// session reads the dialogue of a control connection whose client has been
// found, from what both directions said, into the room that is left.
func (c *conn) session(said [2]iter.Seq[chunk], in *room) *Session {
	s := &Session{Control: c.Connection}
	s.TLSFrom, s.Overlong = c.listen(said, in, hearer{
		line:     func(l *Line) { s.Lines = append(s.Lines, l) },
		exchange: func(e *Exchange) { s.Exchanges = append(s.Exchanges, e) },
		stray:    func(r *Reply, _ int) { s.Unsolicited = append(s.Unsolicited, r) },
		keeps:    true,
	})
	return s
}

// listen tells what is said in the dialogue of such a connection. It returns from which
// packet on it is TLS, 0 for never, and whether only the beginning was read.
func (c *conn) listen(said [2]iter.Seq[chunk], in *room, to hearer) (tlsFrom int, overlong bool) {
	tls := func(packet int) {
		if tlsFrom == 0 || packet < tlsFrom {
			tlsFrom = packet
		}
	}
	e := ear{room: in, to: to, fromStart: c.opener >= 0 || c.answerer >= 0}
	e.listen(inClear(said[c.clientDir], tls), inClear(said[1-c.clientDir], tls))
	return tlsFrom, c.overlong || e.overlong
}

// inClear is what was said before TLS began; it calls tls with the first packet of that.
// TLS begins with a record behind the reply 234 to AUTH (RFC 4217 section 4), or at the
// first byte; no line of a dialogue looks like one.
func inClear(chunks iter.Seq[chunk], tls func(packet int)) iter.Seq[chunk] {
	return func(yield func(chunk) bool) {
		var held []chunk // they say what may be the beginning of a record
		release := func() bool {
			for _, c := range held {
				if !yield(c) {
					return false
				}
			}
			held = held[:0]
			return true
		}
		var begun []byte
		for c := range chunks {
			if c.gap && !release() {
				return
			}
			if len(held) == 0 {
				begun = c.data
			} else {
				begun = slices.Concat(begun, c.data)
			}
			held = append(held, c)
			switch {
			case tlsRecord(begun):
				tls(held[0].packet)
				return
			case mayBeRecord(begun):
			case !release():
				return
			}
		}
		release()
	}
}

// tlsRecord reports whether data begins like a record of TLS (RFC 8446
// section 5.1).
func tlsRecord(data []byte) bool {
	return len(data) > 2 && data[0] >= 0x14 && data[0] <= 0x17 && data[1] == 3 && data[2] <= 4
}

// mayBeRecord reports whether data are too short to tell, but begin like a record so far.
func mayBeRecord(data []byte) bool {
	const record = "\x16\x03\x01"
	return len(data) < len(record) && tlsRecord(append(slices.Clip(data), record[len(data):]...))
}

// maxLines bounds the lines of dialogue of a capture, beside one for each of its
// packets. A real one never comes near; a stream of empty lines would else fill
// the memory with what it is made into.
const maxLines = 100_000

// An ear turns what both sides of a session say into lines, replies and exchanges.
type ear struct {
	to       hearer
	room     *room
	overlong bool

	open              *Reply // of many lines, its last one not seen yet
	openGap           bool   // bytes are missing in front of it
	commands          int    // that were heard
	waiting           []*Exchange
	answered, greeted bool // a command was, the client was
	gap               bool // bytes are missing in front of a reply
	cut               bool // the last line of the server was, as by a recorder that cuts packets short
	lost              bool // whole lines may be, since the last reply that was given to a command
	pipelines         bool // the client does not wait for a reply before its next command
	fromStart         bool // the capture has the beginning of the connection
}

// A room is where the dialogues of sessions stand.
type room struct {
	lines     list[Line]
	texts     texts
	replies   list[Reply]
	exchanges list[Exchange]
	left      int // lines that may still be taken
}

// release lets go of the sessions that are there, and lets so many lines be made.
// Sessions may share room, but not much text: whoever holds one holds that of all.
func (r *room) release(lines int) {
	if r.texts.size > blockSize {
		*r = room{}
	}
	r.drop()
	r.left = lines
}

// drop lets go of what is there. Whoever points to something in it may go on doing so.
func (r *room) drop() {
	r.lines.release()
	r.replies.release()
	r.exchanges.release()
}

// reuse makes the room of what is there that of what comes next. Only the texts stay.
func (r *room) reuse() {
	r.lines.reuse()
	r.replies.reuse()
	r.exchanges.reuse()
}

// listen hears both sides out, in the order in which they spoke.
func (e *ear) listen(client, server iter.Seq[chunk]) {
	next, stop := iter.Pull(splitLines(server))
	defer stop()
	reply, more := next()
	for l := range splitLines(client) {
		for more && e.precedes(reply, l) && e.hearServer(reply) {
			reply, more = next()
		}
		if !e.hearClient(l) {
			break
		}
		for !more && e.open == nil && len(e.waiting) > 0 {
			e.done() // nobody will answer
		}
	}
	for more && e.hearServer(reply) {
		reply, more = next()
	}
	if e.open != nil {
		e.close(true)
	}
	for len(e.waiting) > 0 {
		e.done()
	}
}

// precedes reports whether a line of the server comes before one of the client. As a rule
// the one that was heard first does, but not a reply before a command that it acknowledges,
// nor a command before a reply that it does: if there is something to be answered. (Some
// forgers let each command acknowledge its own reply.)
func (e *ear) precedes(reply, command rawLine) bool {
	switch {
	case reply.end > command.ackedAt:
		return false
	case command.seq >= reply.ackedAt && (len(e.waiting) > 0 || command.afterGap):
		return true
	}
	return reply.heard < command.heard
}

// line makes a Line, nil if there have been too many.
func (e *ear) line(l rawLine, from Side) *Line {
	e.forget()
	if e.room.left <= 0 {
		e.overlong = true
		return nil
	}
	e.room.left--
	text, _ := withoutTelnet(l.text)
	line := e.room.lines.next()
	*line = Line{
		From: from, Text: e.room.texts.of(text), Seq: l.seq, End: l.end,
		FirstPacket: l.first.packet, Packet: l.last.packet, Time: l.last.time,
		Complete: l.complete, AfterGap: l.afterGap,
	}
	if e.to.line != nil {
		e.to.line(line)
	}
	return line
}

// hearClient takes a line of the client, a command, and reports whether there was room.
func (e *ear) hearClient(l rawLine) bool {
	line := e.line(l, Client)
	if line == nil {
		return false
	}
	if x := e.command(line, l); x != nil {
		e.commands++
		e.waiting = append(e.waiting, x)
	}
	return true
}

// command reads a line of the client; nil if it holds nothing but Telnet
// commands.
func (e *ear) command(line *Line, raw rawLine) *Exchange {
	verb, argument := cutCommand(line.Text)
	if verb == "" {
		if _, telnet := withoutTelnet(raw.text); telnet || !line.Complete {
			return nil
		}
	}
	x := e.room.exchanges.next()
	*x = Exchange{Line: line, Command: capitals(verb), Argument: argument}
	return x
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

// hearServer takes a line of the server: a reply, or one of the lines of a reply. It
// reports whether there was room.
func (e *ear) hearServer(l rawLine) bool {
	if e.open != nil && l.afterGap {
		e.close(true)
	}
	e.lost = e.lost || l.afterGap && !e.cut
	e.cut = !l.complete
	line := e.line(l, Server)
	if line == nil {
		return false
	}
	code, more, ok := replyCode([]byte(line.Text))
	switch {
	case e.open != nil:
		e.open.Lines = append(e.open.Lines, line)
		if ok && !more && code == e.open.Code {
			e.open.endsIn(line)
			e.close(false)
		}
	case ok || strings.TrimSpace(line.Text) != "":
		r := e.room.replies.next()
		*r = Reply{Code: code, FirstPacket: line.FirstPacket, Lines: []*Line{line}}
		r.endsIn(line)
		if !ok {
			r.Code, r.Text = 0, line.Text
		} else if more {
			e.open, e.openGap = r, l.afterGap
			return true
		} else {
			r.Text = afterCode(line.Text)
		}
		e.answer(r, l.afterGap, !l.complete)
	}
	return true
}

// endsIn says which line is the last one seen of a reply that is whole.
func (r *Reply) endsIn(line *Line) {
	r.Packet, r.Time = line.Packet, line.Time
}

// close ends the reply that is open.
func (e *ear) close(partial bool) {
	texts := make([]string, 0, len(e.open.Lines))
	for _, l := range e.open.Lines {
		if code, _, ok := replyCode([]byte(l.Text)); ok && code == e.open.Code {
			texts = append(texts, afterCode(l.Text))
		} else {
			texts = append(texts, l.Text)
		}
	}
	r := e.open
	r.Text = strings.Join(texts, "\n")
	e.open = nil
	e.answer(r, e.openGap, partial)
}

func afterCode(text string) string { return text[min(4, len(text)):] }

// answer gives a reply to the command that it answers: the oldest one that still waits
// (RFC 959 section 5.4), since a server answers in order. Bytes may be missing in front
// of the reply, or of its end.
func (e *ear) answer(r *Reply, afterGap, partial bool) {
	if !e.greeted && e.greets(r) {
		e.greeted = r.Code != 120 // "ready in n minutes": 220 will follow
		e.stray(r)
		return
	}
	e.gap = e.gap || afterGap
	switch {
	case r.Code == 0:
		// A whole line in the place of a reply is a wrong answer, if
		// nothing else can be the reason.
		if len(e.waiting) > 0 && e.fromStart && !e.gap && e.greeted && !partial {
			defer e.done()
		}
		e.stray(r)
	case len(e.waiting) == 0:
		e.stray(r)
	default:
		e.passOver()
		e.answered = true
		e.waiting[0].Replies = append(e.waiting[0].Replies, r)
		if !preliminary(r.Code) {
			e.done()
		}
	}
}

// passOver is called when a reply is to be given to a command. If replies were lost before
// it, a client that has waited for each so far has had those to all commands but the last.
func (e *ear) passOver() {
	if len(e.waiting) > 1 && !e.lost {
		e.pipelines = true
	}
	for len(e.waiting) > 1 && !e.pipelines {
		e.done()
	}
	e.lost = false
}

// done tells the command that has waited longest: it waits no more.
func (e *ear) done() {
	if e.to.exchange != nil {
		e.to.exchange(e.waiting[0])
	}
	e.waiting = e.waiting[1:]
}

func (e *ear) stray(r *Reply) {
	if e.to.stray != nil {
		e.to.stray(r, e.commands)
	}
}

// forget lets go of what was told, if it may: of all that is there, or if a command still
// waits, of all but that.
func (e *ear) forget() {
	switch {
	case e.to.keeps:
	case len(e.waiting) == 0 && e.open == nil:
		e.room.reuse()
	default:
		e.room.drop()
	}
}

// preliminary reports whether another reply will follow the one with this code.
func preliminary(code int) bool { return code >= 100 && code < 200 }

// greets reports whether a reply is the greeting of the server, not the answer to
// the command that waits.
func (e *ear) greets(r *Reply) bool {
	if r.Code != 220 && r.Code != 120 && r.Code != 421 {
		return false
	}
	if e.commands == 0 {
		return true
	}
	if e.answered {
		return false
	}
	if e.fromStart {
		return true
	}
	// Without the beginning of the connection, 220 may answer REIN or HOST.
	return r.Code != 421 && len(e.waiting) > 0 && e.waiting[0].Command != "REIN" && e.waiting[0].Command != "HOST"
}

// A user is who logs in, as far as it has been heard.
type user struct {
	tried     string // the name of the last login
	begun     bool   // there was one
	succeeded bool
	before    string // the name of the last one before that succeeded
	any       bool   // there was one such
}

// hear takes the next command.
func (u *user) hear(e *Exchange) {
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
