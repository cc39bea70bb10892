package scenario

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// A verb is one kind of step.
type verb struct {
	form     string // as in the manual
	min, max int    // how many arguments it takes
	traits   trait
}

// A trait is what else is to know of a verb.
type trait int

const (
	early    trait = 1 << iota // may stand before the session is open
	scripted                   // is beyond github.com/jlaffaye/ftp
	transfer                   // uses a data connection
)

var verbs = map[string]verb{
	"open":    {"open [NAME]", 0, 1, early},
	"auth":    {"auth [MECHANISM]", 0, 1, scripted},
	"login":   {"login USER [PASSWORD]", 1, 2, 0},
	"active":  {"active [eprt] [PORT]", 0, 2, early | scripted},
	"passive": {"passive [epsv]", 0, 1, early},
	"ls":      {"ls [PATH]", 0, 1, transfer},
	"nlst":    {"nlst [PATH]", 0, 1, transfer},
	"mlsd":    {"mlsd [PATH]", 0, 1, scripted | transfer},
	"mlst":    {"mlst [PATH]", 0, 1, scripted},
	"get":     {"get PATH", 1, 1, transfer},
	"put":     {"put LOCAL [PATH]", 1, 2, transfer},
	"append":  {"append LOCAL [PATH]", 1, 2, transfer},
	"resume":  {"resume PATH OFFSET", 2, 2, transfer},
	"abort":   {"abort PATH BYTES", 2, 2, scripted | transfer},
	"cd":      {"cd PATH", 1, 1, 0},
	"cdup":    {"cdup", 0, 0, 0},
	"pwd":     {"pwd", 0, 0, 0},
	"mkdir":   {"mkdir PATH", 1, 1, 0},
	"rmdir":   {"rmdir PATH", 1, 1, 0},
	"delete":  {"delete PATH", 1, 1, 0},
	"rename":  {"rename FROM TO", 2, 2, 0},
	"size":    {"size PATH", 1, 1, 0},
	"mdtm":    {"mdtm PATH", 1, 1, 0},
	"type":    {"type a|i", 1, 1, scripted},
	"syst":    {"syst", 0, 0, scripted},
	"feat":    {"feat", 0, 0, scripted},
	"noop":    {"noop", 0, 0, 0},
	"quote":   {"quote COMMAND...", 1, 1, scripted},
	"pause":   {"pause DURATION", 1, 1, early},
	"wait":    {"wait", 0, 0, early},
	"hangup":  {"hangup", 0, 0, scripted},
	"quit":    {"quit [nowait]", 0, 1, 0},
}

// step parses one line of the script.
func (p *parser) step(line string, words []string) {
	if words[0] == "session" {
		p.startSession(words[1:])
		return
	}
	s := Step{Line: p.line, Text: line, Session: p.session, Host: p.sessions[p.session]}
	if words[0] == "!" {
		s.Refused, words = true, words[1:]
		line = strings.TrimSpace(strings.TrimPrefix(line, "!"))
	}
	if len(words) == 0 {
		p.fail("a step was expected after the !")
	}
	s.Verb, s.Args = words[0], words[1:]
	if n := len(s.Args); n > 0 && s.Args[n-1] == "&" && s.Verb != "quote" {
		s.Background, s.Args = true, s.Args[:n-1]
	}
	v, ok := verbs[s.Verb]
	if !ok {
		p.fail("unknown setting or step %q; %s", s.Verb, suggestStep(s.Verb))
	}
	if s.Verb == "quote" && len(s.Args) > 0 {
		s.Args = []string{strings.TrimSpace(strings.TrimPrefix(line, "quote"))}
	}
	if len(s.Args) < v.min || len(s.Args) > v.max {
		p.fail("%s was expected, and there are %d arguments", v.form, len(s.Args))
	}
	p.checkArgs(s)
	p.s.Steps = append(p.s.Steps, s)
}

