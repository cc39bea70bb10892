package cell

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// A process is a cell as its parent sees it.
type process struct {
	cmd      *exec.Cmd
	way      way
	orders   *os.File // to the cell; closing it cancels
	messages *os.File // from the cell; ends when it does
	killed   atomic.Bool
}

// start starts this program again as a cell for the job. A refusal says that the
// system does not allow this way.
func start(job Job, w way) (*process, error) {
	if s, ok := findSubordinate(); job.AllIDs && w == userNamespace && ok {
		first := awaitIDs
		if job.MachineNetwork {
			first = awaitIDsOnly
		}
		p, err := startAs(job, w, first)
		if err != nil {
			return nil, err
		}
		if err := s.give(p); err == nil {
			return p, nil
		}
		p.end() // and a cell with one id has to do
	}
	return startAs(job, w, ready)
}

// end ends a cell that was given no orders.
func (p *process) end() {
	p.orders.Close()
	p.messages.Close()
	p.cmd.Process.Kill()
	p.cmd.Wait()
}

// startAs starts this program again at a stage of becoming a cell.
func startAs(job Job, w way, s stage) (*process, error) {
	ordersIn, orders, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("cell: %w", err)
	}
	defer ordersIn.Close()
	messages, messagesOut, err := os.Pipe()
	if err != nil {
		orders.Close()
		return nil, fmt.Errorf("cell: %w", err)
	}
	defer messagesOut.Close()

	cmd := exec.Command("/proc/self/exe")
	cmd.Args = s.args()
	cmd.Env = environment(os.Environ())
	cmd.Stderr = os.Stderr // where a panic of the body tells its story
	cmd.ExtraFiles = append([]*os.File{ordersIn, messagesOut}, job.Files...)
	cmd.SysProcAttr = attributes(w, slices.ContainsFunc(job.Files, isTerminal))
	if job.MachineNetwork {
		cmd.SysProcAttr.Cloneflags &^= unix.CLONE_NEWNET
		cmd.SysProcAttr.Unshareflags &^= unix.CLONE_NEWNET
	}
	if s != ready {
		cmd.SysProcAttr.Unshareflags = 0
		cmd.SysProcAttr.UidMappings, cmd.SysProcAttr.GidMappings = nil, nil
	}
	if err := cmd.Start(); err != nil {
		orders.Close()
		messages.Close()
		if errno, ok := isRefusal(err); ok {
			return nil, refusal{w, errno}
		}
		return nil, fmt.Errorf("cell: %w", err)
	}
	return &process{cmd: cmd, way: w, orders: orders, messages: messages}, nil
}

// environment is the parent's, but for one thing: a listener of Go's asks for
// Multipath TCP unless told otherwise, and a lab's TCP is to be plain.
func environment(parent []string) []string {
	const setting = "multipathtcp=0"
	for i := len(parent) - 1; i >= 0; i-- {
		if old, ok := strings.CutPrefix(parent[i], "GODEBUG="); ok && old != "" {
			return append(parent, "GODEBUG="+old+","+setting)
		}
	}
	return append(parent, "GODEBUG="+setting)
}

func isTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }

// attributes are what makes a process a cell of this way. It leads a process
// group of its own, so that a terminal's Ctrl-C reaches the parent alone; and,
// unless it is to work at a terminal, a session of its own. Where Linux groups
// programs by session (sched(7), autogroup), that has its share of the processors
// on a busy machine, however many programs another one runs, and packets are sent
// when they are due.
func attributes(w way, atTerminal bool) *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{Setpgid: atTerminal, Setsid: !atTerminal}
	switch w {
	case userNamespace:
		a.Cloneflags = unix.CLONE_NEWUSER | unix.CLONE_NEWPID
		// Made when the user namespace knows who is root in it, so that the
		// settings of the network are root's.
		a.Unshareflags = unix.CLONE_NEWNET
		a.UidMappings, a.GidMappings, a.GidMappingsEnableSetgroups = idMappings()
	case plain:
		a.Cloneflags = unix.CLONE_NEWNET | unix.CLONE_NEWPID
	}
	return a
}

// send gives the cell its one line of orders. It fails when the cell is gone.
func (p *process) send(o order) error {
	line, err := json.Marshal(o)
	if err != nil {
		return err
	}
	_, err = p.orders.Write(append(line, '\n'))
	return err
}

// listen passes the cell's messages on until it has ended, and returns the
// last word it said: its outcome, a refusal, or nothing.
func (p *process) listen(message func(json.RawMessage)) (last envelope) {
	in := json.NewDecoder(p.messages)
	for {
		var e envelope
		if err := in.Decode(&e); err != nil {
			return last
		}
		if e.Message == nil {
			last = e
		} else if message != nil {
			message(bytes.Clone(e.Message))
		}
	}
}

// heed cancels the cell when ctx is, and kills it if it has not ended a grace
// later. It returns when ended is closed.
func (p *process) heed(ctx context.Context, grace time.Duration, ended <-chan struct{}) {
	select {
	case <-ended:
	case <-ctx.Done():
		p.orders.Close()
		timer := time.NewTimer(grace)
		defer timer.Stop()
		select {
		case <-ended:
		case <-timer.C:
			p.killed.Store(true)
			p.cmd.Process.Kill()
			<-ended
		}
	}
}

// wait waits until nothing of the cell is left. A PID namespace takes all its
// programs along; in place the process group has to do.
func (p *process) wait() error {
	if p.way == inPlace {
		// Before the cell is reaped its process group's number is not reused.
		for unix.Waitid(unix.P_PID, p.cmd.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil) == unix.EINTR {
		}
		unix.Kill(-p.cmd.Process.Pid, unix.SIGKILL)
	}
	return p.cmd.Wait()
}
