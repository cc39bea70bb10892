package odd

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"ftplab/lab/analysis/baseline"
	"ftplab/lab/analysis/baseline/profile"
	"ftplab/lab/pcapng"
	"ftplab/lab/scenario"
	"ftplab/lab/testbed/gvisor"
	"ftplab/lab/testbed/runner"
)

// TestAbnormal holds the scenarios that are called abnormal against the baseline.
func TestAbnormal(t *testing.T) {
	list, err := Abnormal()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range list {
		if got := judge(t, s); got == baseline.IsNormal {
			t.Errorf("%s: got %s, and it is called abnormal", s.Name, got)
		}
	}
}

// TestVerdicts holds scenarios against the baseline. A shell at a port that no reply
// announced is an attack, and the other address of a host is not a third party's.
func TestVerdicts(t *testing.T) {
	for name, want := range map[string]baseline.Verdict{
		"backdoor": baseline.NotNormal, "dual_eprt": baseline.IsUnusual, "dual_227": baseline.IsUnusual,
	} {
		s, err := scenario.Load(name + scenario.Extension)
		if err != nil {
			t.Fatal(err)
		}
		if got := judge(t, s); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}

// judge runs a scenario and returns the baseline's verdict of its capture.
func judge(t *testing.T, s *scenario.Scenario) baseline.Verdict {
	t.Helper()
	name := filepath.Join(t.TempDir(), s.Name+".pcapng")
	file, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	b := gvisor.Builder{Seed: 1, Start: time.Date(2026, time.January, 5, 0, 0, 0, 0, time.UTC)}
	if _, err := runner.Run(t.Context(), s, b, runner.Recording{File: file, Format: pcapng.PCAPNG}, runner.Steps(nil)); err != nil {
		t.Fatal(err)
	}
	a, err := baseline.Check(name, profile.Normal())
	if err != nil {
		t.Fatal(err)
	}
	return a.Verdict
}
