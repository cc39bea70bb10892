package lab

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"ftplab/lab/scenario"
)

// TestRepliesDuringTransfer has commands during a transfer, whose replies come before or after
// that of the transfer. Each step gets its own.
func TestRepliesDuringTransfer(t *testing.T) {
	const (
		slow  = "on RETR: reply 150 x; send 1000; pause 1s; send; reply 226 y\n"
		saves = "on STOR: reply 150 x; receive 1000; pause 1s; receive; reply 226 y\n"
		late  = "on RETR: reply 150 x; send 1000; pause 1s; send; reply 226 y; pause 1s\n"
		whole = "on RETR: reply 150 x; send; reply 226 y\n"
	)
	for _, test := range []struct {
		steps, rules string
		want         string // in the report; "" is none
	}{
		{"get a &\n! noop\nwait", slow + "on NOOP: reply 500 z", ""},
		{"put a &\n! noop\nwait", saves + "on NOOP: reply 500 z", ""},
		{"get a &\nnoop\nwait", slow + "on NOOP: reply 200 z", ""},
		{"get a &\n! noop\nnoop\nwait", slow + "on 1st NOOP: reply 502 z", ""},
		{"get a &\nexpect 250: noop\nwait", slow + "on NOOP: at once; reply 250 z", `expect 250: noop: the server said "226 y"`},
		{"get a &\nexpect 250: cd x\nwait", slow + "on CWD: at once; reply 250 z", ""},
		{"get a &\n! size nofile\nwait", slow + "on SIZE: at once; reply 550 z", ""},
		{"put a &\n! quote MKD x\nwait", saves + "on MKD: at once; reply 452 z", ""},
		{"! get a &\nnoop\nwait", "on RETR: reply 150 x; send 1000; pause 1s; reply 550 y", ""},
		{"get a &\nexpect 211: quote STAT\nwait", slow, ""},
		{"get a &\nexpect 257: pwd\nwait", late, ""},
		{"! get a &\n! noop\nwait", "on RETR: reply 150 x; send 1000; pause 1s; reply 451 y\non NOOP: reply 500 z", ""},
		{"abort a 1000", whole + "on ABOR: reply 502 z", `abort a 1000: the server refused: "502 z"`},
		{"! abort a 1000", whole + "on ABOR: reply 502 z", ""},
		{"expect 502: abort a 1000", slow + "on ABOR: reply 502 z", ""},
		{"expect 225: abort a 1000", slow + "on ABOR: reply 225 z", ""},
		{"expect 226: abort a 1000", slow, ""},
	} {
		s := parse(t, "# x\n# y", "network wire", "file a 20kB", "open", "login anonymous", "type i", test.steps, "quit",
			"-- local/a --", strings.Repeat("line\n", 1000), "-- files/x/ --", "-- server --", test.rules)
		result, err := Run(t.Context(), s, Options{Results: t.TempDir(), TCP: scenario.GVisorTCP})
		if err != nil {
			t.Fatal(err)
		}
		if test.want == "" && result.Report != "" || !strings.Contains(result.Report, test.want) {
			t.Errorf("%q, %q: got %q, want %q", test.steps, test.rules, result.Report, test.want)
		}
	}
}

// TestServerWithoutDataConnection has data connections that cannot be opened, or break. The
// server goes on with its rule, and nothing of the end of the lab is in the capture.
func TestServerWithoutDataConnection(t *testing.T) {
	const blocked = "drop server.20 > client [S]"
	for _, test := range []struct {
		path, steps, rule string
		lines             int    // of failures
		not               string // in the capture
	}{
		{"", "quote PASV\ndial\nsend RETR a\nawait 150\nread 1000\nreset data\nawait 426\nquit",
			"on RETR: reply 150 x; send 2000; pause 200ms; send; reply 426 y", 0, ""},
		{"", "quote PORT 198,51,100,100,15,160\nsend LIST\nawait 150\nawait 451\nquit", `on LIST: reply 150 x; open data; send "x"; reply 451 y`, 0, "425 "},
		{blocked, "active\nget a", "", 1, "425 "},
		{blocked, "active\nexpect timeout: get a\nquit", "", 1, "425 "},
	} {
		lines := []string{"# x\n# y", "network wire", "host server 192.0.2.21 rtt=100ms", "deadline 2s", "file a 20kB"}
		if test.path != "" {
			lines = append(lines, test.path)
		}
		lines = append(lines, "open", "login anonymous", test.steps)
		if test.rule != "" {
			lines = append(lines, "-- server --", test.rule)
		}
		results := t.TempDir()
		result, err := Run(t.Context(), parse(t, lines...), Options{Results: results, TCP: scenario.GVisorTCP})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(result.Report, "\n"); got != test.lines {
			t.Errorf("%q: got %q, want %d lines", test.steps, result.Report, test.lines)
		}
		capture, err := os.ReadFile(result.Capture)
		if err != nil {
			t.Fatal(err)
		}
		if test.not != "" && bytes.Contains(capture, []byte(test.not)) {
			t.Errorf("%q: the capture has a reply %s", test.steps, test.not)
		}
	}
}
