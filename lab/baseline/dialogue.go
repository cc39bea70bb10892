// Rules of the dialogue: who speaks when, and what answers what.

package baseline

import (
	"fmt"
	"strings"

	"ftplab/lab/trace"
)

var dialogueRules = []Rule{
	{
		Name: "server-greets-first", Theme: "dialogue",
		Says:     "The server speaks first: 220, before any command.",
		Source:   "RFC 959, 5.4",
		Severity: Violation,
		Matters:  "A client waits to hear that the server is ready; a program that sends a list of commands to whoever listens does not.",
		Innocent: "somebody typed ahead, or piped a script into netcat.",
		look:     eachSession(greetsFirst),
	},
	{
		Name: "one-command-at-a-time", Theme: "dialogue",
		Says:     "A command waits until the one before it has been answered; ABOR, STAT and QUIT need not.",
		Source:   "RFC 959, 5.4",
		Severity: Odd,
		Matters:  "The server is not asked to remember commands; scripts and floods send them all the same.",
		Innocent: "the client is one that saves round trips, as lftp does.",
		look:     eachSession(oneAtATime),
	},
	{
		Name: "reply-answers-command", Theme: "dialogue",
		Says:     "Every reply answers a command that was sent before it; only the greeting and a farewell (421, 221) come unasked.",
		Source:   "RFC 959, 4.2 and 5.4",
		Severity: Violation,
		Matters:  "An answer before its question was not given by a server that listens: the session is forged, injected or replayed.",
		Innocent: "the recorder lost the command, or stored packets in the wrong order.",
		look:     eachSession(answersCommand),
	},
	{
		Name: "reply-fits-command", Theme: "dialogue",
		Says:     "A reply is one of those that may answer the command.",
		Source:   "RFC 959, 5.4; RFC 2228, 2389, 2428, 3659",
		Severity: Violation,
		Matters:  "A code that belongs to another command shows that the two sides do not talk of the same thing.",
		Innocent: "it is a server of an unusual make, or a reply was lost by the recorder.",
		look:     eachSession(fitsCommand),
	},
	{
		Name: "reply-well-formed", Theme: "dialogue",
		Says:     "A reply is three digits and a blank (or a hyphen, if more lines follow), then text.",
		Source:   "RFC 959, 4.2",
		Severity: Violation,
		Matters:  "A client cannot tell what happened from anything else; what answers like this is hardly an FTP server.",
		Innocent: "a server of little experience prints the second line of a message without a code.",
		look:     eachSession(wellFormed),
	},
	{
		Name: "reply-of-normal-length", Theme: "dialogue",
		Says:     "A line of a reply has at most 4096 bytes, as long as the longest path.",
		Source:   "RFC 959, 4.2; POSIX limits.h (PATH_MAX)",
		Severity: Violation,
		Matters:  "Longer ones are made to overflow a buffer of the client.",
		Innocent: "the server quotes a very long name.",
		look:     eachSession(replyLength),
	},
	{
		Name: "sides-keep-their-roles", Theme: "dialogue",
		Says:     "The client sends commands and the server sends replies, never the other way round.",
		Source:   "RFC 959, 2.3",
		Severity: Violation,
		Matters:  "A server that sends commands is a forged session, a tunnel, or an attempt to make a firewall open a port.",
		Innocent: "two connections between the same ports were recorded as one.",
		look:     eachSession(keepRoles),
	},
	{
		Name: "commands-are-ftp", Theme: "dialogue",
		Says:     "Commands are those of FTP: a word of three or four letters, known to RFC 959 or one of its extensions.",
		Source:   "RFC 959, 4.1; RFC 5797 (the registry)",
		Severity: Violation,
		Matters:  "The commands of another protocol show a scanner, a misled client or a tunnel at the FTP port.",
		Innocent: "a person tried out commands by hand, or the client knows an extension of its own.",
		look:     eachSession(areFTP),
	},
	{
		Name: "control-carries-dialogue", Theme: "dialogue",
		Says:     "The control connection carries commands and replies only; data has a connection of its own.",
		Source:   "RFC 959, 2.3 and 3.2; Frederick 2001",
		Severity: Violation,
		Matters:  "Whatever else travels there is a tunnel, a shell, or a file that avoids inspection.",
		Innocent: "a very old server sent a long text without reply codes.",
		look:     eachSession(carriesDialogue),
	},
}

