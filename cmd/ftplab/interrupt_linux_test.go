package main

import (
	"bytes"
	"encoding/binary"
	"os"
	"os/signal"
	"syscall"
	"testing"
	"time"
)

// TestInterruptAtOnce interrupts commands that have nothing to finish, while they wait for a
// capture that does not end. No temporary file is left.
func TestInterruptAtOnce(t *testing.T) {
	// The commands would inherit that the signal is ignored, as go tool test2json does.
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, syscall.SIGINT)
	defer signal.Stop(interrupts)

	// More than a pipe holds: when it is written, the command is reading.
	var capture bytes.Buffer
	binary.Write(&capture, binary.LittleEndian, []uint32{0xa1b2c3d4, 2 | 4<<16, 0, 0, 65535, 1})
	capture.Write(make([]byte, 1<<18)) // packets without a byte
	for _, args := range [][]string{{"explain", "-"}, {"explain", "--packets", "-"}, {"derive", "-"}, {"baseline", "check", "-"}, {"run", "/dev/stdin"},
		{"explain", "--redact", "-w", "red.pcapng", "-"}, {"explain", "--redact", "-"}} {
		folder := t.TempDir()
		cmd := command(folder, "/bin/sh", args...)
		cmd.Env = append(cmd.Env, "TMPDIR="+folder)
		stdin, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := stdin.Write(capture.Bytes()); err != nil {
			t.Fatal(err)
		}
		cmd.Process.Signal(syscall.SIGINT)
		kill := time.AfterFunc(time.Minute, func() { cmd.Process.Kill() })
		cmd.Wait()
		kill.Stop()
		if status := cmd.ProcessState.Sys().(syscall.WaitStatus); !status.Signaled() || status.Signal() != syscall.SIGINT {
			t.Errorf("%v: got %v, want an end by the signal", args, cmd.ProcessState)
		}
		if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
			t.Errorf("%v: got the files %v, %v, want none", args, left, err)
		}
	}
}
