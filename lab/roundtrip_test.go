package lab

import (
	"strings"
	"testing"

	"ftplab/lab/scenario"
)

// TestRoundTripOfSYNsSentAgain measures a path that takes longer than a client waits before it
// sends its SYN again.
func TestRoundTripOfSYNsSentAgain(t *testing.T) {
	for _, test := range []struct{ name, drop, want string }{
		{"each has an answer", "", ""},
		{"the answer to the second one is lost", "drop server > client [S.] skip=1", "ctl.rtt: not measured, as the SYN was sent again, and the capture does not show which of them was answered; want = 1.3s"},
		{"the first SYN is lost", "drop client > server [S] count=1", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := parse(t, "network wire", "host server 192.0.2.21 rtt=1300ms", test.drop, "open", "quit",
				"-- want --", "ctl client.* > server.21", "ctl ...", "-- figures --", "ctl.rtt = 1.3s ± 1%")
			result, err := Run(t.Context(), s, Options{Results: t.TempDir(), TCP: scenario.GVisorTCP})
			if err != nil {
				t.Fatal(err)
			}
			if failed := result.Outcome == Failed; failed != (test.want != "") || !strings.Contains(result.Report, test.want) {
				t.Errorf("got %s, %q, want %q", result.Outcome, result.Report, test.want)
			}
		})
	}
}
