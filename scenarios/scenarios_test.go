package scenarios

import (
	"io/fs"
	"slices"
	"strings"
	"sync"
	"testing"

	"ftplab/lab"
	"ftplab/lab/labtest/optional"
	"ftplab/lab/scenario"
	"ftplab/scenarios/articles"
)

// TestScenarios plays every scenario, and holds what became of the two articles'
// sessions against the articles. With -short, those with a path run on gVisor's TCP
// only, in TestDigests: on Linux's TCP they wait as long as their packets travel.
func TestScenarios(t *testing.T) {
	var mu sync.Mutex
	verdicts := map[string]*lab.Verdict{}
	t.Cleanup(func() { // when all have run
		for _, line := range articles.Failures(verdicts) {
			t.Error(line)
		}
	})
	each(t, func(t *testing.T, s *scenario.Scenario) {
		if testing.Short() && s.Network.Kind == scenario.Wire {
			t.Skip("takes real time; run without -short")
		}
		result := played(t, s)
		mu.Lock()
		defer mu.Unlock()
		verdicts[s.Name] = result.Verdict
	})
}

// TestWitness asks Wireshark for anything wrong in the captures: malformed
// packets, resets, expert information of the severity of a warning (0x600000) or
// above, and bad checksums, which the kernel leaves unfinished on loopback.
func TestWitness(t *testing.T) {
	if testing.Short() {
		t.Skip("plays every scenario; run without -short")
	}
	const wrong = "_ws.malformed || tcp.flags.reset == 1 || _ws.expert.severity >= 0x600000"
	const closed = "tcp.analysis.window_full || tcp.analysis.zero_window" // of a receiver that a busy machine holds up
	intended := map[string]bool{                                          // for what they teach
		"loss": true, "frederick_passive": true, "quit_nowait": true, "morning": true,
	}
	wireshark := optional.StartSharkd(t)
	t.Run("play", func(t *testing.T) { // which ends when the parallel ones have
		each(t, func(t *testing.T, s *scenario.Scenario) { played(t, s) })
	})
	for _, name := range Names() {
		s, err := Load(name)
		if err != nil {
			t.Fatal(err)
		}
		if intended[name] {
			continue
		}
		results := []*lab.Result{played(t, s)}
		if s.Network.TCP != scenario.LinuxTCP {
			results = append(results, playedOnGVisor(t, s))
		}
		for _, result := range results {
			checksums := "TRUE"
			if s.Network.Kind == scenario.Loopback && result.TCP == scenario.LinuxTCP {
				checksums = "FALSE"
			}
			wireshark.Set("ip.check_checksum", checksums)
			wireshark.Set("tcp.check_checksum", checksums)
			wireshark.Set("udp.check_checksum", checksums)
			wireshark.Load(result.Capture)
			filter := wrong
			if result.TCP == scenario.LinuxTCP {
				filter = "(" + wrong + ") && !(" + closed + ")"
			}
			for _, f := range wireshark.Frames(filter) {
				t.Errorf("%s: got the packet %v, want none of its kind", result.Capture, f)
			}
		}
	}
}

// TestContents holds the table of contents against the files there are.
func TestContents(t *testing.T) {
	listed := Names()
	slices.Sort(listed)
	files, err := fs.Glob(files, "*"+scenario.Extension)
	if err != nil {
		t.Fatal(err)
	}
	var there []string
	for _, f := range files {
		there = append(there, scenario.NameOf(f))
	}
	slices.Sort(there)
	if !slices.Equal(listed, there) {
		t.Errorf("got contents %v\nwant the files %v", listed, there)
	}
}

// TestHeadings asks of every scenario the title and the story that list and
// the walkthrough show.
func TestHeadings(t *testing.T) {
	for _, name := range Names() {
		s, err := Load(name)
		if err != nil {
			t.Error(err)
			continue
		}
		if s.Title == "" || strings.HasSuffix(s.Title, ".") || s.Story == "" {
			t.Errorf("%s: got title %q and story %q, want a title without a full stop, and a story", s.File, s.Title, s.Story)
		}
	}
}

func TestUnknown(t *testing.T) {
	if _, err := Load("no_such"); err == nil || !strings.Contains(err.Error(), "ftplab list") {
		t.Errorf("got error %v, want one that points to ftplab list", err)
	}
}
