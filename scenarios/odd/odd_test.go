package odd

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"ftplab/lab"
	"ftplab/lab/pcapng"
	"ftplab/lab/scenario"
	"ftplab/lab/testbed/gvisor"
	"ftplab/lab/testbed/runner"
)

// run has a scenario take place on gVisor's TCP, in virtual time, and returns
// what is wrong; "" is nothing.
func run(t *testing.T, s *scenario.Scenario) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), s.Name+".pcapng")
	file, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	b := gvisor.Builder{Seed: 1, Start: time.Date(1985, time.October, 1, 0, 0, 0, 0, time.UTC)}
	outcome, err := runner.Run(t.Context(), s, b, runner.Recording{File: file, Format: pcapng.PCAPNG}, runner.Steps(nil))
	if err != nil {
		t.Fatal(err)
	}
	if folder := os.Getenv("FTPLAB_KEEP"); folder != "" {
		whole, _ := os.ReadFile(name)
		os.WriteFile(filepath.Join(folder, s.Name+".pcapng"), whole, 0o666)
	}
	report := ""
	for _, f := range outcome.Failures {
		report += f.In(s.File) + "\n"
	}
	verdict, err := lab.Check(s, lab.File(name))
	if err != nil {
		t.Fatal(err)
	}
	return report + verdict.Report()
}

func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("got %d scenarios, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(scenario.NameOf(file), func(t *testing.T) {
			s, err := scenario.Load(file)
			if err != nil {
				t.Fatal(err)
			}
			if report := run(t, s); report != "" {
				t.Error("\n" + report)
			}
		})
	}
}
