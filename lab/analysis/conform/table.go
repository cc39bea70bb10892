package conform

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"ftplab/lab/analysis/internal/wrap"
)

// A Result is a rule with what was seen of it.
type Result struct {
	Rule
	Finding
	Capture string `json:"capture,omitempty"` // the file that shows it
}

// Count returns how many results have a verdict.
func Count(results []Result, v Verdict) int {
	n := 0
	for _, r := range results {
		if r.Verdict == v {
			n++
		}
	}
	return n
}

// Widths of the columns of the table, in characters.
const (
	ruleWidth = 52
	seenWidth = 44
)

// WriteTable writes the results as a table: the RFC and its section, the
// verdict, the rule, what was seen, and the scenario whose capture shows it.
func WriteTable(w io.Writer, results []Result) error {
	for _, r := range results {
		rule, seen := wrap.Text(r.Text, ruleWidth, ""), wrapLines(r.Seen, seenWidth)
		for i := range max(len(rule), len(seen)) {
			var head [3]string
			if i == 0 {
				head = [3]string{r.RFC + ", " + r.Section, string(r.Verdict), r.Scenario}
			}
			line := fmt.Sprintf("%-16s %-14s %s %s %s", head[0], head[1], pad(at(rule, i), ruleWidth), pad(at(seen, i), seenWidth), head[2])
			if _, err := fmt.Fprintln(w, strings.TrimRight(line, " ")); err != nil {
				return err
			}
		}
	}
	_, err := fmt.Fprintf(w, "\n%d rules: %d kept, %d not kept, %d not applicable\n", len(results),
		Count(results, Keeps), Count(results, Breaks), Count(results, NotApplicable))
	return err
}

// wrapLines breaks each line of a text, such as of a log, into lines of at most width characters.
func wrapLines(text string, width int) (all []string) {
	for line := range strings.Lines(text) {
		all = append(all, wrap.Text(line, width, "")...)
	}
	return all
}

// at returns a line, or "" beyond the last.
func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return ""
}

// pad fills a text with spaces up to a width.
func pad(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-utf8.RuneCountInString(text)))
}
