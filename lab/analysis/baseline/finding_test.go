package baseline

import "testing"

// In a large capture the numbers of frames are long, and the filter stays short.
func TestShortFilter(t *testing.T) {
	var packets []int
	for n := range maxPackets {
		packets = append(packets, 100_000_000+10*n)
	}
	f := assess([]Finding{{Rule: "x", Severity: Note, Packets: packets}}, Judged{}).Findings[0]
	if len(f.Filter) > longestFilter || f.Filter != frames(f.Packets) || len(f.Packets) < 20 {
		t.Errorf("got %d frames and a filter of %d characters, want one of %d for them", len(f.Packets), len(f.Filter), longestFilter)
	}
}
