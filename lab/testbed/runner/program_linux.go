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
)

// A program is somebody else's server: it runs on the server's host, in a
// folder with the scenario's files.
type program struct {
	addr  netip.AddrPort
	files *os.Root
	cmd   *exec.Cmd
	ended chan struct{} // closed when it has
}

// lookEvery is how often one looks whether a program has come so far.
const lookEvery = 2 * time.Millisecond

// startProgram writes the scenario's files to a folder, starts the server in
// it, and waits until it listens. What it prints goes to server.log beside.
func startProgram(ctx context.Context, host network.Host, s *scenario.Scenario, folder string) (server, error) {
	if err := writeFiles(folder, s.Files); err != nil {
		return nil, fmt.Errorf("the server's files: %w", err)
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(filepath.Dir(folder), "server.log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := exec.Command(s.Server.Program[0], s.Server.Program[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = folder, log, log
	if err := host.Start(cmd); err != nil {
		return nil, fmt.Errorf("starting the server: %w", err)
	}
	p := &program{netip.AddrPortFrom(host.Addr(), s.Server.Port), root, cmd, make(chan struct{})}
	go func() {
		cmd.Wait()
		close(p.ended)
	}()
	ctx, cancel := context.WithTimeout(ctx, s.Deadline)
	defer cancel()
	err = p.until(ctx, func() bool { return p.socketIs("LISTEN") })
	if err != nil {
		p.Close(context.WithoutCancel(ctx))
		return nil, fmt.Errorf("the server, %s, does not listen on port %d: %w; what it says is in %s", s.Server.Program[0], s.Server.Port, err, log.Name())
	}
	return p, nil
}

// writeFiles writes the scenario's files below a folder.
func writeFiles(folder string, files []scenario.File) error {
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
		file, err := os.Create(name)
		if err == nil {
			_, err = io.Copy(file, open(f))
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
		select {
		case <-time.After(lookEvery):
		case <-p.ended:
			return fmt.Errorf("it has ended: %s", p.cmd.ProcessState)
		case <-ctx.Done():
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
	p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(time.Second):
		p.cmd.Process.Kill()
		<-p.ended
	case <-ctx.Done():
		p.cmd.Process.Kill()
		<-p.ended
	}
	return nil
}
