// Changes to a want.

package mutation

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Excuses: reasons why a changed line may still be right.
const (
	bareACK   = "a bare ACK need not be written, and often another one is like it"
	joined    = "the order of lines joined by | is free"
	skipped   = "a line beside ... : what it says is skipped instead"
	otherConn = "the order of lines of different connections is free"
	datagrams = "a declaration of UDP, ARP or ICMP is of both directions"
)

// A wantLine is a line of the text, with what the changes need.
type wantLine struct {
	at    int // index among the lines of the text
	name  string
	text  string
	isACK bool // a bare ACK
	skip  bool
	joint bool
	decl  bool
}

var (
	lineForm     = regexp.MustCompile(`^\s*(\|?)\s*([\w-]+)\s+(\S+)(?:\s+>\s+(\S+))?(.*)$`)
	ackForm      = regexp.MustCompile(`\[\.\]`)
	dataForm     = regexp.MustCompile(`seq [\d*]+:|length [1-9*]|"`)
	flagForm     = regexp.MustCompile(`\[[SFRP.UEW]+\]`)
	quoted       = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
	numeral      = regexp.MustCompile(`(seq|ack|win|length|mss|wscale|ttl|sack) (\d+)(?::(\d+))?`)
	portForm     = regexp.MustCompile(`\S+\.(\d+)\b`)
	afterForm    = regexp.MustCompile(` after @[\w-]+`)
	datagramForm = regexp.MustCompile(`\s(udp|arp|icmp)\s*$`)
	roleForm     = regexp.MustCompile(`\b(client|server)\b`)
	present      = regexp.MustCompile(`(^|\s)(!?)(df|sackOK|ts|wscale|mss|sack)\b( \d+(?::\d+)?)?`)
)

// readLines returns the lines of a want that are neither empty nor only a comment.
func readLines(text []string) []wantLine {
	var all []wantLine
	names := map[string]bool{}
	for i, t := range text {
		if strings.HasPrefix(strings.TrimSpace(t), "#") {
			continue
		}
		m := lineForm.FindStringSubmatch(t)
		if m == nil {
			continue
		}
		body := cutComment(t)
		l := wantLine{at: i, name: m[2], text: body, joint: m[1] != "", skip: m[3] == "..."}
		l.decl = !names[l.name]
		names[l.name] = true
		l.isACK = ackForm.MatchString(body) && !dataForm.MatchString(body)
		all = append(all, l)
	}
	return all
}

// cutComment removes a comment, because a change in it would have no effect.
func cutComment(t string) string {
	blank := quoted.ReplaceAllStringFunc(t, func(s string) string { return strings.Repeat("x", len(s)) })
	if i := strings.Index(blank, " #"); i >= 0 {
		return t[:i]
	}
	return t
}

// lineMutants returns all mutants of a want.
func lineMutants(want string) []mutant {
	text := strings.Split(strings.TrimSuffix(want, "\n"), "\n")
	lines := readLines(text)
	var all []mutant
	add := func(l wantLine, why, what string, changed ...string) {
		t := slices.Replace(slices.Clone(text), l.at, l.at+1, changed...)
		all = append(all, mutant{what: fmt.Sprintf("line %d %s: %s", l.at+1, strings.TrimSpace(l.text), what), why: why, want: strings.Join(t, "\n")})
	}
	for i, l := range lines {
		why := excuse(lines, i)
		add(l, why, "dropped")
		if l.skip {
			continue
		}
		add(l, why, "doubled", l.text, l.text)
		for _, c := range changes(l) {
			add(l, excuseChange(l, c), c.what, c.text)
		}
		if l.decl {
			continue
		}
		for _, name := range otherNames(lines, l) {
			add(l, why, "moved to "+name, strings.Replace(l.text, l.name, name, 1))
		}
	}
	return append(all, swaps(text, lines)...)
}

// roleMutants exchange the client and the server of a connection in all its lines, so
// that the want says the opposite of what happened.
func roleMutants(want string) []mutant {
	text := strings.Split(strings.TrimSuffix(want, "\n"), "\n")
	lines := readLines(text)
	var all []mutant
	for _, d := range connections(lines) {
		if t := changeAll(text, lines, d.name, exchangeRoles); !slices.Equal(t, text) {
			all = append(all, mutant{what: d.name + ": client and server exchanged", want: strings.Join(t, "\n"), roles: true})
		}
	}
	return all
}

