package runner

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strings"

	"ftplab/lab/scenario"
	"ftplab/lab/testbed/content"
	"ftplab/lab/testbed/network"
	"ftplab/lab/testbed/sandbox"
)

// A program is another server than the lab's: it runs on the server's host, in a
// sandbox with the scenario's files. It is a [daemon], or started by [inetd].
type program struct {
	scenario *scenario.Scenario
	host     network.Host
	box      sandbox.Sandbox
	files    *os.Root
	log      *output // server.log
	note     string  // what the user should know of how it ran
}

// startProgram writes the scenario's files to a folder, and starts the server in
// it. What it prints goes to server.log beside.
func startProgram(ctx context.Context, host network.Host, s *scenario.Scenario, folder string) (server, error) {
	path, err := findProgram(s, s.Server.Program[0], s.Server.ProgramLine)
	if err != nil {
		return nil, err
	}
	if err := writeFiles(folder, s.Files, 0o666); err != nil {
		return nil, fmt.Errorf("the server's files: %w", err)
	}
	p := program{scenario: s, host: host, box: serverBox(s, host, path, folder)}
	if p.files, err = os.OpenRoot(folder); err != nil {
		return nil, err
	}
	if p.log, err = newOutput(filepath.Join(filepath.Dir(folder), "server.log")); err != nil {
		return nil, err
	}
	if s.Server.Inetd {
		return startInetd(p)
	}
	return startDaemon(ctx, p)
}

// failed is an error at the line of the setting.
func (p *program) failed(format string, args ...any) error {
	return &scenario.Error{File: p.scenario.File, Line: p.scenario.Server.ProgramLine, Msg: p.message(format, args...)}
}

// message is what an error or a failure says of the server.
func (p *program) message(format string, args ...any) string {
	return fmt.Sprintf("the server, %s, %s", p.scenario.Server.Program[0], fmt.Sprintf(format, args...))
}

// failure is what a session that took place says of the server.
func (p *program) failure(format string, args ...any) Failure {
	return Failure{p.scenario.Server.ProgramLine, p.message(format, args...) + p.log.lastLines("its log, server.log")}
}

// Addr implements server.
func (p *program) Addr() netip.AddrPort {
	return netip.AddrPortFrom(p.host.Addr(), p.scenario.Server.Port)
}

// Note implements server.
func (p *program) Note() string { return p.note }

// Open implements server.
func (p *program) Open(path string) (io.ReadSeeker, error) { return p.open(path) }

// open opens a file by its path on the server. One that has not changed its root
// folder shows clients the whole path.
func (p *program) open(path string) (*os.File, error) {
	file, err := p.files.Open(strings.TrimPrefix(path, "/"))
	if below, ok := strings.CutPrefix(path, sandbox.Folder+"/"); ok && errors.Is(err, os.ErrNotExist) {
		return p.files.Open(below)
	}
	return file, err
}

// Received implements server. The upload is what the file ends with: all of
// it, or what was appended.
func (p *program) Received(path string, size int64) (content.Digest, error) {
	file, err := p.open(path)
	if err != nil {
		return content.Digest{}, fmt.Errorf("the server says that the upload is complete, but: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return content.Digest{}, err
	}
	if _, err := file.Seek(max(0, info.Size()-size), io.SeekStart); err != nil {
		return content.Digest{}, err
	}
	return content.Sum(file)
}

// release gives the files back to the caller, when nothing of the program runs any
// more.
func (p *program) release() {
	takeBack(p.files)
	p.files.Close()
}
