package lab

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ftplab/lab/scenario"
)

// TestCancelledBeforeItBegins runs a scenario whose turn comes too late: an
// earlier run's capture stays as it is, and the error is the cause.
func TestCancelledBeforeItBegins(t *testing.T) {
	results := t.TempDir()
	capture := filepath.Join(results, "other", "capture.pcapng")
	if err := os.MkdirAll(filepath.Dir(capture), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(capture, []byte("earlier"), 0o644); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("interrupt signal received")
	cancel(cause)
	_, err := Run(ctx, parse(t, "# x\n# y\n", "open", "quit"), Options{Results: results})
	if !errors.Is(err, cause) {
		t.Errorf("got error %v, want %v", err, cause)
	}
	if got, err := os.ReadFile(capture); string(got) != "earlier" {
		t.Errorf("got the capture %q, error %v, want the earlier one", got, err)
	}
}

// TestUnchangedFileInASCII has a server send a file unchanged in TYPE A: the message says
// what that type asks for.
func TestUnchangedFileInASCII(t *testing.T) {
	s := parse(t, "# x\n# y\n", "open", "login anonymous", "passive", "get README", "quit",
		"-- server --", `on RETR: reply 150 Go.; send "Welcome.\n"; reply 226 Done.`, "-- files/README --", "Welcome.")
	result, err := Run(t.Context(), s, Options{Results: t.TempDir(), TCP: scenario.GVisorTCP})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(result.Report, "not the whole file: got 9 bytes") || !strings.Contains(result.Report, "this is TYPE A") {
		t.Errorf("got the report %q, want one that speaks of TYPE A", result.Report)
	}
}

// TestMoreThanTheFile has a server send bytes after those of the file.
func TestMoreThanTheFile(t *testing.T) {
	s := parse(t, "# x\n# y\n", "open", "login anonymous", "type i", "get README", "quit",
		"-- server --", `on RETR: reply 150 Go.; send; send "more"; reply 226 Done.`, "-- files/README --", "Welcome.")
	result, err := Run(t.Context(), s, Options{Results: t.TempDir(), TCP: scenario.GVisorTCP})
	if err != nil {
		t.Fatal(err)
	}
	if want := "what crossed the network is more than the file: got 13 bytes, "; !strings.Contains(result.Report, want) {
		t.Errorf("got the report %q, want in it %q", result.Report, want)
	}
}

// TestOtherBytes has a server send as many bytes as the file has, and one of them wrong.
func TestOtherBytes(t *testing.T) {
	s := parse(t, "# x\n# y\n", "open", "login anonymous", "type i", "get README", "quit",
		"-- server --", `on RETR: reply 150 Go.; send "Welcome?\n"; reply 226 Done.`, "-- files/README --", "Welcome.\n")
	result, err := Run(t.Context(), s, Options{Results: t.TempDir(), TCP: scenario.GVisorTCP})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"what crossed the network has 9 bytes as the file has, but other bytes: ", `; the first difference is at byte 8: got "?\n", want ".\n"`} {
		if !strings.Contains(result.Report, want) {
			t.Errorf("got the report %q, want in it %q", result.Report, want)
		}
	}
}

// TestDroppedPacketIsSentAgain has a rule drop a command: Linux's TCP sends it again after
// its usual time, and not after the five seconds that it waits where nothing is lost.
func TestDroppedPacketIsSentAgain(t *testing.T) {
	if testing.Short() {
		t.Skip("takes ten seconds; run without -short")
	}
	t.Parallel()
	s := parse(t, "# x\n# y\n", "network wire", "host server 192.0.2.21 rtt=2ms", `drop client > server.21 "SYST"`, "deadline 4s",
		"open", "login anonymous", "expect timeout: syst", "-- want --", "ctl client.* > server.21", "ctl ...", "-- figures --", "ctl.retransmissions > 1")
	result, err := Run(t.Context(), s, Options{Results: t.TempDir(), TCP: scenario.LinuxTCP})
	needCells(t, err)
	if err != nil {
		t.Fatal(err)
	}
	if result.Outcome == Failed {
		t.Error(result.Report)
	}
}

// TestUnmetPathRules has rules of the path with a wrong port, on each TCP: the run fails at
// the line of the one that is not optional. A step that should have broken, and did not, is
// explained by them, and another failure is not.
func TestUnmetPathRules(t *testing.T) {
	rules := []string{"network wire", "drop server.20 > client", "late server.40 > client by=3ms optional", "deadline 2s", "open", "login anonymous"}
	for step, want := range map[string]string{
		"pwd":                 ":4: drop server.20 > client: no packet met this rule; those between these hosts were server.21 > client.",
		"expect timeout: pwd": ":4: drop server.20 > client: no packet met this rule;",
		"! pwd":               "",
	} {
		for _, tcp := range []scenario.TCP{scenario.GVisorTCP, scenario.LinuxTCP} {
			s := parse(t, append(append([]string{"# x\n# y"}, rules...), step, "quit")...)
			result, err := Run(t.Context(), s, Options{Results: t.TempDir(), TCP: tcp})
			needCells(t, err)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Contains(result.Report, "no packet met"); result.Outcome != Failed || got != (want != "") || !strings.Contains(result.Report, want) {
				t.Errorf("%s, TCP %s: got %s, %q; want %s, and a message with %q", step, tcp, result.Outcome, result.Report, Failed, want)
			}
			if strings.Contains(result.Report, "late server") {
				t.Errorf("%s, TCP %s: got %q, want nothing about the optional rule", step, tcp, result.Report)
			}
		}
	}
}
