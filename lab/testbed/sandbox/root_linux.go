package sandbox

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"
)

// old is where the machine's files are while the sandbox's root is built.
const old = "/.machine"

// home is the program's home folder.
const home = "/root"

// most is how much a program may write to its own folders altogether, which are
// in memory, in the words of tmpfs(5).
const most = "size=256m"

// A folder of the sandbox's own, empty.
type folder struct {
	path string
	mode uint32
}

// own are the folders that a system has, among them those that the start scripts
// and packages of Debian's FTP servers make.
var own = []folder{
	{"/etc", 0o755}, {"/dev", 0o755}, {"/dev/pts", 0o755}, {"/dev/shm", 0o1777}, {"/proc", 0o555}, {"/srv", 0o755}, {Folder, 0o755},
	{home, 0o700}, {"/tmp", 0o1777}, {"/run", 0o755}, {"/run/lock", 0o1777},
	{"/var", 0o755}, {"/var/tmp", 0o1777}, {"/var/log", 0o755}, {"/var/lib", 0o755}, {"/var/cache", 0o755}, {"/var/spool", 0o755}, {"/var/mail", 0o755},
	{"/run/vsftpd", 0o755}, {nowhere, 0o755}, {"/run/proftpd", 0o755}, {"/run/pure-ftpd", 0o755},
	{"/var/log/proftpd", 0o755}, {"/var/log/pure-ftpd", 0o755},
}

// writable are those of them that a program may write to.
var writable = []string{home, "/tmp", "/run", "/var", "/dev/shm"}

// nowhere is where vsftpd goes before somebody has logged in. It insists on a
// folder that it cannot write to, which root can, unless it is mounted read-only.
const nowhere = "/run/vsftpd/empty"

// links are symbolic links, by their names.
var links = map[string]string{
	"/var/run": "/run", "/var/lock": "/run/lock", "/dev/fd": "/proc/self/fd", "/dev/stdin": "/proc/self/fd/0",
	"/dev/stdout": "/proc/self/fd/1", "/dev/stderr": "/proc/self/fd/2", "/dev/ptmx": "pts/ptmx",
}

// devices are the machine's devices that a program has. It can use them, but
// neither replace them nor change who may.
var devices = []string{"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty"}

// buildRoot gives this process, which has a mount namespace to itself, another
// root: a file system in memory on which the files that a program sees are
// mounted. Nothing of the machine can be reached from it otherwise.
func (s Sandbox) buildRoot(allIDs bool) error {
	// The mount point is hidden until the root is another; any folder would do,
	// and this one is there.
	const point = "/proc"
	if err := unix.Mount("ftplab", point, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=755,"+most); err != nil {
		return fmt.Errorf("mounting a file system: %w", err)
	}
	if err := unix.Chdir(point); err != nil {
		return err
	}
	if err := unix.Mkdir(filepath.Base(old), 0o700); err != nil {
		return err
	}
	if err := unix.PivotRoot(".", filepath.Base(old)); err != nil {
		return fmt.Errorf("changing the root: %w", err)
	}
	if err := unix.Chdir("/"); err != nil {
		return err
	}
	unix.Umask(0)
	steps := []func() error{makeOwn, showInstalled, s.showOwn, mountDevices, mountProc, func() error { return s.mountFolder(allIDs) }, detachMachine}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	unix.Umask(0o022)
	return nil
}

// makeOwn makes the folders of the sandbox's own, and its links.
func makeOwn() error {
	for _, f := range own {
		if err := unix.Mkdir(f.path, f.mode); err != nil {
			return fmt.Errorf("making %s: %w", f.path, err)
		}
	}
	for name, to := range links {
		if err := unix.Symlink(to, name); err != nil {
			return fmt.Errorf("making %s: %w", name, err)
		}
	}
	for _, path := range writable {
		if err := unix.Mount(path, path, "", unix.MS_BIND, ""); err != nil {
			return fmt.Errorf("mounting %s: %w", path, err)
		}
	}
	return bind(nowhere, nowhere, unix.MOUNT_ATTR_RDONLY)
}

// showInstalled has the program see what is installed.
func showInstalled() error {
	for _, path := range installed {
		if err := show(path, path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// showOwn has the program see the files of its own: /etc, the folders that it
// may read, and itself.
func (s Sandbox) showOwn() error {
	if err := s.makeEtc(); err != nil {
		return err
	}
	for _, path := range append(slices.Clone(s.Readable), s.Program) {
		if _, err := os.Lstat(path); err == nil {
			continue // it is below another one
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := show(path, path); err != nil {
			return err
		}
	}
	return nil
}

// show has the program see a file or folder of the machine, read-only. A symbolic
// link is made again.
func show(source, path string) error {
	source = old + source
	info, err := os.Lstat(source)
	if err != nil {
		return err
	}
	switch {
	case info.Mode()&os.ModeSymlink != 0:
		to, err := os.Readlink(source)
		if err != nil {
			return err
		}
		return os.Symlink(to, path)
	case info.IsDir():
		err = os.Mkdir(path, 0o755)
	default:
		err = os.WriteFile(path, nil, 0o644)
	}
	if err != nil {
		return err
	}
	return bind(source, path, unix.MOUNT_ATTR_RDONLY|unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV)
}

// mountDevices mounts the devices and terminals. On a read-only mount a device
// works, but its mode and owner do not change.
func mountDevices() error {
	for _, path := range devices {
		if _, err := os.Stat(old + path); errors.Is(err, os.ErrNotExist) {
			continue // some containers have fewer
		}
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			return err
		}
		if err := bind(old+path, path, unix.MOUNT_ATTR_RDONLY|unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NOEXEC); err != nil {
			return err
		}
	}
	err := unix.Mount("devpts", "/dev/pts", "devpts", unix.MS_NOSUID|unix.MS_NOEXEC, "newinstance,ptmxmode=0666,mode=620")
	if err != nil {
		return fmt.Errorf("mounting /dev/pts: %w", err)
	}
	return nil
}

// mountProc mounts the /proc of the PID namespace. Where a container hides parts
// of /proc none can be mounted, and the container's has to do.
func mountProc() error {
	err := unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "")
	if err == unix.EPERM {
		return bind(old+"/proc", "/proc", unix.MOUNT_ATTR_RDONLY|unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV)
	}
	if err != nil {
		return fmt.Errorf("mounting /proc: %w", err)
	}
	return setAttributes("/proc", unix.MOUNT_ATTR_RDONLY)
}

// mountFolder mounts the folder that the program may write to.
func (s Sandbox) mountFolder(allIDs bool) error {
	if s.Files == "" {
		return nil
	}
	if err := bind(old+s.Files, Folder, unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV); err != nil {
		return err
	}
	if !allIDs || s.Client {
		return nil
	}
	return s.giveFolder()
}

// detachMachine takes the machine's files away, and makes the root read-only.
func detachMachine() error {
	if err := unix.Unmount(old, unix.MNT_DETACH); err != nil {
		return fmt.Errorf("leaving the machine's files: %w", err)
	}
	if err := unix.Rmdir(old); err != nil {
		return err
	}
	if err := unix.Mount("", "/", "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY|unix.MS_NOSUID|unix.MS_NODEV, ""); err != nil {
		return fmt.Errorf("making the root read-only: %w", err)
	}
	return nil
}
