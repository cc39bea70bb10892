package runner

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"sync"

	"ftplab/lab/oserror"
	"ftplab/lab/testbed/network"
	"ftplab/lab/testbed/sandbox"
)

// An inetd starts a program for each control connection, as inetd(8) does. The
// connection is the program's standard input and output.
type inetd struct {
	program
	box      sandbox.Sandbox
	listener network.Listener
	running  sync.WaitGroup

	mu      sync.Mutex
	closing bool
	failed  []string
	own     []string // the sessions of the programs
	open    int      // programs whose end has not been noted
}

// sessions returns the sessions of the programs' processes.
func (d *inetd) sessions() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.own)
}

// startInetd listens at the control port.
func startInetd(p program, box sandbox.Sandbox) (server, error) {
	listener, err := p.host.ListenTCP(p.scenario.Server.Port)
	if err != nil {
		return nil, err
	}
	d := &inetd{program: p, box: box, listener: listener}
	d.running.Go(d.serve)
	return d, nil
}

// serve starts the program for each connection, until the listener is closed.
func (d *inetd) serve() {
	for number := 1; ; number++ {
		conn, err := d.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err == nil {
			err = d.start(conn, number)
		}
		if err != nil {
			d.fail("cannot be started for connection %d: %s", number, oserror.Text(err))
			return
		}
	}
}

// start starts the program for a connection.
func (d *inetd) start(conn network.Conn, number int) error {
	defer conn.Close()
	if plain, ok := conn.(network.Delayer); ok {
		plain.SetNoDelay(false) // the kernel's default, not Go's
	}
	socket, err := conn.(interface{ File() (*os.File, error) }).File()
	if err != nil {
		return err
	}
	defer socket.Close()
	box := d.box
	box.In, box.Out, box.Err = socket, socket, d.log.in
	cmd, note, err := start(box, d.host)
	if err != nil {
		return err
	}
	d.mu.Lock()
	d.note, d.own = note, append(d.own, strconv.Itoa(cmd.Process.Pid)) // a sandbox makes a session
	d.open++
	d.mu.Unlock()
	d.running.Go(func() { d.wait(cmd, number) })
	return nil
}

// wait waits for the end of a program. A program may end with a status other than 0,
// but not by a signal.
func (d *inetd) wait(cmd *exec.Cmd, number int) {
	exit := new(exec.ExitError)
	if errors.As(cmd.Wait(), &exit) && !exit.Exited() {
		d.fail("did not serve connection %d to the end: %v", number, exit)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.open--
}

// serving reports whether the end of a program has not been noted.
func (d *inetd) serving() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.open > 0
}

// fail notes a failure, unless the server is being closed.
func (d *inetd) fail(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.closing {
		d.failed = append(d.failed, fmt.Sprintf(format, args...))
	}
}

// faults implements server.
func (d *inetd) faults(bool) (failures []Failure) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closing = true // from here on, we may be the reason why a program ends
	for _, text := range d.failed {
		failures = append(failures, d.failure("%s", text))
	}
	return failures
}

// Note implements server.
func (d *inetd) Note() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.note
}

// Wait implements server.
func (d *inetd) Wait(ctx context.Context) error {
	for connected(d.Addr().Port()) || len(descendants()) > 0 || d.serving() {
		if err := network.Sleep(ctx, d.host.Clock(), lookEvery); err != nil {
			return err
		}
	}
	return nil
}

// Close implements server.
func (d *inetd) Close(ctx context.Context) error {
	defer d.release()
	ctx, cancel := network.WithTimeout(ctx, d.host.Clock(), timeToEnd)
	defer cancel()
	d.faults(true)
	d.listener.Close()
	endPrograms(ctx, d.host.Clock())
	d.log.in.Close()
	d.running.Wait()
	return nil
}
