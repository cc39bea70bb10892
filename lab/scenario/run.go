package scenario

// setProgramArgs gives a step its program and what it brings. The word brings is
// the last that is not in quotes.
func (p *parser) setProgramArgs(v verb, s *Step, words []string) {
	quoted := p.quotedWords[1:] // behind the verb
	for i := len(words) - 1; i >= 0; i-- {
		if words[i] != "brings" || quoted[i] {
			continue
		}
		if s.Brings = words[i+1:]; len(s.Brings) == 0 {
			p.fail("brings: a FILE of the server was expected behind it")
		}
		words = words[:i]
		break
	}
	if len(words) == 0 || words[0] == "" {
		p.fail("%s was expected", v.usage())
	}
	s.Program = words
}

// checkRun looks at what is expected of a program.
func (p *parser) checkRun(s Step) {
	if s.Code != 0 || s.Break != "" && s.Break != Timeout {
		p.fail("run: a program has an exit status and no reply; ! expects that it fails, and `expect timeout:` that it does not end")
	}
	if s.Break != "" && s.Background {
		p.fail("expect: what breaks cannot go on in the background, so leave the & away")
	}
	if len(s.Brings) > 0 && (s.Refused || s.Break != "") {
		p.fail("run: what is to fail brings nothing, so leave one of the two out")
	}
}

// everything is how many bytes a program may move: all files there are.
func (p *parser) everything() (total int64) {
	for _, files := range [][]File{p.s.Files, p.s.Local} {
		for _, f := range files {
			total += f.Size + int64(len(f.Content))
		}
	}
	return total
}

// ProgramLine is the line that first names a program of the machine, as server or
// in a step run; 0 if there is none. Such a scenario needs Linux's TCP.
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
