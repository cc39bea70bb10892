// Lines that were meant to begin a section, and do not: a blank at the end, a dash too
// many, the long dash that a word processor makes of two short ones, or the end of an
// earlier line to which the section was added.

package scenario

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
)

var (
	// nearly is a name between dashes or equals signs.
	nearly = regexp.MustCompile(`^\s*(?:--+|==+|[–—])\s*((?:want|figures|questions|twin|server|replies|config)|(?:files|local|etc)/\S+?)\s*(?:-+|==+|[–—]).?\s*$`)
	// half is such a name without the dashes after it. It is looked for only for those
	// sections whose name is hardly the line of a file.
	half = regexp.MustCompile(`^\s*(?:--|[–—])\s*(want|figures|questions)\s*$`)
	// added is a section that was added to a file whose last line had no end.
	added = regexp.MustCompile(`\S-- (want|figures|questions|twin|server|replies|config|(?:files|local|etc)/\S+) --$`)
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
