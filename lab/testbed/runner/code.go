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
	"syscall"

	"ftplab/lab/oserror"
	"ftplab/lab/scenario"
	"ftplab/lab/testbed/content"
	"ftplab/lab/testbed/network"
	"ftplab/lab/testbed/sandbox"
)

// Code is Go code of the caller that replaces a server or a client.
//
// On a network of the kernel, the sockets of a host belong to its network namespace,
// and a process is in one namespace only. So the runner starts this program again
// there, with Args and Env, and that process must run the code itself. It has no
// sandbox, because it is the caller's own code. On a network in user space, Run runs
// the code in this process.
type Code struct {
	Name string   // for messages
	Args []string // arguments
	Env  []string // variables (NAME=value) besides those of this process

	// Run gets the host, a listener at the control port if the code is a server, and
	// a folder with the scenario's files. A server returns when ctx has ended and the
	// listener is closed; an error that it returns then is a failure, too. So is
	// another status than 0 of its process, which SIGTERM asks to end.
	Run func(ctx context.Context, host network.Host, l network.Listener, files string) error `json:"-"`
}

// FilesVariable is the environment variable with the path of the scenario's files.
const FilesVariable = "FTPLAB_FILES"

// Client returns a client that runs the code. The scenario's deadline applies to the
// whole run.
func (c *Code) Client() Client {
	return func(ctx context.Context, e *Environment) ([]Failure, error) {
		folder := filepath.Join(e.results, localFolder, scenario.FirstSession)
		if err := writeFiles(folder, e.scenario.Local, 0o600); err != nil {
			return nil, fmt.Errorf("the client's files: %w", err)
		}
		limit := e.scenario.Deadline
		ctx, cancel := network.WithTimeout(ctx, e.network.Clock(), limit)
		defer cancel()
		var words string
		var err error
		if host := e.Host("client"); c.Run != nil {
			err = c.runHere(ctx, host, nil, folder)
		} else {
			words, err = c.runThere(ctx, e, host, folder)
		}
		if errors.Is(err, context.DeadlineExceeded) {
			err = fmt.Errorf("it has not ended; its deadline was %v", limit)
		}
		if err != nil {
			return []Failure{{Message: fmt.Sprintf("%s: %s%s", c.Name, oserror.Text(err), words)}}, nil
		}
		return nil, nil
	}
}

// runHere runs the code in this process, until it ends or ctx ends.
func (c *Code) runHere(ctx context.Context, host network.Host, l network.Listener, files string) error {
	defer network.HoldInCalls(host.Clock())()
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx, host, l, files) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		return fmt.Errorf("it has not ended: %w", ctx.Err())
	}
}

// notReturned is the message about a server whose code does not return.
const notReturned = "did not return when its context and its listener had ended"

// A goServer is a server: code that runs in this process.
type goServer struct {
	served
	code     *Code
	addr     netip.AddrPort
	listener network.Listener
	cancel   context.CancelFunc
	ended    chan struct{}
	err      error // the code's result, after it has ended
	early    bool  // faults has reported that
}

// startHere starts the code as a server in this process.
func (c *Code) startHere(host network.Host, s *scenario.Scenario, folder string) (server, error) {
	files, err := serve(folder, s.Files)
	if err != nil {
		return nil, err
	}
	listener, err := host.ListenTCP(s.Server.Port)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	g := &goServer{served: files, code: c, addr: netip.AddrPortFrom(host.Addr(), s.Server.Port), listener: listener, cancel: cancel, ended: make(chan struct{})}
	release := network.HoldInCalls(host.Clock())
	go func() {
		defer release()
		defer close(g.ended)
		g.err = c.Run(ctx, host, listener, folder)
	}()
	return g, nil
}

// Addr implements server.
func (g *goServer) Addr() netip.AddrPort { return g.addr }

// Note implements server.
func (g *goServer) Note() string { return "" }

// printed implements server.
func (g *goServer) printed() string { return "" }

// faults implements server. It reports code that returned too early.
func (g *goServer) faults(bool) []Failure {
	select {
	case <-g.ended:
		g.early = true
		reason := "it returned nil"
		if g.err != nil {
			reason = oserror.Text(g.err)
		}
		return []Failure{{Message: fmt.Sprintf("the server, %s, did not serve to the end: %s", g.code.Name, reason)}}
	default:
		return nil
	}
}

// Wait implements server. It does not wait, because the code's connections are not
// known here.
func (g *goServer) Wait(context.Context) error { return nil }

// Close implements server. Its error may also be that of the code.
func (g *goServer) Close(ctx context.Context) error {
	defer g.Root.Close()
	g.cancel()
	g.listener.Close()
	select {
	case <-g.ended:
		if g.err != nil && !g.early {
			return fmt.Errorf("the server, %s, served and then returned an error: %w", g.code.Name, g.err)
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("the server, %s, %s", g.code.Name, notReturned)
	}
}

// served is the folder with the files of a server other than the lab's.
type served struct{ *os.Root }

// serve writes the server's files to a folder.
func serve(folder string, files []scenario.File) (served, error) {
	if err := writeFiles(folder, files, 0o666); err != nil {
		return served{}, fmt.Errorf("the server's files: %w", err)
	}
	root, err := os.OpenRoot(folder)
	return served{root}, err
}

// Open implements server.
func (s served) Open(path string) (io.ReadSeeker, error) { return s.open(path) }

// open opens a file by its path on the server. A server that has not changed its root
// directory shows clients the path on the machine.
func (s served) open(path string) (*os.File, error) {
	file, err := openMade(s.Root, strings.TrimPrefix(path, "/"))
	if below, ok := strings.CutPrefix(path, sandbox.Folder+"/"); ok && errors.Is(err, os.ErrNotExist) {
		return openMade(s.Root, below)
	}
	return file, err
}

// openMade opens a file in a folder of a program, which may have made anything there: a pipe would
// never end, and a link may lead to where the program was not.
func openMade(folder *os.Root, name string) (*os.File, error) {
	info, err := folder.Stat(name)
	to, notLink := folder.Readlink(name)
	switch {
	case err != nil && notLink == nil:
		return nil, fmt.Errorf("%s is a symbolic link to %s, and so to no file of the folder that it is in", name, to)
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, &os.PathError{Op: "open", Path: name, Err: syscall.EISDIR}
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is a pipe, a socket or a device; a file was expected", name)
	}
	return folder.Open(name)
}

// Received implements server. The upload is the last size bytes of the file: the whole
// file, or what was appended.
func (s served) Received(path string, size int64) (content.Digest, error) {
	file, err := s.open(path)
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

// writeFiles writes files of the scenario to a folder.
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
			_, err = io.Copy(file, ContentOf(f))
			file.Close()
		}
		if err != nil {
			return err
		}
	}
	return nil
}
