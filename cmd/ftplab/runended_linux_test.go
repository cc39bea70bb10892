package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// TestInterrupt ends a session as Ctrl-C does: the capture stays readable.
func TestInterrupt(t *testing.T) {
	needCells(t)
	results := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	capture := filepath.Join(results, "endless.unfinished", "capture.pcapng")
	go func() {
		waitFor(t, capture, "USER anonymous\r\n")
		cancel()
	}()
	status, _, errOut := ftplab(ctx, "run", "--tcp", "linux", "-o", results, write(t, "endless.txtar", endless))
	if reason, ok := strings.CutPrefix(errOut, "error     endless\n"); status != exitError || !ok || strings.Count(reason, "\n") != 1 || !strings.Contains(reason, capture) {
		t.Errorf("got status %d, stderr %q, want %d, and below the error one line that names the capture", status, errOut, exitError)
	}
	if n := frames(t, capture); n < 6 {
		t.Errorf("got %d frames, want those of the login", n)
	}
}

// TestInterruptBeforeScenariosBegin has room for all scenarios at once: none of them begins any more.
func TestInterruptBeforeScenariosBegin(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	status, out, errOut := ftplab(ctx, "run", "--tcp", "gvisor", "--parallel", "9", "-o", t.TempDir(), "active_list", "active_retr", "passive_list", "passive_retr")
	if status != exitError || !strings.HasPrefix(out, "0 passed, 0 failed, 4 not begun") || errOut != "" {
		t.Errorf("got status %d, output %q and %q, want %d and 4 not begun", status, out, errOut, exitError)
	}
}

// TestKillCell kills the cell: the command says so, and the capture is
// readable up to its last frame.
func TestKillCell(t *testing.T) {
	needCells(t)
	results := t.TempDir()
	capture := filepath.Join(results, "endless.unfinished", "capture.pcapng")
	go func() {
		waitFor(t, capture, "USER anonymous\r\n")
		for _, pid := range children(t, os.Getpid()) {
			syscall.Kill(pid, syscall.SIGKILL)
		}
	}()
	status, _, errOut := ftplab(t.Context(), "run", "--tcp", "linux", "-o", results, write(t, "endless.txtar", endless))
	if reason, ok := strings.CutPrefix(errOut, "error     endless\n"); status != exitError || !ok || strings.Count(reason, "\n") != 1 || !strings.Contains(reason, capture) {
		t.Errorf("got status %d, stderr %q, want %d, and below the error one line that names the capture", status, errOut, exitError)
	}
	if n := frames(t, capture); n < 6 {
		t.Errorf("got %d frames, want those of the login", n)
	}
}

// children are the processes that a process has started.
func children(t *testing.T, pid int) []int {
	tasks, err := filepath.Glob("/proc/" + strconv.Itoa(pid) + "/task/*/children")
	if err != nil {
		t.Error(err)
	}
	var pids []int
	for _, task := range tasks {
		data, _ := os.ReadFile(task)
		for _, field := range strings.Fields(string(data)) {
			child, _ := strconv.Atoi(field)
			pids = append(pids, child)
		}
	}
	return pids
}

// TestKilledRunIsReplaced kills the command itself: the earlier results stay, what
// was recorded is beside them, and the next run takes its place.
func TestKilledRunIsReplaced(t *testing.T) {
	results := t.TempDir()
	file := write(t, "endless.txtar", endless)
	earlier := filepath.Join(results, "endless", "capture.pcapng")
	if err := os.MkdirAll(filepath.Dir(earlier), 0o755); err != nil {
		t.Fatal(err)
	}
	for file, text := range map[string]string{earlier: "earlier", filepath.Join(results, "endless", "verdict.json"): `{"scenario":"endless"}`} {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "run", "-o", results, file)
	cmd.Env = append(os.Environ(), asCommand+"=1")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	unfinished := filepath.Join(results, "endless.unfinished")
	waitFor(t, filepath.Join(unfinished, "capture.pcapng"), "USER anonymous\r\n")
	cmd.Process.Kill()
	cmd.Wait()
	if got, err := os.ReadFile(earlier); string(got) != "earlier" {
		t.Errorf("got the capture %q, error %v, want the earlier one", got, err)
	}
	if n := frames(t, filepath.Join(unfinished, "capture.pcapng")); n < 6 {
		t.Errorf("got %d frames, want those of the login", n)
	}
	short := strings.Replace(endless, "pause 1h", "quit", 1)
	if err := os.WriteFile(file, []byte(short), 0o644); err != nil {
		t.Fatal(err)
	}
	if status, out, errOut := ftplab(t.Context(), "run", "-o", results, file); status != exitPassed {
		t.Fatalf("got status %d, want 0\n%s%s", status, out, errOut)
	}
	if n := frames(t, earlier); n < 6 {
		t.Errorf("got %d frames, want those of the new run", n)
	}
	if _, err := os.Stat(unfinished); err == nil {
		t.Errorf("%s is left", unfinished)
	}
}

// TestInterruptKeepsResults interrupts a run before it begins: what an earlier
// one left stays.
func TestInterruptKeepsResults(t *testing.T) {
	results := t.TempDir()
	if status, out, errOut := ftplab(t.Context(), "run", "-o", results, "active_list"); status != exitPassed {
		t.Fatalf("got status %d, want 0\n%s%s", status, out, errOut)
	}
	before := frames(t, filepath.Join(results, "active_list", "capture.pcapng"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	status, out, _ := ftplab(ctx, "run", "-o", results, "--parallel", "1", "active_list", "passive_list")
	if status != exitError {
		t.Errorf("got status %d, want %d\n%s", status, exitError, out)
	}
	if after := frames(t, filepath.Join(results, "active_list", "capture.pcapng")); after != before {
		t.Errorf("got a capture of %d frames, want the earlier one's %d", after, before)
	}
	if _, err := os.Stat(filepath.Join(results, "passive_list")); err == nil {
		t.Error("a folder was made for a scenario that did not run")
	}
}
