package scenarios

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"testing"

	"ftplab/lab"
	"ftplab/lab/labtest/optional"
	"ftplab/lab/scenario"
	"ftplab/lab/testbed/cell"
)

// results is the folder of all that the tests of this package play. It stays
// there if one of them fails.
var results string

func TestMain(m *testing.M) {
	debug.SetGCPercent(400) // TestMutants makes much garbage, and keeps little
	var err error
	if results, err = os.MkdirTemp("", "ftplab-scenarios-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	if code == 0 {
		os.RemoveAll(results)
	} else {
		fmt.Fprintln(os.Stderr, "The captures are kept:", results)
	}
	os.Exit(code)
}

// each tests every scenario, as many at a time as there is room for.
func each(t *testing.T, test func(t *testing.T, s *scenario.Scenario)) {
	for _, name := range Names() {
		t.Run(name, func(t *testing.T) {
			s, err := Load(name)
			if err != nil {
				t.Fatal(err)
			}
			t.Parallel()
			test(t, s)
		})
	}
}

// A play is one run of a scenario, which several tests look at.
type play struct {
	once   sync.Once
	result *lab.Result
	err    error
}

// plays has the runs of each scenario, by folder below results and by name.
var plays sync.Map

// played returns the run of a scenario that the tests share: on Linux's TCP where
// this system allows it.
func played(t *testing.T, s *scenario.Scenario) *lab.Result { return playedIn(t, s, "first", "") }

// playedAgain returns another run of it.
func playedAgain(t *testing.T, s *scenario.Scenario) *lab.Result { return playedIn(t, s, "second", "") }

// playedOnGVisor returns the run of it on gVisor's TCP.
func playedOnGVisor(t *testing.T, s *scenario.Scenario) *lab.Result {
	return playedIn(t, s, "gvisor", scenario.GVisorTCP)
}

func playedIn(t *testing.T, s *scenario.Scenario, folder string, tcp scenario.TCP) *lab.Result {
	t.Helper()
	noPages := folder == "second" // the first run shows whether they can be written
	folder = filepath.Join(results, folder)
	v, _ := plays.LoadOrStore(filepath.Join(folder, s.Name), &play{})
	p := v.(*play)
	// Not the test's context: other tests look at what becomes of it.
	p.once.Do(func() {
		p.result, p.err = lab.Run(context.Background(), s, lab.Options{Results: folder, TCP: tcp, NoWalkthrough: noPages})
	})
	if errors.Is(p.err, cell.ErrRefused) {
		optional.Missing(t, p.err)
	}
	if p.err != nil {
		t.Fatal(p.err)
	}
	if p.result.Outcome == lab.Failed {
		t.Fatal(p.result.Report)
	}
	return p.result
}
