package articles

import (
	"fmt"
	"slices"
	"testing"

	"ftplab/scenarios"
)

// TestArticles asks for every row of the articles, and that a scenario shows it.
func TestArticles(t *testing.T) {
	var got, want []string
	for _, r := range rows() {
		got = append(got, r.id)
		if !slices.Contains(scenarios.Names(), r.scenario) {
			t.Errorf("%s: there is no scenario %s", r.id, r.scenario)
		}
	}
	for i := range 14 {
		want = append(want, fmt.Sprintf("E%d", i+1))
	}
	for i := range 15 {
		want = append(want, fmt.Sprintf("F%d", i+1))
	}
	if !slices.Equal(got, want) {
		t.Errorf("got rows %v\nwant %v", got, want)
	}
}
