package scenario

import (
	"strconv"
	"strings"
)

// split splits a line into words, without the prefix of a step. A verbatim command has
// neither quoted words nor comments.
func (p *parser) split(line string) []string {
	_, step := cutPrefix(line)
	words := strings.Fields(step)
	if len(words) > 0 {
		if v, ok := verbOf(words[0]); ok && v.is(verbatim) {
			return words
		}
	}
	return p.words(step)
}

// words splits a line at spaces. A word in double quotes may contain spaces, and a # at
// the beginning of a word begins a comment.
func (p *parser) words(line string) []string {
	var words []string
	p.quotedWords = nil
	for rest := strings.TrimSpace(line); rest != "" && rest[0] != '#'; rest = strings.TrimLeft(rest, " \t") {
		var word string
		p.quotedWords = append(p.quotedWords, rest[0] == '"')
		if rest[0] == '"' {
			word, rest = p.quoted(rest)
		} else if end := strings.IndexAny(rest, " \t"); end >= 0 {
			word, rest = rest[:end], rest[end:]
		} else {
			word, rest = rest, ""
		}
		words = append(words, word)
	}
	return words
}

// quoted parses the double-quoted word, with Go's escapes, at the beginning of a line.
func (p *parser) quoted(line string) (word, rest string) {
	prefix, err := strconv.QuotedPrefix(line)
	if err != nil {
		p.fail("%s: the closing quote is missing", line)
	}
	word, err = strconv.Unquote(prefix)
	if err != nil {
		p.fail("%s is not a quoted word: %v", prefix, err)
	}
	return word, line[len(prefix):]
}

// first returns the first word, or "".
func first(words []string) string {
	if len(words) == 0 {
		return ""
	}
	return words[0]
}
