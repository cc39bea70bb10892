package scenario

import (
	"fmt"
	"strings"
)

// Flags is a pattern of TCP flags, by their bits in the header (RFC 9293, 3.1;
// RFC 3168, 23.2). The zero value matches every segment.
type Flags struct {
	Set  byte // the flags that must be set
	Mask byte // the flags that count
}

// flagLetters are tcpdump's letters of the flags, in its order, and their bits.
var flagLetters = []struct {
	letter rune
	bit    byte
}{{'F', 0x01}, {'S', 0x02}, {'R', 0x04}, {'P', 0x08}, {'.', 0x10}, {'U', 0x20}, {'E', 0x40}, {'W', 0x80}}

// ParseFlags reads flags as tcpdump prints them, such as [F.]. PSH counts only if it is
// written, as in a scenario's want.
func ParseFlags(text string) (Flags, error) {
	inner, opened := strings.CutPrefix(text, "[")
	inner, closed := strings.CutSuffix(inner, "]")
	if !opened || !closed || inner == "" {
		return Flags{}, fmt.Errorf("%q: flags as tcpdump prints them were expected, such as [S], [F.] or [P.]", text)
	}
	const push = 0x08
	f := Flags{Mask: 0xff &^ push}
	for _, letter := range inner {
		bit, ok := flagOf(letter)
		if !ok {
			return Flags{}, fmt.Errorf("%q in %s is not a flag; the flags are F S R P . U E W", letter, text)
		}
		f.Set |= bit
		f.Mask |= bit
	}
	return f, nil
}

func flagOf(letter rune) (bit byte, ok bool) {
	for _, f := range flagLetters {
		if f.letter == letter {
			return f.bit, true
		}
	}
	return 0, false
}

// Match reports whether a segment with these flags matches the pattern.
func (f Flags) Match(flags byte) bool { return flags&f.Mask == f.Set }

// String returns the pattern as tcpdump prints flags, or "" if every segment matches.
func (f Flags) String() string {
	if f == (Flags{}) {
		return ""
	}
	var b strings.Builder
	for _, l := range flagLetters {
		if f.Set&l.bit != 0 {
			b.WriteRune(l.letter)
		}
	}
	return "[" + b.String() + "]"
}
