// The lines of both sides become commands and replies.

package ftp

import (
	"iter"
	"slices"
	"strings"
)

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
	openCommands      int    // that there were when it began
	commands          int    // so far
	pending           pending
	answered, greeted bool // a command was, the client was
	gap               bool // bytes are missing in front of a reply
	cut               bool // the last line of the server was, as by a recorder that cuts packets short
	lost              bool // whole lines may be, since the last reply that was given to a command
	pipelines         bool // the client does not wait for a reply before its next command
	fromStart         bool // the capture has the beginning of the connection
}

// parse reads both sides, in the order in which they spoke.
func (p *parser) parse(client, server iter.Seq[rawLine]) {
	next, stop := iter.Pull(server)
	defer stop()
	reply, more := next()
	for l := range client {
		for more && p.precedes(reply, l) && p.serverLine(reply) {
			reply, more = next()
		}
		if !p.clientLine(l) {
			break
		}
		if !more && p.open == nil {
			p.settle(len(p.pending)) // nobody will answer
		}
	}
	for more && p.serverLine(reply) {
		reply, more = next()
	}
	if p.open != nil {
		p.close(true)
	}
	p.settle(len(p.pending))
}

// precedes reports whether a line of the server comes before one of the client. As a rule
// the one that could be read first does, but not a reply before a command that it acknowledges,
// nor a command before a reply that it does: if there is something to be answered. (Some
// forgers let each command acknowledge its own reply.)
func (p *parser) precedes(reply, command rawLine) bool {
	switch {
	case reply.end > command.ackedAt:
		return false
	case command.seq >= reply.ackedAt && (p.pending.first() != nil || command.afterGap):
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
	text, telnet := withoutTelnet(l.text, l.complete)
	line := &Line{
		From: from, Text: string(text), Seq: l.seq, End: l.end, Ack: l.ack,
		FirstPacket: l.firstPacket, Packet: l.packet, Time: l.time,
		Complete: l.complete, AfterGap: l.afterGap, Telnet: telnet, Urgent: l.urgent,
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
	if x := p.command(line); x != nil {
		p.commands++
		p.goOn()
		p.pending = append(p.pending, &waiting{Exchange: x})
	}
	return true
}

// command reads a line of the client; nil if it holds nothing but Telnet
// commands.
func (p *parser) command(line *Line) *Exchange {
	verb, argument := cutCommand(line.Text)
	if verb == "" && (len(line.Telnet) > 0 || !line.Complete) {
		return nil
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
	if p.open != nil && ok && p.neverEnds(code) {
		p.close(true)
	}
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
			p.open, p.openGap, p.openCommands = r, l.afterGap, p.commands
			return true
		} else {
			r.Text = afterCode(line.Text)
		}
		p.answer(r, l.afterGap, !l.complete)
	}
	return true
}

// neverEnds reports whether the reply that is open was over without the last line that
// RFC 959 section 4.2 wants. It was if the client has gone on since, and what comes now
// has another code, one that answers what the client said.
func (p *parser) neverEnds(code int) bool {
	if code == p.open.Code || p.commands == p.openCommands {
		return false
	}
	e := p.pending[len(p.pending)-1].Exchange
	return code >= 400 && code < 600 || fits(e.Command, code)
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

func (p *parser) unsolicited(r *Reply) {
	if p.to.Unsolicited != nil {
		p.to.Unsolicited(r, p.commands)
	}
}

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
	w := p.pending.first()
	return r.Code != 421 && w != nil && w.Command != "REIN" && w.Command != "HOST"
}
