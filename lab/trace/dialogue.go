// A control connection becomes a session: lines, replies, exchanges.

package trace

import (
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

	events := c.listen(s, client, server)
	if from := c.encrypted(events, &client, &server); from > 0 {
		s.TLS, s.TLSFrom = true, from
		s.Lines = nil
		events = c.listen(s, client, server)
	}
	s.pair(events, c.opener >= 0 || c.answerer >= 0)
	s.login()
	s.announcements(events)
	return s
}

// encrypted cuts both sides off where TLS begins, and returns the first packet
// of it, 0 if there is none. TLS begins with a record behind the reply 234 to
// AUTH (RFC 4217 section 4), or at the first byte.
func (c *conn) encrypted(events []event, client, server *[]chunk) int {
	accepted := 0
	for _, e := range events {
		if e.reply != nil && e.reply.Code == 234 {
			accepted = e.reply.Packet
			break
		}
	}
	first := 0
	for _, said := range []*[]chunk{client, server} {
		for i, chunk := range *said {
			if chunk.packet >= accepted && tlsRecord(chunk.data) {
				if first == 0 || chunk.packet < first {
					first = chunk.packet
				}
				*said = (*said)[:i]
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
		Command: strings.ToUpper(verb), Argument: argument, Line: line,
		FirstPacket: line.FirstPacket, Packet: line.Packet, Time: line.Time,
	}
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
			r.close(raw.heard, false)
		}
		return
	}
	if !ok && strings.TrimSpace(line.Text) == "" {
		return
	}
	reply := &Reply{FirstPacket: line.FirstPacket}
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
// the last one tried.
func (s *Session) login() {
	var name string
	var tried, succeeded bool
	for _, e := range s.Exchanges {
		switch e.Command {
		case "USER":
			name, tried = e.Argument, true
			if !succeeded {
				s.User = name
			}
		case "PASS":
			if !tried {
				continue
			}
		default:
			continue
		}
		if len(e.Replies) == 0 {
			continue
		}
		switch e.Replies[len(e.Replies)-1].Code {
		case 230, 202, 232:
			s.User, succeeded = name, true
		}
	}
}
