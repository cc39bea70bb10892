package runner

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"ftplab/lab/scenario"
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
func (c *Code) startThere(ctx context.Context, host network.Host, s *scenario.Scenario, folder string) (server, error) {
	p, err := newProgram(s, host, c.Name, folder)
	if err != nil {
		return nil, err
	}
	p.log.noise = testNoise
	return startDaemon(ctx, p, func() (*exec.Cmd, string, error) {
		cmd := c.command(folder, nil, p.log.in)
		return cmd, "", host.Start(cmd)
	})
}

// runThere runs the code as a client in another process, on the host. The words are the
// last lines that it printed, for a message.
func (c *Code) runThere(ctx context.Context, host network.Host, folder, results string) (words string, err error) {
	log, err := newOutput(filepath.Join(results, "client.log"))
	if err != nil {
		return "", err
	}
	log.noise = testNoise
	_, err = runToEnd(ctx, log, func() {}, func() (*exec.Cmd, string, error) {
		cmd := c.command(folder, nil, log.in)
		return cmd, "", host.Start(cmd)
	})
	return log.lastLines("its output, client.log"), err
}
