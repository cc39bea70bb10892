package ftpserver

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"ftplab/lab/scenario"
)

// rules are a server's rules, and how often the commands came that they are about.
type rules struct {
	mu   sync.Mutex
	list []scenario.Rule
	seen []int  // by rule
	used []bool // by rule

	got []got // the first commands that came, each once
}

func newRules(list []scenario.Rule) *rules {
	return &rules{list: list, seen: make([]int, len(list)), used: make([]bool, len(list))}
}

// got is a command that came.
type got struct{ command, argument string }

// mostGot is how many commands a server remembers for messages about rules.
const mostGot = 1000

// find returns the rule for a command that has just come, or nil. One for this
// command by its number comes before one for every such command.
func (r *rules) find(command, argument string) *scenario.Rule {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.take(command, argument, r.match(command, argument))
}

// findAtOnce returns the rule for a command that comes during a transfer, if the rule
// is followed at once. Otherwise the command is not counted: it comes to its turn later.
func (r *rules) findAtOnce(command, argument string) *scenario.Rule {
	r.mu.Lock()
	defer r.mu.Unlock()
	found := r.match(command, argument)
	if found < 0 || !r.list[found].AtOnce() {
		return nil
	}
	return r.take(command, argument, found)
}

// match returns the index of the rule for the next such command, or -1.
func (r *rules) match(command, argument string) int {
	every := -1
	for i, rule := range r.list {
		switch {
		case !rule.Matches(command, argument):
		case rule.Nth == r.seen[i]+1:
			return i
		case rule.Nth == 0 && every < 0:
			every = i
		}
	}
	return every
}

// take counts a command, and returns the rule at an index, or nil for -1.
func (r *rules) take(command, argument string, found int) *scenario.Rule {
	if came := (got{command, argument}); len(r.list) > 0 && len(r.got) < mostGot && !slices.Contains(r.got, came) {
		r.got = append(r.got, came)
	}
	for i, rule := range r.list {
		if rule.Matches(command, argument) {
			r.seen[i]++
		}
	}
	if found < 0 {
		return nil
	}
	r.used[found] = true
	return &r.list[found]
}

// UnusedRules returns the rules of which no use was made so far.
func (s *Server) UnusedRules() []scenario.Rule {
	s.rules.mu.Lock()
	defer s.rules.mu.Unlock()
	var unused []scenario.Rule
	for i, rule := range s.rules.list {
		if !s.rules.used[i] {
			unused = append(unused, rule)
		}
	}
	return unused
}

// Got says what came instead of the command of an unused rule: the command with other
// arguments or, if it never came, other commands.
func (s *Server) Got(rule scenario.Rule) string {
	const most = 8
	s.rules.mu.Lock()
	defer s.rules.mu.Unlock()
	var same, others []string
	for _, g := range s.rules.got {
		switch {
		case g.command == rule.Command && rule.Argument != "":
			same = append(same, strings.TrimSpace(g.command+" "+g.argument))
		case g.command == rule.Command: // it came, but not so often
			same = []string{g.command}
		case g.command != scenario.Connect && !slices.Contains(others, g.command):
			others = append(others, g.command)
		}
	}
	switch came := cmp.Or(strings.Join(same[:min(most, len(same))], ", "), strings.Join(others[:min(most, len(others))], ", ")); {
	case len(same) > 0 && rule.Argument == "":
		return "it got " + came + " fewer times, or other rules were for it"
	case came == "":
		return "it got no command"
	default:
		return "it got " + came
	}
}

// parseCommand splits a command into its name, in capitals, and its argument.
func parseCommand(line []byte) (name, argument string) {
	name, argument, _ = strings.Cut(strings.TrimRight(string(line), "\r\n"), " ")
	return strings.ToUpper(name), argument
}

// transferCommands are the commands with which the library uses a data connection.
var transferCommands = map[string]bool{"LIST": true, "NLST": true, "MLSD": true, "RETR": true, "STOR": true, "APPE": true, "STOU": true}
