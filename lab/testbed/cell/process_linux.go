package cell

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
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

// start starts this program again as a cell for the job. A refusal means that the
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
		p.end() // and make a cell with one id
	}
	return startAs(job, w, ready)
}

// end ends a cell that has no order yet.
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
	cmd.Stderr = os.Stderr // for a panic of the body
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

// environment is the parent's, with one addition: by default Go's listeners use
// Multipath TCP, and the sessions of a cell use plain TCP.
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

// attributes make a process a cell of this way. The process leads a process group,
// so that a terminal's Ctrl-C reaches the parent only. Unless it uses a terminal, it
// also leads a session. Linux may share the processors between sessions (sched(7),
// autogroup). Then the cell can send packets in time, however many programs other
// sessions run.
func attributes(w way, atTerminal bool) *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{Setpgid: atTerminal, Setsid: !atTerminal}
	switch w {
	case userNamespace:
		a.Cloneflags = unix.CLONE_NEWUSER | unix.CLONE_NEWPID
		// The network is made after the ids are mapped, so that root owns its
		// settings.
		a.Unshareflags = unix.CLONE_NEWNET
		a.UidMappings, a.GidMappings, a.GidMappingsEnableSetgroups = idMappings()
	case plain:
		a.Cloneflags = unix.CLONE_NEWNET | unix.CLONE_NEWPID
	}
	return a
}

// send sends the order to the cell. It fails if the cell is gone, or if ctx is cancelled while
// the cell does not read.
func (p *process) send(ctx context.Context, o order) error {
	line, err := json.Marshal(o)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { p.orders.SetWriteDeadline(time.Now()) })
	defer stop()
	_, err = p.orders.Write(append(line, '\n'))
	return err
}

// listen passes on the cell's messages until the cell ends. It returns the last
// envelope that is not a message: the outcome, a refusal, or the zero envelope.
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

// stopWith cancels the cell when ctx is cancelled, with the same cause, and kills it if it
// then goes on for longer than grace. It returns when ended is closed.
func (p *process) stopWith(ctx context.Context, grace time.Duration, ended <-chan struct{}) {
	select {
	case <-ended:
	case <-ctx.Done():
		p.orders.SetWriteDeadline(time.Now().Add(grace))
		io.WriteString(p.orders, context.Cause(ctx).Error())
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

// wait waits until nothing of the cell is left. A PID namespace ends with all of its
// programs. In place there is none, and the process group is killed.
func (p *process) wait() error {
	if p.way == inPlace {
		// Until the cell is reaped, no other process group gets its number.
		for unix.Waitid(unix.P_PID, p.cmd.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil) == unix.EINTR {
		}
		unix.Kill(-p.cmd.Process.Pid, unix.SIGKILL)
	}
	return p.cmd.Wait()
}
