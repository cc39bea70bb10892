package runner

import (
	"context"
	"fmt"
	"net/netip"
	"os/exec"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"ftplab/lab/oserror"
	"ftplab/lab/testbed/network"
)

// A daemon is a server program that listens by itself. It may go to the background:
// then its first process ends with status 0, and other processes continue.
type daemon struct {
	program
	cmd     *exec.Cmd
	ended   chan struct{}           // closed when the first process has ended
	earlier map[netip.AddrPort]bool // where something listened before the daemon started
	own     []string                // the process sessions that it had when it began to listen
	last    []process               // its processes when end last looked, as far as they run
}

const (
	lookEvery = 10 * time.Millisecond // how often until checks its condition
	otherPort = 2 * time.Second       // how long it may listen only on other ports
	timeToEnd = time.Second           // from SIGTERM to SIGKILL
	timeToDie = time.Second / 2       // from the end of a crashing daemon's connections to its own end
)

// startDaemon starts a daemon and waits until it listens.
func startDaemon(ctx context.Context, p program, start starter) (*daemon, error) {
	d := &daemon{program: p, ended: make(chan struct{}), earlier: map[netip.AddrPort]bool{}}
	for _, at := range d.listening() {
		d.earlier[at] = true
	}
	var err error
	d.cmd, d.note, err = start()
	d.log.in.Close()
	if err != nil {
		return nil, d.failed("cannot be started: %s", oserror.Text(err))
	}
	go func() {
		d.cmd.Wait()
		close(d.ended)
	}()
	waiting, cancel := network.WithTimeout(ctx, d.host.Clock(), d.scenario.Deadline)
	defer cancel()
	if err := d.untilListening(waiting); err != nil {
		d.Close(context.WithoutCancel(ctx))
		d.log.wait()
		return nil, d.failed("does not listen on %s: %v%s", d.Addr(), err, d.log.lastLines("its log", d.log.path)+d.hint)
	}
	for _, p := range descendants() {
		d.own = append(d.own, p.session)
	}
	return d, nil
}

// sessions returns the sessions of the daemon's processes.
func (d *daemon) sessions() []string { return d.own }

// untilListening waits until the daemon listens on its port. It fails if the daemon
// listens only on other ports for the time otherPort.
func (d *daemon) untilListening(ctx context.Context) error {
	var others []netip.AddrPort
	var since time.Time
	listens := false
	err := d.until(ctx, func() bool {
		others = d.listening()
		if listens = slices.ContainsFunc(others, d.serves); listens {
			return true
		}
		if len(others) > 0 && since.IsZero() {
			since = d.host.Clock().Now()
		}
		return !since.IsZero() && d.host.Clock().Now().Sub(since) > otherPort
	})
	if listens {
		return nil
	}
	if len(others) > 0 {
		return d.elsewhere(others)
	}
	if ctx.Err() != nil {
		err = fmt.Errorf("it had %v, the setting deadline", d.scenario.Deadline)
	}
	return err
}

// elsewhere returns the error that the daemon listens only on other addresses or ports.
func (d *daemon) elsewhere(others []netip.AddrPort) error {
	remedy := ""
	if port := others[0].Port(); len(others) == 1 && port != d.Addr().Port() {
		remedy = fmt.Sprintf("; if that is its control port, add the setting `server port=%d`", port)
	}
	return fmt.Errorf("it listens on %s%s", words(others), remedy)
}

// words returns a list of addresses for a message.
func words(all []netip.AddrPort) string {
	var texts []string
	for _, a := range all {
		texts = append(texts, a.String())
	}
	return strings.Join(texts, " and ")
}

// serves reports whether a client of the server's address reaches a program that
// listens at the given address.
func (d *daemon) serves(at netip.AddrPort) bool {
	own := d.Addr()
	switch {
	case at.Port() != own.Port():
		return false
	case at.Addr() == own.Addr():
		return true
	case at.Addr() == netip.IPv6Unspecified() && own.Addr().Is4():
		return !mayBind(own) // it accepts IPv4, too, unless it is for IPv6 only
	}
	return at.Addr().IsUnspecified() && at.Addr().Is4() == own.Addr().Is4()
}

