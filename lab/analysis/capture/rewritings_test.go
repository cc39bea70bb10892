package capture

import (
	"net/netip"
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

// An address can be written in several ways.
func TestLineNamesAddress(t *testing.T) {
	for _, test := range []struct {
		line, addr string
		want       bool
	}{
		{"PORT 203,0,113,7,16,76", "203.0.113.7", true},
		{"port 203,000,113,007,016,076", "203.0.113.7", true},
		{"PORT 203,0,113,70,16,76", "203.0.113.7", false},
		{"227 Entering Passive Mode (203,0,113,7,16,76).", "203.0.113.7", true},
		{"229 Entering Extended Passive Mode (|||4172|)", "203.0.113.7", true},
		{"EPRT |1|203.0.113.7|4172|", "203.0.113.7", true},
		{"EPRT |2|2001:db8::1:2|4172|", "2001:db8::1:2", true},
		{"EPRT |2|2001:DB8::1:2|4172|", "2001:db8::1:2", true},
		{"EPRT |2|2001:0db8:0000:0000:0000:0000:0001:0002|4172|", "2001:db8::1:2", true},
		{"EPRT !2!2001:db8:0:0:0:0:1:2!4172!", "2001:db8::1:2", true},
		{"EPRT |2|::ffff:203.0.113.7|4172|", "203.0.113.7", true},
		{"EPRT |2|2001:db8::1:21|4172|", "2001:db8::1:2", false},
	} {
		c := &change{to: netip.AddrPortFrom(netip.MustParseAddr(test.addr), 61000)}
		if got := names([]byte(test.line), c); got != test.want {
			t.Errorf("%s, %s: got %v, want %v", test.line, test.addr, got, test.want)
		}
	}
}
