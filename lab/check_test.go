package lab_test

import (
	"strings"
	"testing"

	"ftplab/lab"
	"ftplab/lab/testbed/runner"
)

// TestReportNamesTheStall has a run during which the machine stood still. Only
// where something went wrong, it is said.
func TestReportNamesTheStall(t *testing.T) {
	const note = "note: 2.4 s after its start the machine did not let this run go on for 1.3 s;"
	v := &lab.Verdict{
		Scenario: "x.txtar",
		Failures: []runner.Failure{{Line: 3, Message: "ls: no answer"}},
		Stalls:   []runner.Stall{{At: 0.1, Seconds: 0.3}, {At: 2.4, Seconds: 1.3}},
	}
	if got, want := v.Report(), "x.txtar:3: ls: no answer\n"+note; !strings.HasPrefix(got, want) || strings.Count(got, "\n") != 2 {
		t.Errorf("got %s, want %s...", got, want)
	}
	v.Failures, v.Pass = nil, true
	if got := v.Report(); got != "" {
		t.Errorf("passed: got %s, want nothing", got)
	}
	v.Pass, v.Stalls = false, nil
	if got := v.Report(); got != "" {
		t.Errorf("without a stall: got %s, want nothing", got)
	}
}
