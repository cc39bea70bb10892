// Text from a capture, made safe to show.

package text

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Escape returns text from a capture for a terminal: control characters, and
// those that change the direction of writing or cannot be seen, become \xNN or
// \u{NNNN}, so that their sender cannot move the cursor of the person who reads
// them. Bytes that are not UTF-8 become \xNN.
func Escape(s string) string {
	return escape(s, func(r rune) bool { return unicode.IsPrint(r) })
}

// valid returns text from a capture as UTF-8, which JSON demands.
func valid(s string) string {
	return escape(s, func(rune) bool { return true })
}

// plain reports whether a text consists of printable ASCII, as most do.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// escape replaces what is not UTF-8, and the characters that keep rejects.
func escape(s string, keep func(rune) bool) string {
	if plain(s) {
		return s
	}
	clean := true
	for i, r := range s {
		if !keep(r) || r == utf8.RuneError && !strings.HasPrefix(s[i:], "\ufffd") {
			clean = false
			break
		}
	}
	if clean {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1 || r < 0x80 && !keep(r):
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case !keep(r):
			fmt.Fprintf(&b, `\u{%04x}`, r)
		default:
			b.WriteString(s[i : i+n])
		}
		i += n
	}
	return b.String()
}