// mayBind reports whether an IPv4 address and port are free. It only binds and does not
// listen, so no connection can arrive.
func mayBind(at netip.AddrPort) bool {
	s, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return false
	}
	defer unix.Close(s)
	return unix.Bind(s, &unix.SockaddrInet4{Port: int(at.Port()), Addr: at.Addr().As4()}) == nil
}

// listening returns the addresses where a program listens and did not before the daemon
// started.
func (d *daemon) listening() []netip.AddrPort {
	all, _ := network.Listeners()
	var found []netip.AddrPort
	for _, at := range all {
		if !d.earlier[at] && !slices.Contains(found, at) {
			found = append(found, at)
		}
	}
	return found
}

// until waits until the condition is true. It returns an error if the daemon or ctx
// ends before.
func (d *daemon) until(ctx context.Context, so func() bool) error {
	for !so() {
		if err := d.end(); err != nil {
			return err
		}
		if err := network.Sleep(ctx, d.host.Clock(), lookEvery); err != nil {
			return err
		}
	}
	return nil
}

// end returns how the daemon has ended, or nil if it is running.
func (d *daemon) end() error {
	select {
	case <-d.ended:
	default:
		return nil
	}
	if d.cmd.ProcessState.Success() && d.inBackground() {
		return nil
	}
	return fmt.Errorf("it has ended: %s", d.cmd.ProcessState)
}

// inBackground reports whether processes of the daemon run, though the first has ended.
func (d *daemon) inBackground() bool {
	if d.last = stillRunning(d.last); len(d.last) == 0 {
		d.last = descendants()
	}
	return len(d.last) > 0
}

// connected reports whether a connection to the control port is open.
func (d *daemon) connected() bool { return connected(d.Addr().Port()) }

// connected reports whether a connection to a port of this host is open. It asks the
// kernel, because an attempt to connect would be in the capture.
func connected(port uint16) bool {
	if network.NoConnections() {
		return false
	}
	open := func(s network.Socket) bool {
		return s.Local.Port() == port && slices.Contains([]string{"ESTABLISHED", "CLOSE-WAIT"}, s.State)
	}
	for _, protocol := range []string{"tcp", "tcp6"} { // each takes the kernel long
		if all, _ := network.Sockets(protocol); slices.ContainsFunc(all, open) {
			return true
		}
	}
	return false
}

// Wait implements server.
func (d *daemon) Wait(ctx context.Context) error {
	return d.until(ctx, func() bool { return !d.connected() })
}

// faults implements server. It reports a daemon that ended too early. If the session has
// failed, the daemon may be about to end.
func (d *daemon) faults(failed bool) []Failure {
	if failed {
		ctx, cancel := network.WithTimeout(context.Background(), d.host.Clock(), timeToDie)
		defer cancel()
		d.until(ctx, func() bool { return false })
	}
	if err := d.end(); err != nil {
		d.log.wait()
		return []Failure{d.failure("did not serve to the end: %v", err)}
	}
	return nil
}

// await waits until the daemon has ended by itself, or until ctx ends.
func (d *daemon) await(ctx context.Context) error {
	err := d.until(ctx, func() bool { return false })
	if ctx.Err() != nil {
		return nil
	}
	d.log.wait()
	return ServerEnded(d.failed("did not serve to the end: %v%s", err, d.log.lastLines("its log", serverLog)).Error())
}

// Close implements server. It asks the daemon to end, and then kills all processes that
// are left.
func (d *daemon) Close(ctx context.Context) error {
	defer d.release()
	ctx, cancel := network.WithTimeout(ctx, d.host.Clock(), timeToEnd)
	defer cancel()
	endPrograms(ctx, d.host.Clock())
	<-d.ended
	return nil
}

// endPrograms asks all processes that this process has started to end, and kills them
// when ctx ends.
func endPrograms(ctx context.Context, clock network.Clock) {
	left := descendants()
	signalAll(left, unix.SIGTERM)
	for len(left) > 0 && network.Sleep(ctx, clock, lookEvery) == nil {
		if left = stillRunning(left); len(left) == 0 {
			left = descendants() // that they have started meanwhile
		}
	}
	signalAll(left, unix.SIGKILL)
}

func signalAll(processes []process, signal unix.Signal) {
	for _, p := range processes {
		unix.Kill(p.pid, signal)
	}
}
