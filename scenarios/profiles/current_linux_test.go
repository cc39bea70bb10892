package main

import (
	"path/filepath"
	"strings"
	"testing"

	"ftplab/lab"
	"ftplab/lab/analysis/baseline"
	"ftplab/lab/analysis/baseline/profile"
	"ftplab/lab/labtest/optional"
	"ftplab/lab/scenario"
	"ftplab/lab/testbed/cell/celltest"
)

// TestCurrent lets some of the pairs talk again: the profile that comes with ftplab knows
// every command, answer and succession of theirs. If a new version of a program says
// something else, the profile has to be learned anew.
func TestCurrent(t *testing.T) {
	celltest.Need(t)
	if testing.Short() {
		t.Skip("-short: no real programs are run")
	}
	if err := installed(); err != nil {
		optional.Missing(t, err.Error()+": .ci/run has how to install them")
	}
	texts, err := sessions(options{output: "all"})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"vsftpd_by_hand_1", "proftpd_python", "pyftpdlib_windows", "inetutils_wget"} {
		folder := t.TempDir()
		s, err := scenario.Parse(filepath.Join(folder, name+scenario.Extension), texts[name])
		if err != nil {
			t.Fatal(err)
		}
		result, err := lab.Run(t.Context(), s, lab.Options{Results: folder, NoWalkthrough: true})
		if err != nil {
			t.Fatal(err)
		}
		verdict, err := baseline.Check(result.Capture, profile.Normal())
		if err != nil {
			t.Fatal(err)
		}
		if verdict.Verdict == baseline.NotNormal {
			t.Errorf("%s: got %s, want a normal capture: %+v", name, verdict.Verdict, verdict.Findings)
		}
		for _, f := range verdict.Findings {
			if strings.HasPrefix(f.Rule, "unknown-") {
				t.Errorf("%s: %s: %s; learn programs.json anew (go generate ./lab/analysis/baseline/profile)", name, f.Rule, f.Observed)
			}
		}
	}
}
