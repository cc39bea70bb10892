package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/gopacket/pcapgo"

	"ftplab/lab/labtest/optional"
	"ftplab/lab/scenario"
	"ftplab/lab/testbed/cell"
)

// ftplab runs the command and returns its exit status and what it printed.
func ftplab(ctx context.Context, args ...string) (status int, stdout, stderr string) {
	var out, errOut bytes.Buffer
	status = run(ctx, args, strings.NewReader(""), &out, &errOut)
	return status, out.String(), errOut.String()
}

// write writes a scenario file and returns its path.
func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// frames reads a capture to its end and counts its frames. It fails if the file ends within
// a frame.
func frames(t *testing.T, path string) int {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	r, err := pcapgo.NewNgReader(file, pcapgo.DefaultNgReaderOptions)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	for n := 0; ; n++ {
		if _, _, err := r.ReadPacketData(); errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return n
		} else if err != nil {
			t.Fatalf("%s: after frame %d: %v", path, n, err)
		}
	}
}

// endless is a session that goes on until it is interrupted.
const endless = "# Endless\n# x\nopen\nlogin anonymous\npause 1h\n"

// needCells skips a test of what only real time shows, such as an interrupt in a
// long silence, where this system refuses the networks of Linux's TCP.
func needCells(t *testing.T) {
	t.Helper()
	status, _, errOut := ftplab(t.Context(), "run", "--tcp", "linux", "-o", t.TempDir(), "active_list")
	if status == exitError && strings.Contains(errOut, cell.ErrRefused.Error()) {
		optional.Missing(t, errOut)
	}
}

func TestRun(t *testing.T) {
	results := t.TempDir()
	status, out, errOut := ftplab(t.Context(), "run", "-o", results, "active_list", "passive_list")
	if status != exitPassed || errOut != "" {
		t.Fatalf("got status %d, stderr %q, want 0 and silence\n%s", status, errOut, out)
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	next := "Next, in a browser: file://" + filepath.Join(results, "index.html")
	if len(lines) != 5 || lines[4] != next || !strings.HasPrefix(lines[0], "passed    active_list") || !strings.HasPrefix(lines[2], "2 passed, 0 failed") || !strings.HasPrefix(lines[3], "TCP: ") {
		t.Errorf("got\n%s\nwant a line for each scenario in order, the sum, whose TCP it was, and %s", out, next)
	}
	for _, name := range []string{"active_list", "passive_list"} {
		if n := frames(t, filepath.Join(results, name, "capture.pcapng")); n < 25 {
			t.Errorf("%s: got %d frames, want a whole session", name, n)
		}
	}
}

// TestSeedOnLinux has a seed for a run that it cannot determine, which says so.
func TestSeedOnLinux(t *testing.T) {
	needCells(t)
	_, out, _ := ftplab(t.Context(), "run", "--tcp", "linux", "--seed", "7", "-o", t.TempDir(), "active_list")
	if !strings.Contains(out, "\n--seed has no effect on Linux's TCP; ") {
		t.Errorf("got\n%s\nwant that the seed has no effect", out)
	}
}

// TestNew begins a scenario, runs it, and does not overwrite it.
func TestNew(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "mine.txtar")
	if status, out, errOut := ftplab(t.Context(), "new", filepath.Join(folder, "mine")); status != exitPassed || !strings.Contains(out, "ftplab run "+file) {
		t.Fatalf("got status %d, %q, stderr %q, want 0 and what is next", status, out, errOut)
	}
	status, out, errOut := ftplab(t.Context(), "run", "-o", filepath.Join(folder, "results"), file)
	if status != exitPassed || !strings.HasPrefix(out, "passed    mine") || !strings.Contains(out, "Next, in a browser: file://"+folder+"/results/mine/walkthrough.html\n") {
		t.Errorf("got status %d, %q, stderr %q, want 0 and its page", status, out, errOut)
	}
	if status, _, errOut := ftplab(t.Context(), "new", file); status != exitError || errOut != "ftplab: "+file+" exists; choose another name\n" {
		t.Errorf("a second time: got status %d, stderr %q, want %d and that it exists", status, errOut, exitError)
	}
}

