package lab

import (
	"strings"
	"testing"

	"ftplab/lab/scenario"
)

// TestUnusedRuleOfMisspeltCommand has a rule for a command that is almost one of FTP: the
// message says which.
func TestUnusedRuleOfMisspeltCommand(t *testing.T) {
	s := parse(t, "# x\n# y\n", "open", "login anonymous", "ls", "quit", "-- server --", "on PSAV: reply 502 No.")
	result, err := Run(t.Context(), s, Options{Results: t.TempDir(), TCP: scenario.GVisorTCP})
	if err != nil {
		t.Fatal(err)
	}
	if want := ", LIST, QUIT; did you mean PASV?\n"; !strings.Contains(result.Report, want) {
		t.Errorf("got %q, want %q in it", result.Report, want)
	}
}
