// Package articles compares the figures of two articles about FTP, which this lab started
// from, with those that captures of the lab show.
package articles

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"io"
	"slices"
	"strings"

	"ftplab/lab"
	"ftplab/lab/analysis/expect"
	"ftplab/lab/scenario"
)

//go:embed articles.txt
var articles []byte

// A row is one figure of the two articles and what shows it.
type row struct {
	id, scenario, figure, article, exactly string
	shown                                  []string // names of figures and lines of the want
}

// rows reads articles.txt.
func rows() []row {
	var all []row
	for line := range bytes.Lines(articles) {
		text := strings.TrimSpace(string(line))
		if text == "" || text[0] == '#' {
			continue
		}
		cells := strings.Split(text, "|")
		if len(cells) != 6 {
			panic("articles.txt: a row has six cells: " + text) // it is embedded
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		r := row{cells[0], cells[1], cells[2], cells[3], cells[4], strings.Split(cells[5], ";")}
		for i := range r.shown {
			r.shown[i] = strings.TrimSpace(r.shown[i])
		}
		all = append(all, r)
	}
	return all
}

// Write runs the scenarios of the two articles, which load returns by their names. It writes every
// figure of the articles to w beside what the captures show, and returns the number of figures
// that are not as they should be.
func Write(ctx context.Context, w io.Writer, o lab.Options, load func(name string) (*scenario.Scenario, error)) (failed int, err error) {
	verdicts := map[string]*lab.Verdict{}
	for _, r := range rows() {
		if verdicts[r.scenario] != nil {
			continue
		}
		s, err := load(r.scenario)
		if err != nil {
			return 0, err
		}
		result, err := lab.Run(ctx, s, o)
		if err != nil {
			return 0, err
		}
		verdicts[r.scenario] = result.Verdict
	}
	return writeTable(w, verdicts)
}

func writeTable(w io.Writer, verdicts map[string]*lab.Verdict) (failed int, err error) {
	var b bytes.Buffer
	b.WriteString(`# The two articles, figure by figure

E1 to E14 are George El's "Analyzing an FTP connection with Wireshark" (2019), F1 to F15 are Karen Kent Frederick's
"Studying Normal Traffic, Part Two: Studying FTP Traffic" (2001). The lab makes their sessions again and reads each
figure off its own capture. This page is written by ` + "`ftplab articles`" + `, never by hand.

| | figure | the article | here | held | verdict |
| --- | --- | --- | --- | --- | --- |
`)
	for _, r := range rows() {
		here, ok := r.shownBy(verdicts[r.scenario])
		verdict := "yes"
		if !ok {
			verdict = "**no**"
			failed++
		}
		fmt.Fprintf(&b, "| %s | %s (`%s`) | %s | %s | %s | %s |\n", r.id, r.figure, r.scenario, r.article, here, r.exactly, verdict)
	}
	_, err = b.WriteTo(w)
	return failed, err
}

// Failures returns a line for each figure that is not as it should be in the verdicts on
// scenarios. It leaves out the figures of scenarios that have no verdict there.
func Failures(verdicts map[string]*lab.Verdict) (lines []string) {
	for _, r := range rows() {
		if v := verdicts[r.scenario]; v != nil {
			if here, ok := r.shownBy(v); !ok {
				lines = append(lines, fmt.Sprintf("%s, %s: %s", r.id, r.figure, here))
			}
		}
	}
	return lines
}

// shownBy says what the scenario's capture shows of a row: measured figures,
// and the packets that lines of the want matched.
func (r row) shownBy(v *lab.Verdict) (here string, ok bool) {
	var all []string
	ok = true
	for _, name := range r.shown {
		value, good := find(v, name)
		all = append(all, fmt.Sprintf("`%s` %s", name, value))
		ok = ok && good
	}
	return strings.Join(all, ", "), ok
}

// find looks a name up in a verdict: the figure of that name, or the last line
// of the want that has these words, its connection's name in front if need be.
func find(v *lab.Verdict, name string) (value string, ok bool) {
	for _, f := range v.Figures {
		if f.Name == name {
			return f.Measured, f.OK
		}
	}
	if v.Want == nil {
		return "is not in the scenario", false
	}
	wrong := map[int]bool{}
	for _, m := range v.Want.Mismatches {
		wrong[m.Line] = true
	}
	connection, words, _ := strings.Cut(name, " ")
	if !slices.ContainsFunc(v.Want.Lines, func(l expect.Match) bool { return l.Connection == connection }) {
		connection, words = "", name
	}
	for _, l := range slices.Backward(v.Want.Lines) {
		text := strings.Join(strings.Fields(l.Text), " ")
		if (connection == "" || l.Connection == connection) && strings.Contains(" "+text+" ", " "+words+" ") {
			return fmt.Sprintf("packet %d", l.Packet), l.Packet > 0 && !wrong[l.Line]
		}
	}
	return "is not in the scenario", false
}
