package scenarios

import (
	"reflect"
	"slices"
	"sync"
	"testing"

	"ftplab/lab/analysis/baseline"
	"ftplab/lab/analysis/baseline/profile"
	"ftplab/lab/scenario"
)

// renew is what to do when the profile that comes with ftplab is out of date.
const renew = `the profile that comes with ftplab was learned from other scenarios. Learn it anew:
	go run ./cmd/ftplab run -o results
	go run ./cmd/ftplab baseline learn results/*/capture.pcapng -o lab/analysis/baseline/profile/normal.json`

// TestNormalIsCurrent learns from every scenario, as it is now, and compares with
// the profile that comes with ftplab: with what the scenarios say, that is, which
// commands were sent and what answered them. How long it took, and how TCP cut
// and acknowledged it, differs from run to run.
func TestNormalIsCurrent(t *testing.T) {
	want := profile.Lab()
	names := slices.Sorted(slices.Values(Names()))
	if !slices.Equal(want.Sources, names) {
		t.Fatalf("got a profile of %v\nwant one of %v\n%s", want.Sources, names, renew)
	}
	if testing.Short() {
		t.Skip("plays every scenario; run without -short")
	}
	got := learnAll(t)
	if len(got.Sources) < len(names) {
		return // skipped, or failed and said so
	}
	for what, pair := range map[string][2]any{
		"sessions":    {got.Sessions, want.Sessions},
		"connections": {got.Connections, want.Connections},
		"transfers":   {got.Transfers, want.Transfers},
		"commands":    {got.Commands, want.Commands},
		"transitions": {got.Transitions, want.Transitions},
		"replies":     {got.Replies, want.Replies},
	} {
		if !reflect.DeepEqual(pair[0], pair[1]) {
			t.Errorf("%s: got %v\nwant %v\n%s", what, pair[0], pair[1], renew)
		}
	}
}

// learnAll learns from a capture of every scenario. None of them may be called
// abnormal.
func learnAll(t *testing.T) *profile.Profile {
	var mu sync.Mutex
	all := profile.New()
	t.Run("learn", func(t *testing.T) { // which ends when the parallel ones have
		each(t, func(t *testing.T, s *scenario.Scenario) {
			evidence, err := baseline.Open(played(t, s).Capture)
			if err != nil {
				t.Fatal(err)
			}
			defer evidence.Close()
			a, err := evidence.Check(profile.Normal())
			if err != nil {
				t.Fatal(err)
			}
			if a.Verdict == baseline.NotNormal {
				t.Errorf("got verdict %s for %+v", a.Verdict, a.Findings)
			}
			learned, err := evidence.Learn(s.Name)
			if err != nil {
				t.Fatal(err)
			}
			mu.Lock()
			defer mu.Unlock()
			all.Merge(learned)
		})
	})
	return all
}
