package byhand

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"ftplab/lab/oserror"
)

// An entrance is the process that becomes a shell in a cell. It is this
// program, started once more in mount and UTS namespaces of its own: it sets
// the host's name and /etc/hosts, takes the terminal, and then executes the
// shell.
type entrance struct {
	Command []string // the shell's path, and its arguments
	Hosts   string   // lines for its /etc/hosts
	Name    string   // of the host
}

// entranceName is the argv[0] by which this program recognizes that it was
// started as an entrance.
const entranceName = "ftplab-entrance"

// failureFD is where an entrance reports why it could not execute the shell.
const failureFD = 3

func init() {
	if os.Args[0] != entranceName {
		return
	}
	unix.CloseOnExec(failureFD)
	var e entrance
	err := json.Unmarshal([]byte(os.Args[1]), &e)
	if err == nil {
		err = e.enter()
	}
	fmt.Fprint(os.NewFile(failureFD, "failure"), oserror.Text(err))
	os.Exit(1)
}

// enter executes the shell. It returns only if it fails.
func (e entrance) enter() error {
	if err := unix.Sethostname([]byte(e.Name)); err != nil {
		return fmt.Errorf("naming the host: %w", err)
	}
	if err := addHosts(e.Hosts); err != nil {
		return fmt.Errorf("giving it names: %w", err)
	}
	// With its own /proc, ps and kill agree on the process IDs. Where a
	// container hides parts of /proc, no new one can be mounted; then ps shows
	// all processes.
	unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "")
	// The shell leads a process group of its own, in the foreground of the
	// terminal. So the shell gets the input, including Ctrl-C, and the lab does
	// not.
	if err := unix.Setpgid(0, 0); err != nil {
		return fmt.Errorf("making a process group: %w", err)
	}
	if err := foreground(os.Stdin, unix.Getpid()); err != nil {
		return fmt.Errorf("taking the terminal: %w", err)
	}
	arguments := append([]string{filepath.Base(e.Command[0])}, e.Command[1:]...)
	err := unix.Exec(e.Command[0], arguments, os.Environ())
	return &os.PathError{Op: oserror.Execute, Path: e.Command[0], Err: err}
}

const hostsFile = "/etc/hosts"

// addHosts mounts another file over /etc/hosts, in this mount namespace only.
// The file has no other name, so nothing of it remains.
func addHosts(lines string) error {
	old, err := os.ReadFile(hostsFile)
	if err != nil {
		return err
	}
	file, err := os.CreateTemp("", "ftplab-hosts-")
	if err != nil {
		return err
	}
	defer file.Close()
	defer os.Remove(file.Name())
	if _, err := file.WriteString(lines + string(old)); err != nil {
		return err
	}
	if err := file.Chmod(0o644); err != nil {
		return err
	}
	if err := unix.Mount(file.Name(), hostsFile, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("mounting on %s: %w", hostsFile, err)
	}
	return nil
}
