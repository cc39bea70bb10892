// What intruders plant, as a table of texts that are in such files.

package content

import (
	"bytes"
	"slices"

	"ftplab/lab/analysis/internal/pattern"
)

// A plant is a file that intruders store, such as one that somebody runs later. All of its parts are in the
// file. Patterns are looked for where the first part was found, and after it.
type plant struct {
	what string
	// kind is Malicious for what has no other use, LikelyMalicious for what administrators seldom write, and
	// Suspicious for what they sometimes do.
	kind  Kind
	parts []part
	// fetched says that a download of it counts, too, because devices fetch it to run it.
	fetched bool
	where   place
	// source says who describes it, and example is such a file.
	source, example string
}

// A part is a text of which one of the marks is a piece, in lower case. If has is nil, the mark is enough.
// Marks are looked for first, because that is cheaper.
type part struct {
	marks []string
	has   func(t *passage) bool
}

// marked is a part that has one of some marks.
func marked(marks ...string) part { return part{marks: marks} }

// like is a part that matches a pattern, and has one of some marks.
func like(expression string, marks ...string) part {
	p := pattern.New(expression)
	return part{marks, func(t *passage) bool { return t.matches(p) }}
}

// often is a part that matches a pattern three times at least, and has one of some marks.
func often(expression string, marks ...string) part {
	const times = 3
	p := pattern.New(expression)
	return part{marks, func(t *passage) bool { return t.matches(p) && len(p.FindAll(t.text, times)) == times }}
}

// in reports whether a passage has the part.
func (p part) in(t *passage) bool {
	return slices.ContainsFunc(p.marks, t.has) && (p.has == nil || p.has(t))
}

// A passage is the text of a packet, in lower case, with its pairs of letters. They show at once that it has
// none of most marks and patterns.
type passage struct {
	text  []byte
	pairs pattern.Pairs
}

// read takes the data of a packet.
func (t *passage) read(data []byte) {
	t.text = appendLower(t.text[:0], data)
	t.pairs = pattern.PairsOf(t.text)
}

func (t *passage) has(mark string) bool {
	return t.pairs.Spell(mark) && bytes.Contains(t.text, []byte(mark))
}

func (t *passage) matches(p *pattern.Pattern) bool {
	return p.MatchPairs(t.text, &t.pairs)
}

// appendLower appends data in lower case. Only the letters of ASCII change.
func appendLower(to, data []byte) []byte {
	for _, c := range data {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		to = append(to, c)
	}
	return to
}
