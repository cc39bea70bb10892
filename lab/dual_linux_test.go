package lab

import (
	"testing"

	"ftplab/lab/scenario"
)

// TestTwoAddresses has hosts with IPv4 and IPv6 on Linux's TCP: a client that falls back
// from one to the other, and data connections over the other one. The figures are not
// judged: how long a program takes depends on the machine.
func TestTwoAddresses(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"dual_fallback", "dual_eprt", "dual_227"} {
		s, err := scenario.Load("../scenarios/odd/" + name + scenario.Extension)
		if err != nil {
			t.Fatal(err)
		}
		result, err := Run(t.Context(), s, Options{Results: t.TempDir(), TCP: scenario.LinuxTCP})
		needCells(t, err)
		if err != nil {
			t.Fatal(err)
		}
		if v := result.Verdict; len(v.Failures) > 0 || v.Want == nil || v.Want.Report() != "" {
			t.Errorf("%s: %s", name, v.Report())
		}
	}
}
