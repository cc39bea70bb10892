package optional

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
	"testing"
)

// InOwnNetwork runs tests of the same test binary, as root of a user namespace and a network
// namespace of their own, and returns what they print. The expression is that of -test.run. The
// environment has variables in addition to those of this process.
func InOwnNetwork(t testing.TB, expression string, environment ...string) string {
	t.Helper()
	cmd := exec.Command("/proc/self/exe", "-test.v", "-test.run="+expression)
	cmd.Env = append(os.Environ(), environment...)
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:   syscall.CLONE_NEWUSER,
		Unshareflags: syscall.CLONE_NEWNET, // by then the user namespace knows who is root in it
		UidMappings:  []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}},
		GidMappings:  []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}},
	}
	out, err := cmd.CombinedOutput()
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
		Missing(t, "this system does not allow user namespaces: "+err.Error())
	}
	return string(out)
}
