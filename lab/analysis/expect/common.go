// What the wants of several captures of one session have in common.

package expect

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Common merges wants that were derived from captures of one session: it keeps what all
// say. Where they say other words, stars stand for the difference; a port that is
// another one each time is a star, too; and where one has a line that another has not,
// whatever comes is right. The error says why there is nothing in common: the captures
// have other connections.
//
// The result is not compared with the captures; that is for the caller.
func Common(wants []string) (string, error) {
	all, err := parseDraft(wants[0])
	if err != nil {
		return "", err
	}
	for i, text := range wants[1:] {
		other, err := parseDraft(text)
		if err != nil {
			return "", err
		}
		if err := all.merge(other); err != nil {
			return "", fmt.Errorf("runs 1 and %d: %w", i+2, err)
		}
	}
	for _, l := range all.lines {
		if strings.HasPrefix(l.what, `"125 `) {
			l.what = begins // another run may have 150
		}
	}
	return all.text(), nil
}

// begins is the reply with which a transfer begins: 125 if the data connection is open
// already, and else 150 (RFC 959, 5.4). Which of the two comes is chance.
const begins = `"1*"`

// Skip takes all lines of some connections out of a want, and says instead that
// whatever comes is right.
func Skip(want string, connections map[string]bool) (string, error) {
	d, err := parseDraft(want)
	if err != nil {
		return "", err
	}
	for name := range connections {
		d.skip(name)
	}
	return d.text(), nil
}

// merge takes out of d what other does not say.
func (d *draft) merge(other *draft) error {
	for _, mine := range d.declarations {
		i := slices.IndexFunc(other.declarations, func(o *declaration) bool { return o.name == mine.name })
		if i < 0 {
			return fmt.Errorf("only one of them has the connection %s", mine.name)
		}
		theirs := other.declarations[i]
		if mine.a.host != theirs.a.host || mine.b.host != theirs.b.host || mine.proto != theirs.proto {
			return fmt.Errorf("%s is %s > %s in one and %s > %s in the other", mine.name, mine.a, mine.b, theirs.a, theirs.b)
		}
		mine.lossy = mine.lossy || theirs.lossy
		mine.a.port, mine.b.port = samePort(mine.a.port, theirs.a.port), samePort(mine.b.port, theirs.b.port)
		d.mergeLines(mine.name, other.of(mine.name))
	}
	if len(other.declarations) > len(d.declarations) {
		return fmt.Errorf("one has %d connections and the other %d", len(d.declarations), len(other.declarations))
	}
	d.dropLabels()
	return nil
}

func samePort(a, b string) string {
	if a == b {
		return a
	}
	return "*"
}

// mergeLines merges the lines of one connection with those of another capture.
func (d *draft) mergeLines(connection string, theirs []*draftLine) {
	mine := d.of(connection)
	pairs := pairLines(mine, theirs)
	keep := map[*draftLine]bool{}
	last := -1 // of theirs that has a pair
	gap := false
	skipBefore := map[*draftLine]bool{} // something of theirs stands in front of it
	for i, l := range mine {
		j := pairs[i]
		if j < 0 {
			gap = true
			continue
		}
		if gap || j > last+1 {
			skipBefore[l] = true
		}
		gap, last = false, j
		l.take(theirs[j])
		keep[l] = true
	}
	trailing := gap || last+1 < len(theirs)
	var lines []*draftLine
	var end int
	for _, l := range d.lines {
		if l.connection != connection {
			lines = append(lines, l)
			continue
		}
		if keep[l] {
			if skipBefore[l] {
				lines = append(lines, &draftLine{connection: connection, what: "..."})
			}
			lines = append(lines, l)
		}
		end = len(lines)
	}
	if trailing {
		lines = slices.Insert(lines, end, &draftLine{connection: connection, what: "..."})
	}
	d.lines = lines
	d.tidy(connection)
}

// take makes a line say what another one says, too.
func (l *draftLine) take(other *draftLine) {
	l.what = commonWhat(l.what, other.what)
	if l.after != other.after {
		l.after = ""
	}
	if l.group == 0 && other.group != 0 {
		l.group = -1 // it may change places with its neighbours: see tidy
	}
}