func greetsFirst(e *Evidence, s *session) []breach {
	if !s.whole || len(s.Lines) == 0 || s.Lines[0].From != trace.Client || len(s.Exchanges) == 0 {
		return nil
	}
	command := s.Exchanges[0]
	reply := s.firstReply()
	if reply == nil {
		return nil
	}
	// The server's acknowledgement shows what it had heard when it spoke. If
	// it had not heard the command, the two only crossed.
	if known, ok := e.watch.acks[reply.FirstPacket]; !ok || known <= command.Line.Seq {
		return nil
	}
	return []breach{{
		packets:  []int{command.Packet, reply.FirstPacket},
		observed: fmt.Sprintf("%s in frame %d; the server's first words, %s, came in frame %d, after it", show(command.Line.Text), command.Packet, show(reply.Lines[0].Text), reply.FirstPacket),
		filter:   s.filter(frames(command.Packet, reply.FirstPacket)),
	}}
}

// firstReply is the first reply of the session, nil if there is none.
func (s *session) firstReply() *trace.Reply {
	var first *trace.Reply
	earliest := func(r *trace.Reply) {
		if first == nil || r.FirstPacket < first.FirstPacket {
			first = r
		}
	}
	for _, r := range s.Unsolicited {
		earliest(r)
	}
	for _, x := range s.Exchanges {
		for _, r := range x.Replies {
			earliest(r)
		}
	}
	return first
}

func oneAtATime(_ *Evidence, s *session) []breach {
	if !s.whole {
		return nil
	}
	var packets []int
	for i := 1; i < len(s.Exchanges); i++ {
		if s.early(i) {
			packets = append(packets, s.Exchanges[i].Packet)
		}
	}
	if len(packets) == 0 {
		return nil
	}
	b := breach{
		packets:  packets,
		observed: plural(len(packets), "command was", "commands were") + " sent before the one in front had been answered",
		filter:   s.filter("ftp.request"),
	}
	if len(packets) < 3 {
		b.severity = Note
	}
	return []breach{b}
}

// early reports whether command i was sent before the one in front of it had been
// answered.
func (s *session) early(i int) bool {
	x, before := s.Exchanges[i], s.Exchanges[i-1]
	switch x.Command {
	case "ABOR", "STAT", "QUIT", "":
		return false
	}
	code, at := answer(before)
	return (code < 200 || at > x.FirstPacket) && len(before.Replies)+len(x.Replies) > 0
}

func answersCommand(e *Evidence, s *session) []breach {
	if !s.whole {
		return nil
	}
	var found []breach
	for _, x := range s.Exchanges {
		if len(x.Replies) > 0 && e.spokeBefore(x.Replies[0], x) {
			r := x.Replies[0]
			found = append(found, breach{
				packets:  []int{r.FirstPacket, x.Packet},
				observed: fmt.Sprintf("the answer %s began in frame %d, before its command %s in frame %d", show(r.Lines[0].Text), r.FirstPacket, show(x.Line.Text), x.Packet),
			})
		}
	}
	previous := 0
	for i, r := range s.replies() {
		greeting := i == 0 || previous == 120 // "ready in n minutes"
		if r.unsolicited && !greeting {
			found = append(found, e.unasked(s, r.Reply, previous)...)
		}
		previous = r.Code
	}
	return found
}

// unasked judges a reply that answers nothing; previous is the code before it.
func (e *Evidence) unasked(s *session, r *trace.Reply, previous int) []breach {
	switch {
	case r.Code < 100, r.Code >= 400, r.Code == 221, r.Code == previous:
		return nil
	case (r.Code == 225 || r.Code == 226) && (previous >= 400 || s.said("ABOR")):
		return nil // a transfer that was broken off is often told twice
	}
	if known, ok := e.watch.acks[r.FirstPacket]; !ok || known > s.heardBy(r.FirstPacket) {
		return nil // it answers a command that was recorded later, or not at all
	}
	b := breach{
		packets:  []int{r.Packet},
		observed: fmt.Sprintf("%s in frame %d, when no command waited for an answer", show(r.Lines[0].Text), r.Packet),
		filter:   s.filter(frames(r.Packet)),
	}
	if !telling[r.Code] || r.Code == 220 {
		b.severity = Odd
	}
	return []breach{b}
}

