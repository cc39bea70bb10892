// A control connection becomes a session: lines, replies, exchanges.

package trace

import (
	"slices"
	"sort"
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
// found, from what both directions said.
func (c *conn) session(said [2][]chunk) *Session {
	s := &Session{Control: c.Connection}
	client, server := said[c.clientDir], said[1-c.clientDir]

	s.TLSFrom = encrypted(&client, &server)
	s.TLS = s.TLSFrom > 0
	events := c.listen(s, client, server)
	s.pair(events, c.opener >= 0 || c.answerer >= 0)
	s.login()
	s.announcements(events)
	return s
}

// encrypted cuts what both sides said where TLS begins, and returns the first
// packet of it, 0 if there is none. TLS begins with a record behind the reply 234
// to AUTH (RFC 4217 section 4), or at the first byte; no line of a dialogue looks
// like one.
func encrypted(said ...*[]chunk) int {
	first := 0
	for _, chunks := range said {
		for i, c := range *chunks {
			if tlsRecord(c.data) {
				if first == 0 || c.packet < first {
					first = c.packet
				}
				*chunks = (*chunks)[:i]
				break
			}
		}
	}
	return first
}

// tlsRecord reports whether data begins like a record of TLS (RFC 8446
// section 5.1).
func tlsRecord(data []byte) bool {
	return len(data) > 2 && data[0] >= 0x14 && data[0] <= 0x17 && data[1] == 3 && data[2] <= 4
}

// listen turns what both sides said into lines and events, in the order in which
// they were heard.
func (c *conn) listen(s *Session, client, server []chunk) []event {
	var events []event
	type heardLine struct {
		heard int
		*Line
	}
	var lines []heardLine
	keep := func(l rawLine, from Side) *Line {
		text, _ := withoutTelnet(l.text)
		line := &Line{
			Connection: c.Connection, From: from, Text: string(text), Seq: l.seq, End: l.end,
			FirstPacket: l.first.packet, Packet: l.last.packet, Time: l.last.time,
			Complete: l.complete, AfterGap: l.afterGap,
		}
		lines = append(lines, heardLine{l.heard, line})
		return line
	}
	splitLines(client, func(l rawLine) bool {
		line := keep(l, Client)
		if e := command(line, l); e != nil {
			events = append(events, event{heard: l.heard, command: e, afterGap: l.afterGap, partial: !l.complete})
		}
		return true
	})
	r := replies{}
	splitLines(server, func(l rawLine) bool {
		r.line(keep(l, Server), l)
		return true
	})
	events = append(events, r.finish()...)
	sort.SliceStable(events, func(i, j int) bool { return events[i].heard < events[j].heard })
	sort.SliceStable(lines, func(i, j int) bool { return lines[i].heard < lines[j].heard })
	for _, l := range lines {
		s.Lines = append(s.Lines, l.Line)
	}
	return events
}

// command reads a line of the client; nil if it holds nothing but Telnet
// commands.
func command(line *Line, raw rawLine) *Exchange {
	verb, argument := cutCommand(line.Text)
	if verb == "" {
		if _, telnet := withoutTelnet(raw.text); telnet || !line.Complete {
			return nil
		}
	}
	return &Exchange{
		Command: capitals(verb), Argument: argument, Line: line,
		FirstPacket: line.FirstPacket, Packet: line.Packet, Time: line.Time,
	}
}

// capitals puts the letters of a verb in capitals, and leaves other bytes as they
// are, whatever they stand for.
func capitals(verb string) string {
	b := []byte(verb)
	for i, c := range b {
		if c >= 'a' && c <= 'z' {
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

// replies puts the lines of a server together to replies.
type replies struct {
	events []event
	open   *Reply // of many lines, its last one not seen yet
}

// line takes the next line.
func (r *replies) line(line *Line, raw rawLine) {
	code, more, ok := replyCode([]byte(line.Text))
	if r.open != nil && raw.afterGap {
		r.close(raw.heard, true)
	}
	if r.open != nil {
		last := ok && !more && code == r.open.Code
		text := line.Text
		if ok && code == r.open.Code {
			text = afterCode(text)
		}
		r.open.add(line, "\n"+text)
		if last {
			r.open.endsIn(line)
			r.close(raw.heard, false)
		}
		return
	}
	if !ok && strings.TrimSpace(line.Text) == "" {
		return
	}
	reply := &Reply{FirstPacket: line.FirstPacket}
	reply.endsIn(line)
	e := event{heard: raw.heard, reply: reply, afterGap: raw.afterGap, partial: !raw.complete}
	r.events = append(r.events, e)
	if !ok {
		reply.add(line, line.Text)
		return
	}
	reply.Code = code
	reply.add(line, afterCode(line.Text))
	if more {
		r.open = reply
	}
}

// add adds a line to a reply.
func (r *Reply) add(line *Line, text string) {
	r.Text += text
	r.Lines = append(r.Lines, line)
}

// endsIn says which line is the last one seen of a reply that is whole.
func (r *Reply) endsIn(line *Line) {
	r.Packet, r.Time = line.Packet, line.Time
}

// close ends the reply that is open: it was heard with its last line.
func (r *replies) close(heard int, partial bool) {
	e := &r.events[len(r.events)-1]
	e.heard, e.partial = heard, partial
	r.open = nil
}

func (r *replies) finish() []event {
	if r.open != nil {
		r.close(never, true)
	}
	return r.events
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
