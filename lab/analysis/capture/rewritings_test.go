package capture

import (
	"strings"
	"testing"

	"ftplab/lab/analysis/packet"
)

// A capture may have any number of lines that announce data ports. Only so many are kept.
func TestAnnouncementsAreBounded(t *testing.T) {
	for _, test := range []struct{ lines, kept, rewritten int }{
		{2, 4, 1}, // of a packet with several lines, one
		{mostAnnounced, mostAnnounced + 1, 0},
	} {
		all := announcements{of: map[stream]map[int][]announced{}}
		of := &observations{at: [2]uint64{3, 3}, translated: true}
		for at, line := range []string{"PORT 1\r\n", "PORT 2\r\n"} {
			p := &packet.Packet{Number: 1 + at, TCP: &packet.TCP{Payload: []byte(strings.Repeat(line, test.lines))}}
			all.add(p, at, of, 0)
		}
		kept := 0
		for _, lines := range all.of[stream{of, 0}] {
			kept += len(lines)
		}
		if got := len(all.rewritten()); kept != test.kept || got != test.rewritten {
			t.Errorf("%d lines: got %d that are kept and %d packets that are rewritten, want %d and %d", test.lines, kept, got, test.kept, test.rewritten)
		}
	}
}
