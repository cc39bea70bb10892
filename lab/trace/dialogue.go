// A control connection becomes a session: lines, replies, exchanges.

package trace

import (
	"cmp"
	"iter"
	"slices"
	"strings"
)

// An event is a command or a reply at the moment when it was heard.
type event struct {
	heard   int // the packet
	command *Exchange
	reply   *Reply
	// afterGap, partial: bytes are missing in front of it, or of its end.
	afterGap, partial bool
}

// never is later than any packet.
const never = int(^uint(0) >> 1)

// session reads the dialogue of a control connection whose client has been
// found, from what both directions said, into the room that is left. The events are
// good until the next session is read into the same room.
func (c *conn) session(said [2]iter.Seq[chunk], in *room) (*Session, []event) {
	s := &Session{Control: c.Connection, Overlong: c.overlong}
	s.TLSFrom = encrypted(said)
	s.TLS = s.TLSFrom > 0
	client, server := inClear(said[c.clientDir]), inClear(said[1-c.clientDir])
	events := (&ear{session: s, room: in, events: in.events[:0], heard: in.heard[:0]}).listen(client, server)
	s.pair(events, c.opener >= 0 || c.answerer >= 0)
	s.login()
	return s, events
}

// encrypted returns the first packet of TLS in what both sides said, 0 if there is
// none. TLS begins with a record behind the reply 234 to AUTH (RFC 4217 section 4), or
// at the first byte; no line of a dialogue looks like one.
func encrypted(said [2]iter.Seq[chunk]) int {
	first := 0
	for _, chunks := range said {
		for c := range chunks {
			if tlsRecord(c.data) {
				if first == 0 || c.packet < first {
					first = c.packet
				}
				break
			}
		}
	}
	return first
}

// inClear is what was said before TLS began.
func inClear(chunks iter.Seq[chunk]) iter.Seq[chunk] {
	return func(yield func(chunk) bool) {
		for c := range chunks {
			if tlsRecord(c.data) || !yield(c) {
				return
			}
		}
	}
}

// tlsRecord reports whether data begins like a record of TLS (RFC 8446
// section 5.1).
func tlsRecord(data []byte) bool {
	return len(data) > 2 && data[0] >= 0x14 && data[0] <= 0x17 && data[1] == 3 && data[2] <= 4
}

// maxLines bounds the lines of dialogue of a capture, beside one for each of its
// packets. A real one never comes near; a stream of empty lines would else fill
// the memory with what it is made into.
const maxLines = 100_000

// An ear turns what both sides of a session say into lines and events.
type ear struct {
	session *Session
	events  []event
	heard   []heardLine
	open    *Reply // of many lines, its last one not seen yet
	room    *room
}

// reusable is how many lines a session may have whose working space is kept for the
// next one.
const reusable = 1000

// A room is where the dialogues of sessions stand.
type room struct {
	lines     list[Line]
	texts     texts
	replies   list[Reply]
	exchanges list[Exchange]
	left      int // lines that may still be taken

	// What was needed for the session before, to be used again.
	events []event
	heard  []heardLine
}

// release lets go of the sessions that are there, and makes room for as many lines.
func (r *room) release(lines int) {
	r.lines.release()
	r.replies.release()
	r.exchanges.release()
	r.left = lines
}

// A heardLine is a line with the packet with which it was heard.
type heardLine struct {
	heard int
	*Line
}

// listen hears both sides out, and returns what they said in the order in which
// it was heard.
func (e *ear) listen(client, server iter.Seq[chunk]) []event {
	splitLines(client, e.hearClient)
	splitLines(server, e.hearServer)
	if e.open != nil {
		e.close(never, true)
	}
	slices.SortStableFunc(e.events, func(a, b event) int { return cmp.Compare(a.heard, b.heard) })
	slices.SortStableFunc(e.heard, func(a, b heardLine) int { return cmp.Compare(a.heard, b.heard) })
	e.session.Lines = make([]*Line, len(e.heard))
	for i, l := range e.heard {
		e.session.Lines[i] = l.Line
	}
	if len(e.heard) < reusable {
		e.room.events, e.room.heard = e.events, e.heard
	} else {
		e.room.events, e.room.heard = nil, nil
	}
	return e.events
}

