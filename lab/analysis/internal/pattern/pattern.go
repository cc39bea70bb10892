// Package pattern matches regular expressions with texts of which most do not match.
//
// To try an expression on a text is slow: [regexp] follows it letter by letter. But each match needs some fixed
// texts: a match of (curl|wget).*\bsh\b has curl or wget in it, and sh. So a [Pattern] looks first which letters
// of the text follow each other. If these cannot spell what a match needs, nothing can match, and the expression
// is not tried. If many patterns are tried on one text, its [Pairs] serve all of them.
//
// A pattern matches what its regular expression matches. Only the time differs.
package pattern

import (
	"regexp"
	"regexp/syntax"
	"strings"
	"sync"
	"unicode"
)

// A Pattern is a regular expression that is tried only on texts which have what each match needs. Its methods
// are those of [regexp.Regexp], and MatchPairs and MatchStringPairs for a text whose pairs are known.
type Pattern struct {
	regexp   func() *regexp.Regexp
	needs    func() *need
	branches func() []branch
}

// A branch is one of the alternatives of a regular expression. It has needs of its own.
type branch struct {
	regexp func() *regexp.Regexp
	needs  need
}

// New returns the pattern of a regular expression. The expression is compiled when a text has what a match needs for
// the first time, so that a program with many patterns starts without delay. A wrong expression panics then.
func New(expression string) *Pattern {
	parsed := sync.OnceValue(func() *syntax.Regexp {
		e, err := syntax.Parse(expression, syntax.Perl)
		if err != nil {
			regexp.MustCompile(expression) // panics
		}
		return e
	})
	return &Pattern{
		regexp: sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) }),
		needs: sync.OnceValue(func() *need {
			needs := needOf(parsed())
			needs.summarize()
			return &needs
		}),
		branches: sync.OnceValue(func() []branch { return branchesOf(parsed()) }),
	}
}

// branchesOf are the alternatives of an expression, nil if it has only one.
func branchesOf(e *syntax.Regexp) (list []branch) {
	for e.Op == syntax.OpCapture {
		e = e.Sub[0]
	}
	if e.Op != syntax.OpAlternate {
		return nil
	}
	for _, choice := range e.Sub {
		if of := branchesOf(choice); of != nil {
			list = append(list, of...)
			continue
		}
		needs := needOf(choice)
		needs.summarize()
		list = append(list, branch{sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(choice.String()) }), needs})
	}
	return list
}

// Match reports whether a text has a match.
func (p *Pattern) Match(text []byte) bool {
	if p.lacksLetters(lettersOf(text)) {
		return false
	}
	has := PairsOf(text)
	return p.MatchPairs(text, &has)
}

// MatchString is Match for a string.
func (p *Pattern) MatchString(text string) bool {
	if p.lacksLetters(lettersOf(text)) {
		return false
	}
	has := PairsOf(text)
	return p.MatchStringPairs(text, &has)
}

// MatchPairs reports whether a text with these pairs has a match.
func (p *Pattern) MatchPairs(text []byte, has *Pairs) bool {
	return p.matches(has, func(e *regexp.Regexp) bool { return e.Match(text) })
}

// MatchStringPairs is MatchPairs for a string.
func (p *Pattern) MatchStringPairs(text string, has *Pairs) bool {
	return p.matches(has, func(e *regexp.Regexp) bool { return e.MatchString(text) })
}

func (p *Pattern) matches(has *Pairs, try func(*regexp.Regexp) bool) bool {
	if !p.needs().met(has) {
		return false
	}
	branches := p.branches()
	if branches == nil {
		return try(p.regexp())
	}
	for i := range branches {
		if b := &branches[i]; b.needs.met(has) && try(b.regexp()) {
			return true
		}
	}
	return false
}

// lacksLetters reports whether these letters lack one that each match needs.
func (p *Pattern) lacksLetters(has uint64) bool { return p.needs().letters&^has != 0 }

func (p *Pattern) FindString(text string) string {
	if !mayMatch(p, text) {
		return ""
	}
	return p.regexp().FindString(text)
}

func (p *Pattern) FindStringIndex(text string) []int {
	if !mayMatch(p, text) {
		return nil
	}
	return p.regexp().FindStringIndex(text)
}

func (p *Pattern) FindStringSubmatch(text string) []string {
	if !mayMatch(p, text) {
		return nil
	}
	return p.regexp().FindStringSubmatch(text)
}

func (p *Pattern) FindAll(text []byte, n int) [][]byte {
	if !mayMatch(p, text) {
		return nil
	}
	return p.regexp().FindAll(text, n)
}

func (p *Pattern) FindAllSubmatch(text []byte, n int) [][][]byte {
	if !mayMatch(p, text) {
		return nil
	}
	return p.regexp().FindAllSubmatch(text, n)
}

func (p *Pattern) FindAllStringIndex(text string, n int) [][]int {
	if !mayMatch(p, text) {
		return nil
	}
	return p.regexp().FindAllStringIndex(text, n)
}

func (p *Pattern) FindAllStringSubmatch(text string, n int) [][]string {
	if !mayMatch(p, text) {
		return nil
	}
	return p.regexp().FindAllStringSubmatch(text, n)
}

func (p *Pattern) ReplaceAllString(text, by string) string {
	if !mayMatch(p, text) {
		return text
	}
	return p.regexp().ReplaceAllString(text, by)
}

// mayMatch reports whether a text has what each match needs.
func mayMatch[T string | []byte](p *Pattern, text T) bool {
	if p.needs().nothing() {
		return true
	}
	if p.lacksLetters(lettersOf(text)) {
		return false
	}
	has := PairsOf(text)
	return p.needs().met(&has)
}

// A need is what each match of an expression has, in upper or lower case: a text in ASCII, all of some needs,
// or any of some. Only one of these is set, or nothing is needed.
type need struct {
	text     string
	all, any []need
	letters  uint64 // that are needed in any case, as bits
}

func (n *need) nothing() bool { return n.text == "" && n.all == nil && n.any == nil }

// summarize finds out which letters are needed.
func (n *need) summarize() {
	n.letters = lettersOf(n.text)
	for i := range n.all {
		n.all[i].summarize()
		n.letters |= n.all[i].letters
	}
	for i := range n.any {
		n.any[i].summarize()
		if i == 0 {
			n.letters = n.any[i].letters
		}
		n.letters &= n.any[i].letters
	}
}

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
func (n *need) met(has *Pairs) bool {
	if n.letters&^has.letters != 0 {
		return false
	}
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
	return n.any == nil && has.Spell(n.text)
}

func isASCII(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r > unicode.MaxASCII })
}

// Pairs are the letters of a text, and which letter follows which. They are a few bits, and upper and lower case
// are the same.
type Pairs struct {
	letters uint64
	after   [64]uint64
}

// PairsOf returns the pairs of a text.
func PairsOf[T string | []byte](text T) (all Pairs) {
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

// lettersOf are the letters of a text, as bits.
func lettersOf[T string | []byte](text T) (all uint64) {
	for i := range len(text) {
		all |= 1 << letters[text[i]]
	}
	return all
}

// Spell reports whether a text consists of these letters, and its pairs are among these, as far as it is in ASCII. If
// not, no text that has these pairs contains it.
func (p *Pairs) Spell(text string) bool {
	for i := range len(text) {
		if text[i] > unicode.MaxASCII {
			return true
		}
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