// pairLines finds the lines of two captures that are about the same packet, in order:
// for each of mine the index of theirs, -1 for none. It pairs as many as it can, and
// prefers those that say the same.
func pairLines(mine, theirs []*draftLine) []int {
	best := make([][]int, len(mine)+1) // of the lines from i and j on
	for i := range best {
		best[i] = make([]int, len(theirs)+1)
	}
	for i := len(mine) - 1; i >= 0; i-- {
		for j := len(theirs) - 1; j >= 0; j-- {
			best[i][j] = max(best[i+1][j], best[i][j+1])
			if n := likeness(mine[i], theirs[j]); n > 0 {
				best[i][j] = max(best[i][j], best[i+1][j+1]+n)
			}
		}
	}
	pairs := make([]int, len(mine))
	i, j := 0, 0
	for i < len(mine) {
		n := 0
		if j < len(theirs) {
			n = likeness(mine[i], theirs[j])
		}
		switch {
		case n > 0 && best[i][j] == best[i+1][j+1]+n:
			pairs[i] = j
			i, j = i+1, j+1
		case j < len(theirs) && best[i][j] == best[i][j+1]:
			j++
		default:
			pairs[i] = -1
			i++
		}
	}
	return pairs
}

// likeness is 0 for lines that are about different packets, and higher the more they say
// the same.
func likeness(a, b *draftLine) int {
	switch {
	case a.from != b.from || a.to != b.to:
		return 0
	case a.what == b.what:
		return 10
	case isText(a.what) && isText(b.what) && firstWord(a.what) == firstWord(b.what):
		return 6
	case isFlags(a.what) && isFlags(b.what) && firstField(a.what) == firstField(b.what):
		return 5
	case strings.HasPrefix(a.what, "seq ") && strings.HasPrefix(b.what, "seq "):
		return 4
	}
	return 0
}

func isText(what string) bool  { return strings.HasPrefix(what, `"`) }
func isFlags(what string) bool { return strings.HasPrefix(what, "[") }

// firstWord is the command or the code of a text; 125 and 150 are one.
func firstWord(text string) string {
	if strings.HasPrefix(text, `"125`) || strings.HasPrefix(text, `"150`) || text == begins {
		return begins
	}
	return strings.Trim(strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == '-' })[0], `"`)
}

func firstField(what string) string { return strings.Fields(what)[0] }

// commonWhat is what two lines about the same packet have in common.
func commonWhat(a, b string) string {
	switch {
	case a == b:
		return a
	case isText(a) && isText(b) && firstWord(a) == begins && (a[:4] != b[:4]):
		return begins
	case isText(a) && isText(b):
		return commonText(a, b)
	case isFlags(a) && isFlags(b):
		return firstField(a)
	}
	return "..." // of bytes in other numbers
}

// pieces are the words, numbers and other characters of a text; an escaped one is whole.
var pieces = regexp.MustCompile(`\\x[0-9a-fA-F]{2}|\\.|[A-Za-z]+|[0-9]+|[^A-Za-z0-9\\]`)

// commonText puts stars where two texts differ.
func commonText(a, b string) string {
	x, y := pieces.FindAllString(a, -1), pieces.FindAllString(b, -1)
	lengths := make([][]int, len(x)+1)
	for i := range lengths {
		lengths[i] = make([]int, len(y)+1)
	}
	for i := len(x) - 1; i >= 0; i-- {
		for j := len(y) - 1; j >= 0; j-- {
			if lengths[i][j] = max(lengths[i+1][j], lengths[i][j+1]); x[i] == y[j] && x[i] != "*" {
				lengths[i][j] = max(lengths[i][j], lengths[i+1][j+1]+1)
			}
		}
	}
	var out strings.Builder
	star := false
	for i, j := 0, 0; i < len(x) || j < len(y); {
		switch {
		case i < len(x) && j < len(y) && x[i] == y[j] && x[i] != "*" && lengths[i][j] == lengths[i+1][j+1]+1:
			out.WriteString(x[i])
			star = false
			i, j = i+1, j+1
			continue
		case j == len(y) || i < len(x) && lengths[i+1][j] >= lengths[i][j+1]:
			i++
		default:
			j++
		}
		if !star {
			out.WriteString("*")
			star = true
		}
	}
	return unitBehindStar.ReplaceAllString(out.String(), "*")
}

// unitBehindStar is a number that differs, with its unit: the next one may have another.
var unitBehindStar = regexp.MustCompile(`\* ?[KMGkmg]i?(?:bytes|B)\b`)
