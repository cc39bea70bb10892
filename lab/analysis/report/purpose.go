package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/scenario"
)

// purposes explains the commands for which the scenario's server follows a rule, by the
// numbers of their packets. It counts the commands in the same way as the server.
func purposes(s *scenario.Scenario, c *capture.Capture) map[int]string {
	texts := map[int]string{}
	if s == nil || len(s.Server.Rules) == 0 {
		return texts
	}
	seen := make([]int, len(s.Server.Rules))
	for _, e := range serverEvents(s, c) {
		if rule := ruleFor(s.Server.Rules, seen, e.command, e.argument); rule != nil {
			texts[e.packet] = purpose(rule)
		}
	}
	return texts
}

// An event is a command, or a client that has connected: what a rule of the server can
// apply to.
type event struct {
	packet            int
	command, argument string
}

// serverEvents returns the events of the scenario's server, in the order of the
// packets.
func serverEvents(s *scenario.Scenario, c *capture.Capture) []event {
	host, _ := s.Host("server")
	var events []event
	for session := range c.Sessions() {
		if addr := session.Control.Server; !seenAs(s, host, addr.Addr()) || addr.Port() != s.Server.Port {
			continue
		}
		events = append(events, event{session.Control.FirstPacket, scenario.Connect, ""})
		for _, e := range session.Exchanges {
			events = append(events, event{e.Packet, strings.ToUpper(e.Command), e.Argument})
		}
	}
	slices.SortStableFunc(events, func(a, b event) int { return cmp.Compare(a.packet, b.packet) })
	return events
}

// ruleFor returns the rule for a command, or nil, and counts the command.
func ruleFor(rules []scenario.Rule, seen []int, command, argument string) *scenario.Rule {
	var numbered, every *scenario.Rule
	for i := range rules {
		r := &rules[i]
		if !r.Matches(command, argument) {
			continue
		}
		seen[i]++
		switch {
		case r.Nth == seen[i] && numbered == nil:
			numbered = r
		case r.Nth == 0 && every == nil:
			every = r
		}
	}
	return cmp.Or(numbered, every)
}

// purpose returns a sentence about what the server does by a rule.
func purpose(r *scenario.Rule) string {
	var parts []string
	for _, a := range r.Actions {
		text := doing(a)
		if a.Repeat > 1 {
			text += fmt.Sprintf(" %d times", a.Repeat)
		}
		parts = append(parts, text)
	}
	text := fmt.Sprintf("On purpose (line %d), the server here %s.", r.Line, enumerate(parts))
	if odd := breaches(r); len(odd) > 0 {
		text += " So it " + enumerate(odd) + "."
	}
	return text
}

// doing describes an action.
func doing(a scenario.Action) string {
	said := strings.TrimRight(a.Bytes, "\r\n")
	switch a.Verb {
	case scenario.AtOnce:
		return "does not wait for the end of a transfer"
	case scenario.AsUsual:
		return "does as usual"
	case scenario.SayNothing:
		return "does not answer"
	case scenario.SendReply:
		return fmt.Sprintf("says %q", said)
	case scenario.WriteBytes:
		return fmt.Sprintf("sends %q", a.Bytes)
	case scenario.WritePlain:
		return fmt.Sprintf("sends %q in clear", a.Bytes)
	case scenario.Pause:
		return "waits " + duration(int64(a.Pause))
	case scenario.ListenData:
		if a.Port > 0 {
			return fmt.Sprintf("listens on port %d, which no reply announces", a.Port)
		}
		return "opens a data port"
	case scenario.LogIn:
		return "lets the client in"
	case scenario.BeginTLS:
		if a.Pipelined {
			return "waits for the client's TLS handshake, after which it obeys the commands that came in clear before"
		}
		return "waits for the client's TLS handshake"
	case scenario.OpenData:
		return "opens the data connection"
	case scenario.SendData:
		return sends(a)
	case scenario.TakeData:
		if a.Size >= 0 {
			return "receives " + counted(int(a.Size), "byte")
		}
		return "receives the data"
	case scenario.FinishData:
		return "ends the data and waits for the client's end"
	case scenario.CloseData:
		return "closes the data connection"
	case scenario.ResetData:
		return "resets the data connection"
	case scenario.CutData:
		return "closes the data connection, in TLS without close_notify"
	case scenario.KeepData:
		return "leaves the data connection open"
	case scenario.Close:
		return "closes the control connection"
	case scenario.Reset:
		return "resets the control connection"
	}
	return "falls silent"
}

