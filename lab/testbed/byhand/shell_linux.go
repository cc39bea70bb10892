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

// Run starts the shell on a host of the cell, waits for its end, and returns
// its exit status: 128 plus the signal's number if a signal ended it. This
// process must be the first one of the cell. If ctx ends first, the shell gets
// SIGHUP. In both cases all programs that were started in it are ended.
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
	why, _ := io.ReadAll(failed) // ends when the shell is executed, or the entrance fails
	cmd.Wait()                   // its error is in the state
	endPrograms()
	if len(why) > 0 {
		return 0, fmt.Errorf("starting %s on host %s: %s", sh.Command[0], host.Name(), why)
	}
	if ended := cmd.ProcessState.Sys().(syscall.WaitStatus); ended.Signaled() {
		return 128 + int(ended.Signal()), nil
	}
	return cmd.ProcessState.ExitCode(), nil
}

// everyone means all processes of the PID namespace except the first, for
// kill(2), and all children of this process, for wait4(2).
const everyone = -1

// timeToEnd is how long programs may take to end after SIGHUP.
const timeToEnd = time.Second

// endPrograms ends all other programs in this process's PID namespace as the
// end of a terminal does: with SIGHUP, and then, after timeToEnd, with SIGKILL.
func endPrograms() {
	if os.Getpid() != 1 {
		panic("byhand: endPrograms needs to be the first process of a PID namespace")
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

// reapOrphans waits for processes that have ended and whose parents have ended
// too. Those are children of the first process and remain as zombies until it
// waits for them.
func reapOrphans() {
	for {
		pid, err := unix.Wait4(everyone, nil, unix.WNOHANG, nil)
		if pid <= 0 && err != unix.EINTR {
			return
		}
	}
}
