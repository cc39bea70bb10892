package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// TestInterruptAtOnce interrupts commands that have nothing to finish, while they wait for a
// capture that does not end.
func TestInterruptAtOnce(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: builds the command")
	}
	command := build(t)
	// More than a pipe holds: when it is written, the command is reading.
	var capture bytes.Buffer
	binary.Write(&capture, binary.LittleEndian, []uint32{0xa1b2c3d4, 2 | 4<<16, 0, 0, 65535, 1})
	capture.Write(make([]byte, 1<<18)) // packets without a byte
	for _, args := range [][]string{{"explain", "-"}, {"explain", "--packets", "-"}, {"derive", "-"}, {"baseline", "check", "-"}} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // and then it is killed
		defer cancel()
		cmd := exec.CommandContext(ctx, command, args...)
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
		cmd.Wait()
		if status := cmd.ProcessState.Sys().(syscall.WaitStatus); !status.Signaled() || status.Signal() != syscall.SIGINT {
			t.Errorf("%v: got %v, want an end by the signal", args, cmd.ProcessState)
		}
	}
}
