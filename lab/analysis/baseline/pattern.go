package baseline

import (
	"regexp"
	"regexp/syntax"
	"strings"
	"sync"
	"unicode"
)

// An expression is a regular expression that is not tried on most texts which it does not match. Each match
// needs some fixed texts, so it has the pairs of neighbouring letters of these. To find out whether a text has
// them is much cheaper than to match it.
type expression struct {
	*regexp.Regexp
	needs need
}

// pattern is an expression that is compiled at its first use. Otherwise every program
// that imports this package would compile all of them when it starts.
func pattern(text string) func() *expression {
	return sync.OnceValue(func() *expression {
		e := &expression{Regexp: regexp.MustCompile(text)}
		if parsed, err := syntax.Parse(text, syntax.Perl); err == nil {
			e.needs = needOf(parsed)
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

func (e *expression) FindAllStringIndex(text string, n int) [][]int {
	if !mayMatch(e, text) {
		return nil
	}
	return e.Regexp.FindAllStringIndex(text, n)
}

func (e *expression) FindAllStringSubmatch(text string, n int) [][]string {
	if !mayMatch(e, text) {
		return nil
	}
	return e.Regexp.FindAllStringSubmatch(text, n)
}

func (e *expression) ReplaceAllString(text, by string) string {
	if !mayMatch(e, text) {
		return text
	}
	return e.Regexp.ReplaceAllString(text, by)
}

// matches reports whether the expression matches a text with these pairs of letters.
func (e *expression) matches(text string, has *pairs) bool {
	return e.needs.met(has) && e.Regexp.MatchString(text)
}

// mayMatch reports whether a text has what each match needs.
func mayMatch[T string | []byte](e *expression, text T) bool {
	if e.needs.nothing() {
		return true
	}
	has := pairsOf(text)
	return e.needs.met(&has)
}

// A need is what each match of an expression has, in upper or lower case: a text in ASCII, all of some needs,
// or any of some. Only one of these is set, or nothing is needed.
type need struct {
	text     string
	all, any []need
}

func (n *need) nothing() bool { return n.text == "" && n.all == nil && n.any == nil }

func needOf(e *syntax.Regexp) (n need) {
	switch e.Op {
	case syntax.OpLiteral:
		return oneOf(exactly(e))
	case syntax.OpCapture, syntax.OpPlus:
		return needOf(e.Sub[0])
	case syntax.OpRepeat:
		if e.Min > 0 {
			return needOf(e.Sub[0])
		}
	case syntax.OpConcat:
		n.all = needsInRow(e.Sub)
	case syntax.OpAlternate:
		for _, choice := range e.Sub {
			of := needOf(choice)
			if of.nothing() {
				return need{}
			}
			n.any = append(n.any, of)
		}
	}
	return n
}

// needsInRow are the needs of expressions that follow each other. Those that match only a few texts are joined.
func needsInRow(parts []*syntax.Regexp) (all []need) {
	add := func(n need) {
		if !n.nothing() {
			all = append(all, n)
		}
	}
	joined := []string{""}
	for _, part := range parts {
		if longer := join(joined, exactly(part)); longer != nil {
			joined = longer
			continue
		}
		add(oneOf(joined))
		joined = []string{""}
		add(needOf(part))
	}
	add(oneOf(joined))
	return all
}

// mostTexts bounds the texts that are tried for an expression.
const mostTexts = 16

// exactly are the texts in ASCII that an expression matches, in upper or lower case; nil if it matches others,
// or many.
func exactly(e *syntax.Regexp) (texts []string) {
	switch e.Op {
	case syntax.OpLiteral:
		if text := string(e.Rune); isASCII(text) {
			return []string{text}
		}
	case syntax.OpEmptyMatch, syntax.OpWordBoundary:
		return []string{""}
	case syntax.OpCapture:
		return exactly(e.Sub[0])
	case syntax.OpQuest:
		if of := exactly(e.Sub[0]); of != nil && len(of) < mostTexts {
			return append(of, "")
		}
	case syntax.OpConcat:
		texts = []string{""}
		for _, part := range e.Sub {
			texts = join(texts, exactly(part))
		}
	case syntax.OpAlternate:
		for _, choice := range e.Sub {
			of := exactly(choice)
			if of == nil || len(texts)+len(of) > mostTexts {
				return nil
			}
			texts = append(texts, of...)
		}
	}
	return texts
}

// join puts each of some texts in front of each of others; nil if they become too many.
func join(first, second []string) (joined []string) {
	if len(first)*len(second) > mostTexts {
		return nil
	}
	for _, a := range first {
		for _, b := range second {
			joined = append(joined, a+b)
		}
	}
	return joined
}

// oneOf is the need of one of some texts. If one of them is empty, nothing is needed.
func oneOf(texts []string) (n need) {
	for _, text := range texts {
		if text == "" {
			return need{}
		}
		n.any = append(n.any, need{text: text})
	}
	return n
}

// met reports whether a text with these pairs of letters may have what is needed.
func (n *need) met(has *pairs) bool {
	for i := range n.all {
		if !n.all[i].met(has) {
			return false
		}
	}
	for i := range n.any {
		if n.any[i].met(has) {
			return true
		}
	}
	return n.any == nil && has.spell(n.text)
}

func isASCII(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r > unicode.MaxASCII })
}

// pairs are the letters of a text, as bits, and those that follow each letter.
type pairs struct {
	letters uint64
	after   [64]uint64
}

func pairsOf[T string | []byte](text T) (all pairs) {
	before := letters[0]
	for i := range len(text) {
		letter := letters[text[i]]
		if letter == noLetter {
			continue
		}
		all.letters |= 1 << letter
		all.after[before] |= 1 << letter
		before = letter
	}
	return all
}

// spell reports whether a text in ASCII consists of these letters, and its pairs are among these.
func (p *pairs) spell(text string) bool {
	for i := range len(text) {
		among := p.letters
		if i > 0 {
			among = p.after[letters[text[i-1]]]
		}
		if among&(1<<letters[text[i]]) == 0 {
			return false
		}
	}
	return true
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
