package scenario

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/tools/txtar"

	"ftplab/lab/internal/textfile"
)

// maxSource limits the size of a scenario file. Larger files of a server or client are
// generated.
const maxSource = 16 << 20

// Load reads and parses the scenario file at name.
func Load(name string) (*Scenario, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("cannot read the scenario: %w", err)
	}
	defer file.Close()
	source, err := io.ReadAll(io.LimitReader(file, maxSource+1))
	if err != nil {
		return nil, fmt.Errorf("cannot read the scenario: %w", err)
	}
	if len(source) > maxSource && !textfile.IsCapture(source) { // which Parse refuses
		return nil, Errors{{name, 1, fmt.Sprintf("a scenario file has at most %d bytes, and this one has more: use `file PATH SIZE` to generate large files", maxSource)}}
	}
	return Parse(name, source)
}

// Parse parses a scenario. Messages use name as the name of its file. The error is of
// type [Errors] and has all mistakes that were found, in the order of the lines. With an error
// comes a Scenario that cannot run. It has the hosts and the sections want, figures and
// questions as far as the mistakes do not affect them, so that a caller can look for more
// mistakes in those.
func Parse(name string, source []byte) (*Scenario, error) { return parse(name, source, false) }

// ParseTwin parses the section `twin` of a scenario that [Parse] has parsed. The result has the settings and files of
// s, and the steps of the section. It has no want, and its server has no rules. The error is of type [Errors].
func ParseTwin(s *Scenario) (*Scenario, error) {
	twin, err := parse(s.File, s.Source, true)
	if err != nil {
		return nil, err
	}
	for i := range twin.Network.Rules { // they are for the other steps
		twin.Network.Rules[i].Optional = true
	}
	for i := range twin.Network.Late {
		twin.Network.Late[i].Optional = true
	}
	return twin, nil
}

func parse(name string, source []byte, twin bool) (*Scenario, error) {
	p := &parser{
		twin: twin,
		s: &Scenario{
			Name:     NameOf(name),
			File:     name,
			Source:   source,
			Deadline: 30 * time.Second,
			Server:   Server{Port: 21},
			Client:   Client{Kind: Scripted},
		},
		session:  FirstSession,
		sessions: map[string]string{},
		setLines: map[string]int{},
		lost:     map[string]bool{},
	}
	p.try(p.checkName)
	switch {
	case textfile.IsCapture(source):
		return nil, Errors{{File: name, Line: 1, Msg: "the file is a capture; a scenario was expected, which is a text"}}
	case textfile.IsUTF16(source):
		return nil, Errors{{File: name, Line: 1, Msg: "the file is in UTF-16; save it as UTF-8"}}
	case bytes.ContainsRune(source, '\r') && !bytes.ContainsRune(source, '\n'):
		return nil, Errors{{File: name, Line: 1, Msg: "the lines end in CR alone, as on old Macs; save the file with LF or CR LF as line ends"}}
	}
	archive := txtar.Parse(plainText(source))
	if line := otherThanUTF8(archive); line > 0 {
		return nil, Errors{{File: name, Line: line, Msg: `this line is not in UTF-8; save the file as UTF-8, and write a byte that is not UTF-8 in quotes, such as "\xfc"`}}
	}
	p.archive(archive)
	p.complete()
	if len(p.errors) > 0 {
		p.forget()
		return p.s, p.errors.Sorted()
	}
	return p.s, nil
}

// forget leaves out of a scenario with mistakes what is unknown because of them.
func (p *parser) forget() {
	if p.lost["network"] || p.lost["host"] || p.lost["nat"] || p.lost["name"] {
		p.s.Network.Hosts = nil
	}
	if p.lost[inSections] && p.s.Want.Line == 0 { // figures and questions may use its names
		p.s.Figures, p.s.Questions = Section{}, Section{}
	}
}

// otherThanUTF8 is the first line that is not in UTF-8 and should be, 0 if there is none.
func otherThanUTF8(a *txtar.Archive) int {
	line := 0
	texts := append([]txtar.File{{Data: a.Comment}}, a.Files...)
	for i, f := range texts {
		if i > 0 {
			line++ // which begins the section
		}
		for text := range bytes.Lines(f.Data) {
			if line++; !utf8.Valid(text) && !isRaw(f.Name) {
				return line
			}
		}
	}
	return 0
}

