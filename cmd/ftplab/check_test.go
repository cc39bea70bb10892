package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ftplab/lab"
	"ftplab/scenarios"
	"ftplab/scenarios/odd"
)

// galleryCapture is a capture in the repository.
const galleryCapture = "../../results/gallery/frederick_passive/capture.pcapng"

// judged runs ftplab and returns what it prints and its exit status.
func judged(t *testing.T, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	var out, err bytes.Buffer
	status = run(t.Context(), args, strings.NewReader(""), &out, &err)
	return out.String(), err.String(), status
}

// passive writes the gallery's scenario, changed, to a file.
func passive(t *testing.T, old, new string) string {
	t.Helper()
	s, err := scenarios.Load("frederick_passive")
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(string(s.Source), old, new, 1)
	if old != "" && changed == string(s.Source) {
		t.Fatalf("the scenario has no %q", old)
	}
	file := filepath.Join(t.TempDir(), "passive.txtar")
	if err := os.WriteFile(file, []byte(changed), 0o666); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestCheck(t *testing.T) {
	out, stderr, status := judged(t, "check", "--lines", "frederick_passive", galleryCapture)
	if status != exitPassed || stderr != "" {
		t.Fatalf("got exit status %d, %s%s", status, out, stderr)
	}
	for _, want := range []string{"seq 1:1168", "(arrived out of order)", "passed    ctl.rtt", ": passed: "} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
}

// TestCheckStandardInput judges a capture as it comes through a pipe.
func TestCheckStandardInput(t *testing.T) {
	capture, err := os.Open(galleryCapture)
	if err != nil {
		t.Fatal(err)
	}
	defer capture.Close()
	var out, stderr bytes.Buffer
	status := run(t.Context(), []string{"check", "frederick_passive", "-"}, capture, &out, &stderr)
	if want := "standard input: passed: "; status != exitPassed || !strings.Contains(out.String(), want) {
		t.Errorf("got exit status %d, %s%s, want %q", status, &out, &stderr, want)
	}
}

func TestCheckShowsWhatDiffers(t *testing.T) {
	file := passive(t, "seq 1168", "seq 1170")
	out, _, status := judged(t, "check", file, galleryCapture)
	if status != exitFailed {
		t.Errorf("got exit status %d, want %d", status, exitFailed)
	}
	for _, want := range []string{file + ":", "data: seq is 1168, not 1170\n", "\twant  data  server > client  [F.]  seq 1170", "\tgot   data  server > client  [F.] seq 1168", ": failed: "} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
}

func TestCheckJSON(t *testing.T) {
	out, _, status := judged(t, "check", "--json", passive(t, "= 1167", "= 1166"), galleryCapture)
	var v lab.Verdict
	if err := json.Unmarshal([]byte(out), &v); err != nil {
		t.Fatal(err)
	}
	if status != exitFailed || v.Pass || !v.Want.Pass || len(v.Want.Lines) == 0 {
		t.Errorf("got exit status %d and the verdict\n%s", status, out)
	}
}

func TestCheckThatCannotBeDone(t *testing.T) {
	whole, err := os.ReadFile(galleryCapture)
	if err != nil {
		t.Fatal(err)
	}
	cut := filepath.Join(t.TempDir(), "cut.pcapng")
	if err := os.WriteFile(cut, whole[:100], 0o666); err != nil {
		t.Fatal(err)
	}
	lacksEnd := filepath.Join(t.TempDir(), "lacks_end.pcapng")
	if err := os.WriteFile(lacksEnd, whole[:len(whole)/2], 0o666); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"derive", lacksEnd}, lacksEnd + ": the file is cut off in the middle of a packet (packet 19, byte"},
		{[]string{"check", "frederick_passive", "none.pcap"}, "none.pcap"},
		{[]string{"check", "frederick_*", galleryCapture}, "names 4 scenarios, and one was expected"},
		{[]string{"check", passive(t, "seq 1168 ", "seq 1168x "), galleryCapture}, "1168x: a number or * was expected"},
		{[]string{"check", "frederick_passive", cut}, cut + ": there is no packet in this capture: the file is cut off"},
		{[]string{"derive", cut}, cut + ": there is no packet in this capture: the file is cut off"},
	} {
		_, stderr, status := judged(t, test.args...)
		if status != exitError || !strings.Contains(stderr, test.want) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%v: got exit status %d and %q, want %d and %q", test.args, status, stderr, exitError, test.want)
		}
	}
}

// TestDerive asks that the capture passes the want that was derived from it.
func TestDerive(t *testing.T) {
	want, stderr, status := judged(t, "derive", "--scenario", "frederick_passive", galleryCapture)
	if status != exitPassed || !strings.Contains(want, "data  client.* > server.3668") {
		t.Fatalf("got exit status %d and\n%s%s", status, want, stderr)
	}
	if own, _, _ := judged(t, "derive", galleryCapture); own != want {
		t.Errorf("by the capture's own names: got\n%s\nwant\n%s", own, want)
	}
	s, err := scenarios.Load("frederick_passive")
	if err != nil {
		t.Fatal(err)
	}
	script, _, _ := strings.Cut(string(s.Source), "-- want --\n")
	file := filepath.Join(t.TempDir(), "mine.txtar")
	if err := os.WriteFile(file, []byte(script+want), 0o666); err != nil {
		t.Fatal(err)
	}
	if out, stderr, status := judged(t, "check", file, galleryCapture); status != exitPassed {
		t.Errorf("got exit status %d and\n%s%s", status, out, stderr)
	}
}

// A run whose own capture does not show what the scenario asks for has the exit status of check, and
// says that the mistake is in the scenario.
func TestUnjudgedRun(t *testing.T) {
	s, err := odd.Load("logout227") // a middlebox swallows the last reply
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ section, says string }{
		{"-- figures --\nctl.reply.code.QUIT = 227\n", ":22: ctl.reply.code.QUIT: not measured, as not all bytes of the dialogue of connection 0 are in the capture; want = 227\n"},
		{"-- questions --\nWhat did the server say?\n    count = ctl.reply.code.QUIT\n", ":23: ctl.reply.code.QUIT: not all bytes of the dialogue of connection 0 are in the capture, so the question cannot be answered\n"},
	} {
		file := filepath.Join(t.TempDir(), "swallowed.txtar")
		if err := os.WriteFile(file, append(slices.Clone(s.Source), test.section...), 0o666); err != nil {
			t.Fatal(err)
		}
		results := t.TempDir()
		ran, _, ranStatus := judged(t, "run", "--tcp", "gvisor", "-o", results, file)
		checked, _, status := judged(t, "check", file, filepath.Join(results, "swallowed", "capture.pcapng"))
		if ranStatus != exitError || status != exitError {
			t.Errorf("got the exit statuses %d and %d, want 2", ranStatus, status)
		}
		for _, want := range []string{file + test.says, "so the mistake is in the scenario", "0 passed, 0 failed, 1 unjudged"} {
			if !strings.Contains(ran, want) {
				t.Errorf("run: %q is not in\n%s", want, ran)
			}
		}
		if !strings.Contains(checked, file+test.says) || !strings.Contains(checked, ": unjudged: ") {
			t.Errorf("check: %q is not in\n%s", test.says, checked)
		}
	}
}