// line makes a Line, nil if there have been too many.
func (e *ear) line(l rawLine, from Side) *Line {
	if e.room.left <= 0 {
		e.session.Overlong = true
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
	e.heard = append(e.heard, heardLine{l.heard, line})
	return line
}

// hearClient takes a line of the client: a command.
func (e *ear) hearClient(l rawLine) bool {
	line := e.line(l, Client)
	if line == nil {
		return false
	}
	if x := e.command(line, l); x != nil {
		e.events = append(e.events, event{heard: l.heard, command: x, afterGap: l.afterGap, partial: !l.complete})
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

// hearServer takes a line of the server: a reply, or one of the lines of a reply.
func (e *ear) hearServer(l rawLine) bool {
	line := e.line(l, Server)
	if line == nil {
		return false
	}
	if e.open != nil && l.afterGap {
		e.close(l.heard, true)
	}
	code, more, ok := replyCode([]byte(line.Text))
	switch {
	case e.open != nil:
		e.open.Lines = append(e.open.Lines, line)
		if ok && !more && code == e.open.Code {
			e.open.endsIn(line)
			e.close(l.heard, false)
		}
	case ok || strings.TrimSpace(line.Text) != "":
		r := e.room.replies.next()
		*r = Reply{Code: code, FirstPacket: line.FirstPacket, Lines: []*Line{line}}
		r.endsIn(line)
		e.events = append(e.events, event{heard: l.heard, reply: r, afterGap: l.afterGap, partial: !l.complete})
		if !ok {
			r.Code, r.Text = 0, line.Text
		} else if more {
			e.open = r
		} else {
			r.Text = afterCode(line.Text)
		}
	}
	return true
}

// endsIn says which line is the last one seen of a reply that is whole.
func (r *Reply) endsIn(line *Line) {
	r.Packet, r.Time = line.Packet, line.Time
}

// close ends the reply that is open: it was heard with its last line.
func (e *ear) close(heard int, partial bool) {
	last := &e.events[len(e.events)-1]
	last.heard, last.partial = heard, partial
	texts := make([]string, 0, len(e.open.Lines))
	for _, l := range e.open.Lines {
		if code, _, ok := replyCode([]byte(l.Text)); ok && code == e.open.Code {
			texts = append(texts, afterCode(l.Text))
		} else {
			texts = append(texts, l.Text)
		}
	}
	e.open.Text = strings.Join(texts, "\n")
	e.open = nil
}

func afterCode(text string) string { return text[min(4, len(text)):] }

// pair gives every reply to the command that it answers: the oldest one that
// still waits (RFC 959 section 5.4), since a server answers in order.
func (s *Session) pair(events []event, fromStart bool) {
	var waiting []*Exchange
	greeted, gap := false, false
	for _, e := range events {
		if e.command != nil {
			s.Exchanges = append(s.Exchanges, e.command)
			waiting = append(waiting, e.command)
			continue
		}
		if !greeted && s.greets(e.reply, waiting, fromStart) {
			greeted = e.reply.Code != 120 // "ready in n minutes": 220 will follow
			s.Unsolicited = append(s.Unsolicited, e.reply)
			continue
		}
		gap = gap || e.afterGap
		switch {
		case e.reply.Code == 0:
			// A whole line in the place of a reply is a wrong answer, if
			// nothing else can be the reason.
			if len(waiting) > 0 && fromStart && !gap && greeted && !e.partial {
				waiting = waiting[1:]
			}
			s.Unsolicited = append(s.Unsolicited, e.reply)
		case len(waiting) == 0:
			s.Unsolicited = append(s.Unsolicited, e.reply)
		default:
			waiting[0].Replies = append(waiting[0].Replies, e.reply)
			if !preliminary(e.reply.Code) {
				waiting = waiting[1:]
			}
		}
	}
}

// preliminary reports whether another reply will follow the one with this code.
func preliminary(code int) bool { return code >= 100 && code < 200 }

// greets reports whether a reply is the greeting of the server, not the answer to
// the command that waits.
func (s *Session) greets(r *Reply, waiting []*Exchange, fromStart bool) bool {
	if r.Code != 220 && r.Code != 120 && r.Code != 421 {
		return false
	}
	if len(s.Exchanges) == 0 {
		return true
	}
	if len(s.Exchanges[0].Replies) > 0 {
		return false
	}
	if fromStart {
		return true
	}
	// Without the beginning of the connection, 220 may answer REIN or HOST.
	return r.Code != 421 && len(waiting) > 0 && waiting[0].Command != "REIN" && waiting[0].Command != "HOST"
}

// login finds the name of the user: of the last login that succeeded, or else of
// the last one tried. It stays unknown if USER is not in the capture.
func (s *Session) login() {
	type login struct {
		name      string
		succeeded bool
	}
	var logins []login
	for _, e := range s.Exchanges {
		if e.Command == "USER" || e.Command == "PASS" && logins == nil {
			logins = append(logins, login{})
		}
		if e.Command == "USER" {
			logins[len(logins)-1].name = e.Argument
		}
		if final := e.Final(); final > 0 && (e.Command == "USER" || e.Command == "PASS") {
			logins[len(logins)-1].succeeded = final == 230 || final == 202 || final == 232
		}
	}
	for i, l := range logins {
		if l.succeeded || i == len(logins)-1 && !slices.ContainsFunc(logins, func(l login) bool { return l.succeeded }) {
			s.User = l.name
		}
	}
}