// declarationMutants are wrong in one declaration: it has another port, also in the lines of its connection where they have
// it, or it is not there, and nor are the lines.
func declarationMutants(want string) []mutant {
	text := strings.Split(strings.TrimSuffix(want, "\n"), "\n")
	lines := readLines(text)
	var all []mutant
	for _, d := range connections(lines) {
		add := func(what string, change func(line string) string) {
			t := changeAll(text, lines, d.name, change)
			all = append(all, mutant{what: d.name + ": " + what, want: withoutLabels(t), declaration: d.at + 1})
		}
		for _, end := range portForm.FindAllStringSubmatch(d.text, -1) {
			other := strings.TrimSuffix(end[0], end[1]) + "9"
			add(other+" in place of "+end[0], func(line string) string { return strings.Replace(line, end[0], other, 1) })
		}
		add("not declared", func(string) string { return "" })
	}
	return all
}

// connections returns the declarations of TCP connections.
func connections(lines []wantLine) []wantLine {
	return slices.DeleteFunc(slices.Clone(lines), func(l wantLine) bool { return !l.decl || datagramForm.MatchString(l.text) })
}

// changeAll changes all lines with a name, and returns the whole text.
func changeAll(text []string, lines []wantLine, name string, change func(line string) string) []string {
	text = slices.Clone(text)
	for _, l := range lines {
		if l.name == name {
			text[l.at] = change(l.text)
		}
	}
	return text
}

// withoutLabels joins lines, and leaves out each "after" a label that none of them has.
func withoutLabels(text []string) string {
	whole := strings.Join(text, "\n")
	return afterForm.ReplaceAllStringFunc(whole, func(s string) string {
		label := strings.TrimPrefix(s, " after ")
		if regexp.MustCompile(`(?m)(^|[^r]) ` + label + `\b`).MatchString(whole) {
			return s
		}
		return ""
	})
}

// exchangeRoles exchanges the two hosts at the start of a line.
func exchangeRoles(line string) string {
	head, rest := line, ""
	if i := strings.IndexAny(line, `["`); i >= 0 {
		head, rest = line[:i], line[i:]
	}
	return roleForm.ReplaceAllStringFunc(head, func(role string) string {
		return map[string]string{"client": "server", "server": "client"}[role]
	}) + rest
}

// excuse returns a reason why dropping a line may have no effect, or "".
func excuse(lines []wantLine, i int) string {
	l := lines[i]
	switch {
	case l.isACK:
		return bareACK
	case l.skip || besideSkip(lines, i):
		return skipped
	}
	return ""
}

// excuseChange returns a reason why a change within a line may have no effect, or "".
func excuseChange(l wantLine, c change) string {
	switch {
	case l.isACK && c.what == turned && !numeral.MatchString(l.text):
		return bareACK
	case l.decl && c.what == turned && datagramForm.MatchString(l.text):
		return datagrams
	}
	return ""
}

// besideSkip reports whether a neighbour of the line in its connection is a
// "...".
func besideSkip(lines []wantLine, i int) bool {
	for _, step := range []int{-1, 1} {
		for k := i + step; k >= 0 && k < len(lines); k += step {
			if lines[k].name == lines[i].name {
				if lines[k].skip {
					return true
				}
				break
			}
		}
	}
	return false
}

// otherNames are the other connections of the want.
func otherNames(lines []wantLine, l wantLine) []string {
	var names []string
	for _, o := range lines {
		if o.decl && o.name != l.name {
			names = append(names, o.name)
		}
	}
	return names
}

// turned describes the change of a line's direction.
const turned = "turned round"

// A change is another text for a line.
type change struct{ what, text string }

