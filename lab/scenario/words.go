package scenario

import (
	"strconv"
	"strings"
)

// split splits a line into words, without what stands before a step. A command
// that is sent as it stands has neither quoted words nor comments.
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

// words splits a line at spaces; a word in double quotes may have spaces in it,
// and a # that begins a word begins a comment.
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

// quoted takes a double-quoted word, with Go's escapes, off the front of a line.
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
