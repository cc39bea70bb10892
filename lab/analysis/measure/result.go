package measure

import (
	"fmt"
	"strings"

	"ftplab/lab/outcome"
)

// A Result is one figure, measured.
type Result struct {
	// Line is its line in the scenario's file, Text the line as written,
	// without its comment, and Comment the comment.
	Line    int    `json:"line"`
	Text    string `json:"text"`
	Comment string `json:"comment,omitempty"`
	// Name is what was measured, such as "ctl.rtt".
	Name string `json:"name"`
	// Wanted is what the line asks for, such as "= 107ms ± 5ms", and Measured
	// what the capture shows, in the same unit: "107.2ms". Measured is "" if
	// the capture does not show it; Why says why.
	Wanted   string `json:"wanted"`
	Measured string `json:"measured"`
	Why      string `json:"why,omitempty"`
	// Unjudged says that it cannot be measured, because it is in TLS that cannot be read, or
	// not in the capture.
	Unjudged bool `json:"unjudged,omitempty"`
	// Hint is a likely reason why the figure is not as wanted; it is often empty.
	Hint string `json:"hint,omitempty"`
	// OK says that the figure is as wanted.
	OK bool `json:"ok"`
}

// Outcome is how the figure was judged.
func (r Result) Outcome() outcome.Outcome {
	switch {
	case r.OK:
		return outcome.Passed
	case r.Unjudged:
		return outcome.Unjudged
	}
	return outcome.Failed
}

// Report describes the figures that are not as wanted, as a compiler prints its errors.
// Figures that cannot be measured for the same reason share one line.
func Report(file string, all []Result) string {
	hidden := map[string][]string{} // the names of those, by the reason
	for _, r := range all {
		if r.Unjudged {
			hidden[r.Why] = append(hidden[r.Why], r.Name)
		}
	}
	var b strings.Builder
	for _, r := range all {
		names := hidden[r.Why]
		switch {
		case r.OK || r.Unjudged && names == nil:
		case len(names) > 1 && r.Unjudged:
			fmt.Fprintf(&b, "%s:%d: %s: not measured, as %s\n", file, r.Line, strings.Join(names, ", "), r.Why)
			delete(hidden, r.Why)
		default:
			b.WriteString(r.Message(file))
		}
	}
	return b.String()
}

// Message describes a figure that is not as wanted, in the form of a compiler's error.
func (r Result) Message(file string) string {
	message := fmt.Sprintf("%s:%d: %s: got %s, want %s\n", file, r.Line, r.Name, r.Measured, r.Wanted)
	if r.Measured == "" {
		message = fmt.Sprintf("%s:%d: %s: not measured, as %s; want %s\n", file, r.Line, r.Name, r.Why, r.Wanted)
	}
	if r.Hint != "" {
		message += "\thint: " + r.Hint + "\n"
	}
	return message
}
