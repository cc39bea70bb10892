package scenario

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A Rule says what the lab's server does for a command instead of what it usually does.
type Rule struct {
	Line     int
	Text     string // as written, up to the colon
	Nth      int    // which of the matching commands, counted over all sessions; 0 is all
	Command  string // in capitals; Connect for a client that has connected, "*" for any command
	Argument string // pattern of the argument, in which * matches anything; "" matches any argument
	Actions  []Action
}

// Connect is the [Rule.Command] of a rule about a client that has connected.
const Connect = "connect"

// rules parses the section server: lines `on COMMAND: ACTION; ACTION...`, and lines
// that begin with a space, which continue the line above.
func (p *parser) rules(text string) {
	for line := range strings.Lines(text) {
		p.line++
		p.try(func() { p.ruleLine(strings.TrimRight(line, " \t\r\n")) })
	}
	if len(p.errors) > 0 {
		return // rules with mistakes may be incomplete
	}
	for _, r := range p.s.Server.Rules {
		p.line = r.Line
		p.try(func() { p.checkRule(r) })
	}
}

func (p *parser) ruleLine(line string) {
	trimmed := strings.TrimSpace(line)
	if trimmed == "" || trimmed[0] == '#' {
		return
	}
	rules := p.s.Server.Rules
	if trimmed != line && len(rules) > 0 {
		r := &rules[len(rules)-1]
		r.Actions = append(r.Actions, p.actions(trimmed)...)
		return
	}
	head, rest, ok := strings.Cut(trimmed+" ", ": ")
	words := strings.Fields(head)
	if _, ok := settingOf(first(words)); ok {
		p.fail("%s is a setting, which comes before the steps, and this section has rules", words[0])
	}
	if _, nth := ordinal(first(words)); nth && ok {
		p.fail("a rule begins with on: on %s", trimmed)
	}
	if head, actions, found := withoutColon(trimmed); !ok && found {
		p.fail("%q: a colon and a space come before the actions: %s: %s", trimmed, head, actions)
	}
	if !ok || len(words) < 2 || words[0] != "on" {
		p.fail("%q: a rule was expected, such as `on 2nd RETR: reply 450 Busy.`", trimmed)
	}
	r := Rule{Line: p.line, Text: head}
	words = words[1:]
	if n, ok := ordinal(words[0]); ok && len(words) > 1 {
		if right := fmt.Sprintf("%d%s", n, suffix(n)); words[0] != right {
			p.fail("%q: write %s", words[0], right)
		}
		r.Nth, words = n, words[1:]
	}
	r.Command = p.ruleCommand(words[0])
	if r.Argument = strings.Join(words[1:], " "); r.Argument != "" && r.Command == Connect {
		p.fail("%s: connect is not a command and has no argument", head)
	}
	for _, other := range rules {
		if other.Nth == r.Nth && other.Command == r.Command && other.Argument == r.Argument {
			p.fail("%q appears twice, first at line %d", head, other.Line)
		}
	}
	p.s.Server.Rules = append(rules, r) // now, so that its continuation lines find it even if a check below fails
	p.s.Server.Rules[len(rules)].Actions = p.actions(strings.TrimSpace(rest))
}

// withoutColon splits a rule that has no colon and space before its actions where the first of
// them begins.
func withoutColon(rule string) (head, actions string, ok bool) {
	for i := range rule {
		if head, actions = rule[:i], rule[i:]; i > 0 && (rule[i-1] == ' ' || rule[i-1] == ':') && actionOf(actions) >= 0 {
			head = strings.TrimRight(head, " \t:,")
			words := strings.Fields(head)
			return head, actions, len(words) > 1 && words[0] == "on"
		}
	}
	return "", "", false
}

// ordinal reads 1st, 2nd, 3rd, 4th and so on, also with the suffix of another number.
func ordinal(word string) (n int, ok bool) {
	digits := strings.TrimRight(word, "stndrh")
	n, err := strconv.Atoi(digits)
	return n, err == nil && n > 0 && digits != word
}

// suffix returns the suffix of an ordinal number.
func suffix(n int) string {
	last := n % 10
	if tens := n / 10 % 10; tens == 1 || last == 0 || last > 3 {
		return "th"
	}
	return [...]string{"st", "nd", "rd"}[last-1]
}

