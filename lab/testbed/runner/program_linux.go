package runner

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"ftplab/lab/scenario"
	"ftplab/lab/testbed/network"
	"ftplab/lab/testbed/sandbox"
)

// A program is another server than the lab's: it runs on the server's host, with the
// scenario's files in its folder. It is a [daemon], or started by [inetd].
type program struct {
	served
	scenario *scenario.Scenario
	host     network.Host
	name     string  // for messages
	log      *output // server.log
	note     string  // what the user should know of how it ran
	hint     string  // why it may fail
}

// A starter starts a process. The note is what the user should know of how it runs.
type starter func() (cmd *exec.Cmd, note string, err error)

// newProgram writes the scenario's files to a folder. What the program prints goes to
// server.log beside.
func newProgram(s *scenario.Scenario, host network.Host, name, folder string) (program, error) {
	files, err := serve(folder, s.Files)
	if err != nil {
		return program{}, err
	}
	log, err := newOutput(filepath.Join(filepath.Dir(folder), "server.log"))
	return program{served: files, scenario: s, host: host, name: name, log: log}, err
}

// startProgram starts the program that the scenario names as its server, in a
// sandbox.
func startProgram(ctx context.Context, host network.Host, s *scenario.Scenario, folder string) (server, error) {
	path, err := findProgram(s, s.Server.Program[0], s.Server.ProgramLine)
	if err != nil {
		return nil, err
	}
	p, err := newProgram(s, host, s.Server.Program[0], folder)
	if err != nil {
		return nil, err
	}
	box := serverBox(s, host, path, folder)
	p.hint = hidden(box) + elsewhere(s)
	if s.Server.Inetd {
		return startInetd(p, box)
	}
	box.In, box.Out, box.Err = p.log.in, p.log.in, p.log.in // vsftpd says to its standard input why it ends
	return startDaemon(ctx, p, func() (*exec.Cmd, string, error) { return start(box, host) })
}

// failed is an error, at the line of the setting if there is one.
func (p *program) failed(format string, args ...any) error {
	if p.scenario.Server.ProgramLine == 0 {
		return errors.New(p.message(format, args...))
	}
	return &scenario.Error{File: p.scenario.File, Line: p.scenario.Server.ProgramLine, Msg: p.message(format, args...)}
}

// message is what an error or a failure says of the server.
func (p *program) message(format string, args ...any) string {
	return fmt.Sprintf("the server, %s, %s", p.name, fmt.Sprintf(format, args...))
}

// failure is what a session that took place says of the server.
func (p *program) failure(format string, args ...any) Failure {
	return Failure{Line: p.scenario.Server.ProgramLine, Message: p.message(format, args...) + p.log.lastLines("its log, server.log")}
}

// Addr implements server.
func (p *program) Addr() netip.AddrPort {
	return netip.AddrPortFrom(p.host.Addr(), p.scenario.Server.Port)
}

// Note implements server.
func (p *program) Note() string { return p.note }

// release gives the files back to the caller, when nothing of the program runs any
// more.
func (p *program) release() {
	takeBack(p.Root)
	p.Root.Close()
}

// elsewhere says that an argument of the program is a file beside the scenario, and
// no file of the folder in which the program runs.
func elsewhere(s *scenario.Scenario) string {
	for _, argument := range s.Server.Program[1:] {
		path, err := filepath.Abs(filepath.Join(filepath.Dir(s.File), argument))
		if err != nil || filepath.IsAbs(argument) || slices.ContainsFunc(s.Files, func(f scenario.File) bool { return f.Path == filepath.ToSlash(argument) }) {
			continue
		}
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return fmt.Sprintf("\n%s is beside the scenario file, and the program runs in %s: write %s", argument, sandbox.Folder, path)
		}
	}
	return ""
}