func sends(a scenario.Action) string {
	switch {
	case a.Bytes != "":
		return fmt.Sprintf("sends %q as data", a.Bytes)
	case a.Pause > 0:
		return fmt.Sprintf("sends the data in pieces of %s, one each %s", counted(int(a.Size), "byte"), duration(int64(a.Pause)))
	case a.Size >= 0:
		return "sends " + counted(int(a.Size), "byte") + " of the data"
	}
	return "sends the data"
}

// breaches says which replies that RFC 959, 5.4, demands a rule for a transfer leaves
// out or sends in the wrong order.
func breaches(r *scenario.Rule) (odd []string) {
	moves, mark, final, early := false, false, false, false
	for _, a := range r.Actions {
		switch {
		case a.Verb == scenario.AsUsual || a.Verb == scenario.WriteBytes || a.Verb == scenario.WritePlain:
			return nil // the replies are not known
		case a.Port > 0:
			return nil // the data is not that of a transfer
		case a.Verb == scenario.SendData || a.Verb == scenario.TakeData:
			early = early || final
			moves = true
		case a.Verb == scenario.SendReply && a.Bytes[0] == '1':
			mark = true
		case a.Verb == scenario.SendReply:
			final = true
		}
	}
	if !moves {
		return nil
	}
	if !mark {
		odd = append(odd, "withholds its 150")
	}
	if early {
		odd = append(odd, "says how the transfer ended before the end of the data")
	}
	if !final {
		odd = append(odd, "withholds its 226")
	}
	return odd
}

// enumerate joins parts of a sentence: a, b and c.
func enumerate(parts []string) string {
	if len(parts) < 2 {
		return strings.Join(parts, "")
	}
	last := len(parts) - 1
	return strings.Join(parts[:last], ", ") + " and " + parts[last]
}

// ruleText describes what a setting does to packets on the path.
func ruleText(r scenario.PathRule) string {
	what := map[scenario.PathRuleKind]string{scenario.Drop: "dropped", scenario.Reject: "rejected", scenario.Duplicate: "doubled", scenario.Corrupt: "damaged"}[r.Kind]
	text := "packets"
	if r.Count > 0 {
		text = counted(r.Count, "packet")
	}
	if flags := r.Flags.String(); flags != "" {
		text += " " + flags
	}
	if r.Length >= 0 {
		text += " of " + counted(r.Length, "byte")
	}
	if r.Text != "" {
		text += fmt.Sprintf(" with the line %q", r.Text)
	}
	way := fmt.Sprintf("from %s to %s", endOf(r.From, r.FromPort), endOf(r.To, r.ToPort))
	if r.Both {
		way = fmt.Sprintf("between %s and %s", endOf(r.From, r.FromPort), endOf(r.To, r.ToPort))
	}
	text = fmt.Sprintf("%s %s %s on purpose (line %d)", text, way, what, r.Line)
	switch r.With {
	case scenario.HostUnreachable:
		text += " (ICMP: host unreachable)"
	case scenario.Prohibited:
		text += " (ICMP: prohibited)"
	case scenario.TCPReset:
		text += " (with a reset)"
	}
	if r.Skip > 0 {
		text += fmt.Sprintf(" after the first %d", r.Skip)
	}
	if r.After > 0 {
		text += " from " + duration(int64(r.After)) + " on"
	}
	if r.For > 0 {
		text += " for " + duration(int64(r.For))
	}
	if r.Idle > 0 {
		text += " once nothing has passed for " + duration(int64(r.Idle))
	}
	return text
}

// endOf is an end of a connection.
func endOf(host string, port uint16) string {
	if port == 0 {
		return host
	}
	return fmt.Sprintf("%s port %d", host, port)
}
