// How a scenario's text is changed.

package variant

import (
	"regexp"
	"strings"
)

// wordPattern matches a word between characters that cannot be part of a name. A full stop
// may follow it.
func wordPattern(word string) *regexp.Regexp {
	return regexp.MustCompile(`(^|[^A-Za-z0-9_.-])` + regexp.QuoteMeta(word) + `($|[^A-Za-z0-9_-])`)
}

func hasWord(text, word string) bool { return wordPattern(word).MatchString(text) }

// replaceWord replaces a word everywhere by another one.
func replaceWord(text, word, other string) string {
	pattern := wordPattern(word)
	for range 2 { // two of them may share the character between them
		text = pattern.ReplaceAllString(text, "${1}"+strings.ReplaceAll(other, "$", "$$")+"${2}")
	}
	return text
}

// script splits a text into its settings and steps and the sections after them.
func script(text string) (lines []string, sections string) {
	if i := strings.Index(text, "\n-- "); i >= 0 {
		text, sections = text[:i+1], text[i+1:]
	}
	return strings.SplitAfter(text, "\n"), sections
}

// editLines changes the lines of settings and steps, one by one.
func editLines(text string, edit func(line string) string) string {
	lines, sections := script(text)
	for i, line := range lines {
		if !strings.HasPrefix(strings.TrimSpace(line), "#") {
			lines[i] = edit(line)
		}
	}
	return strings.Join(lines, "") + sections
}

// insertAfter puts lines after the first line of settings and steps that begins with a word.
// Without such a line it changes nothing.
func insertAfter(text, word string, inserted ...string) string {
	done := false
	return editLines(text, func(line string) string {
		if fields := strings.Fields(line); done || len(fields) == 0 || fields[0] != word {
			return line
		}
		done = true
		return strings.TrimSuffix(line, "\n") + "\n" + strings.Join(inserted, "\n") + "\n"
	})
}
