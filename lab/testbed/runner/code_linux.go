package runner

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"syscall"

	"ftplab/lab/testbed/network"
)

// testNoise is the prefix of the lines that go test prints at the start of a test.
const testNoise = "=== "

// command starts this program again, to run the code.
func (c *Code) command(folder string, in, out *os.File) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe", c.Args...)
	cmd.Env = append(append(os.Environ(), c.Env...), FilesVariable+"="+folder)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = in, out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return cmd
}

// startThere starts the code as a server in another process, on the host.
func (c *Code) startThere(ctx context.Context, e *Environment, folder string) (server, error) {
	p, err := e.newProgram(c.Name, folder)
	if err != nil {
		return nil, err
	}
	p.log.noise = testNoise
	d, err := startDaemon(ctx, p, func() (*exec.Cmd, string, error) {
		cmd := c.command(folder, nil, p.log.in)
		return cmd, "", p.host.Start(cmd)
	})
	if err != nil {
		return nil, err
	}
	return &codeDaemon{daemon: d}, nil
}

// A codeDaemon is a server: code that runs in another process. Unlike other programs,
// it ends with status 0 when it is asked to end.
type codeDaemon struct {
	*daemon
	early bool // faults has reported its end
}

// faults implements server.
func (d *codeDaemon) faults(failed bool) []Failure {
	failures := d.daemon.faults(failed)
	d.early = len(failures) > 0
	return failures
}

// Close implements server. Its error may also be that of the code. The code has all the
// time of ctx to return: a process with the race detector takes a second to end.
func (d *codeDaemon) Close(ctx context.Context) error {
	defer d.release()
	endPrograms(ctx, d.host.Clock())
	<-d.ended
	if d.early || d.cmd.ProcessState.Success() {
		return nil
	}
	d.log.wait()
	how := "served and then failed: " + d.cmd.ProcessState.String()
	if ctx.Err() != nil {
		how = notReturned
	}
	return errors.New(d.message("%s", how) + d.log.lastLines("its log", serverLog))
}

// runThere runs the code as a client in another process, on the host. The words are the
// last lines that it printed, for a message.
func (c *Code) runThere(ctx context.Context, e *Environment, host network.Host, folder string) (words string, err error) {
	const name = "client.log"
	log, err := e.newOutput(name)
	if err != nil {
		return "", err
	}
	log.noise = testNoise
	_, err = runToEnd(ctx, log, func() {}, func() (*exec.Cmd, string, error) {
		cmd := c.command(folder, nil, log.in)
		return cmd, "", host.Start(cmd)
	})
	return log.lastLines("its output", name), err
}
