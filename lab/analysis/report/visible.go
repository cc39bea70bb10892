package report

import (
	"fmt"
	"unicode/utf8"

	"ftplab/lab/analysis/report/text"
)

// maxText is the length, in bytes, of captured text from which on it is cut:
// a line of dialogue may be as long as its sender likes.
const maxText = 300

// visible makes captured text harmless to look at: what does not print is
// escaped, and what is very long is cut. It does nothing about markup, which
// is up to the code that writes a format which has some.
func visible(s string) string {
	if len(s) <= maxText {
		return text.Escape(s)
	}
	cut := maxText
	for cut > maxText-utf8.UTFMax && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return fmt.Sprintf("%s… (%s)", text.Escape(s[:cut]), counted(len(s), "byte"))
}
