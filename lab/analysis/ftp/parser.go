// How the lines of both sides become commands and replies.

package ftp

import (
	"slices"
	"strings"

	"ftplab/lab/analysis/tcp"
	"ftplab/lab/internal/replycode"
)

// MaxLines limits the lines of a dialogue, in addition to one for each packet of the
// capture. Real dialogues are far shorter. Without a limit a stream of empty lines would use
// all memory.
const MaxLines = 100_000

// A parser turns the streams of both sides into lines, replies and exchanges.
type parser struct {
	to       Handler
	left     int // lines that may still be read
	overlong bool
	lines    []Line          // room for the next ones
	texts    strings.Builder // those of the last lines

	open              *Reply // of many lines, its last one not seen yet
	openGap           bool   // bytes before it are missing
	openCommands      int    // the number of commands when it began
	commands          int    // so far
	pending           pending
	answered, greeted bool                   // a command was answered, the client was greeted
	gap               bool                   // bytes before a reply are missing
	cut               bool                   // the server's last line is incomplete, as with a snap length
	unseen            bool                   // a transfer goes on whose command is not in the capture
	lost              bool                   // whole lines may be lost since a reply answered the last command
	pipelines         bool                   // the client does not wait for a reply before its next command
	fromStart         bool                   // the capture has the beginning of the connection
	others            [2][]tcp.Contradiction // of the client's stream and the server's
	injected          [2]*tcp.Injected       // the same
}

// parse reads both sides, in the order of the dialogue.
func (p *parser) parse(client, server tcp.Stream) {
	commands, replies := lineReader{stream: client}, lineReader{stream: server}
	reply, more := replies.next()
	for l, ok := commands.next(); ok; l, ok = commands.next() {
		for more && p.precedes(reply, l) && p.serverLine(reply) {
			reply, more = replies.next()
		}
		if !p.clientLine(l) {
			break
		}
		if !more && p.open == nil {
			p.settle(len(p.pending)) // nobody will answer
		}
	}
	for more && p.serverLine(reply) {
		reply, more = replies.next()
	}
	if p.open != nil {
		p.close(true)
	}
	p.settle(len(p.pending))
}

// precedes reports whether a line of the server comes before one of the client. Usually the
// line that could be read first does. But a reply comes after a command that it acknowledges,
// and a command after a reply that it acknowledges, if some command waits for a reply. (In
// some forged captures each command acknowledges its own reply.)
func (p *parser) precedes(reply, command rawLine) bool {
	switch {
	case reply.end > command.ackedAt:
		return false
	case command.seq >= reply.ackedAt && (p.pending.first() != nil || command.afterGap):
		return true
	}
	return reply.readableAt < command.readableAt
}

// line makes a Line. It returns nil if there are too many lines.
func (p *parser) line(l rawLine, from Side) *Line {
	if p.left <= 0 {
		p.overlong = true
		return nil
	}
	p.left--
	text, telnet := WithoutTelnet(l.text, l.complete)
	if len(p.lines) == 0 {
		p.lines = make([]Line, lineRoom)
	}
	line := &p.lines[0]
	p.lines = p.lines[1:]
	*line = Line{
		From: from, Text: p.keep(text), Seq: l.seq, End: l.end, Ack: l.ack,
		FirstPacket: l.firstPacket, Packet: l.packet, Time: l.time,
		Complete: l.complete, AfterGap: l.afterGap, UnreadBefore: l.unread[0], UnreadAfter: l.unread[1], Telnet: telnet, Urgent: l.urgent, InTLS: l.inTLS,
	}
	others, injected := p.others[0], p.injected[0]
	if from == Server {
		others, injected = p.others[1], p.injected[1]
	}
	if len(others) > 0 && !l.inTLS {
		line.OtherBytes = otherBytes(others, l)
	}
	if injected != nil && !l.inTLS && l.seq >= injected.Seq && l.end <= injected.End {
		line.Injected = injected.Packets
	}
	if p.to.Line != nil {
		p.to.Line(line)
	}
	return line
}

// Room for a few lines takes one allocation. With one for each line these would take most of
// the time of a reading.
const (
	lineRoom = 8
	textRoom = 256 // bytes
)

// keep returns a copy of a text.
func (p *parser) keep(text []byte) string {
	if p.texts.Cap()-p.texts.Len() < len(text) {
		p.texts.Reset()
		p.texts.Grow(max(textRoom, len(text)))
	}
	from := p.texts.Len()
	p.texts.Write(text)
	return p.texts.String()[from:]
}

