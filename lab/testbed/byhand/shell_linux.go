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

	"ftplab/lab/testbed/runner"
)

// run starts the shell on the client's host, waits for its end, and returns its
// exit status: 128 plus the signal's number if a signal ended it. This process must
// be the first one of the cell. If ctx ends first, the shell gets SIGHUP. In both
// cases all programs that were started in it are ended.
func (sh *Shell) run(ctx context.Context, e *runner.Environment, t Terminal) (status int, err error) {
	host := e.Host("client")
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
	stop := context.AfterFunc(ctx, func() { endPrograms(e) })
	defer stop()
	why, _ := io.ReadAll(failed) // ends when the shell is executed, or the entrance fails
	cmd.Wait()                   // its error is in the state
	endPrograms(e)
	if len(why) > 0 {
		return 0, fmt.Errorf("starting %s on host %s: %s", sh.Command[0], host.Name(), why)
	}
	if ended := cmd.ProcessState.Sys().(syscall.WaitStatus); ended.Signaled() {
		return 128 + int(ended.Signal()), nil
	}
	return cmd.ProcessState.ExitCode(), nil
}

// timeToEnd is how long programs may take to end after SIGHUP.
const timeToEnd = time.Second

// endPrograms ends all programs but those of the server as the end of a terminal
// does: with SIGHUP, and then, after timeToEnd, with SIGKILL.
func endPrograms(e *runner.Environment) {
	signal := func(signals ...unix.Signal) (found bool) {
		for _, pid := range e.Others() {
			for _, s := range signals {
				unix.Kill(pid, s)
			}
			found = true
		}
		return found
	}
	signal(unix.SIGHUP, unix.SIGCONT)
	for begin := time.Now(); time.Since(begin) < timeToEnd; time.Sleep(5 * time.Millisecond) {
		if !signal() {
			return
		}
	}
	signal(unix.SIGKILL)
}
