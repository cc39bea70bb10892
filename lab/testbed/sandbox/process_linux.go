package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"ftplab/lab/oserror"
)

// init makes this process the program of a sandbox, if it was started for that. During
// initialization the main goroutine is locked to the main thread. So the program gets
// the capabilities and filters that are set here.
func init() {
	if os.Args[0] != processName {
		return
	}
	unix.CloseOnExec(failureFD)
	var o order
	err := json.Unmarshal([]byte(os.Args[1]), &o)
	if err == nil {
		err = o.run()
	}
	f := failure{Error: oserror.Text(err)}
	if r := (Refusal{}); errors.As(err, &r) {
		f = failure{Error: r.Reason.Error(), Refused: true}
	}
	text, _ := json.Marshal(f)
	os.NewFile(failureFD, "failure").Write(text)
	os.Exit(1)
}

// run returns only if it fails.
func (o order) run() error {
	oneID, err := hasOneID()
	if err != nil {
		return err
	}
	folder := o.Files
	if o.Confined {
		if err := o.confine(!oneID); err != nil {
			return err
		}
		folder = Folder
	}
	if err := unix.Chdir(folder); err != nil {
		return fmt.Errorf("entering %s: %w", folder, err)
	}
	if o.MostFile > 0 {
		limit := unix.Rlimit{Cur: uint64(o.MostFile), Max: uint64(o.MostFile)}
		if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &limit); err != nil {
			return fmt.Errorf("limiting the size of files: %w", err)
		}
	}
	if err := restrict(o.Confined, oneID); err != nil {
		return err
	}
	if oneID && !o.Client {
		fmt.Fprintln(os.Stderr, oneIDNote)
	}
	err = unix.Exec(o.Program, o.Args, o.environment(folder))
	if err == unix.ENOENT && o.Confined {
		if runs := oserror.Interpreter(o.Program); runs != "" {
			return fmt.Errorf("%w: %s, which #! in the first line of %s names, is not among the files that a program sees", err, runs, o.Program)
		}
		return fmt.Errorf("%w: %s, or what runs it, is not among the files that a program sees", err, o.Program)
	}
	return &os.PathError{Op: oserror.Execute, Path: o.Program, Err: err}
}

// environment is the program's, which runs in a folder. Each name is there once: of two
// variables with one name, some programs take the first and some the last.
func (o order) environment(folder string) []string {
	own := append([]string{"PWD=" + folder}, o.Env...)
	if o.Client {
		own = append(own, "HOME="+folder)
	}
	env := slices.DeleteFunc(os.Environ(), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return slices.ContainsFunc(own, func(w string) bool { return strings.HasPrefix(w, name+"=") })
	})
	return append(env, own...)
}

// confine gives the process its own files and host name. A Refusal means that the
// system does not allow it.
func (o order) confine(allIDs bool) error {
	err := o.buildRoot(allIDs)
	if err == nil {
		err = unix.Sethostname([]byte(o.Host))
	}
	if _, ok := isRefusal(err); ok {
		return Refusal{err}
	}
	return err
}

// NotePrefix begins the lines that a sandbox, and not its program, writes.
const NotePrefix = "ftplab: "

const oneIDNote = NotePrefix + "calls that change user ids or owners (setuid, setgroups, chown) are answered with success and change nothing, " +
	"as only one id is available, and a program that checks its ids afterwards, such as ProFTPD, cannot run; for real ids run as root, or have a range in /etc/subuid and /etc/subgid and the program newuidmap"

// hasOneID reports whether this process is root where there is no other user.
func hasOneID() (bool, error) {
	text, err := os.ReadFile("/proc/self/uid_map")
	if err != nil {
		return false, err
	}
	var inside, outside, count uint64
	if lines := strings.Split(strings.TrimSpace(string(text)), "\n"); len(lines) > 1 {
		return false, nil
	}
	if _, err := fmt.Sscan(string(text), &inside, &outside, &count); err != nil {
		return false, fmt.Errorf("reading /proc/self/uid_map: %w", err)
	}
	return os.Geteuid() == 0 && count == 1, nil
}

// restrict takes from this thread, and so from the program, the open files,
// capabilities and system calls by which it could leave the sandbox.
func restrict(confined, oneID bool) error {
	if err := closeFiles(); err != nil {
		return fmt.Errorf("closing files: %w", err)
	}
	if confined {
		if err := dropCapabilities(); err != nil {
			return fmt.Errorf("dropping capabilities: %w", err)
		}
	}
	if confined || oneID {
		if err := filterCalls(oneID); err != nil {
			return fmt.Errorf("filtering system calls: %w", err)
		}
	}
	return nil
}

// closeFiles makes all files but the three standard ones close when the program is
// executed. They belong to the lab, or to the program that started it.
func closeFiles() error {
	const first = failureFD
	if err := unix.CloseRange(first, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC); err == nil {
		return nil
	}
	entries, err := os.ReadDir("/proc/self/fd") // before Linux 5.11
	if err != nil {
		return err
	}
	for _, e := range entries {
		var fd int
		if _, err := fmt.Sscan(e.Name(), &fd); err == nil && fd >= first {
			unix.CloseOnExec(fd)
		}
	}
	return nil
}

// kept are the capabilities that daemons need and that do not lead out of a sandbox:
// to change ids and owners, to bind low ports, to change the root folder. Pure-FTPd ends
// if it does not get CAP_DAC_READ_SEARCH and CAP_SYS_NICE. By the call
// open_by_handle_at the former would lead out, so that call is filtered.
const kept = 1<<unix.CAP_CHOWN | 1<<unix.CAP_DAC_OVERRIDE | 1<<unix.CAP_DAC_READ_SEARCH | 1<<unix.CAP_SYS_NICE | 1<<unix.CAP_FOWNER | 1<<unix.CAP_FSETID |
	1<<unix.CAP_KILL | 1<<unix.CAP_SETGID | 1<<unix.CAP_SETUID | 1<<unix.CAP_SETPCAP |
	1<<unix.CAP_NET_BIND_SERVICE | 1<<unix.CAP_NET_RAW | 1<<unix.CAP_SYS_CHROOT | 1<<unix.CAP_AUDIT_WRITE

// dropCapabilities drops all other capabilities for good. With CAP_SYS_ADMIN the
// program could make its files writable.
func dropCapabilities() error {
	for c := uintptr(0); c < 64; c++ {
		if kept&(1<<c) != 0 {
			continue
		}
		if err := unix.Prctl(unix.PR_CAPBSET_DROP, c, 0, 0, 0); err == unix.EINVAL {
			break // the kernel knows no more
		} else if err != nil {
			return err
		}
	}
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&header, &data[0]); err != nil {
		return err
	}
	for i := range data {
		mask := uint32(uint64(kept) >> (32 * i))
		data[i].Effective &= mask
		data[i].Permitted &= mask
		data[i].Inheritable = 0
	}
	if err := unix.Capset(&header, &data[0]); err != nil {
		return err
	}
	return unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
}
