package lab

import (
	"strings"
	"testing"

	"ftplab/lab/scenario"
)

// TestOpenFailsInBackground calls a server where there is none, and goes on
// meanwhile: the scenario ends at that step, and not at one that needs the session.
func TestOpenFailsInBackground(t *testing.T) {
	s := parse(t,
		"# Nobody there\n# No step comes after.\n",
		"name ftp.example.test 127.0.0.2",
		"open ftp.example.test &", "login anonymous me@mypc.test", "quit",
	)
	result, err := Run(t.Context(), s, Options{Results: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	failures := result.Verdict.Failures // the report may also have a note about a busy machine
	if want := s.File + ":5: open ftp.example.test &: "; result.Outcome != Failed || len(failures) != 1 || !strings.HasPrefix(failures[0].In(s.File), want) {
		t.Errorf("got %s\n%swant one failure, %s...", result.Outcome, result.Report, want)
	}
}

// TestCommandDuringTransfer sends NOOP while the same session's RETR goes on:
// before the file's end has come, and not after it.
func TestCommandDuringTransfer(t *testing.T) {
	t.Parallel()
	s := parse(t,
		"# NOOP while RETR goes on\n# In one session.\n",
		"network wire rate=1Mbit", "host server 192.0.2.21 rtt=20ms", "file movie.bin 100kB",
		"open", "login anonymous me@mypc.test", "type i", "get movie.bin &", "noop", "quit",
		"-- want --",
		"ctl client.* > server.21", "data client.* > server.*",
		"ctl ...", `ctl client > server "RETR movie.bin"`, "ctl ...", `ctl client > server "NOOP" @noop`, "ctl ...",
		`ctl server > client "226 *"`, "ctl ...", `ctl server > client "200 *"`, "ctl ...",
		"data ...", "data server > client [F.] after @noop", "data ...",
	)
	result, err := Run(t.Context(), s, Options{Results: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	if result.Outcome == Failed {
		t.Errorf("the run failed:\n%s", result.Report)
	}
}

// TestClosedDuringTransfer closes the control connection under a transfer: the message about the
// transfer names the step that did so.
func TestClosedDuringTransfer(t *testing.T) {
	for _, step := range []string{"close", "reset", "quit nowait"} {
		s := parse(t, "# x\n# y", "file movie.bin 4MB", "open", "login anonymous", "get movie.bin &", step)
		result, err := Run(t.Context(), s, Options{Results: t.TempDir(), TCP: scenario.GVisorTCP})
		if err != nil {
			t.Fatal(err)
		}
		if want := "the connection was closed already, by the step " + step + " of line 7\n"; !strings.Contains(result.Report, want) {
			t.Errorf("%s: got\n%swant %s", step, result.Report, want)
		}
	}
}

// TestPortDuringTransfer asks for the next data port while the server waits for its client to
// read: the server answers when the transfer has ended, and the network's clock goes on.
func TestPortDuringTransfer(t *testing.T) {
	for _, command := range []string{"PASV", "EPSV", "PORT 127,0,0,1,4,1"} {
		s := parse(t, "# x\n# y", "file movie.bin 4MB",
			"open", "login anonymous", "send PASV", "await", "dial", "send RETR movie.bin", "await 150",
			"send "+command, "pause 100ms", "close data", "await", "await", "quit")
		result, err := Run(t.Context(), s, Options{Results: t.TempDir(), TCP: scenario.GVisorTCP})
		if err != nil {
			t.Fatal(err)
		}
		if result.Outcome == Failed {
			t.Errorf("%s: %s", command, result.Report)
		}
	}
}

// TestPortsUsedUp has a server and a client that need one more port than they have.
func TestPortsUsedUp(t *testing.T) {
	for _, test := range []struct{ host, mode, want string }{
		{"server", "passive", ":8: ls: the server refused: \"421 Could not listen for passive connection: host server has used all of its ports=50000 and needs another one; add ports\""},
		{"client", "passive", ":7: ls: host client has used all of its ports=50000 and needs another one; add ports"},
		{"client", "active", ":7: ls: host client has used all of its ports=50000 and needs another one; add ports"},
	} {
		s := parse(t, "# x\n# y", "host "+test.host+" 127.0.0.1 ports=50000", "open", "login anonymous", test.mode, "ls", "ls", "quit")
		result, err := Run(t.Context(), s, Options{Results: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		report, _, _ := strings.Cut(result.Report, "note: ") // of a busy machine
		if want := s.File + test.want + "\n"; report != want {
			t.Errorf("%s, %s: got %swant %s", test.host, test.mode, result.Report, want)
		}
	}
}
