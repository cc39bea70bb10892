package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Start starts the program by start, which starts a command as [exec.Cmd.Start]
// does, on some host. When it returns the program itself runs, as the process of
// the command. That ids are not real is said in one line on the program's standard
// error.
//
// The error is a [Refusal] where the system allows no sandbox; see
// [Sandbox.StartUnconfined].
func (s Sandbox) Start(start func(*exec.Cmd) error) (*exec.Cmd, error) {
	return s.start(start, confined)
}

// StartUnconfined starts the program with the machine's own files, which it can
// change. It runs in the folder Files; Etc, Readable and the accounts do not count.
func (s Sandbox) StartUnconfined(start func(*exec.Cmd) error) (*exec.Cmd, error) {
	return s.start(start, unconfined)
}

// A Refusal says that the system does not allow a sandbox.
type Refusal struct{ Reason error }

func (r Refusal) Error() string {
	return fmt.Sprintf("this system refuses a mount namespace (%v)", r.Reason)
}

// A mode is with or without namespaces.
type mode bool

const (
	confined   mode = true
	unconfined mode = false
)

// isRefusal reports whether err comes from a policy of the system.
func isRefusal(err error) (errno syscall.Errno, ok bool) {
	if !errors.As(err, &errno) {
		return 0, false
	}
	return errno, slices.Contains([]syscall.Errno{
		unix.EPERM, unix.EACCES, unix.ENOSPC, unix.EINVAL, unix.ENOSYS, unix.ENODEV,
	}, errno)
}

// processName is the argv[0] by which this program recognizes that it was started to
// become a program in a sandbox.
const processName = "ftplab-sandbox"

// failureFD is where the process writes why it could not execute the program. When the
// program is executed, the descriptor is closed.
const failureFD = 3

// An order is the argument of the process.
type order struct {
	Sandbox
	Confined bool
}

// A failure is the reason why a process could not execute the program.
type failure struct {
	Error   string
	Refused bool // by a policy of the system
}

// start starts this program again. The new process sets up the sandbox around itself,
// and then executes the sandbox's program.
func (s Sandbox) start(start func(*exec.Cmd) error, m mode) (*exec.Cmd, error) {
	in, out, errOut := s.In, s.Out, s.Err
	s.In, s.Out, s.Err = nil, nil, nil // not part of the order
	text, err := json.Marshal(order{s, bool(m)})
	if err != nil {
		return nil, err
	}
	failures, failed, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer failures.Close()
	cmd := exec.Command("/proc/self/exe")
	cmd.Args = []string{processName, string(text)}
	cmd.Env = environment(os.Environ())
	cmd.Dir = s.Files
	cmd.ExtraFiles = []*os.File{failed}
	// A session of its own has no terminal that could be read or typed on.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if m == confined {
		cmd.SysProcAttr.Unshareflags = unix.CLONE_NEWNS | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC
	}
	if in != nil {
		cmd.Stdin = in
	}
	if out != nil {
		cmd.Stdout = out
	}
	if errOut != nil {
		cmd.Stderr = errOut
	}
	err = start(cmd)
	failed.Close()
	if errno, ok := isRefusal(err); ok && m == confined {
		return nil, Refusal{errno}
	}
	if err != nil {
		return nil, err
	}
	why, err := io.ReadAll(failures)
	if err != nil || len(why) == 0 {
		return cmd, err
	}
	cmd.Wait()
	var f failure
	if err := json.Unmarshal(why, &f); err != nil {
		return nil, fmt.Errorf("sandbox: %s", why)
	}
	if f.Refused {
		return nil, Refusal{errors.New(f.Error)}
	}
	return nil, errors.New(f.Error)
}

// environment is the part of the caller's environment that a program gets: where
// programs are, and the language and the time zone. The rest may have secrets.
func environment(caller []string) []string {
	env := []string{"HOME=" + home, "USER=root", "LOGNAME=root"}
	for _, v := range caller {
		name, _, _ := strings.Cut(v, "=")
		if slices.Contains([]string{"PATH", "LANG", "LANGUAGE", "TZ", "TERM", "GODEBUG"}, name) || strings.HasPrefix(name, "LC_") {
			env = append(env, v)
		}
	}
	return env
}
