package lab

import (
	"slices"
	"strings"
	"testing"
	"time"

	"ftplab/lab/scenario"
	"ftplab/lab/testbed/runner"
)

// TestWhereItStands has servers that fall silent: the failure says where the dialogue
// stands.
func TestWhereItStands(t *testing.T) {
	for rule, want := range map[string]string{
		"on RETR: reply 150 Here.; send 3; fall silent": `the dialogue ends with the server's "150 Here.", in frame `,
		"on PASV: fall silent":                          `the dialogue ends with the client's "PASV", in frame `,
		"on RETR: reply 150 Here.; fall silent":         "so RETR has no final reply; 0 bytes crossed its data connection",
	} {
		s := parse(t, "# x\n# y", "deadline 2s", "open", "login anonymous", "get README", "-- server --", rule, "-- files/README --", "hello there")
		result, err := Run(t.Context(), s, Options{Results: t.TempDir(), TCP: scenario.GVisorTCP})
		if err != nil {
			t.Fatal(err)
		}
		if first, _, _ := strings.Cut(result.Report, "\n"); !strings.Contains(first, ":6: get README") || !strings.Contains(first, want) {
			t.Errorf("%s: got %q, want a line with %q", rule, result.Report, want)
		}
	}
}

// TestLikelyReasons has a stall be the reason for a failure, or not.
func TestLikelyReasons(t *testing.T) {
	j := &judge{scenario: &scenario.Scenario{Deadline: 4 * time.Second}}
	short, long := runner.Stall{Seconds: 0.3}, runner.Stall{Seconds: 2}
	for _, hangs := range []bool{false, true} {
		ran := runner.Outcome{Stalls: []runner.Stall{short, long}, Failures: []runner.Failure{{Late: hangs}}}
		want := []runner.Stall{short, long}
		if hangs {
			want = want[1:]
		}
		if got := j.likelyReasons(ran); !slices.Equal(got, want) {
			t.Errorf("a step hangs: %v: got %v, want %v", hangs, got, want)
		}
	}
}
