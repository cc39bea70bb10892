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

// most limits, as an option of tmpfs(5), what a program may write to its fresh
// folders, which are in memory.
const most = "size=256m"

// A folder is one that every sandbox makes, empty.
type folder struct {
	path string
	mode uint32
}

// own are the folders of a system, and those that the packages and start scripts of
// Debian's FTP servers make.
var own = []folder{
	{"/etc", 0o755}, {"/dev", 0o755}, {"/dev/pts", 0o755}, {"/dev/shm", 0o1777}, {"/proc", 0o555}, {"/srv", 0o755}, {Folder, 0o755},
	{home, 0o700}, {"/tmp", 0o1777}, {"/run", 0o755}, {"/run/lock", 0o1777},
	{"/var", 0o755}, {"/var/tmp", 0o1777}, {"/var/log", 0o755}, {"/var/lib", 0o755}, {"/var/cache", 0o755}, {"/var/spool", 0o755}, {"/var/mail", 0o755},
	{"/run/vsftpd", 0o755}, {nowhere, 0o755}, {"/run/proftpd", 0o755}, {"/run/pure-ftpd", 0o755},
	{"/var/log/proftpd", 0o755}, {"/var/log/pure-ftpd", 0o755},
}

// writable are the folders among them that a program may write to.
var writable = []string{home, "/tmp", "/run", "/var", "/dev/shm"}

// nowhere is the root folder of vsftpd before a user has logged in. vsftpd does not
// start if it could write there. Root can write to every folder that is not mounted
// read-only, so this one is.
const nowhere = "/run/vsftpd/empty"

// links are symbolic links, by their names.
var links = map[string]string{
	"/var/run": "/run", "/var/lock": "/run/lock", "/dev/fd": "/proc/self/fd", "/dev/stdin": "/proc/self/fd/0",
	"/dev/stdout": "/proc/self/fd/1", "/dev/stderr": "/proc/self/fd/2", "/dev/ptmx": "pts/ptmx",
}

// devices are the machine's devices that a program has. It can use them, but not
// replace them or change their modes.
var devices = []string{"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty"}

// buildRoot gives this process, which is alone in its mount namespace, another root: a
// file system in memory. The files that a program sees are mounted on it. No other
// files of the machine can be reached from there.
func (s Sandbox) buildRoot(allIDs bool) error {
	// The new root is mounted on any folder that exists, and hides it for a moment.
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

// makeOwn makes the sandbox's own folders and links.
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

// showInstalled makes what is installed visible.
func showInstalled() error {
	for _, path := range installed {
		if err := show(path, path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// showOwn makes visible what differs between programs: /etc, the folders that the
// program may read, and the program itself.
func (s Sandbox) showOwn() error {
	if err := s.makeEtc(); err != nil {
		return err
	}
	for _, path := range append(slices.Clone(s.Readable), s.Program) {
		if _, err := os.Lstat(path); err == nil {
			continue // it is in a folder that is visible already
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

// show makes a file or folder of the machine visible at a path, read-only. Of a
// symbolic link it makes a copy.
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

// mountDevices mounts the devices and terminals. A device on a read-only mount works,
// but its mode and owner cannot be changed.
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

// mountProc mounts the /proc of the PID namespace. In a container that hides parts of
// /proc the kernel refuses this, and the container's /proc is used.
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

// detachMachine detaches the machine's files, and makes the root read-only.
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