// plainText removes what editors of other systems add: a byte order mark and, if the
// first line ends in CR LF, the CR of every line. If the first line ends in LF, each CR
// belongs to its section.
func plainText(source []byte) []byte {
	source = bytes.TrimPrefix(source, []byte("\ufeff"))
	if first, _, _ := bytes.Cut(source, []byte("\n")); bytes.HasSuffix(first, []byte("\r")) {
		return bytes.ReplaceAll(source, []byte("\r\n"), []byte("\n"))
	}
	return source
}

// A parser fills a Scenario. For a mistake it panics with an *Error, which try recovers
// and adds to its errors.
type parser struct {
	s        *Scenario
	errors   Errors
	line     int  // the current one
	twin     bool // the steps are those of the section twin
	inTwin   bool // the line is one of that section
	session  string
	sessions map[string]string // the host of each session that has begun
	begun    []begun

	serverLine  int    // of the section; 0 when the file has none
	quotedWords []bool // which of the line's words are in quotes
	networkLine int    // of the setting; 0 when the file has none

	setLines map[string]int // the line of each setting that may be there once

	// lost are the settings of which a line has a mistake, so that what depends on them is
	// unknown. It also has inSteps and inSections.
	lost map[string]bool
}

// A begun is a line that begins or continues a session.
type begun struct {
	session, host string
	line          int
}

// What a [parser] can have lost besides settings.
const (
	inSteps    = "a step"
	inSections = "a section"
)

// try calls a function that may fail, and reports whether there was no mistake.
func (p *parser) try(something func()) (ok bool) {
	mistakes := len(p.errors)
	defer func() {
		switch e := recover().(type) {
		case nil:
		case *Error:
			p.errors = append(p.errors, e)
		default:
			panic(e)
		}
		ok = len(p.errors) == mistakes
	}()
	something()
	return
}

// tryEach calls a function that may fail with each element of a list.
func tryEach[E any](p *parser, list []E, something func(int, E)) (ok bool) {
	ok = true
	for i, e := range list {
		ok = p.try(func() { something(i, e) }) && ok
	}
	return ok
}

func (p *parser) fail(format string, args ...any) {
	panic(&Error{p.s.File, p.line, fmt.Sprintf(format, args...)})
}

// check fails because of an error.
func (p *parser) check(err error) {
	if err != nil {
		p.fail("%v", err)
	}
}

// reserved are the names beside the folder of a scenario's results: of another run that is not
// over, of recordings by hand, and of the page with all results. Some file systems ignore case.
var reserved = regexp.MustCompile(`(?i)(\.unfinished|(^|-)by-hand)(-[0-9]+)?$|^index\.(html|json)$`)

// checkName refuses a file without a name before its extension, because the folder of
// its results has that name, a name that is taken in the folder of all results, and one that
// would break the lines of reports and messages.
func (p *parser) checkName() {
	p.line = 1
	switch p.s.Name {
	case "", ".", "..":
		p.fail("the scenario has no name; its file needs one before %s, because the folder of the results has that name", Extension)
	}
	if strings.ContainsFunc(p.s.Name, unicode.IsControl) {
		p.fail("the name of the file has a control character, such as a line break; rename the file")
	}
	if reserved.MatchString(p.s.Name) {
		p.fail("the folder of the results would be %s, a name that ftplab uses for other results (*.unfinished, *-by-hand, index.html and index.json); rename the file", p.s.Name)
	}
}

// archive splits the file into its sections and parses each.
func (p *parser) archive(a *txtar.Archive) {
	p.script(string(a.Comment))
	line := 1 + bytes.Count(a.Comment, []byte("\n"))
	seen := map[string]lineRange{}
	for _, f := range a.Files {
		p.line = line
		own, whole := p.ownLines(f.Data)
		p.line = line
		lines := lineRange{line, line + bytes.Count(f.Data, []byte("\n"))}
		ok := p.try(func() {
			if first, ok := seen[f.Name]; ok {
				p.forgetSection(f.Name)
				p.fail("section %q appears twice, first at line %d; remove %v or %v", f.Name, first.first, first, lines)
			}
			seen[f.Name] = lines
			p.section(f.Name, own)
		})
		if !ok || !whole {
			p.lost[inSections] = true
		}
		line = lines.last + 1
	}
}

