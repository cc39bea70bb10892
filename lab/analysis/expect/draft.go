// Wants that are changed and written again.

package expect

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// A draft is a want that can be changed and written again.
type draft struct {
	declarations []*declaration
	lines        []*draftLine
}

// A draftLine is a line of a draft.
type draftLine struct {
	connection string
	from, to   string
	what       string // "[S]", "seq 1:100", "\"LIST\"" or "..."
	label      string
	after      string // the label of the line it comes after
	comment    string
	group      int // lines with the same number are joined; 0 is none
}

// labelsAtEnd matches the label of a line and the label it comes after.
var labelsAtEnd = regexp.MustCompile(`(?:\s+(?:after\s+)?@[\w-]+)+$`)

func parseDraft(text string) (*draft, error) {
	w, err := Parse("derived", 1, text)
	if err != nil {
		return nil, err
	}
	d := &draft{declarations: w.declarations}
	for _, l := range w.lines {
		x := &draftLine{connection: l.conn.name, from: l.from, to: l.to, what: "...", label: l.label, comment: l.comment}
		if l.after != nil {
			x.after = l.after.label
		}
		if l.kind != kindSkip {
			_, what, _ := strings.Cut(labelsAtEnd.ReplaceAllString(l.text, ""), ">")
			x.what = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(what), l.to))
		}
		if l.joined {
			x.group = l.group
		}
		d.lines = append(d.lines, x)
	}
	return d, nil
}

// of returns the lines of a connection.
func (d *draft) of(connection string) []*draftLine {
	var lines []*draftLine
	for _, l := range d.lines {
		if l.connection == connection {
			lines = append(lines, l)
		}
	}
	return lines
}

// tidy repairs the lines of a connection after a merge, so that they can be parsed: it joins
// lines whose order differs between captures, writes "..." for more than | can join, and removes "..."
// among joined lines and after another one.
func (d *draft) tidy(connection string) {
	mine := d.of(connection)
	d.regroup(mine)
	for first := 0; first < len(mine); first++ {
		run := mine[first:]
		if end := slices.IndexFunc(run, func(l *draftLine) bool { return l.group == 0 }); end >= 0 {
			run = run[:end]
		}
		if len(run) > maxJoined {
			for _, l := range run {
				*l = draftLine{connection: connection, what: "..."}
			}
		}
		first += len(run)
	}
	d.bringTogether()
	before := ""
	d.lines = slices.DeleteFunc(d.lines, func(l *draftLine) bool {
		if l.connection != connection {
			return false
		}
		double := l.what == "..." && before == "..."
		before = l.what
		return double
	})
}

// regroup numbers the groups of the lines of a connection anew. A group ends at "...", and has
// two lines or more.
func (d *draft) regroup(mine []*draftLine) {
	next := newGroup(d.lines)
	old := 0 // the group of the line before, as it was
	for i, l := range mine {
		with := i > 0 && mine[i-1].what != "..." && (l.group == -1 || l.group > 0 && l.group == old)
		old = l.group
		if l.what == "..." {
			l.label, l.after = "", ""
		}
		l.group = 0
		if !with || l.what == "..." {
			continue
		}
		if mine[i-1].group == 0 {
			mine[i-1].group = next
			next++
		}
		l.group = mine[i-1].group
	}
}

// newGroup returns a number that no group has.
func newGroup(lines []*draftLine) int {
	highest := 0
	for _, l := range lines {
		highest = max(highest, l.group)
	}
	return highest + 1
}

// bringTogether moves the lines of each group behind its first one.
func (d *draft) bringTogether() {
	groups := map[int][]*draftLine{}
	for _, l := range d.lines {
		groups[l.group] = append(groups[l.group], l)
	}
	var lines []*draftLine
	for _, l := range d.lines {
		switch {
		case l.group <= 0:
			lines = append(lines, l)
		case l == groups[l.group][0]:
			lines = append(lines, groups[l.group]...)
		}
	}
	d.lines = lines
}

// skip replaces all lines of a connection by "...".
func (d *draft) skip(connection string) {
	first := true
	d.lines = slices.DeleteFunc(d.lines, func(l *draftLine) bool {
		if l.connection != connection {
			return false
		}
		if first {
			*l, first = draftLine{connection: connection, what: "...", comment: "any packets"}, false
			return false
		}
		return true
	})
	d.dropLabels()
}

// dropLabels removes references to labels that no longer exist, and unused labels.
func (d *draft) dropLabels() {
	there, used := map[string]bool{}, map[string]bool{}
	for _, l := range d.lines {
		there[l.label] = true
	}
	for _, l := range d.lines {
		if !there[l.after] {
			l.after = ""
		}
		used[l.after] = true
	}
	for _, l := range d.lines {
		if !used[l.label] {
			l.label = ""
		}
	}
}

// text writes the draft as a want.
func (d *draft) text() string {
	var b strings.Builder
	names, whats, labels := 0, 0, 0
	for _, o := range d.declarations {
		names = max(names, len(o.name))
	}
	for _, l := range d.lines {
		names = max(names, len(l.margin()+l.connection))
		labels = max(labels, len(l.labels()))
		if n := len(l.said()); n <= 60 {
			whats = max(whats, n)
		}
	}
	for _, o := range d.declarations {
		fmt.Fprintf(&b, "%-*s  %s > %s%s\n", names, o.name, o.a, o.b, o.suffix())
	}
	b.WriteString("\n")
	for _, l := range d.lines {
		line := fmt.Sprintf("%-*s  %-*s  %-*s", names, l.margin()+l.connection, whats, l.said(), labels, l.labels())
		if l.comment != "" {
			line += "  # " + l.comment
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return b.String()
}

func (l *draftLine) margin() string {
	if l.group > 0 {
		return "|"
	}
	return ""
}

// said returns the line without name, labels and comment.
func (l *draftLine) said() string {
	if l.what == "..." {
		return l.what
	}
	return l.from + " > " + l.to + "  " + l.what
}

func (l *draftLine) labels() string {
	var words []string
	if l.after != "" {
		words = append(words, "after @"+l.after)
	}
	if l.label != "" {
		words = append(words, "@"+l.label)
	}
	return strings.Join(words, " ")
}
