// The rules as a list, for those who configure a sensor or suppress a rule.

package baseline

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"ftplab/lab/analysis/baseline/profile"
	"ftplab/lab/analysis/baseline/rules"
)

// WriteRules writes each rule with its severity, its source and an example of what breaks
// it, and then the names of findings that come from a profile.
func WriteRules(w io.Writer) error {
	out := bufio.NewWriter(w)
	theme := ""
	for _, r := range rules.All() {
		if r.Theme != theme {
			if theme != "" {
				fmt.Fprintln(out)
			}
			theme = r.Theme
			fmt.Fprintf(out, "%s\n", theme)
		}
		fmt.Fprintf(out, "\n  %s (%s)\n    %s\n    example: %s\n    source:  %s\n", r.Name, r.Severity, r.Says, r.Example, r.Source)
	}
	fmt.Fprintf(out, "\nfrom the profile (note or %s)\n\n", rules.Odd)
	for _, name := range profileNames() {
		fmt.Fprintf(out, "  %s\n", name)
	}
	return out.Flush()
}

// A listedRule is a rule as JSON.
type listedRule struct {
	Rule     string         `json:"rule"`
	Theme    string         `json:"theme"`
	Severity rules.Severity `json:"severity"`
	Says     string         `json:"says"`
	Example  string         `json:"example"`
	Source   string         `json:"source"`
}

// WriteRulesJSON writes the rules as JSON, one object per line.
func WriteRulesJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	for _, r := range rules.All() {
		if err := e.Encode(listedRule{r.Name, r.Theme, r.Severity, r.Says, r.Example, r.Source}); err != nil {
			return err
		}
	}
	return nil
}

// FindingNames returns every name that a [rules.Finding] may have as its rule.
func FindingNames() []string {
	var names []string
	for _, r := range rules.All() {
		names = append(names, r.Name)
	}
	return append(names, profileNames()...)
}

// profileNames are the names of findings that come from a profile.
func profileNames() []string {
	names := []string{"unknown-commands", "unknown-answers", "unknown-successions"}
	for _, m := range profile.Measures() {
		if m.Connection != nil || m.Session != nil {
			names = append(names, m.Name)
		}
	}
	slices.Sort(names)
	return names
}