// startSession makes the steps below those of another client program.
func (p *parser) startSession(words []string) {
	if len(words) < 1 || len(words) > 2 {
		p.fail("session NAME [HOST] was expected")
	}
	p.session = words[0]
	host, known := p.sessions[p.session]
	switch {
	case len(words) == 2 && known && host != words[1]:
		p.fail("session %s is on host %s already", p.session, host)
	case len(words) == 2:
		p.sessions[p.session] = words[1]
	case !known:
		p.sessions[p.session] = "client"
	}
	if _, ok := p.s.Host(p.sessions[p.session]); !ok && p.sessions[p.session] != "client" {
		p.fail("session %s: there is no host %q", p.session, p.sessions[p.session])
	}
}

// checkArgs looks at the arguments that are not paths, and writes sizes in bytes.
func (p *parser) checkArgs(s Step) {
	switch s.Verb {
	case "active":
		for i, a := range s.Args {
			if a != "eprt" || i != 0 {
				p.port(a)
			}
		}
	case "passive":
		for _, a := range s.Args {
			p.oneOf("passive", a, "epsv")
		}
	case "type":
		p.oneOf("type", strings.ToLower(s.Args[0]), "a", "i")
	case "pause":
		p.duration("pause", s.Args[0])
	case "resume", "abort":
		s.Args[1] = strconv.FormatInt(p.size(s.Verb, s.Args[1]), 10)
	case "quit":
		for _, a := range s.Args {
			p.oneOf("quit", a, "nowait")
		}
	}
	for _, a := range s.Args {
		if strings.ContainsAny(a, "\r\n\x00") {
			p.fail("%q: a line end or a NUL cannot be sent in a command (RFC 959, 5.3)", a)
		}
	}
}

// checkSteps looks at what a step needs from the rest of the file.
func (p *parser) checkSteps() {
	open := map[string]bool{}
	for _, s := range p.s.Steps {
		p.line = s.Line
		v := verbs[s.Verb]
		if v.traits&scripted != 0 && p.s.Client.Kind == Jlaffaye {
			p.fail("%s: client jlaffaye cannot do that, as github.com/jlaffaye/ftp has no call for it; client scripted can", s.Verb)
		}
		switch {
		case s.Verb == "open":
			open[s.Session] = true
			p.checkOpen(s)
		case !open[s.Session] && v.traits&early == 0:
			p.fail("%s: the session is not open; a step open comes first", s.Verb)
		case s.Verb == "quit" || s.Verb == "hangup":
			open[s.Session] = false
		case s.Verb == "put" || s.Verb == "append":
			if f, ok := p.s.LocalFile(s.Args[0]); !ok || f.Folder() {
				p.fail("%s: the client has no file %q; a section -- local/%s -- or a setting local makes one", s.Verb, s.Args[0], s.Args[0])
			}
		}
	}
	if len(p.s.Steps) == 0 {
		p.line = 1
		p.fail("the scenario has no steps; the shortest is: open, login anonymous, ls, quit, one a line")
	}
}

func (p *parser) checkOpen(s Step) {
	if len(s.Args) == 0 {
		return
	}
	known := slices.ContainsFunc(p.s.Names, func(n Name) bool { return n.Name == s.Args[0] })
	if !known {
		p.fail("open %s: no setting `name %s ADDRESS` gives its address", s.Args[0], s.Args[0])
	}
}

// volume is about how many bytes the steps move.
func (p *parser) volume() int64 {
	var total int64
	for _, s := range p.s.Steps {
		var f File
		switch s.Verb {
		case "get", "resume", "abort":
			name := strings.TrimPrefix(s.Args[0], "/")
			for _, candidate := range p.s.Files {
				if candidate.Path == name || strings.HasSuffix(candidate.Path, "/"+name) {
					f = candidate
				}
			}
		case "put", "append":
			f, _ = p.s.LocalFile(s.Args[0])
		}
		total += f.Size + int64(len(f.Content))
	}
	return total
}

// list is the sorted keys of a map, for a message.
func list[V any](m map[string]V) string {
	return strings.Join(slices.Sorted(maps.Keys(m)), ", ")
}