// spokeBefore reports whether the server began a reply before it can have read
// the command: in an earlier frame, and without an acknowledgement of it.
func (e *Evidence) spokeBefore(r *trace.Reply, x *trace.Exchange) bool {
	if r.FirstPacket >= x.FirstPacket {
		return false
	}
	known, ok := e.watch.acks[r.FirstPacket]
	return ok && known <= x.Line.Seq
}

// A heardReply is a reply and how it came.
type heardReply struct {
	*trace.Reply
	unsolicited bool
}

// replies are all replies in the order of their frames.
func (s *session) replies() []heardReply {
	var all []heardReply
	for _, r := range s.Unsolicited {
		all = append(all, heardReply{r, true})
	}
	for _, x := range s.Exchanges {
		for _, r := range x.Replies {
			all = append(all, heardReply{r, false})
		}
	}
	sortBy(all, func(r heardReply) int64 { return r.Lines[0].Seq })
	return all
}

// heardBy is the end of what the client had said before the given frame, as a
// relative sequence number.
func (s *session) heardBy(packet int) int64 {
	if n := s.before(packet); n > 0 {
		return s.Exchanges[n-1].Line.End
	}
	return 1
}

func fitsCommand(_ *Evidence, s *session) []breach {
	if !s.whole {
		return nil
	}
	var found []breach
	previous := 0
	for i, x := range s.Exchanges {
		for _, r := range x.Replies {
			how, again := fitOf(x.Command, r.Code), r.Code == previous
			previous = r.Code
			if how == fits {
				continue
			}
			b := breach{
				packets:  []int{x.Packet, r.Packet},
				expected: x.Command + " is answered by " + expectedReplies(x.Command),
				observed: fmt.Sprintf("%s answered by %s", show(x.Line.Text), show(r.Lines[0].Text)),
			}
			if how == odd || again || i > 0 && s.early(i) || i+1 < len(s.Exchanges) && s.early(i+1) {
				b.severity = Odd // a reply too many, or too few, moves all others
			}
			found = append(found, b)
		}
	}
	return found
}

func wellFormed(_ *Evidence, s *session) []breach {
	if s.TLS {
		return nil
	}
	var found []breach
	for _, r := range s.Unsolicited {
		line := r.Lines[0]
		if r.Code != 0 || !line.Complete || line.AfterGap || s.isCommand(line) || !s.readable(r.Packet) {
			continue
		}
		b := breach{
			packets:  []int{r.Packet},
			observed: fmt.Sprintf("the server said %s", show(line.Text)),
			filter:   s.filter(frames(r.Packet)),
		}
		if !s.whole || !s.waiting(r.FirstPacket) {
			b.severity = Odd
		}
		found = append(found, b)
	}
	for _, r := range s.replies() {
		if r.Code != 0 && (r.Code < 100 || r.Code >= 700) && !r.Lines[0].AfterGap {
			found = append(found, breach{
				packets:  []int{r.Packet},
				expected: "The first digit of a reply is 1 to 5, or 6 for a protected one (RFC 959, 4.2; RFC 2228, 5).",
				observed: fmt.Sprintf("the server said %s", show(r.Lines[0].Text)),
				filter:   s.filter(frames(r.Packet)),
			})
		}
	}
	return found
}

// longestLine is how long a line of a reply may be, in bytes.
const longestLine = 4096

func replyLength(_ *Evidence, s *session) []breach {
	var found []breach
	for _, l := range s.Lines {
		if size := l.End - l.Seq; l.From == trace.Server && !l.AfterGap && size > longestLine+2 {
			found = append(found, breach{
				packets:  []int{l.FirstPacket, l.Packet},
				observed: fmt.Sprintf("a line of %d bytes: %s", size, show(l.Text)),
				filter:   s.filter("ftp.response"),
			})
		}
	}
	return found
}

