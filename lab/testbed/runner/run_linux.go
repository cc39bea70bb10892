package runner

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"ftplab/lab/scenario"
	"ftplab/lab/testbed/ftpclient"
)

// run runs a program of the machine on the session's host.
func run(ctx context.Context, a action) (ftpclient.Reply, error) {
	client, err := a.newClientProgram()
	if err != nil {
		return none, err
	}
	downloads, err := a.expectDownloads(ctx, client.folder)
	if err != nil {
		return none, err
	}
	defer downloads.close()
	if err := client.run(ctx, a.begun); err != nil {
		return none, err
	}
	return none, downloads.compare()
}

// A clientProgram is a program in the place of a client.
type clientProgram struct {
	action
	folder string // of the session's files
	path   string
	log    *output
	name   string // of the log, among the results
}

// newClientProgram makes the session's folder, if it does not exist, and the log of the
// step.
func (a action) newClientProgram() (*clientProgram, error) {
	s, results := a.script.scenario, a.script.results
	p := &clientProgram{action: a, folder: filepath.Join(results, localFolder, a.Session)}
	var err error
	if p.path, err = findProgram(s, a.Program[0], a.Line); err != nil {
		return nil, err
	}
	if _, err := os.Stat(p.folder); os.IsNotExist(err) {
		// Only the owner can read them: some programs demand that of files with
		// passwords.
		if err := writeFiles(p.folder, s.Local, 0o600); err != nil {
			return nil, fmt.Errorf("the files of session %s: %w", a.Session, err)
		}
	}
	if err := os.MkdirAll(filepath.Join(results, "runs"), 0o777); err != nil {
		return nil, err
	}
	p.name = fmt.Sprintf("runs/line-%d.log", a.Line)
	p.log, err = a.script.newOutput(p.name)
	return p, err
}

// run runs the program until it ends or ctx ends.
func (p *clientProgram) run(ctx context.Context, begun func()) error {
	s := p.script.scenario
	values := clientValues(s)
	if x := p.script.security; x != nil {
		if err := os.WriteFile(filepath.Join(p.folder, rootFile), x.identity.RootPEM(), 0o644); err != nil {
			return err
		}
		values["CA"] = rootFile
	}
	box := sandboxOf(s, p.session.host.Name(), p.path, p.folder)
	box.Args, box.Client, box.Out, box.Err = arguments(p.Program, p.path, values), true, p.log.in, p.log.in
	for name, value := range values {
		box.Env = append(box.Env, name+"="+value)
	}
	box.Env = append(box.Env, "SSLKEYLOGFILE="+keyFile)
	defer p.takeKeys()
	note, err := runToEnd(ctx, p.log, begun, func() (*exec.Cmd, string, error) { return start(box, p.session.host) })
	p.script.addNote(note)
	*p.printed = p.log.lastLines("its output", p.name) + hidden(box) + elsewhere(s, p.Program, s.Local)
	return err
}

// runToEnd runs a program until it ends or ctx ends. It then kills the processes that
// the program left running. The note is that of start.
func runToEnd(ctx context.Context, log *output, begun func(), start starter) (note string, err error) {
	cmd, note, err := start()
	log.in.Close()
	if err != nil {
		return "", fmt.Errorf("it cannot be started: %w", err)
	}
	begun()
	stop := context.AfterFunc(ctx, func() { killSession(cmd.Process.Pid) })
	cmd.Wait() // the state has the error
	late := !stop()
	killSession(cmd.Process.Pid)
	log.wait()
	switch {
	case late:
		return note, fmt.Errorf("it has not ended: %w", ctx.Err())
	case !cmd.ProcessState.Success():
		return note, exitOf(cmd.ProcessState)
	}
	return note, nil
}

// exitOf returns how a program has ended with another status than 0. It is an accident if a
// signal has ended it, such as SIGSEGV, or if it is a shell whose status says that of another
// program, or that it could not run one (POSIX, Shell Command Language, 2.8.2).
func exitOf(state *os.ProcessState) exitError {
	status := state.ExitCode()
	meaning := ""
	switch signal := syscall.Signal(status - 128); {
	case !state.Exited():
		return exitError{state.String(), true}
	case status == 126:
		meaning = "cannot be executed"
	case status == 127:
		meaning = "was not found"
	case unix.SignalName(signal) != "":
		meaning = fmt.Sprintf("was ended by a signal (%v)", signal)
	default:
		return exitError{state.String(), false}
	}
	return exitError{fmt.Sprintf("%v, by which a shell says that a program %s", state, meaning), true}
}

// clientValues returns the variables of a client's command.
func clientValues(s *scenario.Scenario) map[string]string {
	user := scenario.User{Name: "anonymous", Password: "guest"} // RFC 1635
	if len(s.Server.Users) > 0 {
		user = s.Server.Users[0]
	}
	dir, _ := folderOf(s)
	return map[string]string{
		"DIR": dir, "SERVER": serverName, "PORT": strconv.Itoa(int(s.Server.Port)), "USER": user.Name, "PASSWORD": user.Password,
	}
}

// rootFile is the certificate that a program has to trust if the server is the lab's. It is
// in the session's folder.
const rootFile = "lab-ca.pem"

// keyFile is the file for the TLS keys of a program in the place of a client. The
// libraries of many programs write it: OpenSSL's and GnuTLS's programs, and Python.
const keyFile = ".tls-keys"

// mostKeys is the number of bytes to read of that file.
const mostKeys = 1 << 20

// keyLine is a line of a TLS key log (draft-ietf-tls-keylogfile).
var keyLine = regexp.MustCompile(`(?m)^[A-Z0-9_]+ [0-9a-f]{64} [0-9a-f]{16,}\n`)

// takeKeys adds the program's keys to the environment.
func (p *clientProgram) takeKeys() {
	path := filepath.Join(p.folder, keyFile)
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return // it has none
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, mostKeys))
	if err == nil {
		p.script.addKeys(bytes.Join(keyLine.FindAll(text, -1), nil))
	}
	os.Remove(path)
}
