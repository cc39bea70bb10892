package labtest

import (
	"testing"

	"ftplab/lab"
	"ftplab/lab/scenario"
)

// Report runs a scenario that is expected to fail, and returns what is reported.
func Report(t *testing.T, s *scenario.Scenario, options ...Option) string {
	own := &session{t: t, scenario: s}
	for _, option := range options {
		option(own)
	}
	if own.again() {
		return ""
	}
	result, err := lab.Run(t.Context(), s, own.options(t.TempDir()))
	if err != nil {
		return err.Error()
	}
	return result.Report
}
