package lab

import (
	"strings"
	"testing"

	"ftplab/lab/scenario"
)

// TestRoundTripOfSYNsSentAgain measures a path on which the client sends its SYN again, because it is
// long or because packets are lost.
func TestRoundTripOfSYNsSentAgain(t *testing.T) {
	const unknown = "ctl.rtt: not measured, as the SYN was sent again, and the capture does not show which of them was answered; want = "
	for _, test := range []struct{ name, rtt, drop, want string }{
		{"each has an answer", "1300ms", "", ""},
		{"the first of three SYNs is lost", "1300ms", "drop client > server [S] count=1", unknown},
		{"the answer to the second one is lost", "1300ms", "drop server > client [S.] skip=1", unknown},
		{"the first SYN is lost", "300ms", "drop client > server [S] count=1", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := parse(t, "network wire", "host server 192.0.2.21 rtt="+test.rtt, test.drop, "open", "quit",
				"-- want --", "ctl client.* > server.21", "ctl ...", "-- figures --", "ctl.rtt = "+test.rtt+" ± 1%")
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
