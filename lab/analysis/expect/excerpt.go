// How a text that a pattern does not match is printed.

package expect

import (
	"fmt"
	"strings"
)

// An unmatched is a text that a pattern does not match. It is written when it is printed: whole if it is short, and else
// where it first differs.
type unmatched struct {
	what   string // "the content"
	is     string // "is" or, if more of it may follow, "begins with"
	wanted pattern
	got    string
}

// mostWhole is the length of a text that is printed whole, in bytes as they are printed.
const mostWhole = 160

func (u unmatched) String() string {
	if len(u.got) <= mostWhole {
		if whole := quoteLines(u.got); len(whole) <= mostWhole {
			return fmt.Sprintf("%s %s %s", u.what, u.is, whole)
		}
	}
	first, last := u.wanted[0], u.wanted[len(u.wanted)-1]
	at := commonPrefix(first, u.got)
	switch {
	case at == len(u.got) && !u.isWhole():
		return fmt.Sprintf("%s %s %s", u.what, u.is, excerpt(u.got, 0))
	case at < len(first) || len(u.wanted) == 1:
		return fmt.Sprintf("%s differs from byte %d on: it is %s, not %s", u.what, at+1, excerpt(u.got, at), excerpt(first, at))
	}
	for _, part := range u.wanted[1 : len(u.wanted)-1] {
		i := strings.Index(u.got[at:], part)
		if i < 0 {
			return fmt.Sprintf("%s has no %s from byte %d on: it is %s there", u.what, excerpt(part, 0), at+1, excerpt(u.got, at))
		}
		at += i + len(part)
	}
	if !u.isWhole() {
		return fmt.Sprintf("%s %s %s", u.what, u.is, excerpt(u.got, 0))
	}
	same := commonSuffix(last, u.got[at:])
	if same == len(u.got)-at {
		return fmt.Sprintf("%s has no %s from byte %d on: it is %s there", u.what, excerpt(last, 0), at+1, excerpt(u.got, at))
	}
	end := len(u.got) - same
	return fmt.Sprintf("%s differs at byte %d, seen from its end: it is %s, not %s", u.what, end, excerpt(u.got, end-1), excerpt(last, len(last)-same-1))
}

// isWhole reports whether nothing of the text is missing.
func (u unmatched) isWhole() bool { return u.is == "is" }

// commonPrefix is the number of bytes with which both texts begin.
func commonPrefix(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// commonSuffix is the number of bytes with which both texts end.
func commonSuffix(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[len(a)-1-n] == b[len(b)-1-n] {
		n++
	}
	return n
}

// How many bytes an excerpt has before and after a place.
const (
	excerptBefore = 8
	excerptAfter  = 16
)

// excerpt quotes what is around a place in a text, and marks with … where it is cut.
func excerpt(text string, at int) string {
	from, to := max(0, at-excerptBefore), min(len(text), at+excerptAfter)
	quoted := quoteLines(text[from:to])
	if from > 0 {
		quoted = "…" + quoted
	}
	if to < len(text) {
		quoted += "…"
	}
	return quoted
}

// quoteLines is quote with \r and \n for line ends, as a content is written.
func quoteLines(text string) string {
	var b strings.Builder
	for {
		i := strings.IndexAny(text, "\r\n")
		if i < 0 {
			return `"` + b.String() + escape(text) + `"`
		}
		b.WriteString(escape(text[:i]))
		if text[i] == '\r' {
			b.WriteString(`\r`)
		} else {
			b.WriteString(`\n`)
		}
		text = text[i+1:]
	}
}
