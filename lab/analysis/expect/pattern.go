// Texts with * in them.

package expect

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"ftplab/lab/scenario"
)

// A pattern is a text with * for any run of characters, split at its stars: a text must
// begin with the first part and end with the last.
type pattern []string

// matches reports whether the pattern matches the whole text.
func (p pattern) matches(text string) bool { return scenario.IsJoined(p, text) }

// beginsLike reports whether the text can have the command or the reply code at the
// beginning of the pattern.
func (p pattern) beginsLike(text string) bool {
	if i := strings.IndexAny(p[0], " -"); i >= 0 {
		word := p[0][:i]
		return strings.HasPrefix(text, word) && (len(text) == i || strings.IndexByte(" -", text[i]) >= 0)
	}
	if len(p) > 1 {
		return strings.HasPrefix(text, p[0])
	}
	word, _, _ := strings.Cut(text, " ")
	return word == p[0]
}

// parsePattern parses the pattern in double quotes at the beginning of s.
func parsePattern(s string) (p pattern, rest string, err error) {
	var part strings.Builder
	for i := 1; i < len(s); i++ {
		switch c := s[i]; c {
		case '"':
			return append(p, part.String()), s[i+1:], nil
		case '*':
			p = append(p, part.String())
			part.Reset()
		case '\\':
			b, n, err := parseEscape(s[i:])
			if err != nil {
				return nil, "", err
			}
			part.WriteByte(b)
			i += n - 1
		default:
			part.WriteByte(c)
		}
	}
	return nil, "", fmt.Errorf("%s: the closing quote is missing", s)
}

// parseEscape returns the byte of the escape at the beginning of s, and the length of
// the escape.
func parseEscape(s string) (b byte, n int, err error) {
	switch {
	case len(s) >= 2 && strings.IndexByte(`"\*`, s[1]) >= 0:
		return s[1], 2, nil
	case len(s) >= 2 && s[1] == 't':
		return '\t', 2, nil
	case len(s) >= 2 && s[1] == 'r':
		return '\r', 2, nil
	case len(s) >= 2 && s[1] == 'n':
		return '\n', 2, nil
	case len(s) >= 4 && s[1] == 'x':
		if v, err := strconv.ParseUint(s[2:4], 16, 8); err == nil {
			return byte(v), 4, nil
		}
	}
	return 0, 0, fmt.Errorf(`%s: after \ one of " \ * t r n or xNN was expected`, s)
}

// quote returns a pattern that matches only this text.
func quote(text string) string { return `"` + escape(text) + `"` }

// beginningInQuotes is a text that is quoted when it is printed, and only the beginning of a long one.
type beginningInQuotes string

func (text beginningInQuotes) String() string { return quoteBeginning(string(text)) }

// escape keeps printable characters and writes each other byte as \xNN.
func escape(text string) string {
	var b strings.Builder
	for len(text) > 0 {
		r, n := utf8.DecodeRuneInString(text)
		switch {
		case r == '"' || r == '\\' || r == '*':
			b.WriteString(`\` + text[:n])
		case r == '\t':
			b.WriteString(`\t`)
		case r == utf8.RuneError || !unicode.IsPrint(r):
			for _, c := range []byte(text[:n]) {
				fmt.Fprintf(&b, `\x%02x`, c)
			}
		default:
			b.WriteString(text[:n])
		}
		text = text[n:]
	}
	return b.String()
}