// changes returns all changes within a line: to a flag, a number, a character of a
// text, or the direction.
func changes(l wantLine) []change {
	var all []change
	if a, b, ok := strings.Cut(l.text, " > "); ok {
		from, to := lastWord(a), strings.Fields(b)[0]
		swapped := strings.TrimSuffix(a, from) + to + " > " + from + strings.TrimPrefix(b, to)
		all = append(all, change{turned, swapped})
	}
	if l.decl {
		return append(all, portChanges(l)...)
	}
	if at := flagForm.FindStringIndex(l.text); at != nil {
		for _, f := range []string{"[S]", "[S.]", "[F.]", "[R]", "[R.]", "[.]"} {
			if f != l.text[at[0]:at[1]] {
				all = append(all, change{"flags " + f, l.text[:at[0]] + f + l.text[at[1]:]})
			}
		}
	}
	blank := quoted.ReplaceAllStringFunc(l.text, func(s string) string { return strings.Repeat("_", len(s)) })
	for _, m := range numeral.FindAllStringSubmatchIndex(blank, -1) {
		for group := 2; group <= 3; group++ {
			if m[2*group] >= 0 {
				all = append(all, numberChanges(l.text, m[2*group], m[2*group+1])...)
			}
		}
	}
	for _, m := range present.FindAllStringSubmatchIndex(blank, -1) {
		all = append(all, optionChange(l.text, m))
	}
	return append(all, textChanges(l)...)
}

func lastWord(s string) string {
	words := strings.Fields(s)
	return words[len(words)-1]
}

// numberChanges changes the number at text[from:to] to one more, one less, and ten
// times as much.
func numberChanges(text string, from, to int) []change {
	n, err := strconv.ParseInt(text[from:to], 10, 64)
	if err != nil {
		return nil
	}
	var all []change
	for _, other := range []int64{n + 1, n - 1, 10*n + 7} {
		if other >= 0 {
			all = append(all, change{fmt.Sprintf("%d instead of %d", other, n), text[:from] + strconv.FormatInt(other, 10) + text[to:]})
		}
	}
	return all
}

// optionChange negates an option: name becomes !name, and !name becomes name.
func optionChange(text string, m []int) change {
	name := text[m[6]:m[7]]
	if m[5] > m[4] { // "!name"
		positive := name
		if name == "mss" || name == "wscale" {
			positive += " *"
		} else if name == "sack" {
			positive += " 1:2"
		}
		return change{positive + " instead of !" + name, text[:m[4]] + positive + text[m[1]:]}
	}
	return change{"!" + name, text[:m[6]] + "!" + name + text[m[1]:]}
}

// textChanges change the first, the middle and the last character of a text that is not
// a star.
func textChanges(l wantLine) []change {
	at := quoted.FindStringIndex(l.text)
	if at == nil {
		return nil
	}
	from, to := at[0]+1, at[1]-1
	var all []change
	for _, i := range []int{from, (from + to) / 2, to - 1} {
		if i < from || i >= to || strings.IndexByte(`*\"`, l.text[i]) >= 0 || i > from && l.text[i-1] == '\\' || l.text[i] >= 0x80 {
			continue
		}
		all = append(all, change{fmt.Sprintf("character %d of the text", i-from+1), l.text[:i] + "~" + l.text[i+1:]})
	}
	return all
}

// portChanges change the ports of a declaration.
func portChanges(l wantLine) []change {
	var all []change
	for _, m := range regexp.MustCompile(`\.(\d+)(\s|$)`).FindAllStringSubmatchIndex(l.text, -1) {
		all = append(all, numberChanges(l.text, m[2], m[3])[:1]...)
	}
	return all
}

// swaps exchange each line with the next one.
func swaps(text []string, lines []wantLine) []mutant {
	var all []mutant
	for i := range lines {
		if i+1 == len(lines) || lines[i].decl || lines[i+1].decl {
			continue
		}
		x, y := lines[i], lines[i+1]
		why := ""
		switch {
		case x.name != y.name:
			why = otherConn
		case x.joint && y.joint:
			why = joined
		case x.isACK || y.isACK:
			why = bareACK
		case x.skip || y.skip || besideSkip(lines, i) || besideSkip(lines, i+1):
			why = skipped
		}
		t := slices.Clone(text)
		t[x.at], t[y.at] = t[y.at], t[x.at]
		all = append(all, mutant{what: fmt.Sprintf("lines %d and %d swapped", x.at+1, y.at+1), why: why, want: strings.Join(t, "\n")})
	}
	return all
}
