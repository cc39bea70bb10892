// Package outcome has the words for how a run or a check of a scenario ended. Every output uses them: the
// terminal, the pages, JSON, and the reports for continuous integration.
package outcome

import (
	"fmt"
	"strings"
)

// An Outcome is how a run or a check of a scenario ended.
type Outcome string

// The outcomes.
const (
	Passed   Outcome = "passed"
	Failed   Outcome = "failed"
	Recorded Outcome = "recorded"
	Unjudged Outcome = "unjudged"
	Error    Outcome = "error"
)

// all are the outcomes, in the order in which they are counted, with what they mean.
var all = []struct {
	Outcome
	plural, meaning string
}{
	{Passed, "passed", "everything is as the scenario says"},
	{Failed, "failed", "something is not as the scenario says"},
	{Recorded, "recorded", "nothing failed, and the scenario does not say what should be seen or measured"},
	{Unjudged, "unjudged", "nothing failed, and the capture cannot show all that the scenario asks for"},
	{Error, "errors", "there is no result: the scenario has a mistake, or could not be run to its end"},
}

// Width is that of the longest outcome, in characters.
const Width = len(Recorded)

// Manual says what the outcomes mean, for users: a line for each.
func Manual() string {
	var b strings.Builder
	for _, o := range all {
		fmt.Fprintf(&b, "  %-*s  %s\n", Width, o.Outcome, o.meaning)
	}
	return b.String()
}

// Meaning says what the outcome means.
func (o Outcome) Meaning() string {
	for _, x := range all {
		if x.Outcome == o {
			return x.meaning
		}
	}
	return ""
}

// Marked is the outcome with a mark, for a page.
func (o Outcome) Marked() string {
	switch o {
	case Passed:
		return "✓ " + string(o)
	case Failed, Error:
		return "✗ " + string(o)
	}
	return string(o)
}

// Class is the CSS class of the outcome on a page.
func (o Outcome) Class() string {
	switch o {
	case Passed:
		return "pass"
	case Failed, Error:
		return "fail"
	}
	return ""
}

// A Count says how many scenarios ended in each way.
type Count map[Outcome]int

// String is the count in words, such as "3 passed, 0 failed, 1 error".
func (c Count) String() string {
	var parts []string
	for _, o := range all {
		switch n := c[o.Outcome]; {
		case n == 1:
			parts = append(parts, fmt.Sprintf("1 %s", o.Outcome))
		case n > 1 || o.Outcome == Passed || o.Outcome == Failed:
			parts = append(parts, fmt.Sprintf("%d %s", n, o.plural))
		}
	}
	return strings.Join(parts, ", ")
}
