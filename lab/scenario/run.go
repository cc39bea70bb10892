package scenario

import (
	"path"
	"slices"
	"strings"
)

// setProgramArgs sets the program of a step and the files that it brings. The files
// follow the last word "brings" that is not in quotes.
func (p *parser) setProgramArgs(v verb, s *Step, words []string) {
	quoted := p.quotedWords[1:] // after the verb
	for i := len(words) - 1; i >= 0; i-- {
		if words[i] != "brings" || quoted[i] {
			continue
		}
		if s.Brings = words[i+1:]; len(s.Brings) == 0 || slices.Contains(s.Brings, "") {
			p.fail("brings: a FILE of the server was expected after it")
		}
		words = words[:i]
		break
	}
	if len(words) == 0 || words[0] == "" {
		p.fail("%s was expected", v.usage())
	}
	s.Program = words
}

// checkRun checks what a step run expects.
func (p *parser) checkRun(s Step) {
	if s.Code != 0 || s.Break != "" && s.Break != Timeout {
		p.fail("run: a program has no reply; use ! if it should fail, or `expect timeout:` if it should not end")
	}
	if s.Break != "" && s.Background {
		p.fail("expect: a step that should break cannot run in the background; leave out the &")
	}
	if len(s.Brings) > 0 && (s.Refused || s.Break != "") {
		p.fail("run: a program that should fail (!) brings no files; leave out one of the two")
	}
	if len(s.Brings) > 0 || slices.ContainsFunc(s.Program, namesServer) {
		p.checkCrosses(s, "server")
	}
}

// namesServer reports whether a word of a command has the variable with the server's name.
func namesServer(word string) bool {
	return strings.Contains(word, "$SERVER") || strings.Contains(word, "${SERVER}")
}

// checkBrings refuses two programs that bring one file to one folder at the same time: nobody could say
// which of them has written it. Running has, by session, the lines of the steps with & that may still
// run, by the files that they bring.
func (p *parser) checkBrings(s Step, running map[string]map[string]int) {
	if s.Verb == "wait" {
		delete(running, s.Of)
		if s.Of == "" {
			clear(running)
		}
		return
	}
	for _, file := range s.Brings {
		file = path.Clean("/" + file)
		if line := running[s.Session][file]; line > 0 {
			p.fail("run: the program of line %d may still run, and brings %s to the folder of this session, too; put a step wait before this one, or begin another session, which has a folder of its own", line, file[1:])
		}
		if !s.Background {
			continue
		}
		if running[s.Session] == nil {
			running[s.Session] = map[string]int{}
		}
		running[s.Session][file] = s.Line
	}
}

// everything returns how many bytes a program may transfer: those of all files.
func (p *parser) everything() (total int64) {
	for _, files := range [][]File{p.s.Files, p.s.Local} {
		for _, f := range files {
			total += f.Size + int64(len(f.Content))
		}
	}
	return total
}

// ProgramLine returns the first line that names a program of the machine, as server or
// in a step run, or 0 if there is none. Such a scenario needs Linux's TCP.
func (s *Scenario) ProgramLine() int {
	if len(s.Server.Program) > 0 {
		return s.Server.ProgramLine
	}
	for _, step := range s.Steps {
		if len(step.Program) > 0 {
			return step.Line
		}
	}
	return 0
}
