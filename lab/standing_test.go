package lab

import (
	"net/netip"
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
	const get, two = "get README", "write \"NOOP\\r\\nPWD\\r\\n\"\nawait 200\nawait 257"
	for _, test := range []struct{ steps, rule, want string }{
		{get, "on RETR: reply 150 Here.; send 3; fall silent", `the dialogue ends with the server's "150 Here.", in frame `},
		{get, "on PASV: fall silent", `the dialogue ends with the client's "PASV", in frame `},
		{get, "on PASV: fall silent", ", which has no reply"},
		{get, "on RETR: reply 150 Here.; fall silent", "so RETR has no final reply; 0 bytes crossed its data connection"},
		{two, "on NOOP: reply 200 First.; fall silent", `the dialogue ends with the server's "200 First.", in frame `},
		{"send NOOP\nawait 200", "on NOOP: reply 200-First.; fall silent", `the server's "200-First.", in frame 12; the last line of this reply, which begins with "200 ", is missing`},
		{two, "on NOOP: reply 200 First.; fall silent", "; PWD has no reply"},
	} {
		s := parse(t, "# x\n# y", "deadline 2s", "open", "login anonymous", test.steps, "-- server --", test.rule, "-- files/README --", "hello there")
		result, err := Run(t.Context(), s, Options{Results: t.TempDir(), TCP: scenario.GVisorTCP})
		if err != nil {
			t.Fatal(err)
		}
		last := test.steps[strings.LastIndexByte(test.steps, '\n')+1:]
		if first, _, _ := strings.Cut(result.Report, "\n"); !strings.Contains(first, ": "+last) || !strings.Contains(first, test.want) {
			t.Errorf("%s: got %q, want a line with %q", test.rule, result.Report, test.want)
		}
	}
}

// TestLackingHops has hosts whose packets end at the first router: the failure names their TTL.
func TestLackingHops(t *testing.T) {
	for _, host := range []string{"client 198.51.100.100", "server 192.0.2.21"} {
		s := parse(t, "# x", "network wire", "host "+host+" ttl=1", "open", "quit")
		result, err := Run(t.Context(), s, Options{Results: t.TempDir(), TCP: scenario.GVisorTCP})
		if err != nil {
			t.Fatal(err)
		}
		name, _, _ := strings.Cut(host, " ")
		if want := "; the packets of host " + name + " have ttl=1, so no router passes them on\n"; !strings.Contains(result.Report, want) {
			t.Errorf("%s: got %q, want %q in it", host, result.Report, want)
		}
	}
}

// TestLackingHopsOfAnother has a late session of laptop: the TTL of client is not its reason.
func TestLackingHopsOfAnother(t *testing.T) {
	s := parse(t, "# x", "network wire", "host client 198.51.100.100 ttl=1", "host laptop 203.0.113.50", "open", "quit")
	j := &judge{scenario: s}
	if got := j.lackingHops(netip.MustParseAddr("203.0.113.50")); got != "" {
		t.Errorf("got %q for laptop, want nothing", got)
	}
	if got := j.lackingHops(netip.Addr{}); !strings.Contains(got, "host client") {
		t.Errorf("got %q for the only client, want its TTL", got)
	}
}

// TestWhereItStandsAmongOthers has two sessions at once: the failure quotes that of its step, and none
// if a NAT hides from the capture which one that is.
func TestWhereItStandsAmongOthers(t *testing.T) {
	for _, test := range []struct{ network, want string }{
		{"network wire", `; the dialogue ends with the client's "RETR a", in frame `},
		{"network wire capture=server\nnat client 203.0.113.7", ""},
	} {
		s := parse(t, "# x\n# y", test.network, "deadline 2s", "open", "login anonymous", "get a &", "session b", "open", "login anonymous", "noop", "quit",
			"-- server --", "on RETR: fall silent", "-- files/a --", "x")
		result, err := Run(t.Context(), s, Options{Results: t.TempDir(), TCP: scenario.GVisorTCP})
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(result.Report, ": get a &: RETR a: waited 2s") || !strings.Contains(result.Report, test.want) ||
			test.want == "" && strings.Contains(result.Report, "the dialogue ends") {
			t.Errorf("%s: got %q, want what the step waited for and %q", test.network, result.Report, test.want)
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

// TestFailureEndsSoon has a step fail while the client's FIN is lost, so the other side closes
// nothing. The session does not wait long for it.
func TestFailureEndsSoon(t *testing.T) {
	s := parse(t, "# x\n# y", "network wire", "drop client > server [F.]", "open", "login anonymous", "! noop",
		"-- want --", "ctl client.* > server.21 lossy", "ctl ...", "-- figures --", "capture.duration <= 2s")
	result, err := Run(t.Context(), s, Options{Results: t.TempDir(), TCP: scenario.GVisorTCP})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(result.Report, ":7: ! noop") || strings.Contains(result.Report, "capture.duration") {
		t.Errorf("got\n%s\nwant that the step failed, and soon", result.Report)
	}
}

// TestWithClause puts where the dialogue stands before what a program or the server printed.
func TestWithClause(t *testing.T) {
	for message, want := range map[string]string{
		"await: waited 1s": "await: waited 1s; it stands",
		"await: waited 1s; the server's log, server.log: boom\n\tline 7\n\tboom": "await: waited 1s; it stands; the server's log, server.log: boom\n\tline 7\n\tboom",
		"run x: status 7; its output: two\n\tone\n\tthe server's log: boom":      "run x: status 7; its output: two; it stands\n\tone\n\tthe server's log: boom",
	} {
		if got := withClause(message, "it stands"); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
