package sandbox

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// intruderName is the first argument of this test binary when it is a program that
// tries to change the machine and to leave the sandbox. The second argument is a folder
// of the machine that it must not see.
const intruderName = "intruder"

func init() {
	if len(os.Args) == 3 && os.Args[1] == intruderName {
		for _, a := range attempts(os.Args[2]) {
			fmt.Printf("%s: %s\n", a.what, word(a.try()))
		}
		os.Exit(0)
	}
}

// word returns the name of an errno, or ok.
func word(err error) string {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return unix.ErrnoName(errno)
	}
	if err != nil {
		return err.Error()
	}
	return "ok"
}

// An attempt is something that a program tries.
type attempt struct {
	what string
	try  func() error
	want string // "" stands for any refusal
}

// attempts are all that the intruder tries.
func attempts(hidden string) []attempt {
	write := func(path string) func() error {
		return func() error { return os.WriteFile(path, []byte("x"), 0o644) }
	}
	see := func(path string) func() error {
		return func() error { _, err := os.Stat(path); return err }
	}
	const aCharacterDevice = unix.S_IFCHR | 0o666
	return []attempt{
		{"write /etc/x", write("/etc/x"), "EROFS"},
		{"write /etc/passwd", write("/etc/passwd"), "EROFS"},
		{"write /usr/x", write("/usr/x"), "EROFS"},
		{"write /x", write("/x"), "EROFS"},
		{"write /dev/null", write("/dev/null"), "ok"},
		{"unlink /dev/null", func() error { return unix.Unlink("/dev/null") }, ""},
		{"rename over /dev/null", func() error {
			return errors.Join(write("/tmp/intruder.null")(), unix.Rename("/tmp/intruder.null", "/dev/null"))
		}, ""},
		{"chmod /dev/null", func() error { return unix.Chmod("/dev/null", 0o600) }, "EROFS"},
		{"touch /dev/null", func() error { now := time.Now(); return os.Chtimes("/dev/null", now, now) }, "EROFS"},
		{"make a device in /dev", func() error { return unix.Mknod("/dev/x", aCharacterDevice, 1<<8|3) }, "EROFS"},
		{"make a device in /tmp", func() error { return unix.Mknod("/tmp/intruder", aCharacterDevice, 1<<8|3) }, "EPERM"},
		{"make /usr writable", func() error { return unix.Mount("", "/usr", "", unix.MS_REMOUNT|unix.MS_BIND, "") }, "EPERM"},
		{"uncover", func() error { return unix.Unmount("/usr", unix.MNT_DETACH) }, "EPERM"},
		{"set a sysctl", write("/proc/sys/kernel/core_pattern"), ""},
		{"see a hidden folder", see(hidden), "ENOENT"},
		{"see it through the cell", see("/proc/1/root" + hidden), ""},
		{"see it from a root in the root", func() error { return errors.Join(breakChroot(), see(hidden[1:])()) }, "ENOENT"},
		{"enter the cell", enterCell, ""},
		{"see a disk", see("/sys/block"), "ENOENT"},
		{"see the machine's sockets", see("/run/dbus"), "ENOENT"},
		{"read a key", func() error { _, err := unix.KeyctlGetKeyringID(unix.KEY_SPEC_USER_KEYRING, false); return err }, "ENOSYS"},
		{"open a file by its handle", func() error {
			_, err := unix.OpenByHandleAt(unix.AT_FDCWD, unix.NewFileHandle(1, []byte("12345678")), 0)
			return err
		}, "ENOSYS"},
		{"call the hypervisor", func() error { _, err := unix.Socket(unix.AF_VSOCK, unix.SOCK_STREAM, 0); return err }, "EAFNOSUPPORT"},
		{"call the world", func() error { _, err := net.DialTimeout("tcp", "192.0.2.1:80", time.Second); return err }, "ENETUNREACH"},
		{"find an open file", findFile, "none"},
		{"find the caller's environment", func() error { return errors.New(os.Getenv("SANDBOX_TEST_SECRET") + "none") }, "none"},
		{"write to its folder", write("made"), "ok"},
		{"write to /tmp", write("/tmp/intruder"), "ok"},
		{"write a log", write("/var/log/x"), "ok"},
		{"write a PID file", write("/run/x.pid"), "ok"},
		{"fill memory", fill, "ENOSPC"},
		{"give a file away", func() error { return os.Chown("made", 1000, 1000) }, "ok"},
		{"be somebody", func() error {
			return errors.Join(unix.Setgroups([]int{1000}), unix.Setresgid(1000, 1000, 1000), unix.Setresuid(1000, 1000, 1000))
		}, "ok"},
	}
}

// breakChroot is the classic way out of a root folder, for programs that may set one.
func breakChroot() error {
	if err := os.MkdirAll("/tmp/root", 0o755); err != nil {
		return err
	}
	if err := unix.Chdir("/"); err != nil {
		return err
	}
	defer unix.Chdir(Folder)
	if err := unix.Chroot("/tmp/root"); err != nil {
		return err
	}
	for range 20 {
		if err := unix.Chdir(".."); err != nil {
			return err
		}
	}
	return unix.Chroot(".")
}

// enterCell enters the mount namespace of the cell's first process.
func enterCell() error {
	fd, err := unix.Open("/proc/1/ns/mnt", unix.O_RDONLY, 0)
	if err != nil {
		return err
	}
	return unix.Setns(fd, unix.CLONE_NEWNS)
}

// findFile looks for open files that this program did not open. Files that Go opens have
// the flag close-on-exec.
func findFile() error {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return err
	}
	for _, e := range entries {
		var fd int
		fmt.Sscan(e.Name(), &fd)
		flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
		if fd > 2 && err == nil && flags&unix.FD_CLOEXEC == 0 {
			to, _ := os.Readlink(filepath.Join("/proc/self/fd", e.Name()))
			return fmt.Errorf("descriptor %d, %s", fd, to)
		}
	}
	return errors.New("none")
}

// fill writes more to /tmp than a sandbox may have.
func fill() error {
	const name = "/tmp/fill"
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	defer os.Remove(name)
	defer file.Close()
	return unix.Fallocate(int(file.Fd()), 0, 0, 300<<20)
}
