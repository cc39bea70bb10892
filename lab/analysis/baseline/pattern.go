package baseline

import (
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"sync"
	"unicode"
)

// An expression is a regular expression that is not tried on most texts which it does not match. A match
// has at least one of the fragments, so the text has all pairs of neighbouring letters of that fragment. To
// find out whether it has them is much cheaper than to match.
type expression struct {
	*regexp.Regexp
	fragments []string
}

// pattern is an expression that is compiled at its first use. Otherwise every program
// that imports this package would compile all of them when it starts.
func pattern(text string) func() *expression {
	return sync.OnceValue(func() *expression {
		e := &expression{Regexp: regexp.MustCompile(text)}
		if parsed, err := syntax.Parse(text, syntax.Perl); err == nil {
			e.fragments = fragments(parsed)
		}
		return e
	})
}

func (e *expression) Match(text []byte) bool {
	return mayMatch(e, text) && e.Regexp.Match(text)
}

func (e *expression) MatchString(text string) bool {
	return mayMatch(e, text) && e.Regexp.MatchString(text)
}

func (e *expression) FindString(text string) string {
	if !mayMatch(e, text) {
		return ""
	}
	return e.Regexp.FindString(text)
}

// fragments are texts in ASCII of which each match has at least one, in upper or lower case; none if such
// texts are not known. Of several lists, the one whose shortest text is the longest is best.
func fragments(e *syntax.Regexp) (best []string) {
	switch e.Op {
	case syntax.OpLiteral:
		if text := string(e.Rune); len(text) > 1 && isASCII(text) {
			return []string{text}
		}
	case syntax.OpCapture, syntax.OpPlus:
		return fragments(e.Sub[0])
	case syntax.OpRepeat:
		if e.Min > 0 {
			return fragments(e.Sub[0])
		}
	case syntax.OpConcat:
		for _, part := range e.Sub {
			if list := fragments(part); shortest(list) > shortest(best) {
				best = list
			}
		}
	case syntax.OpAlternate:
		for _, choice := range e.Sub {
			list := fragments(choice)
			if list == nil {
				return nil
			}
			best = append(best, list...)
		}
	}
	return best
}

// shortest is the length of the shortest text, 0 for none.
func shortest(list []string) (least int) {
	for _, text := range list {
		if least == 0 || len(text) < least {
			least = len(text)
		}
	}
	return least
}

func isASCII(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r > unicode.MaxASCII })
}

// mayMatch reports whether a text has the pairs of letters of a fragment.
func mayMatch[T string | []byte](e *expression, text T) bool {
	if len(e.fragments) == 0 {
		return true
	}
	var pairs [64]uint64 // the letters that follow each letter, as bits
	before := letters[0]
	for i := range len(text) {
		letter := letters[text[i]]
		if letter == noLetter {
			continue
		}
		pairs[before] |= 1 << letter
		before = letter
	}
	return slices.ContainsFunc(e.fragments, func(f string) bool {
		i := 1
		for i < len(f) && pairs[letters[f[i-1]]]&(1<<letters[f[i]]) != 0 {
			i++
		}
		return i == len(f)
	})
}

// letters maps bytes to numbers below 64. That of a letter is the same in upper and in lower case. If case
// does not matter, regexp takes ſ for an s, and the sign of Kelvin for a k. Of these, the last byte counts as
// a letter, and those before it as nothing.
var letters = func() (to [256]byte) {
	for c := range byte(unicode.MaxASCII) + 1 {
		to[c] = c&0x40>>1 | c&0x1f
	}
	for _, as := range []struct{ sign, letter string }{{"\u017f", "s"}, {"\u212a", "k"}} {
		last := len(as.sign) - 1
		for _, c := range []byte(as.sign[:last]) {
			to[c] = noLetter
		}
		to[as.sign[last]] = to[as.letter[0]]
	}
	return to
}()

const noLetter = 0xff