func (p *parser) ruleCommand(word string) string {
	switch upper := strings.ToUpper(word); {
	case word == Connect, word == "*":
		return word
	case strings.Trim(upper, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == "":
		return upper
	}
	p.fail("%q is not a command; a rule is for an FTP command such as RETR, for connect, or for *, any command", word)
	return ""
}

// checkRule checks that the actions of a rule fit together.
func (p *parser) checkRule(r Rule) {
	if len(r.Actions) == 0 {
		p.fail("%s: an action was expected after the colon, such as: %s: reply 450 Busy.", r.Text, r.Text)
	}
	handed, listens := false, false // whether the server does its usual part, and whether it listens
	for i, a := range r.Actions {
		p.line = a.Line
		switch {
		case a.Verb == AtOnce && (i > 0 || r.Command == Connect || len(r.Actions) == 1):
			p.fail("at once comes before the other actions of a rule for a command")
		case i > 0 && r.AtOnce() && (a.uses(ownAction) || a.uses(dataAction) && !a.uses(endAction)):
			p.fail("%s: a rule that begins with at once uses no data connection of its own; it can only end that of a transfer", a.Text)
		case a.uses(ownAction) && handed:
			p.fail("%s: a rule can have only one of as usual, listen and log in, and only once", a.Text)
		case a.uses(dataAction) && handed:
			p.fail("%s: after as usual, listen and log in a rule has no data connection", a.Text)
		case (a.uses(dataAction) || a.uses(ownAction) && a.Verb != AsUsual) && r.Command == Connect:
			p.fail("%s: a client that has just connected has neither a data connection nor a user", a.Text)
		case a.uses(ownAction) && slices.ContainsFunc(r.Actions, func(a Action) bool { return a.uses(dataAction) }):
			p.fail("%s: with as usual, the server uses the data connection itself; use either as usual or the actions that send and receive", a.Text)
		case a.Verb == SendData && a.Size != 0 && !slices.Contains(withContent, r.Command):
			p.fail("%s: for %s the server has no data to send; it has for %s; send \"TEXT\" sends a text", a.Text, r.Command, strings.Join(withContent, ", "))
		case a.uses(lastAction) && i < len(r.Actions)-1 && (a.Verb == FallSilent || !r.Actions[i+1].uses(dataAction) && r.Actions[i+1].Verb != Pause):
			p.fail("%s: this is the last action of a rule, and %q follows it", a.Text, r.Actions[i+1].Text)
		case a.Verb == BeginTLS && (r.AtOnce() || slices.ContainsFunc(r.Actions, func(a Action) bool { return a.uses(dataAction) })):
			p.fail("begin TLS: TLS does not begin during a transfer; a rule with it has neither at once nor a data connection")
		case a.Host != "" && a.Host != "server" && p.s.Network.of(a.Host) != "server":
			p.fail("%s: %q is not an address of the host server", a.Text, a.Host)
		case a.Port > 0 && slices.Contains(moving, r.Command):
			p.fail("%s: a rule for %s has the data connection that the client and the server have agreed on", a.Text, r.Command)
		case a.Verb == SayNothing && len(r.Actions) > 1:
			p.fail("nothing must be the only action of its rule, and there %s", thereAre(len(r.Actions)-1, "other"))
		}
		handed = handed || a.uses(ownAction)
		listens = listens || a.Verb == ListenData && a.Port == 0
		p.checkPlaceholders(r, a, listens)
	}
	if a, code := r.unfinished(); code != "" && p.allRepliesEnd() {
		p.line = a.Line
		p.fail("%s: the reply has no last line, which begins with %q, so the client would wait for it in vain; end it, or say in the steps that you want this, as in expect timeout: STEP", a.Text, code+" ")
	}
}

// unfinished returns the code of a reply of several lines that the rule begins and does not end, and the action that
// begins it. After as usual, the server's own reply may end it, and after the end of the session, nobody waits for it.
func (r Rule) unfinished() (begins Action, code string) {
	line := ""
	for _, a := range r.Actions {
		switch {
		case a.Verb == AsUsual, a.uses(lastAction):
			return Action{}, ""
		case a.Verb != SendReply && a.Verb != WriteBytes && a.Verb != WritePlain:
			continue
		}
		for part := range strings.SplitAfterSeq(a.Bytes, "\n") {
			line += part
			if begun, ok := beginsReply(line); code == "" && ok {
				begins, code = a, begun
			} else if code != "" && strings.HasPrefix(line, code+" ") {
				begins, code = Action{}, ""
			}
			if strings.HasSuffix(line, "\n") {
				line = ""
			}
		}
	}
	return begins, code
}

// beginsReply returns the code of a line such as "220-Hello", with which a reply of several lines begins.
func beginsReply(line string) (code string, ok bool) {
	code, _, ok = strings.Cut(line, "-")
	return code, ok && len(code) == 3 && strings.Trim(code, "0123456789") == ""
}

// allRepliesEnd reports whether the steps are a client's who waits for the end of each reply, and needs it.
func (p *parser) allRepliesEnd() bool {
	byHand := []string{"send", "write", "plain", "urgent", "await", "tls", "hangup"}
	return len(p.s.Steps) > 0 && !slices.ContainsFunc(p.s.Steps, func(s Step) bool {
		return s.Break != "" || s.NoWait || s.Background || len(s.Program) > 0 || slices.Contains(byHand, s.Verb)
	})
}

// moving are the commands that use a data connection.
var moving = append([]string{"STOR", "STOU", "APPE"}, withContent...)

// withContent are the commands for which the server has data to send.
var withContent = []string{"RETR", "LIST", "NLST", "MLSD"}

type actionUse int

const (
	dataAction actionUse = iota // needs a data connection
	ownAction                   // done by the server's usual code
	lastAction                  // ends the session for the server
	endAction                   // ends the data connection
)

// AtOnce reports whether the rule is followed also during a transfer.
func (r Rule) AtOnce() bool { return len(r.Actions) > 0 && r.Actions[0].Verb == AtOnce }

func (a Action) uses(use actionUse) bool {
	if a.Port > 0 {
		return use == dataAction
	}
	switch a.Verb {
	case CloseData, ResetData, CutData:
		return use == dataAction || use == endAction
	case OpenData, SendData, TakeData, FinishData, KeepData:
		return use == dataAction
	case AsUsual, ListenData, LogIn:
		return use == ownAction
	case Close, Reset, FallSilent:
		return use == lastAction
	}
	return false
}

// checkPlaceholders refuses unknown placeholders.
func (p *parser) checkPlaceholders(r Rule, a Action, listens bool) {
	for rest := a.Bytes; ; {
		_, after, ok := strings.Cut(rest, "{")
		name, then, closed := strings.Cut(after, "}")
		if !ok || !closed {
			return
		}
		rest = then
		switch {
		case name == "argument" && r.Command != Connect:
		case slices.Contains([]string{"hostport", "port", "p1", "p2"}, name):
			if !listens {
				p.fail("%s: {%s} has no value without the action listen before it", a.Text, name)
			}
		default:
			if _, _, ok := repetition(name); !ok {
				p.fail("%s: unknown placeholder {%s}; there are {argument}, {80*A} and, after listen, {hostport}, {port}, {p1} and {p2}", a.Text, name)
			}
		}
	}
}

// repetition parses a placeholder such as 80*A.
func repetition(name string) (n int, of string, ok bool) {
	count, of, ok := strings.Cut(name, "*")
	n, err := strconv.Atoi(count)
	return n, of, ok && err == nil && n > 0 && n <= 1<<20 && of != ""
}

// Matches reports whether the rule matches a command. It does not count the commands.
func (r Rule) Matches(command, argument string) bool {
	if r.Command != command && (r.Command != "*" || command == Connect) {
		return false
	}
	if r.Argument == "" {
		return true
	}
	return matchesText(r.Argument, argument)
}

// matchesText reports whether a text matches a pattern, in which a * is any text.
func matchesText(pattern, text string) bool { return IsJoined(strings.Split(pattern, "*"), text) }

// IsJoined reports whether a text consists of the parts, in order, with any text between them.
func IsJoined(parts []string, text string) bool {
	first, rest := parts[0], parts[1:]
	if len(rest) == 0 {
		return first == text
	}
	last := rest[len(rest)-1]
	if len(text) < len(first)+len(last) || !strings.HasPrefix(text, first) || !strings.HasSuffix(text, last) {
		return false
	}
	text = text[len(first) : len(text)-len(last)]
	for _, part := range rest[:len(rest)-1] {
		_, after, found := strings.Cut(text, part)
		if !found {
			return false
		}
		text = after
	}
	return true
}
