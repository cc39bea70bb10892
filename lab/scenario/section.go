// The sections of a scenario, and lines that were meant to begin one, and do not: a blank at
// the end, a dash too many, the long dash that a word processor makes of two short ones, or
// the end of an earlier line to which the section was added.

package scenario

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// A sectionKind is a section that a scenario can have.
type sectionKind struct {
	name string // a section for a file has its path after the name: files/PATH
	file bool
	has  string // for a person
}

// sectionKinds are the sections that a scenario can have.
var sectionKinds = []sectionKind{
	{"want", false, "What should be seen, packet by packet."},
	{"figures", false, "What should be measured."},
	{"questions", false, "Questions for a reader of the capture."},
	{"twin", false, "Other steps, for a second capture in an exercise."},
	{"server", false, "What the server does on purpose."},
	{"replies", false, "The server's own wording."},
	{"config", false, "The configuration of a server that is a program."},
	{"etc", true, "A file in the /etc of a server that is a program, with the text below."},
	{"files", true, "A file on the server, with the text below."},
	{"local", true, "A file of the client, with the text below."},
}

// String is the name in a message.
func (k sectionKind) String() string {
	if k.file {
		return k.name + "/PATH"
	}
	return k.name
}

// isRaw reports whether the text of a section is stored or sent byte by byte, as files and replies
// are. Other sections are texts for ftplab.
func isRaw(section string) bool {
	folder, _, _ := strings.Cut(section, "/")
	return folder == "config" || folder == "replies" || slices.ContainsFunc(sectionKinds, func(k sectionKind) bool { return k.file && k.name == folder })
}

// sectionPattern is a regular expression for the name of a section.
func sectionPattern() string {
	var names []string
	for _, k := range sectionKinds {
		if k.file {
			names = append(names, k.name+`/\S+?`)
		} else {
			names = append(names, k.name)
		}
	}
	return strings.Join(names, "|")
}

var (
	// nearly is a name between dashes or equals signs.
	nearly = regexp.MustCompile(`^\s*(?:--+|==+|[–—])\s*(` + sectionPattern() + `)\s*(?:-+|==+|[–—]).?\s*$`)
	// half is such a name without the dashes after it. It is looked for only for those
	// sections whose name is hardly the line of a file.
	half = regexp.MustCompile(`^\s*(?:--|[–—])\s*(want|figures|questions)\s*$`)
	// added is a section that was added to a file whose last line had no end.
	added = regexp.MustCompile(`\S-- (` + sectionPattern() + `) --$`)
)

// ownLines returns the lines of a section's text before one that was meant to begin another
// section, and whether these are all. It refuses each such line. The section begins at the
// parser's line.
func (p *parser) ownLines(text []byte) (own []byte, whole bool) {
	own, whole = text, true
	at := 0
	for line := range bytes.Lines(text) {
		p.line++
		if !p.try(func() { p.checkSection(strings.TrimSuffix(string(line), "\n")) }) && whole {
			own, whole = text[:at], false
		}
		at += len(line)
	}
	return own, whole
}

// checkSection refuses a line that was meant to begin a section.
func (p *parser) checkSection(line string) {
	match := nearly.FindStringSubmatch(line)
	if match == nil {
		match = half.FindStringSubmatch(line)
	}
	if match == nil && strings.HasSuffix(line, " --") {
		match = added.FindStringSubmatch(line)
	}
	if match != nil {
		p.fail("%q does not begin a section; write %q at the margin, with nothing after it", line, fmt.Sprintf("-- %s --", match[1]))
	}
}
