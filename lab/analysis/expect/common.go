// The common part of the wants of several captures of one session.

package expect

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Common merges wants that were derived from captures of one session. It keeps what
// they have in common. It replaces different words by stars, different ports by a star,
// and lines that not all of them have by "...". The error says why there is nothing in
// common: the captures have different connections.
//
// Common does not judge the captures by the result; the caller does.
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
	all.leaveBeginsOpen()
	return all.text(), nil
}

// begins is the reply with which a transfer begins: 125 if the data connection is open
// already, and else 150 (RFC 959, 5.4). Which of the two comes is chance.
const begins = `"1*"`

// leaveBeginsOpen leaves open what chance decides about the replies with which transfers
// begin: 125 or 150, if the server sent 125 once, and their number of lines, if one of its
// replies to transfers had several. Pure-FTPd adds a line in one second of a hundred.
func (d *draft) leaveBeginsOpen() {
	sent := func(start string) bool {
		return slices.ContainsFunc(d.lines, func(l *draftLine) bool { return strings.HasPrefix(l.what, start) })
	}
	either, severalLines := sent(`"125`) || sent(begins), sent(`"150-`) || sent(`"226-`)
	var lines []*draftLine
	for _, l := range d.lines {
		lines = append(lines, l)
		if !l.isBegin() {
			continue
		}
		if severalLines {
			l.what = `"150*"`
			lines = append(lines, &draftLine{connection: l.connection, what: "..."})
		}
		if either {
			l.what = begins
		}
	}
	d.lines = lines
	for _, o := range d.declarations {
		d.tidy(o.name)
	}
	d.dropLabels()
}

func (l *draftLine) isBegin() bool { return isText(l.what) && firstWord(l.what) == begins }

// Skip replaces all lines of some connections in a want by "...", so that any packets
// match.
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

// merge removes from d what other does not say.
func (d *draft) merge(other *draft) error {
	counterparts, err := d.counterparts(other)
	if err != nil {
		return err
	}
	pairs := map[string][]int{}
	labels := map[string]string{} // those of other, as d calls them
	for _, mine := range d.declarations {
		theirs := counterparts[mine]
		mine.lossy = mine.lossy || theirs.lossy
		mine.a.port, mine.b.port = samePort(mine.a.port, theirs.a.port), samePort(mine.b.port, theirs.b.port)
		pairs[mine.name] = pairLines(d.of(mine.name), other.of(theirs.name))
		addLabels(labels, d.of(mine.name), other.of(theirs.name), pairs[mine.name])
	}
	for _, l := range other.lines {
		l.after = labels[l.after]
	}
	for _, mine := range d.declarations {
		d.mergeLines(mine.name, other.of(counterparts[mine].name), pairs[mine.name])
	}
	if len(other.declarations) > len(d.declarations) {
		return fmt.Errorf("one has %d connections and the other %d", len(d.declarations), len(other.declarations))
	}
	d.dropLabels()
	return nil
}

// counterparts returns the declaration of other for each one of d. The names do not say which one it is: they count the
// connections, and chance decides which of two clients connects first. It is the next one between the same hosts that the
// same control connection announces.
func (d *draft) counterparts(other *draft) (map[*declaration]*declaration, error) {
	found, taken, names := map[*declaration]*declaration{}, map[*declaration]bool{}, map[string]string{}
	for _, mine := range d.declarations {
		between := func(theirs *declaration) bool {
			return !taken[theirs] && mine.a.host == theirs.a.host && mine.b.host == theirs.b.host && mine.proto == theirs.proto
		}
		i := slices.IndexFunc(other.declarations, func(theirs *declaration) bool {
			return between(theirs) && names[d.announcer(mine)] == other.announcer(theirs)
		})
		if i < 0 {
			i = slices.IndexFunc(other.declarations, between)
		}
		if i < 0 {
			return nil, fmt.Errorf("only one of them has the connection %s, %s > %s", mine.name, mine.a, mine.b)
		}
		theirs := other.declarations[i]
		found[mine], taken[theirs], names[mine.name] = theirs, true, theirs.name
	}
	return found, nil
}

// announcer returns the name of the connection with the line that a connection comes after, "" for none.
func (d *draft) announcer(o *declaration) string {
	for _, l := range d.of(o.name) {
		if l.after == "" {
			continue
		}
		i := slices.IndexFunc(d.lines, func(announces *draftLine) bool { return announces.label == l.after })
		return d.lines[i].connection
	}
	return ""
}

// addLabels adds the labels of their lines, as the lines of mine with which they are paired have them.
func addLabels(labels map[string]string, mine, theirs []*draftLine, pairs []int) {
	for i, j := range pairs {
		if j >= 0 && theirs[j].label != "" {
			labels[theirs[j].label] = mine[i].label
		}
	}
}

func samePort(a, b string) string {
	if a == b {
		return a
	}
	return "*"
}

// mergeLines merges the lines of one connection with those of another capture, with which they are paired.
func (d *draft) mergeLines(connection string, theirs []*draftLine, pairs []int) {
	mine := d.of(connection)
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
		l.take(theirs[j], j > 0 && theirs[j-1].group == theirs[j].group)
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

// take reduces a line to what another line says, too. Joined says that the other one has the
// same group as the line before it.
func (l *draftLine) take(other *draftLine, joined bool) {
	l.what = commonWhat(l.what, other.what)
	if l.after != other.after {
		l.after = ""
	}
	if l.group == 0 && other.group != 0 && joined {
		l.group = -1 // regroup joins it to the line before it
	}
}

// pairLines pairs the lines of two captures that are about the same packet, in order.
// For each line of mine it returns the index in theirs, or -1. It makes as many pairs
// as possible, and prefers equal lines.
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

// likeness returns 0 for lines about different packets, and a higher number the more
// similar they are.
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

// firstWord returns the command or the code of a text; 125 and 150 count as the same.
func firstWord(text string) string {
	if strings.HasPrefix(text, `"125`) || strings.HasPrefix(text, `"150`) || text == begins {
		return begins
	}
	return strings.Trim(strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == '-' })[0], `"`)
}

func firstField(what string) string { return strings.Fields(what)[0] }

// commonWhat returns the common part of two lines about the same packet.
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
	return "..." // ranges of different lengths
}

// pieces are the words and other characters of a text; an escaped one is whole. Digits
// belong to words, since names made of both, such as that of an inode, change as a whole.
var pieces = regexp.MustCompile(`\\x[0-9a-fA-F]{2}|\\.|[A-Za-z0-9]+|[^A-Za-z0-9\\]`)

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
	return unitAfterStar.ReplaceAllString(out.String(), "*")
}
