package lab

import (
	"strings"
	"testing"
)

// TestOpenFailsInBackground calls a server where there is none, and goes on
// meanwhile: the scenario ends at that step, and not at one that needs the session.
func TestOpenFailsInBackground(t *testing.T) {
	s := parse(t,
		"# Nobody there\n# No step comes after.\n",
		"name ftp.example.test 127.0.0.2",
		"open ftp.example.test &", "login anonymous me@mypc.test", "quit",
	)
	result, err := Run(t.Context(), s, Options{Results: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	failures := strings.Split(strings.TrimSpace(result.Report), "\n")
	if want := s.File + ":5: open ftp.example.test &: "; result.Outcome != Failed || len(failures) != 1 || !strings.HasPrefix(failures[0], want) {
		t.Errorf("got %s\n%swant one failure, %s...", result.Outcome, result.Report, want)
	}
}