// TestDerivedWantHasItsOwnLine adds a want to a file, also if the last line of that does not end.
// The file of the scenario's server, which is last, stays as it was.
func TestDerivedWantHasItsOwnLine(t *testing.T) {
	derive := func(stdout io.Writer, args ...string) {
		t.Helper()
		var errOut bytes.Buffer
		if status := run(t.Context(), args, nil, stdout, &errOut); status != exitPassed {
			t.Fatalf("%v: got status %d and %s", args, status, errOut.String())
		}
	}
	for _, end := range []string{"", "\n"} {
		text := "# t\n\nopen\nlogin anonymous a@b\nget README\nquit\n\n-- files/README --\nWelcome." + end
		for _, test := range []struct {
			piped bool
			args  func(file string) []string
		}{
			{false, func(file string) []string { return []string{"run", "--tcp", "gvisor", "--derive", "1", file} }},
			{true, func(file string) []string { return []string{"run", "--tcp", "gvisor", "--derive", "1", file} }},
			{false, func(string) []string { return []string{"derive", recorded + "active_list.pcapng"} }},
			{true, func(file string) []string {
				return []string{"derive", "--scenario", file, recorded + "active_list.pcapng"}
			}},
		} {
			name := write(t, "t.txtar", text)
			file, err := os.OpenFile(name, os.O_WRONLY|os.O_APPEND, 0)
			if err != nil {
				t.Fatal(err)
			}
			if args := test.args(name); test.piped {
				var out bytes.Buffer
				derive(&out, args...)
				file.Write(out.Bytes())
			} else {
				derive(file, args...)
			}
			file.Close()
			s, err := scenario.Load(name)
			if err != nil || s.Want.Line == 0 || string(s.Files[0].Content) != "Welcome.\n" {
				t.Errorf("%v: got a want at line %d, error %v and the files %+v", test.args(name), s.Want.Line, err, s.Files)
			}
		}
	}
}

// TestShow prints a scenario as it is written, and runs the copy. The copy has no want, so
// the recording is not judged.
func TestShow(t *testing.T) {
	status, out, errOut := ftplab(t.Context(), "show", "active_list")
	if status != exitPassed || errOut != "" {
		t.Fatalf("got status %d, stderr %q, want 0 and silence", status, errOut)
	}
	steps, _, _ := strings.Cut(out, "-- want --")
	status, out, errOut = ftplab(t.Context(), "run", "-o", t.TempDir(), write(t, "copy.txtar", steps))
	if status != exitPassed || !strings.HasPrefix(out, "recorded  copy") || !strings.Contains(out, "\n0 passed, 0 failed, 1 recorded, ") {
		t.Errorf("got status %d, %q, stderr %q, want a recording that is not judged", status, out, errOut)
	}
}

func TestRunFolder(t *testing.T) {
	file := write(t, "mine.txtar", "# Mine\n# x\nopen\nquit\n")
	status, out, errOut := ftplab(t.Context(), "run", "--json", "-o", t.TempDir(), filepath.Dir(file))
	if status != exitPassed {
		t.Fatalf("got status %d, want 0\n%s%s", status, out, errOut)
	}
	var result struct {
		Scenario, Outcome, Capture string
		Frames                     int
	}
	if err := json.Unmarshal([]byte(out), &result); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	if result.Scenario != "mine" || result.Outcome != "recorded" || result.Frames != frames(t, result.Capture) {
		t.Errorf("got %+v, want mine, recorded, and the capture's %d frames", result, frames(t, result.Capture))
	}
}

