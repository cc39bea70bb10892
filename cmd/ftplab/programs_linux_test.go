package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"ftplab/lab/labtest/optional"
)

// TestKilledRunEndsPrograms kills the command while a program serves, another is the
// client, and both have left others behind: none goes on, and the capture is readable.
func TestKilledRunEndsPrograms(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for a server that starts slowly; run without -short")
	}
	needCells(t)
	const vsftpd = "/usr/sbin/vsftpd"
	if _, err := os.Stat(vsftpd); err != nil {
		optional.Missing(t, "vsftpd is not installed; see .ci/ftp-servers")
	}
	mark := fmt.Sprintf("7%d.5", os.Getpid()) // seconds, by which the programs are known
	file := write(t, "programs.txtar", fmt.Sprintf(`# x
# y
program sh -c "setsid sleep %[1]s & exec vsftpd $CONFIG"
run sh -c "setsid sleep %[1]s & exec sleep %[1]s" &
session second
open
login anonymous x
pause 1h
-- config --
listen=YES
anonymous_enable=YES
no_anon_password=NO
`, mark))
	results := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "run", "-o", results, file)
	cmd.Env = append(os.Environ(), asCommand+"=1")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	capture := filepath.Join(results, "programs.unfinished", "capture.pcapng")
	waitFor(t, capture, "USER anonymous\r\n")
	for deadline := time.Now().Add(soon); sleepers(mark) < 3; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("got %d programs, want 3", sleepers(mark))
		}
	}
	cmd.Process.Kill()
	cmd.Wait()
	for deadline := time.Now().Add(soon); sleepers(mark) > 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d programs go on", sleepers(mark))
		}
	}
	if n := frames(t, capture); n < 6 {
		t.Errorf("got %d frames, want those of the login", n)
	}
}

// sleepers counts the processes that sleep so long.
func sleepers(mark string) (n int) {
	paths, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, path := range paths {
		if text, err := os.ReadFile(path); err == nil && string(text) == "sleep\x00"+mark+"\x00" {
			n++
		}
	}
	return n
}
