package runner

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"ftplab/lab/scenario"
	"ftplab/lab/testbed/network"
	"ftplab/lab/testbed/sandbox"
)

// A program is a server other than the lab's. It runs on the server's host, and its
// folder has the scenario's files. It is a [daemon], or an [inetd] starts it.
type program struct {
	served
	scenario *scenario.Scenario
	host     network.Host
	name     string  // for messages
	log      *output // server.log
	note     string  // a remark for the user about how it ran
	hint     string  // why it may fail
}

// A starter starts a process. The note is a remark for the user about how it runs.
type starter func() (cmd *exec.Cmd, note string, err error)

// serverLog is the file, next to the folder of the scenario's files, that takes what the
// program prints.
const serverLog = "server.log"

// newProgram writes the scenario's files to a folder.
func (e *Environment) newProgram(name, folder string) (program, error) {
	files, err := serve(folder, e.scenario.Files)
	if err != nil {
		return program{}, err
	}
	log, err := e.newOutput(serverLog)
	return program{served: files, scenario: e.scenario, host: e.Host("server"), name: name, log: log}, err
}

// startProgram starts the program that the scenario names as its server, in a
// sandbox.
func (e *Environment) startProgram(ctx context.Context, folder string) (server, error) {
	s, host := e.scenario, e.Host("server")
	executable, err := findProgram(s, s.Server.Program[0], s.Server.ProgramLine)
	if err != nil {
		return nil, err
	}
	p, err := e.newProgram(s.Server.Program[0], folder)
	if err != nil {
		return nil, err
	}
	box := serverBox(s, host, executable, folder)
	p.hint = hidden(box) + elsewhere(s, s.Server.Program, s.Files)
	if s.Server.Inetd {
		return startInetd(p, box)
	}
	box.In, box.Out, box.Err = p.log.in, p.log.in, p.log.in // vsftpd writes the reason of its end to its standard input
	d, err := startDaemon(ctx, p, func() (*exec.Cmd, string, error) { return start(box, host) })
	if err != nil {
		return nil, err
	}
	return d, nil
}

// failed returns an error, with the line of the setting if there is one.
func (p *program) failed(format string, args ...any) error {
	if p.scenario.Server.ProgramLine == 0 {
		return errors.New(p.message(format, args...))
	}
	return &scenario.Error{File: p.scenario.File, Line: p.scenario.Server.ProgramLine, Msg: p.message(format, args...)}
}

// message returns the text of an error or a failure of the server.
func (p *program) message(format string, args ...any) string {
	return fmt.Sprintf("the server, %s, %s", p.name, fmt.Sprintf(format, args...))
}

// failure returns a failure of the server in a session that took place.
func (p *program) failure(format string, args ...any) Failure {
	return Failure{Line: p.scenario.Server.ProgramLine, Message: p.message(format, args...) + p.log.lastLines("its log", serverLog)}
}

// printed implements server.
func (p *program) printed() string { return p.log.printed(ServerLog, serverLog) }

// Addr implements server.
func (p *program) Addr() netip.AddrPort {
	return netip.AddrPortFrom(p.host.Addr(), p.scenario.Server.Port)
}

// Note implements server.
func (p *program) Note() string { return p.note }

// release gives the files back to the caller, after all processes of the program have
// ended.
func (p *program) release() {
	takeBack(p.Root)
	p.Root.Close()
}

// elsewhere returns a hint if an argument of a command is a file next to the scenario file,
// but not one of those in the folder in which the program runs, or if the program cannot
// see the folder of the scenario file.
func elsewhere(s *scenario.Scenario, command []string, there []scenario.File) string {
	folder, visible := folderOf(s)
	for _, argument := range command[1:] {
		if strings.Contains(argument, "$DIR") && !visible {
			return fmt.Sprintf("\n\tno program sees $DIR, %s, because files of other people may be there: use a folder of your own", folder)
		}
		if filepath.IsAbs(argument) || slices.ContainsFunc(there, func(f scenario.File) bool { return f.Path == filepath.ToSlash(argument) }) {
			continue
		}
		if info, err := os.Stat(filepath.Join(folder, argument)); err == nil && info.Mode().IsRegular() {
			return fmt.Sprintf("\n\t%s is in %s, and the program runs in %s: write %s", argument, folder, sandbox.Folder, path.Join("$DIR", argument))
		}
	}
	return ""
}
