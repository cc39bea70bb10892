package runner

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"ftplab/lab/scenario"
	"ftplab/lab/testbed/content"
	"ftplab/lab/testbed/network"
	"ftplab/lab/testbed/sandbox"
)

// A program is another server than the lab's: it runs on the server's host, in a
// sandbox with the scenario's files.
type program struct {
	unsafe  string // why it runs without one, if it does
	addr    netip.AddrPort
	clock   network.Clock
	files   *os.Root
	cmd     *exec.Cmd
	ended   chan struct{}   // closed when it has
	earlier map[uint16]bool // ports at which something listened before it
}

const (
	lookEvery = 2 * time.Millisecond // how often one looks whether a program has come so far
	otherPort = 2 * time.Second      // how long it may listen at other ports before it does at its own
)

// startProgram writes the scenario's files to a folder, starts the server in
// it, and waits until it listens. What it prints goes to server.log beside.
func startProgram(ctx context.Context, host network.Host, s *scenario.Scenario, folder string) (server, error) {
	path, err := findProgram(s, s.Server.Program[0], s.Server.ProgramLine)
	if err != nil {
		return nil, err
	}
	if err := writeFiles(folder, s.Files, 0o666); err != nil {
		return nil, fmt.Errorf("the server's files: %w", err)
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, err
	}
	log, err := newOutput(filepath.Join(filepath.Dir(folder), "server.log"))
	if err != nil {
		return nil, err
	}
	p := &program{addr: netip.AddrPortFrom(host.Addr(), s.Server.Port), clock: host.Clock(), files: root, ended: make(chan struct{}), earlier: map[uint16]bool{}}
	for _, port := range p.listening() {
		p.earlier[port] = true
	}
	box := sandboxOf(s, host.Name(), path, folder)
	box.Args = s.Server.Program
	for _, u := range s.Server.Users {
		box.Accounts = append(box.Accounts, sandbox.Account{Name: u.Name, Password: u.Password})
	}
	box.In, box.Out, box.Err = log.in, log.in, log.in // vsftpd says to its standard input why it ends
	p.cmd, p.unsafe, err = box.Start(host.Start)
	log.in.Close()
	if err != nil {
		return nil, failed(s, "cannot be started: %v", err)
	}
	go func() {
		p.cmd.Wait()
		close(p.ended)
	}()
	ctx, cancel := network.WithTimeout(ctx, p.clock, s.Deadline)
	defer cancel()
	if err := p.untilListening(ctx); err != nil {
		p.Close(context.WithoutCancel(ctx))
		log.wait()
		return nil, failed(s, "does not listen on port %d: %v%s", p.addr.Port(), err, log.lastLines("its log, "+log.path)+hidden(box))
	}
	return p, nil
}

// sandboxOf is what a program of the scenario sees: its files in a folder, the
// folder of the scenario itself, and the names of the hosts.
func sandboxOf(s *scenario.Scenario, host, program, folder string) sandbox.Sandbox {
	box := sandbox.Sandbox{Program: program, Files: folder, Host: host, Hosts: "127.0.0.1\tlocalhost\n" + HostNames(s, host)}
	if path, err := filepath.EvalSymlinks(program); err == nil {
		box.Program = path
	}
	if own, err := filepath.Abs(filepath.Dir(s.File)); err == nil {
		if own, err = filepath.EvalSymlinks(own); err == nil && sandbox.Readable(own) {
			box.Readable = []string{own}
		}
	}
	if len(s.Names) > 0 {
		nameserver, _ := s.Host("nameserver")
		box.NameServer = nameserver.Addr
	}
	return box
}

// hidden says which files a program that is not installed does not see, as that may
// be why it fails.
func hidden(box sandbox.Sandbox) string {
	if sandbox.Installed(box.Program) {
		return ""
	}
	return fmt.Sprintf("; (in its sandbox it sees of %s only itself, and what is in the scenario's folder)", filepath.Dir(box.Program))
}

