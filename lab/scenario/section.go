// Lines that were meant to begin a section, and do not: a blank at the end, a dash too
// many, or the long dash that a word processor makes of two short ones.

package scenario

import (
	"fmt"
	"regexp"
	"strings"
)

var (
	// nearly is a name between dashes or equals signs.
	nearly = regexp.MustCompile(`^\s*(?:--+|==+|[–—])\s*((?:want|figures|questions|twin|server|replies|config)|(?:files|local|etc)/\S+?)\s*(?:--+|==+|[–—]).?\s*$`)
	// half is the name of a section for which a line of a file is hardly taken, without
	// the dashes behind it.
	half = regexp.MustCompile(`^\s*(?:--|[–—])\s*(want|figures|questions)\s*$`)
)

// checkSections refuses each line of a section's text that was meant to begin another
// section. The section begins at the parser's line.
func (p *parser) checkSections(text []byte) {
	for _, line := range strings.Split(string(text), "\n") {
		p.line++
		p.try(func() { p.checkSection(line) })
	}
}

// checkSection refuses a line that was meant to begin a section.
func (p *parser) checkSection(line string) {
	match := nearly.FindStringSubmatch(line)
	if match == nil {
		match = half.FindStringSubmatch(line)
	}
	if match != nil {
		p.fail("%q does not begin a section; write %q at the margin, with nothing behind it", line, fmt.Sprintf("-- %s --", match[1]))
	}
}