// clientLine takes a line of the client, a command. It returns false if there are too many
// lines.
func (p *parser) clientLine(l rawLine) bool {
	line := p.line(l, Client)
	if line == nil {
		return false
	}
	if w := command(line); w != nil {
		p.commands++
		p.goOn()
		p.pending = append(p.pending, w)
	}
	return true
}

// command parses a line of the client. It returns nil if the line has only Telnet commands.
func command(line *Line) *waiting {
	verb, argument := cutCommand(line.Text)
	if verb == "" && (len(line.Telnet) > 0 || !line.Complete) {
		return nil
	}
	w := &waiting{Exchange: Exchange{Line: line, Command: capitals(verb), Argument: argument}}
	w.Replies = w.room[:0]
	return w
}

// capitals converts the ASCII letters of a verb to capitals and leaves other bytes as they
// are.
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

// cutCommand cuts a line at the first space into verb and argument. Further spaces are part
// of the argument, since a file name may begin with them.
func cutCommand(text string) (verb, argument string) {
	text = strings.TrimRight(strings.TrimLeft(text, " \t\r\n\v\f"), "\r")
	if i := strings.IndexAny(text, " \t"); i >= 0 {
		return text[:i], text[i+1:]
	}
	return text, ""
}

// serverLine takes a line of the server: a reply, or one of the lines of a reply. It returns
// false if there are too many lines.
func (p *parser) serverLine(l rawLine) bool {
	if p.open != nil && l.afterGap && !p.continues(l) {
		p.close(true)
	}
	p.lost = p.lost || l.afterGap && !p.cut
	p.cut = !l.complete
	line := p.line(l, Server)
	if line == nil {
		return false
	}
	code, more, ok := replyCode(line.Text)
	if p.open != nil && ok && p.neverEnds(code, line) {
		pipelines := p.pipelines
		p.close(true)
		p.pipelines = pipelines // the client took the reply for complete, and so waited for it
	}
	switch {
	case p.open != nil:
		p.open.Lines = append(p.open.Lines, line)
		if ok && !more && code == p.open.Code {
			p.open.endsIn(line)
			p.close(false)
		}
	case ok || strings.TrimSpace(line.Text) != "":
		r := beginReply(code, line)
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

// continues reports whether a line after a gap belongs to the reply that is open. The server
// has received nothing since that reply began, so only another reply to the same command, with
// another code, can have followed it.
func (p *parser) continues(l rawLine) bool {
	code, _, ok := replyCode(string(l.text))
	return l.ack == p.open.Lines[0].Ack && p.commands == p.openCommands && (!ok || code == p.open.Code)
}

// neverEnds reports whether the open reply has ended without the last line that RFC 959
// section 4.2 requires. This is so if the client has sent a command since, and the line that
// comes now answers that command: it has another code, or the client took the reply for complete.
// Only a transfer is answered with the 226 that a transfer had already.
func (p *parser) neverEnds(code int, line *Line) bool {
	if p.commands == p.openCommands {
		return false
	}
	last := p.pending[len(p.pending)-1]
	if code == p.open.Code && (!p.goesOn(last.Line, line) || code == 226 && last.Sender() == "") {
		return false
	}
	return code >= 400 && code < 600 || replycode.Fits(last.Command, code)
}

// goesOn reports whether a client that waits for each reply sent a command after it had received all
// lines of the open reply, and the server had received the command when it sent the next line.
func (p *parser) goesOn(command, line *Line) bool {
	received := p.open.Lines[len(p.open.Lines)-1].End
	return !p.pipelines && command.Ack >= received && line.Ack >= command.End
}

// beginReply returns a reply that begins with a line. Most replies have no other line.
func beginReply(code int, line *Line) *Reply {
	r := &struct {
		Reply
		room [1]*Line
	}{Reply{Code: code, FirstPacket: line.FirstPacket}, [1]*Line{line}}
	r.Lines = r.room[:]
	r.endsIn(line)
	return &r.Reply
}

// endsIn sets the last line of a complete reply.
func (r *Reply) endsIn(line *Line) {
	r.Packet, r.Time = line.Packet, line.Time
}

// close ends the reply that is open.
func (p *parser) close(partial bool) {
	texts := make([]string, 0, len(p.open.Lines))
	for _, l := range p.open.Lines {
		if code, _, ok := replyCode(l.Text); ok && code == p.open.Code {
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

// greets reports whether a reply is the server's greeting and not the reply to a command.
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
