package optional

import (
	"os"
	"syscall"
)

// ordinary has root's Wireshark run as an ordinary user, who is root outside: Wireshark
// ignores WIRESHARK_DATA_DIR if root runs it.
func ordinary() *syscall.SysProcAttr {
	if os.Getuid() != 0 {
		return nil
	}
	return &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 1, HostID: 0, Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 1, HostID: os.Getgid(), Size: 1}},
	}
}