// waiting reports whether the last command in front of the given frame has got no
// answer.
func (s *session) waiting(packet int) bool {
	n := s.before(packet)
	return n > 0 && len(s.Exchanges[n-1].Replies) == 0
}

func keepRoles(_ *Evidence, s *session) []breach {
	var found []breach
	for _, r := range s.Unsolicited {
		if line := r.Lines[0]; r.Code == 0 && !line.AfterGap && s.isCommand(line) && s.readable(r.Packet) {
			found = append(found, breach{
				packets:  []int{r.Packet},
				observed: fmt.Sprintf("the server said %s", show(line.Text)),
				filter:   s.filter(frames(r.Packet)),
			})
		}
	}
	for _, x := range s.Exchanges {
		if !x.Line.AfterGap && beginsLikeReply([]byte(x.Line.Text)) && s.readable(x.Packet) {
			found = append(found, breach{
				packets:  []int{x.Packet},
				observed: fmt.Sprintf("the client said %s", show(x.Line.Text)),
				filter:   s.filter(frames(x.Packet)),
			})
		}
	}
	return found
}

// isCommand reports whether a line of the server is what a client says. After HELP
// and FEAT, or after who knows what, it may be a part of the answer that lost its
// code.
func (s *session) isCommand(l *trace.Line) bool {
	n := s.before(l.FirstPacket)
	if n == 0 {
		return s.whole && isCommand(l.Text)
	}
	switch s.Exchanges[n-1].Command {
	case "HELP", "FEAT", "STAT", "SITE":
		return false
	}
	return isCommand(l.Text)
}

func areFTP(_ *Evidence, s *session) []breach {
	var found []breach
	unknown := map[string]bool{}
	var packets []int
	for _, x := range s.Exchanges {
		switch text := x.Line.Text; {
		case x.Line.AfterGap || x.Command == "" || isKnown(x.Command) || !isWord(x.Command) || !s.readable(x.Packet):
		case otherProtocol(text) != "":
			found = append(found, breach{
				packets:  []int{x.Packet},
				observed: fmt.Sprintf("a line of %s: %s", otherProtocol(text), show(text)),
				filter:   s.filter(frames(x.Packet)),
			})
		case x.Line.Complete:
			unknown[x.Command] = true
			packets = append(packets, x.Packet)
		}
	}
	if len(unknown) == 0 {
		return found
	}
	b := breach{
		severity: Note, packets: packets,
		observed: "the client said " + listOf(unknown),
		filter:   s.filter("ftp.request"),
	}
	if len(unknown) >= 5 {
		b.severity = Odd
	}
	return append(found, b)
}

// tunnelBytes is how much may be said on a control connection that is neither
// command nor reply, before it is taken for something else.
const tunnelBytes = 512

func carriesDialogue(_ *Evidence, s *session) []breach {
	if s.TLS {
		return nil
	}
	var found []breach
	for _, side := range []trace.Side{trace.Client, trace.Server} {
		var size, all int64
		var packets []int
		for _, l := range s.strays(side) {
			size += l.End - l.Seq
			packets = append(packets, l.Packet)
		}
		all = s.Control.Flow(side).Bytes
		if size < tunnelBytes || size*2 < all && len(packets) < 20 {
			continue
		}
		found = append(found, breach{
			packets:  packets,
			observed: fmt.Sprintf("%d of the %d bytes that the %s sent are neither commands nor replies: %s", size, all, side, show(strays(s, side))),
			filter:   s.filter("tcp.len > 0"),
		})
	}
	return found
}

// strays are the lines of one side that are no part of a dialogue.
func (s *session) strays(side trace.Side) []*trace.Line {
	var lines []*trace.Line
	if side == trace.Server {
		for _, r := range s.Unsolicited {
			if r.Code == 0 && !r.Lines[0].AfterGap && s.readable(r.Packet) {
				lines = append(lines, r.Lines[0])
			}
		}
		return lines
	}
	for _, x := range s.Exchanges {
		if !isKnown(x.Command) && !x.Line.AfterGap && s.readable(x.Packet) && strings.TrimSpace(x.Line.Text) != "" {
			lines = append(lines, x.Line)
		}
	}
	return lines
}

func strays(s *session, side trace.Side) string { return s.strays(side)[0].Text }
