package scenario

import (
	"fmt"
	"strconv"
	"strings"
)

// split splits a line into words, without the prefix of a step. A verbatim command has
// neither quoted words nor comments.
func (p *parser) split(line string) []string {
	_, step := cutPrefix(line)
	words := strings.Fields(step)
	switch v, _ := verbOf(first(words)); {
	case v.is(verbatim):
		p.quotedWords = make([]bool, len(words))
		return words
	case v.is(program), first(words) == "program":
		return p.commandWords(step)
	}
	return p.words(step)
}

// commandWords splits a line with a command as words does. Single quotes are those of a shell,
// without escapes, and quotes may also stand inside a word.
func (p *parser) commandWords(line string) []string {
	var words []string
	p.quotedWords = nil
	for rest := strings.TrimSpace(line); rest != "" && rest[0] != '#'; rest = strings.TrimLeft(rest, " \t") {
		var word string
		quoted := false
		for rest != "" && rest[0] != ' ' && rest[0] != '\t' {
			var part string
			switch rest[0] {
			case '"':
				part, rest = p.quoted(rest)
				quoted = true
			case '\'':
				part, rest = p.singleQuoted(rest)
				quoted = true
			default:
				end := strings.IndexAny(rest+" ", " \t\"'")
				part, rest = rest[:end], rest[end:]
			}
			word += part
		}
		words, p.quotedWords = append(words, word), append(p.quotedWords, quoted)
	}
	return words
}

// singleQuoted takes the text in single quotes at the beginning of a line.
func (p *parser) singleQuoted(line string) (text, rest string) {
	text, rest, closed := strings.Cut(line[1:], "'")
	if !closed {
		p.fail("%s: the closing quote is missing", line)
	}
	return text, rest
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
	word, rest, err := CutQuoted(line)
	if err != nil {
		p.fail("%v", err)
	}
	return word, rest
}

// CutQuoted parses the double-quoted word, with Go's escapes, at the beginning of a text.
func CutQuoted(text string) (word, rest string, err error) {
	prefix, err := strconv.QuotedPrefix(text)
	if err != nil {
		return "", "", notQuoted(text)
	}
	word, err = strconv.Unquote(prefix)
	return word, text[len(prefix):], err
}

// notQuoted says why no quoted word is at the beginning of a text, which begins with a quote.
func notQuoted(text string) error {
	for rest := text[1:]; rest != "" && rest != `\`; {
		_, _, after, err := strconv.UnquoteChar(rest, '"')
		if err != nil {
			return fmt.Errorf(`%s: this is not one of Go's escapes, such as \" \n \xff \u00e9; write \\ for a \ itself`, rest)
		}
		rest = after
	}
	return fmt.Errorf("%s: the closing quote is missing", text)
}

// first returns the first word, or "".
func first(words []string) string {
	if len(words) == 0 {
		return ""
	}
	return words[0]
}
