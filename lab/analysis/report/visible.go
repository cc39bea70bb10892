package report

import (
	"fmt"
	"unicode/utf8"

	"ftplab/lab/analysis/report/text"
)

// maxText is the length, in bytes, to which captured text is cut, because a line of
// dialogue can have any length.
const maxText = 300

// visible makes captured text safe to show: it escapes non-printing characters and cuts
// very long text. It does not escape markup; the code that writes HTML or Markdown
// does.
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