// failed is an error at the line of the setting.
func failed(s *scenario.Scenario, format string, args ...any) error {
	what := fmt.Sprintf(format, args...)
	return &scenario.Error{File: s.File, Line: s.Server.ProgramLine, Msg: fmt.Sprintf("the server, %s, %s", s.Server.Program[0], what)}
}

// untilListening waits until the program listens at its port, or it does so at
// others for so long that it seems to be meant for them.
func (p *program) untilListening(ctx context.Context) error {
	var others []uint16
	var since time.Time
	err := p.until(ctx, func() bool {
		if p.socketIs("LISTEN") {
			return true
		}
		if others = p.listening(); len(others) > 0 && since.IsZero() {
			since = p.clock.Now()
		}
		return !since.IsZero() && p.clock.Now().Sub(since) > otherPort
	})
	if err == nil && p.socketIs("LISTEN") {
		return nil
	}
	if len(others) > 0 {
		return fmt.Errorf("it listens on %s", strings.Trim(fmt.Sprint(others), "[]"))
	}
	return err
}

// listening are the ports at which something listens that did not before.
func (p *program) listening() []uint16 {
	all, _ := network.Sockets("tcp", "tcp6")
	var ports []uint16
	for _, s := range all {
		if port := s.Local.Port(); s.State == "LISTEN" && !p.earlier[port] && !slices.Contains(ports, port) {
			ports = append(ports, port)
		}
	}
	return ports
}

// writeFiles writes files of the scenario below a folder.
func writeFiles(folder string, files []scenario.File, mode os.FileMode) error {
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return err
	}
	for _, f := range files {
		name := filepath.Join(folder, filepath.FromSlash(f.Path))
		if f.Folder() {
			if err := os.MkdirAll(name, 0o777); err != nil {
				return err
			}
			continue
		}
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			return err
		}
		file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode)
		if err == nil {
			_, err = io.Copy(file, contentOf(f))
			file.Close()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// until waits until something is so, the program has ended, or ctx has.
func (p *program) until(ctx context.Context, so func() bool) error {
	for !so() {
		later, stop := network.After(p.clock, lookEvery)
		select {
		case <-later:
		case <-p.ended:
			return fmt.Errorf("it has ended: %s", p.cmd.ProcessState)
		case <-ctx.Done():
			stop()
			return ctx.Err()
		}
	}
	return nil
}

// socketIs reports whether a socket on the control port is in one of these
// states. To try and connect would tell as much, and be in the capture.
func (p *program) socketIs(states ...string) bool {
	all, _ := network.Sockets("tcp", "tcp6")
	return slices.ContainsFunc(all, func(s network.Socket) bool {
		return s.Local.Port() == p.addr.Port() && slices.Contains(states, s.State)
	})
}

// Addr implements server.
func (p *program) Addr() netip.AddrPort { return p.addr }

// Note implements server.
func (p *program) Note() string { return p.unsafe }

// Open implements server.
func (p *program) Open(path string) (io.ReadSeeker, error) {
	return p.files.Open(strings.TrimPrefix(path, "/"))
}

// Received implements server. The upload is what the file ends with: all of
// it, or what was appended.
func (p *program) Received(path string, size int64) (content.Digest, error) {
	file, err := p.files.Open(strings.TrimPrefix(path, "/"))
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

// Wait implements server.
func (p *program) Wait(ctx context.Context) error {
	return p.until(ctx, func() bool { return !p.socketIs("ESTABLISHED", "CLOSE-WAIT") })
}

// Close implements server: it asks the program to end, and then makes it.
func (p *program) Close(ctx context.Context) error {
	defer p.files.Close()
	defer takeBack(p.files)
	p.cmd.Process.Signal(syscall.SIGTERM)
	late, stop := network.After(p.clock, time.Second)
	defer stop()
	select {
	case <-p.ended:
	case <-late:
		p.cmd.Process.Kill()
		<-p.ended
	case <-ctx.Done():
		p.cmd.Process.Kill()
		<-p.ended
	}
	return nil
}
