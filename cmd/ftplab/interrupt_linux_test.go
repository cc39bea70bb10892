package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/spf13/cobra"
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

// TestSecondInterrupt runs this test again, as a command that takes long to finish after a signal:
// the next one ends it, with a line that says so.
func TestSecondInterrupt(t *testing.T) {
	const variable = "FTPLAB_TEST_INTERRUPTED"
	if os.Getenv(variable) != "" {
		c := &cobra.Command{}
		c.SetContext(t.Context())
		ctx, _ := interruptible(c)
		syscall.Kill(os.Getpid(), syscall.SIGINT)
		<-ctx.Done()
		for { // one that comes at once may count as the first
			syscall.Kill(os.Getpid(), syscall.SIGTERM)
			time.Sleep(time.Millisecond)
		}
	}
	again := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestSecondInterrupt$")
	again.Env = append(os.Environ(), variable+"=1")
	out, _ := again.CombinedOutput()
	const want = "ftplab: a second signal ended the command before it had finished its results\n"
	if status := again.ProcessState.Sys().(syscall.WaitStatus); status.Signal() != syscall.SIGTERM || string(out) != want {
		t.Errorf("got %v and %q, want an end by the signal and %q", again.ProcessState, out, want)
	}
}

// TestSignalsAtOnce has a program that sends its signal twice: that is one.
func TestSignalsAtOnce(t *testing.T) {
	signals, passed := make(chan os.Signal), make(chan time.Time)
	go func() {
		signals <- syscall.SIGTERM
		signals <- syscall.SIGTERM
		close(passed)
		signals <- syscall.SIGINT
	}()
	if got := secondSignal(signals, passed); got != syscall.SIGINT {
		t.Errorf("got %v, want %v", got, syscall.SIGINT)
	}
}

// TestInterruptWhileRenaming runs this test again, where a signal comes when all of a file is
// written. It ends that process, without a message about the file that it removes.
func TestInterruptWhileRenaming(t *testing.T) {
	const variable = "FTPLAB_TEST_RENAMED"
	if name := os.Getenv(variable); name != "" {
		err := replaceFile(name, func(w io.Writer) error {
			syscall.Kill(os.Getpid(), syscall.SIGTERM)
			for err := error(nil); err == nil; { // until it is removed
				_, err = os.Lstat(w.(*os.File).Name())
			}
			return nil
		})
		fmt.Println(err)
		return
	}
	for range 10 { // as the signal may end the process before there is a message
		again := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestInterruptWhileRenaming$")
		again.Env = append(os.Environ(), variable+"="+filepath.Join(t.TempDir(), "x"))
		out, _ := again.CombinedOutput()
		if status := again.ProcessState.Sys().(syscall.WaitStatus); status.Signal() != syscall.SIGTERM || len(out) > 0 {
			t.Errorf("got %v and %q, want an end by the signal", again.ProcessState, out)
		}
	}
}

// TestFailedCommandsLeaveNothing lets commands write files of a few bytes only, as on a full disk.
// What they have begun does not stop the next try.
func TestFailedCommandsLeaveNothing(t *testing.T) {
	capture, err := filepath.Abs(recorded + "active_list.pcapng")
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"new", "mine.txtar"}, {"export", "zeek", "active_list", "-o", "a/b"}, {"explain", "--extract", "a/b", capture}, {"extcap", "--install"}} {
		folder := t.TempDir()
		limited := command(folder, "/bin/sh", append([]string{"-c", `ulimit -f 0; exec "$0" "$@"`, os.Args[0]}, args...)...)
		limited.Path = "/bin/sh"
		out, err := limited.CombinedOutput()
		if limited.ProcessState.ExitCode() != exitError || !bytes.Contains(out, []byte("too large")) {
			t.Errorf("%v: got %v and %s, want that a file cannot be written", args, err, out)
		}
		var files []string
		filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() || filepath.Base(path) == "a" {
				files = append(files, path)
			}
			return err
		})
		if len(files) > 0 {
			t.Errorf("%v: got %v, want nothing", args, files)
		}
		if out, err := command(folder, "/bin/sh", args...).CombinedOutput(); err != nil {
			t.Errorf("%v again: %v\n%s", args, err, out)
		}
	}
}
