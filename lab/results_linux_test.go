package lab

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	_ "github.com/google/gopacket/layers"
	"golang.org/x/sys/unix"

	"ftplab/lab/labtest/optional"
	"ftplab/lab/scenario"
	"ftplab/lab/testbed/cell"
)

// refusing has this test binary be on a system that allows no private networks.
// Its value is the results folder of the run that is refused.
const refusing = "FTPLAB_LAB_REFUSING"

func init() {
	if os.Getenv(refusing) == "" {
		return
	}
	for _, limit := range []string{"max_user_namespaces", "max_net_namespaces"} {
		if err := os.WriteFile("/proc/sys/user/"+limit, []byte("0"), 0); err != nil {
			panic(err)
		}
	}
}

// session is a scenario with steps of this test's.
func session(t *testing.T, steps ...string) *scenario.Scenario {
	t.Helper()
	return parse(t, append([]string{"# A session", "# x", "network wire", "open", "login anonymous"}, steps...)...)
}

// earlierResults runs a scenario, puts a file of the user's among its results,
// and returns the folder and what is in it.
func earlierResults(t *testing.T) (folder string, before map[string]string) {
	t.Helper()
	folder = t.TempDir()
	result, err := Run(t.Context(), session(t, "quit"), Options{Results: folder, TCP: scenario.GVisorTCP})
	if err != nil || result.Outcome == Failed {
		t.Fatalf("got %v, error %v", result, err)
	}
	if err := os.WriteFile(filepath.Join(folder, "other", "notes.txt"), []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	return folder, readFolder(t, filepath.Join(folder, "other"))
}

// readFolder reads the files in a folder.
func readFolder(t *testing.T, folder string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(folder, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files[e.Name()] = string(text)
	}
	return files
}

// wantUnchanged fails unless the results are as they were.
func wantUnchanged(t *testing.T, folder string, before map[string]string) {
	t.Helper()
	after := readFolder(t, filepath.Join(folder, "other"))
	if !maps.Equal(after, before) {
		t.Errorf("the earlier results were changed: got the files %v, want %v as they were",
			slices.Sorted(maps.Keys(after)), slices.Sorted(maps.Keys(before)))
	}
}

// An interrupter cancels a run when a text is seen in the live capture.
type interrupter struct {
	mu     sync.Mutex
	seen   bytes.Buffer
	text   string
	cancel func()
}

func (i *interrupter) Write(p []byte) (int, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.seen.Write(p)
	if bytes.Contains(i.seen.Bytes(), []byte(i.text)) {
		i.cancel()
	}
	return len(p), nil
}

// TestInterruptedRunKeepsEarlierResults, and its own capture.
func TestInterruptedRunKeepsEarlierResults(t *testing.T) {
	folder, before := earlierResults(t)
	capture := filepath.Join(folder, "other.unfinished", "capture.pcapng")
	_, err := Run(untilLogin(t, capture), session(t, "pause 1h"), Options{Results: folder, TCP: scenario.LinuxTCP})
	if errors.Is(err, cell.ErrRefused) {
		optional.Missing(t, err)
	}
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "is in "+capture) {
		t.Errorf("got error %v, want that it was cancelled, and that the capture is %s", err, capture)
	}
	wantUnchanged(t, folder, before)
	packets := 0
	for _, err := range Packets(capture) {
		if err != nil {
			t.Fatal(err)
		}
		packets++
	}
	if packets < 6 {
		t.Errorf("got %d packets in %s, want those of the login", packets, capture)
	}
}

// untilLogin returns a context that ends when a capture has a login. The path is a pattern.
func untilLogin(t *testing.T, pattern string) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for ctx.Err() == nil {
			for _, capture := range matches(pattern) {
				if made, _ := os.ReadFile(capture); bytes.Contains(made, []byte("USER anonymous\r\n")) {
					cancel()
				}
			}
			unix.Nanosleep(&unix.Timespec{Nsec: 1e6}, nil)
		}
	}()
	return ctx
}

func matches(pattern string) []string {
	found, _ := filepath.Glob(pattern)
	return found
}

