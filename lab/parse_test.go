package lab

import (
	"path/filepath"
	"strings"
	"testing"

	"ftplab/lab/scenario"
)

// parse parses a scenario of this test's.
func parse(t *testing.T, lines ...string) *scenario.Scenario {
	t.Helper()
	s, err := scenario.Parse(filepath.Join(t.TempDir(), "other.txtar"), []byte(strings.Join(lines, "\n")))
	if err != nil {
		t.Fatal(err)
	}
	return s
}
