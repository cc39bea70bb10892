package ftpserver

import (
	"context"
	"errors"
	"net"

	"ftplab/lab/scenario"
)

// answeredDuring answers a command that comes while a rule for a transfer is
// followed, and reports whether it has; library is what the library is to
// execute, if anything. A server answers ABOR and STAT during a
// transfer (RFC 959, 4.1.3), and this one NOOP, too; other commands wait for the
// end of the rule. A command that has a rule of replies and pauses gets those.
func (s *session) answeredDuring(line []byte) (library []byte, ok bool) {
	r := s.running()
	if r == nil || !r.transfers {
		return nil, false
	}
	command, argument := parseCommand(line)
	if rule := s.server.rules.findAtOnce(command, argument); rule != nil {
		aside := &ruleRun{session: s, rest: rule.Actions, values: map[string]string{"argument": argument}, life: s.life, aside: true}
		aside.perform()
		return nil, true
	}
	if command != "ABOR" && command != "STAT" && command != "NOOP" {
		return nil, false
	}
	if rule := s.server.rules.find(command, argument); rule != nil {
		if !onlySays(rule) {
			<-r.over
			return s.follow(rule, line, command, argument), true
		}
		aside := &ruleRun{session: s, rest: rule.Actions, values: map[string]string{"argument": argument}, life: s.life}
		aside.perform()
		return nil, true
	}
	switch command {
	case "ABOR":
		r.abort()
		<-r.over
		if !r.concluded.Load() {
			s.control.say(Reply{426, "The transfer is aborted"})
		}
		s.control.say(Reply{226, "ABOR is done"})
	case "STAT":
		s.control.say(Reply{211, "A transfer is going on"})
	case "NOOP":
		s.control.say(Reply{200, "OK"})
	}
	return nil, true
}

// endTransfer ends the data connection that is open, and the rule of its transfer.
func (s *session) endTransfer(a scenario.Action) error {
	s.mu.Lock()
	d, r := s.moving, s.run
	s.mu.Unlock()
	if d == nil {
		return nil
	}
	var err error
	switch a.Verb {
	case scenario.CloseData:
		err = d.close()
	case scenario.ResetData:
		err = d.reset()
	case scenario.CutData:
		err = d.cut()
	}
	if r != nil && r.transfers {
		r.abort()
		<-r.over
	}
	if errors.Is(err, net.ErrClosed) { // the transfer has just ended
		err = nil
	}
	return err
}

// begin prepares a run for a command, so that it can be ended early.
func (r *ruleRun) begin(command string) {
	r.transfers = transferCommands[command]
	r.life, r.abort = context.WithCancel(r.session.life)
}

// onlySays reports whether a rule sends replies and pauses, and does nothing else.
func onlySays(rule *scenario.Rule) bool {
	for _, a := range rule.Actions {
		switch a.Verb {
		case scenario.SendReply, scenario.WriteBytes, scenario.Pause, scenario.SayNothing:
		default:
			return false
		}
	}
	return true
}
