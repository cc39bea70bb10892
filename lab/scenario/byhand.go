package scenario

import (
	"slices"
	"strings"
)

// A byHand is what the steps of a session have left to steps await so far: the greeting, and the
// replies to what they sent by hand.
type byHand struct {
	greeting int    // the line of the step open nowait, or 0
	commands []int  // the lines of their steps, one for each command
	begun    string // of the next command, without its end
}

// checkByHand refuses a step that takes the reply to its own command if the greeting comes first, or
// the reply to a command which was sent by hand. sessions has what was left to steps await.
func (p *parser) checkByHand(s Step, sessions map[string]byHand) {
	v, _ := verbOf(s.Verb)
	sent := sessions[s.Session]
	switch {
	case s.Verb == "send":
		p.addByHand(&sent, s.Line, s.Command+"\n")
	case s.Bytes != "":
		p.addByHand(&sent, s.Line, s.Bytes)
	case s.Verb == "await":
		if preliminary := 100 <= s.Code && s.Code < 200; !preliminary {
			sent.take()
		}
	case s.Verb == "open" && s.NoWait:
		sent = byHand{greeting: s.Line}
	case s.Verb == "tls":
		sent = byHand{greeting: sent.greeting}
	case s.Verb == "open", s.Verb == "hangup", s.Verb == "quit" && s.NoWait, (s.Verb == "close" || s.Verb == "reset") && !s.Data:
		sent = byHand{} // nothing of it is answered in what begins now
	case !v.is(early|noReply) && sent.greeting > 0:
		delete(sessions, s.Session)
		p.fail("%s: the greeting of the step open nowait in line %d comes first; put a step await before this one", s.Verb, sent.greeting)
	case !v.is(early|noReply) && len(sent.commands) > 0:
		delete(sessions, s.Session)
		p.fail("%s: the reply to the command of line %d comes first; put a step await before this one, or send this command by hand, too", s.Verb, sent.commands[0])
	}
	sessions[s.Session] = sent
}

// take notes that a step takes the next reply.
func (b *byHand) take() {
	switch {
	case b.greeting > 0:
		b.greeting = 0
	case len(b.commands) > 0:
		b.commands = b.commands[1:]
	}
}

// addByHand adds what the step in a line of the file sends. ABOR is not counted while another command
// has no reply: one reply may be that to both. The line of a proxy (PROXY protocol, version 1) gets
// none, and the rules of the server may leave a command without one.
func (p *parser) addByHand(b *byHand, line int, bytes string) {
	commands := strings.SplitAfter(b.begun+bytes, "\n")
	last := len(commands) - 1
	for _, c := range commands[:last] {
		abort, proxy := strings.HasSuffix(strings.TrimSpace(c), "ABOR"), strings.HasPrefix(c, "PROXY ")
		if !proxy && (!abort || len(b.commands) == 0) && !p.mayStayUnanswered(c) {
			b.commands = append(b.commands, line)
		}
	}
	b.begun = commands[last]
}

// mayStayUnanswered reports whether a rule of the server gives a command no final reply.
func (p *parser) mayStayUnanswered(line string) bool {
	command, argument, _ := strings.Cut(strings.TrimRight(line, "\r\n"), " ")
	return slices.ContainsFunc(p.s.Server.Rules, func(r Rule) bool {
		return r.Matches(strings.ToUpper(command), argument) && !slices.ContainsFunc(r.Actions, Action.mayAnswer)
	})
}

// mayAnswer reports whether an action may send a final reply.
func (a Action) mayAnswer() bool {
	said := a.Verb == SendReply || a.Verb == WriteBytes || a.Verb == WritePlain
	return a.Verb == AsUsual || said && !strings.HasPrefix(a.Bytes, "1")
}