// A lineRange is the lines of a section.
type lineRange struct{ first, last int }

func (r lineRange) String() string {
	if r.first == r.last {
		return fmt.Sprintf("line %d", r.first)
	}
	return fmt.Sprintf("lines %d-%d", r.first, r.last)
}

// unread returns the place of a section that other packages parse, or nil.
func (p *parser) unread(name string) *Section {
	return map[string]*Section{"want": &p.s.Want, "figures": &p.s.Figures, "questions": &p.s.Questions, "twin": &p.s.Twin}[name]
}

// forgetSection leaves out the first of two sections with one name, because others may be
// about the second.
func (p *parser) forgetSection(name string) {
	if unread := p.unread(name); unread != nil {
		*unread = Section{}
	}
}

func (p *parser) section(name string, data []byte) {
	folder, file, _ := strings.Cut(name, "/")
	text := strings.ReplaceAll(string(data), "\r\n", "\n") // files keep their line ends
	switch unread := p.unread(name); {
	case p.twin && name == "twin":
		p.twinSteps(text)
	case p.twin && (unread != nil || name == "server"):
	case unread != nil:
		*unread = Section{p.line + 1, text}
	case name == "replies":
		p.replies(text)
	case name == "server":
		p.serverLine = p.line
		p.rules(text)
	case name == "config":
		p.s.Server.Etc = p.addFile(p.s.Server.Etc, File{Line: p.line, Path: ConfigFile, Content: []byte(text), Literal: true})
	case folder == "etc" && file != "":
		p.s.Server.Etc = p.addFile(p.s.Server.Etc, File{Line: p.line, Path: file, Content: []byte(text), Literal: true})
	case folder == "files" && file != "":
		p.s.Files = p.addFile(p.s.Files, File{Line: p.line, Path: file, Content: data, Literal: true})
	case folder == "local" && file != "":
		p.s.Local = p.addFile(p.s.Local, File{Line: p.line, Path: file, Content: data, Literal: true})
	default:
		p.fail("unknown section %q; %s", name, suggestSection(name))
	}
}

// addFile adds a file. Its path must stay inside the tree.
func (p *parser) addFile(files []File, f File) []File {
	clean := path.Clean("/" + f.Path)[1:]
	if f.Folder() {
		if len(bytes.TrimSpace(f.Content)) > 0 {
			p.fail("%q ends in a slash, so it is a folder, and a folder has no content", f.Path)
		}
		clean += "/"
	}
	if clean != f.Path || clean == "/" {
		p.fail("file path %q: a path relative to the root was expected, without . and .., such as %q", f.Path, strings.TrimPrefix(clean, "/"))
	}
	if other, ok := find(files, f.Path); ok {
		p.fail("file %q appears twice, first at line %d", f.Path, other.Line)
	}
	for _, other := range files {
		if a, b := strings.TrimSuffix(f.Path, "/")+"/", strings.TrimSuffix(other.Path, "/")+"/"; !f.Folder() && strings.HasPrefix(b, a) || !other.Folder() && strings.HasPrefix(a, b) {
			p.fail("%q and %q, of line %d, cannot both be there: one of them would be a file and a folder", f.Path, other.Path, other.Line)
		}
	}
	return append(files, f)
}

// script parses the lines above the first section: title, settings, steps.
func (p *parser) script(text string) {
	heading := true
	for i, line := range strings.Split(text, "\n") {
		p.line = i + 1
		if !p.try(func() { p.checkSection(line) }) {
			p.lost[inSteps], p.lost[inSections] = true, true
			break // what follows is not of the script
		}
		trimmed := strings.TrimSpace(line)
		if comment, ok := strings.CutPrefix(trimmed, "#"); ok {
			if heading {
				p.heading(strings.TrimSpace(comment))
			}
			continue
		}
		heading = heading && (trimmed == "" && p.s.Title == "")
		if !p.try(func() { p.scriptLine(trimmed) }) {
			p.lose(trimmed)
		}
	}
	p.s.Story = strings.TrimSpace(p.s.Story)
}

