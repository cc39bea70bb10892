// Package wrap breaks text into lines of a width.
package wrap

import (
	"strings"
	"unicode/utf8"
)

// Text breaks a text between words into lines of at most width characters; only a longer
// word makes a longer line. The lines after the first begin with indent.
func Text(text string, width int, indent string) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		switch {
		case line == "":
			line = word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width:
			lines = append(lines, line)
			line = indent + word
		default:
			line += " " + word
		}
	}
	return append(lines, line)
}
