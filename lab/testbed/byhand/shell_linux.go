package byhand

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"ftplab/lab/testbed/network"
)

// Run starts the shell on a host of the cell that this process is the first
// one of, waits for its end, and returns its exit status: 128 more than the signal
// that ended it, if one did. When ctx ends first, the shell is hung up on. Either
// way nothing that was started in it is left.
func (sh *Shell) Run(ctx context.Context, host network.Host, t Terminal) (status int, err error) {
	io.WriteString(t.Out, sh.Welcome)
	failed, failure, err := os.Pipe()
	if err != nil {
		return 0, err
	}
	defer failed.Close()
	spec, err := json.Marshal(entrance{Command: sh.Command, Hosts: sh.Hosts, Name: host.Name()})
	if err != nil {
		return 0, err
	}
	cmd := exec.Command("/proc/self/exe")
	cmd.Args = []string{entranceName, string(spec)}
	cmd.Env, cmd.Dir = sh.Env, sh.Dir
	cmd.Stdin, cmd.Stdout, cmd.Stderr = t.In, t.Out, t.Err
	cmd.ExtraFiles = []*os.File{failure}
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: unix.CLONE_NEWNS | unix.CLONE_NEWUTS}
	err = host.Start(cmd)
	failure.Close()
	if err != nil {
		return 0, fmt.Errorf("starting %s on host %s: %w", sh.Command[0], host.Name(), err)
	}
	stop := context.AfterFunc(ctx, endPrograms)
	defer stop()
	why, _ := io.ReadAll(failed) // ends when the shell takes over, or without it
	cmd.Wait()                   // whose error is in the state
	endPrograms()
	if len(why) > 0 {
		return 0, fmt.Errorf("starting %s on host %s: %s", sh.Command[0], host.Name(), why)
	}
	if ended := cmd.ProcessState.Sys().(syscall.WaitStatus); ended.Signaled() {
		return 128 + int(ended.Signal()), nil
	}
	return cmd.ProcessState.ExitCode(), nil
}

// everyone is all processes of the PID namespace but the first, to kill(2), and
// all children of this one, to wait4(2).
const everyone = -1

// timeToEnd is how long programs may take to end after SIGHUP.
const timeToEnd = time.Second

// endPrograms ends all programs in this process's PID namespace, as the end of
// a terminal does: with SIGHUP, and after a while with SIGKILL.
func endPrograms() {
	if os.Getpid() != 1 {
		panic("byhand: not the first process of a PID namespace, and so not the one to end all others")
	}
	unix.Kill(everyone, unix.SIGHUP)
	unix.Kill(everyone, unix.SIGCONT)
	for begin := time.Now(); time.Since(begin) < timeToEnd; time.Sleep(5 * time.Millisecond) {
		if unix.Kill(everyone, 0) == unix.ESRCH {
			return
		}
		reapOrphans()
	}
	unix.Kill(everyone, unix.SIGKILL)
}

// reapOrphans waits for programs that have ended, and whose parents have, too:
// they are the first process's children then, and remain until it does so.
func reapOrphans() {
	for {
		pid, err := unix.Wait4(everyone, nil, unix.WNOHANG, nil)
		if pid <= 0 && err != unix.EINTR {
			return
		}
	}
}