// twinSteps parses the lines of a section twin.
func (p *parser) twinSteps(text string) {
	p.inTwin = true
	for _, line := range strings.Split(text, "\n") {
		p.line++
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "#") && !p.try(func() { p.scriptLine(line) }) {
			p.lose(line)
		}
	}
	p.inTwin = false
}

// lose notes what is unknown because a line has a mistake. Its first word may be the mistake.
func (p *parser) lose(line string) {
	_, step := cutPrefix(line)
	word := strings.ToLower(first(strings.Fields(step)))
	var names []string
	for _, s := range settings {
		names = append(names, s.name)
	}
	_, isStep := verbOf(word)
	switch meant := Nearest(word, slices.Concat(names, Verbs())); {
	case slices.Contains(names, word):
		p.lost[word] = true
	case isStep || slices.Contains(Verbs(), meant):
		p.lost[inSteps] = true
	case meant != "":
		p.lost[meant] = true
	default: // it may have been any of them
		for _, name := range append(names, inSteps) {
			p.lost[name] = true
		}
	}
}

// scriptLine parses one line that is not a comment.
func (p *parser) scriptLine(line string) {
	words := p.split(line)
	if v, ok := verbOf(first(words)); !ok || !v.is(verbatim|program) {
		p.checkLookalikes(line)
		setting, _ := settingOf(first(words))
		p.checkBlank(v.usage()+setting.usage(), words)
	}
	if prefix, _ := cutPrefix(line); len(words) == 0 && prefix == "" {
		return
	}
	if len(words) == 0 {
		p.step(line, words)
		return
	}
	if setting, ok := settingOf(words[0]); ok {
		if p.inTwin {
			p.fail("%s is a setting; a twin has steps, and the settings above it", words[0])
		}
		p.set(setting, words[1:])
		return
	}
	p.step(line, words)
}

// heading takes one line of the comment at the top. The first line is the title, the
// others are the story, with an empty line between paragraphs.
func (p *parser) heading(text string) {
	switch {
	case p.s.Title == "":
		p.s.Title = text
	case text == "":
		p.s.Story = strings.TrimSuffix(p.s.Story, " ") + "\n\n"
	default:
		if p.s.Story != "" && !strings.HasSuffix(p.s.Story, "\n") {
			p.s.Story += " "
		}
		p.s.Story += text
	}
}

// replies parses the server's replies, each as it is on the wire: `code text`, or a first
// line `code-text`, any lines, and a last line `code text`.
func (p *parser) replies(text string) {
	var open *Reply
	for _, line := range strings.Split(text, "\n") {
		p.line++
		if open == nil && (strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#")) {
			continue
		}
		if open != nil {
			text, last := strings.CutPrefix(line, fmt.Sprintf("%d ", open.Code))
			open.Text += "\n" + text
			if last {
				open = nil
			}
			continue
		}
		code, text, more := p.replyLine(line)
		p.s.Server.Replies = append(p.s.Server.Replies, Reply{Line: p.line, Code: code, Text: text})
		if more {
			open = &p.s.Server.Replies[len(p.s.Server.Replies)-1]
		}
	}
	if open != nil {
		p.line = open.Line
		p.fail("reply %d has no last line; the last line begins with %q, and the text follows", open.Code, fmt.Sprintf("%d ", open.Code))
	}
}

// replyLine splits the first line of a reply; more says that the reply continues.
func (p *parser) replyLine(line string) (code int, text string, more bool) {
	if len(line) < 4 || (line[3] != ' ' && line[3] != '-') {
		p.fail("reply %q: a code of three digits, a space and the text were expected, such as \"220 Welcome.\"", line)
	}
	code = p.number("reply code", line[:3], 100, 599)
	return code, line[4:], line[3] == '-'
}
