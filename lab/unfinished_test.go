package lab

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/gopacket"

	"ftplab/lab/pcapng"
	"ftplab/lab/scenario"
)

// TestFoldersOfTheUser has a folder and a file of the user's where a run would put its results
// until it is over, and the folder of a run that was killed. Only this one is used.
func TestFoldersOfTheUser(t *testing.T) {
	results := t.TempDir()
	mine, also, left := filepath.Join(results, "right.unfinished"), filepath.Join(results, "right.unfinished-2"), filepath.Join(results, "right.unfinished-3")
	for path, text := range map[string]string{
		filepath.Join(mine, "capture.pcapng"): "mine", also: "mine",
		filepath.Join(left, "server.log"): "of a run", filepath.Join(left, ".capture-123"): "of a run", filepath.Join(left, unfinishedMark): unfinishedText,
	} {
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	check := func() {
		t.Helper()
		for _, path := range []string{filepath.Join(mine, "capture.pcapng"), also} {
			if text, err := os.ReadFile(path); string(text) != "mine" {
				t.Errorf("%s: got %q, %v, want the user's", path, text, err)
			}
		}
	}
	s := &scenario.Scenario{Name: "right", File: "right.txtar"}
	from, _, err := unfinishedFolder(filepath.Join(results, "other"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(from, "client.log"), []byte("new"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := CopyFailures(results, results, []Ran{{Scenario: s, Err: unfinishedError{os.ErrClosed, from}}}); err != nil {
		t.Fatal(err)
	}
	check()
	nowhere := filepath.Join(t.TempDir(), "nowhere")
	if err := os.Symlink(filepath.Join(nowhere, "at", "all"), nowhere); err != nil {
		t.Fatal(err)
	}
	if err := CopyFailures(filepath.Join(nowhere, "sub"), results, []Ran{{Scenario: s, Err: unfinishedError{os.ErrClosed, from}}}); err == nil {
		t.Error("got no error for a folder that cannot be made")
	}
	if names := namesIn(t, left); len(names) != 2 || names[0] != unfinishedMark || names[1] != "client.log" {
		t.Errorf("got the files %v, want those of the new run", names)
	}

	s, err = scenario.Parse("right.txtar", []byte("# A session\nopen\nquit\n"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Run(t.Context(), s, Options{Results: results, TCP: scenario.GVisorTCP, NoWalkthrough: true}); err != nil {
		t.Fatal(err)
	}
	check()
	if _, err := os.Stat(left); err == nil {
		t.Errorf("%s is left", left)
	}
}

// namesIn are the names of the files in a folder.
func namesIn(t *testing.T, folder string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// The error of a run that could not be finished says once what happened to its recording.
func TestRecordingOfUnfinishedRun(t *testing.T) {
	stopped, gone := errors.New("stopped"), &fs.PathError{Op: "open", Path: "capture.pcapng", Err: fs.ErrNotExist}
	for _, test := range []struct {
		what    string
		left    string // in the place of the recording; "" is that it was removed
		err     error
		message string // in it, PATH is that of the recording
	}{
		{"whole", "whole", stopped, "stopped (what was recorded until then is in PATH)"},
		{"cannot be repaired", "damaged", stopped, "stopped (repairing PATH: at byte 212 is a block of 3 bytes: the file is damaged)"},
		{"removed", "", stopped, "stopped (what was recorded until then, PATH, was removed)"},
		{"removed, and missed", "", gone, "PATH was removed during the run; run it again"},
	} {
		made, err := beginResults(t.TempDir(), "right", pcapng.PCAPNG)
		if err != nil {
			t.Fatal(err)
		}
		w, err := pcapng.NewWriter(made.capture, pcapng.PCAPNG, pcapng.Info{})
		if err == nil {
			err = w.WritePacket(gopacket.CaptureInfo{Timestamp: time.Unix(1, 0), CaptureLength: 60, Length: 60}, make([]byte, 60))
		}
		if err == nil {
			err = w.Flush()
		}
		path := made.capture.Name()
		switch {
		case err != nil:
		case test.left == "damaged":
			_, err = made.capture.WriteString("\x06\x00\x00\x00\x03\x00\x00\x00")
		case test.left == "":
			err = os.RemoveAll(made.folder)
		}
		if err != nil {
			t.Fatal(err)
		}
		if got, want := made.abandon(test.err, true).Error(), strings.ReplaceAll(test.message, "PATH", path); got != want {
			t.Errorf("%s: got %q, want %q", test.what, got, want)
		}
	}
}
