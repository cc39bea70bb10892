package cell

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// A refusal means that the system does not allow cells in one way.
type refusal struct {
	way way
	err error
}

func (r refusal) Error() string { return string(r.way) + ": " + r.err.Error() }
func (r refusal) Unwrap() error { return r.err }

// isRefusal reports whether err comes from a policy of the system. A shortage, such as
// of memory, does not. Nor does a file that cannot be opened: starting a process opens
// /dev/null, too.
func isRefusal(err error) (errno syscall.Errno, ok bool) {
	if file := new(fs.PathError); errors.As(err, &file) && file.Op != "fork/exec" {
		return 0, false
	}
	if !errors.As(err, &errno) {
		return 0, false
	}
	return errno, slices.Contains([]syscall.Errno{
		unix.EPERM, unix.EACCES, unix.ENOSPC, unix.EUSERS, unix.EINVAL, unix.ENOSYS,
	}, errno)
}

// explain makes one error of the refusals of all ways.
func explain(refusals []refusal) error {
	policy, remedy := findPolicy(refusals[0].err)
	text := policy
	for _, r := range refusals[1:] {
		switch r.way {
		case plain:
			text += "; nor does this program have CAP_SYS_ADMIN"
		case inPlace:
			text += "; nor can it work in place: " + r.err.Error()
		}
	}
	return fmt.Errorf("%w: %s. Ways out: %s; or run as root of the machine; or, for scenarios on loopback, run in a container with its default capabilities",
		ErrRefused, text, remedy)
}

// findPolicy names the policy by which the kernel refused a user namespace with err,
// and what would allow one.
func findPolicy(err error) (policy, remedy string) {
	if seccompRefuses() {
		return "a seccomp filter, as containers have one, refuses user namespaces (" + err.Error() + ")",
			"start the container with --security-opt seccomp=unconfined --security-opt systempaths=unconfined"
	}
	if path, ok := exhausted(err); ok {
		return fmt.Sprintf("%s is %s", path, setting(path)), "sudo sysctl -w " + path + "=15000"
	}
	switch {
	case setting("kernel.unprivileged_userns_clone") == "0":
		return "kernel.unprivileged_userns_clone is 0", "sudo sysctl -w kernel.unprivileged_userns_clone=1"
	case setting("kernel.apparmor_restrict_unprivileged_userns") == "1":
		return "kernel.apparmor_restrict_unprivileged_userns is 1: AppArmor gives user namespaces no capabilities",
			"sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"
	}
	return "user namespaces are refused (" + err.Error() + ")", "allow them to this user"
}

// seccompRefuses asks for a user namespace with flags for which the kernel returns
// EINVAL. Another error comes from a filter.
func seccompRefuses() bool {
	const nonsense = unix.CLONE_PARENT // unshare does not know it
	return unix.Unshare(unix.CLONE_NEWUSER|nonsense) != unix.EINVAL
}

// exhausted names the limit by which err came about, if there is one.
func exhausted(err error) (string, bool) {
	limits := []string{"user.max_user_namespaces", "user.max_net_namespaces", "user.max_pid_namespaces"}
	for _, limit := range limits {
		if setting(limit) == "0" {
			return limit, true
		}
	}
	if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EUSERS) {
		return limits[0], true
	}
	return "", false
}

// settingsRoot is the folder with the kernel's settings.
var settingsRoot = "/proc/sys"

// setting reads a kernel setting by its sysctl name. It returns "" if there is none.
func setting(name string) string {
	text, err := os.ReadFile(filepath.Join(settingsRoot, strings.ReplaceAll(name, ".", "/")))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

// mayCaptureAndBind checks for the two rights that a session needs on a network that
// is not the cell's own.
func mayCaptureAndBind() error {
	s, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("opening a packet socket (CAP_NET_RAW): %w", err)
	}
	unix.Close(s)
	const lowest = 20 // FTP's data port, the server's end of active mode
	start, err := strconv.Atoi(setting("net.ipv4.ip_unprivileged_port_start"))
	if err == nil && start <= lowest || hasCapability(unix.CAP_NET_BIND_SERVICE) {
		return nil
	}
	return fmt.Errorf("binding port %d (CAP_NET_BIND_SERVICE): %w", lowest, unix.EPERM)
}

// hasCapability reports whether a capability is in this thread's effective set.
func hasCapability(capability uint) bool {
	var data [2]unix.CapUserData
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	if err := unix.Capget(&header, &data[0]); err != nil {
		return false
	}
	return data[capability/32].Effective&(1<<(capability%32)) != 0
}
