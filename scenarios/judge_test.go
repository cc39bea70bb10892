package scenarios

import (
	"os"
	"strings"
	"sync"
	"testing"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/expect"
	"ftplab/lab/labtest/mutation"
	"ftplab/lab/scenario"
)

// hostsOf are the names that the scenario's want may use.
func hostsOf(s *scenario.Scenario) expect.Hosts {
	hosts := expect.Hosts{}
	for _, h := range s.Network.Hosts {
		hosts[h.Name] = s.Network.Addresses(h)
	}
	return hosts
}

// TestMutants breaks every scenario's want, or its capture, one thing at a time:
// a check that cannot fail is worthless.
func TestMutants(t *testing.T) {
	if testing.Short() {
		t.Skip("some twenty thousand judgements; run without -short")
	}
	var mu sync.Mutex
	var total mutation.Score
	t.Cleanup(func() { // when all have been tried
		t.Log(total)
		if total.Tried == 0 && !t.Skipped() {
			t.Error("no mutant was tried")
		}
		if len(total.Untrue) > 0 {
			t.Errorf("%d reports are untrue, such as %q", len(total.Untrue), total.Untrue[0])
		}
		if total.Rate() < 0.99 {
			t.Errorf("caught %.2f %% of the mutants, want 99 %%", 100*total.Rate())
		}
	})
	each(t, func(t *testing.T, s *scenario.Scenario) {
		score := mutants(t, s, played(t, s).Capture)
		mu.Lock()
		defer mu.Unlock()
		total.Add(score)
	})
}

func mutants(t *testing.T, s *scenario.Scenario, path string) mutation.Score {
	capture, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	score, err := mutation.Try(mutation.Pair{Name: s.Name, Want: s.Want.Text, Capture: capture, Hosts: hostsOf(s), Ports: expect.ControlPorts(s)})
	if err != nil {
		t.Fatal(err)
	}
	return score
}

func derive(t *testing.T, s *scenario.Scenario, path string) string {
	c, err := capture.Open(path, capture.Options{NoHash: true, ControlPorts: expect.ControlPorts(s)})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var want strings.Builder
	if err := expect.Derive(&want, c, hostsOf(s)); err != nil {
		t.Fatal(err)
	}
	return want.String()
}

// TestDerive holds the want derived from one run of a scenario against that run
// and another.
func TestDerive(t *testing.T) {
	if testing.Short() {
		t.Skip("every scenario twice; run without -short")
	}
	each(t, func(t *testing.T, s *scenario.Scenario) {
		first, second := played(t, s).Capture, playedAgain(t, s).Capture
		text := derive(t, s, first)
		want, err := expect.Parse("derived", 1, text)
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		for i, path := range []string{first, second} {
			c, err := capture.Open(path, capture.Options{NoHash: true, ControlPorts: expect.ControlPorts(s)})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			v, err := want.Judge(c, hostsOf(s))
			if err != nil {
				t.Fatal(err)
			}
			if !v.Pass {
				t.Errorf("the want that run 1 gives\n%s\ndoes not hold for run %d:\n%s", text, i+1, v.Report())
			}
		}
	})
}
