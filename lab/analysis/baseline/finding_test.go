package baseline

import (
	"strings"
	"testing"

	"ftplab/lab/analysis/baseline/rules"
	"ftplab/lab/internal/forge"
)

// In a large capture the numbers of frames are long, and the filter stays short.
func TestShortFilter(t *testing.T) {
	var packets []int
	for n := range rules.MaxPackets {
		packets = append(packets, 100_000_000+10*n)
	}
	f := assess([]rules.Finding{{Rule: "x", Severity: rules.Note, Packets: packets}}, Judged{}).Findings[0]
	if len(f.Filter) > longestFilter || f.Filter != frames(f.Packets) || len(f.Packets) < 20 {
		t.Errorf("got %d frames and a filter of %d characters, want one of %d for them", len(f.Packets), len(f.Filter), longestFilter)
	}
}

// TestAlike asks for one finding of what happens several times between two hosts, with how often, and for another one
// of what happens between two others.
func TestAlike(t *testing.T) {
	got := forged(t, func(f *forge.Capture) {
		for _, client := range []string{aClient, aClient, aClient, "198.51.100.77"} {
			t := dial(f, client, aServer+":21").Say(hello)
			dial(f, client, aServer+":31337").Say("> open\n< sesame").Close()
			t.Say(bye).Peer.Close()
		}
	})
	var observed []string
	for _, f := range got.Findings {
		if f.Rule == "no-third-ports" {
			observed = append(observed, f.Observed)
		}
	}
	if len(observed) != 2 || !strings.HasSuffix(observed[0], "; and 2 more like it") || strings.Contains(observed[1], "more like") {
		t.Errorf("got %q", observed)
	}
}