// TestInterruptedDeriveRuns names no capture: the folder with it is removed.
func TestInterruptedDeriveRuns(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	ctx := untilLogin(t, filepath.Join(os.TempDir(), "ftplab-*", "*", "other.unfinished", "capture.pcapng"))
	err := DeriveRuns(ctx, io.Discard, session(t, "pause 1h"), Options{TCP: scenario.LinuxTCP}, 2)
	if errors.Is(err, cell.ErrRefused) {
		optional.Missing(t, err)
	}
	if !errors.Is(err, context.Canceled) || strings.Contains(err.Error(), os.TempDir()) {
		t.Errorf("got error %v, want that it was cancelled, and no name of a file", err)
	}
	if left := matches(filepath.Join(os.TempDir(), "*")); len(left) > 0 {
		t.Errorf("got the files %v, want none", left)
	}
}

// TestLiveRunIsInterrupted passes the capture to a reader that is not a file.
func TestLiveRunIsInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	live := &interrupter{text: "USER anonymous\r\n", cancel: cancel}
	_, err := Run(ctx, session(t, "pause 1h"), Options{Live: live, TCP: scenario.LinuxTCP})
	if errors.Is(err, cell.ErrRefused) {
		optional.Missing(t, err)
	}
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v, want %v", err, context.Canceled)
	}
}

// TestFailedRunReplacesItsOwn: a run that was made, and did not go as the
// scenario says, has results like any other. What is not a run's stays.
func TestFailedRunReplacesItsOwn(t *testing.T) {
	folder, before := earlierResults(t)
	result, err := Run(t.Context(), session(t, "get missing", "quit"), Options{Results: folder, TCP: scenario.GVisorTCP})
	if err != nil || result.Outcome != Failed {
		t.Fatalf("got %v, error %v, want a run that failed", result, err)
	}
	after := readFolder(t, filepath.Join(folder, "other"))
	for name, text := range before {
		if same := after[name] == text; same != (name == "notes.txt") {
			t.Errorf("%s is the earlier one: %t", name, same)
		}
	}
	wantNothingLeft(t, folder)
}

// wantNothingLeft fails if there is more than the results.
func wantNothingLeft(t *testing.T, folder string) {
	t.Helper()
	if left, err := filepath.Glob(filepath.Join(folder, "*")); err != nil || len(left) != 1 {
		t.Errorf("got %v, error %v, want one folder", left, err)
	}
}

// TestRefusedRunKeepsEarlierResults runs a scenario on Linux's TCP where the
// system has none for it.
func TestRefusedRunKeepsEarlierResults(t *testing.T) {
	folder, before := earlierResults(t)
	if out := optional.InOwnNetwork(t, "^TestRefusedRun$", refusing+"="+folder); !strings.Contains(out, "--- PASS: TestRefusedRun") {
		t.Errorf("got\n%s", out)
	}
	wantUnchanged(t, folder, before)
	wantNothingLeft(t, folder)
}

// TestRefusedRun is what the test above has run on such a system.
func TestRefusedRun(t *testing.T) {
	folder := os.Getenv(refusing)
	if folder == "" {
		return
	}
	_, err := Run(t.Context(), session(t, "quit"), Options{Results: folder, TCP: scenario.LinuxTCP})
	if !errors.Is(err, cell.ErrRefused) {
		t.Errorf("got error %v, want %v", err, cell.ErrRefused)
	}
}

// TestRunsAtOnce runs a scenario several times at once into one folder. Each has
// a folder of its own until it is over.
func TestRunsAtOnce(t *testing.T) {
	folder := t.TempDir()
	s := session(t, "pause 50ms", "quit")
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			result, err := Run(t.Context(), s, Options{Results: folder, TCP: scenario.LinuxTCP})
			if errors.Is(err, cell.ErrRefused) {
				return // said below
			}
			if err != nil || result.Outcome == Failed {
				t.Errorf("got %v, error %v", result, err)
			}
		})
	}
	all.Wait()
	if _, err := os.Stat(filepath.Join(folder, "other", "capture.pcapng")); err != nil {
		_, err = Run(t.Context(), s, Options{Results: folder, TCP: scenario.LinuxTCP})
		if errors.Is(err, cell.ErrRefused) {
			optional.Missing(t, err)
		}
		t.Fatalf("there is no capture; another run: %v", err)
	}
	wantNothingLeft(t, folder)
}