func TestRunClassicPcap(t *testing.T) {
	results := t.TempDir()
	if status, out, errOut := ftplab(t.Context(), "run", "-F", "pcap", "-o", results, "active_list"); status != exitPassed {
		t.Fatalf("got status %d, want 0\n%s%s", status, out, errOut)
	}
	file, err := os.Open(filepath.Join(results, "active_list", "capture.pcap"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := pcapgo.NewReader(file); err != nil {
		t.Error(err)
	}
}

// waitFor waits until a file that grows has the text in it.
func waitFor(t *testing.T, path, text string) {
	for t.Context().Err() == nil {
		data, _ := os.ReadFile(path)
		if bytes.Contains(data, []byte(text)) {
			return
		}
		syscall.Select(0, nil, nil, nil, &syscall.Timeval{Usec: 1000})
	}
}

// A want that is derived, from a scenario or from a capture, is not added to a file that has one.
func TestDeriveKeepsWant(t *testing.T) {
	const text = "# Mine\nopen\nquit\n-- files/a --\nA\n-- want --\nctl client.* > server.21\nctl ...\n"
	path := write(t, "mine.txtar", text)
	own, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer own.Close()
	for _, args := range [][]string{
		{"run", "--derive", "1", path}, {"run", "--derive", "1", "active_list"},
		{"derive", recorded + "active_list.pcapng"}, {"derive", "--scenario", path, recorded + "active_list.pcapng"},
	} {
		var stderr bytes.Buffer
		status := run(t.Context(), args, nil, own, &stderr)
		if want := path + ":6: the scenario has a want, and can have only one; nothing was run or written"; status != exitError || !strings.Contains(stderr.String(), want) {
			t.Errorf("%v: got status %d and %q, want %d and %q", args, status, stderr.String(), exitError, want)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != text {
			t.Errorf("%v: got %q, %v, want the file as it was", args, got, err)
		}
	}
}

// A file that is no scenario, such as a log, may have the wants of several captures.
func TestDeriveTwice(t *testing.T) {
	for _, text := range []string{"", "passed    g21    0.03 s\n1 passed, 0 failed\n"} {
		path := write(t, "wants.txt", text)
		own, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer own.Close()
		for n := 1; n <= 2; n++ {
			var stderr bytes.Buffer
			status := run(t.Context(), []string{"derive", recorded + "active_list.pcapng"}, nil, own, &stderr)
			got, err := os.ReadFile(path)
			if status != exitPassed || err != nil || strings.Count(string(got), "-- want --\n") != n || !strings.HasPrefix(string(got), text) {
				t.Errorf("derived %d times: got status %d, %q, %v and\n%s", n, status, stderr.String(), err, got)
			}
		}
	}
}

// TestRunBadInput asks that each mistake gives one line that says what and where, and the
// exit status.
func TestRunBadInput(t *testing.T) {
	silent := write(t, "silent.txtar", "# Silent\n# x\ndeadline 50ms\nopen\nhangup\n")
	refused := write(t, "refused.txtar", "# Refused\n# x\nopen\nlogin anonymous\nget missing\n")
	granted := write(t, "granted.txtar", "# Granted\n# x\nopen\n! login anonymous\n")
	wanted := write(t, "wanted.txtar", "# Wanted\nopen\nquit\n-- want --\nctl client.* > server.21\nctl ...\n")
	wrong := write(t, "wrong.txtar", "open\n-- want --\nctl client.* > server.21\nctl none\n-- figures --\nctl.rtt = 5\nnone = 1\n")
	typo := write(t, "typo.txtar", "open\nlgin\n")
	for _, test := range []struct {
		name   string
		args   []string
		status int
		want   string // in the output
	}{
		{"unknown name", []string{"no_such"}, exitError, `ftplab: there is no scenario "no_such"`},
		{"missing file", []string{"no/such.txtar"}, exitError, "no/such.txtar cannot be used, because there is no folder no"},
		{"misspelt file", []string{filepath.Join(filepath.Dir(typo), "tipo.txtar")}, exitError, "; did you mean " + typo + "?"},
		{"failures into a file", []string{"--failures", typo, "active_list"}, exitError, "--failures " + typo + ": this is a file; a folder was expected"},
		{"empty folder", []string{t.TempDir()}, exitError, "no file in this folder ends in .txtar"},
		{"derived beside a want", []string{"--derive", "2", wanted}, exitPassed, wanted + ":4: this want is not used and stays as it is"},
		{"typo", []string{typo}, exitError, typo + `:2: unknown setting or step "lgin"`},
		{"three mistakes", []string{wrong}, exitError, "ftplab: " + wrong + ":4: \"ctl none\": a line begins with NAME A > B, such as `ctl client > server`, or is NAME ...\n" +
			"ftplab: " + wrong + ":6: ctl.rtt: \"5\": a time such as 107ms or 1.5s was expected\n" + "ftplab: " + wrong + ":7: there is no figure \"none\""},
		{"results", []string{"-o", "/dev/null/results", "active_list"}, exitError, "cannot make the results folder (-o): /dev/null is a file, or a part of this path is one; a folder was expected"},
		{"full disk", []string{"-w", "/dev/full", "active_list"}, exitError, "the capture has no frame: /dev/full cannot be written, because the disk is full"},
		{"format", []string{"-F", "snoop", "active_list"}, exitError, "-F snoop: pcapng or pcap was expected"},
		{"parallel", []string{"--parallel", "0", "active_list"}, exitError, "--parallel 0: at least 1"},
		{"two to one file", []string{"-w", "x", "active_list", "passive_list"}, exitError, "-w takes one scenario, and there are 2"},
		{"flag", []string{"--no-such"}, exitError, "unknown flag: --no-such"},
		{"server never answers", []string{silent}, exitFailed, silent + ":5: hangup: "},
		{"refused", []string{refused}, exitFailed, refused + `:5: get missing: the server refused: "550 `},
		{"not refused", []string{granted}, exitFailed, granted + `:4: ! login anonymous: the server said "230 `},
	} {
		t.Run(test.name, func(t *testing.T) {
			args := append([]string{"run"}, test.args...)
			if !slices.Contains(args, "-w") && !slices.Contains(args, "--derive") {
				args = slices.Insert(args, 1, "-o", t.TempDir())
			}
			status, out, errOut := ftplab(t.Context(), args...)
			if status != test.status {
				t.Errorf("got status %d, want %d", status, test.status)
			}
			if !strings.Contains(out+errOut, test.want) {
				t.Errorf("got\n%s%s\nwant a line with %s", out, errOut, test.want)
			}
			reason := errOut
			if strings.HasPrefix(reason, "error     ") {
				_, reason, _ = strings.Cut(reason, "\n")
			}
			if test.name != "three mistakes" && test.status == exitError && strings.Count(reason, "\n") != 1 {
				t.Errorf("got stderr %q, want one line with the reason", errOut)
			}
		})
	}
}

// TestOutputFails writes to a standard output that is full.
func TestOutputFails(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer full.Close()
	results := t.TempDir()
	capture := filepath.Join(results, "active_list", "capture.pcapng")
	for _, args := range [][]string{
		{"run", "-o", results, "--json", "active_list"},
		{"check", "active_list", capture},
		{"check", "--json", "active_list", capture},
		{"derive", capture},
		{"explain", capture},
		{"explain", "--html", capture},
	} {
		var errOut bytes.Buffer
		status := run(t.Context(), args, nil, full, &errOut)
		if status != exitError || strings.Count(errOut.String(), "the disk is full") != 1 {
			t.Errorf("%v: got status %d, stderr %q, want %d and that there is the disk is full", args, status, errOut.String(), exitError)
		}
	}
}

// An error that all scenarios have is printed once, beside the scenarios.
func TestRunSameError(t *testing.T) {
	status, out, errOut := ftplab(t.Context(), "run", "-o", "/dev/null/results", "active_list", "passive_list")
	if status != exitError || strings.Contains(out, "error     ") || strings.Count(errOut, "error     ") != 2 || strings.Count(errOut, "\n") != 3 {
		t.Errorf("got status %d, %q and %q, want %d, and on stderr two scenarios and one line", status, out, errOut, exitError)
	}
}
