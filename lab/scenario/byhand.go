package scenario

import "strings"

// A byHand is what the steps of a session have sent by hand so far, for which no step has taken
// the reply.
type byHand struct {
	commands []int  // the lines of their steps, one for each command
	begun    string // of the next command, without its end
}

// checkByHand refuses a step that takes the reply to its own command if that to a command which was
// sent by hand comes first. sessions has what was sent.
func (p *parser) checkByHand(s Step, sessions map[string]byHand) {
	v, _ := verbOf(s.Verb)
	sent := sessions[s.Session]
	switch {
	case s.Verb == "send":
		sent.add(s.Line, s.Command+"\n")
	case s.Bytes != "":
		sent.add(s.Line, s.Bytes)
	case s.Verb == "await":
		if preliminary := 100 <= s.Code && s.Code < 200; !preliminary && len(sent.commands) > 0 {
			sent.commands = sent.commands[1:]
		}
	case s.Verb == "open", s.Verb == "tls", s.Verb == "hangup", s.Verb == "quit" && s.NoWait, (s.Verb == "close" || s.Verb == "reset") && !s.Data:
		sent = byHand{} // nothing of it is answered in what begins now
	case !v.is(early|noReply) && len(sent.commands) > 0:
		delete(sessions, s.Session)
		p.fail("%s: the reply to the command of line %d comes first; put a step await before this one, or send this command by hand, too", s.Verb, sent.commands[0])
	}
	sessions[s.Session] = sent
}

// add adds what the step in a line of the file sends. ABOR is not counted while another command has
// no reply: one reply may be that to both.
func (b *byHand) add(line int, bytes string) {
	commands := strings.SplitAfter(b.begun+bytes, "\n")
	last := len(commands) - 1
	for _, c := range commands[:last] {
		if abort := strings.HasSuffix(strings.TrimSpace(c), "ABOR"); !abort || len(b.commands) == 0 {
			b.commands = append(b.commands, line)
		}
	}
	b.begun = commands[last]
}
