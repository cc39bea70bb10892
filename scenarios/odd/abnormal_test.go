package odd

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"ftplab/lab/analysis/baseline"
	"ftplab/lab/pcapng"
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
		a, err := baseline.Check(name, baseline.Normal())
		if err != nil {
			t.Fatal(err)
		}
		if a.Verdict == baseline.IsNormal {
			t.Errorf("%s: got %s, and it is called abnormal", s.Name, a.Verdict)
		}
	}
}
