package sandbox

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// bind mounts the file or folder source at path, with all that is mounted below it, and
// sets attributes (MOUNT_ATTR_…) of all these mounts.
func bind(source, path string, attributes uint64) error {
	if err := unix.Mount(source, path, "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
		return fmt.Errorf("mounting %s: %w", path, err)
	}
	return setAttributes(path, attributes)
}

// setAttributes sets attributes of the mount at path and of those below it.
func setAttributes(path string, attributes uint64) error {
	err := unix.MountSetattr(unix.AT_FDCWD, path, unix.AT_RECURSIVE, &unix.MountAttr{Attr_set: attributes})
	if err == unix.ENOSYS || err == unix.EPERM { // before Linux 5.12, or filtered
		err = remount(path, attributes)
	}
	if err != nil {
		return fmt.Errorf("setting the attributes of %s: %w", path, err)
	}
	return nil
}

// flags are the mount flags (MS_…) by their names in mountinfo; see proc(5).
var flags = map[string]uintptr{
	"ro": unix.MS_RDONLY, "nosuid": unix.MS_NOSUID, "nodev": unix.MS_NODEV, "noexec": unix.MS_NOEXEC,
	"noatime": unix.MS_NOATIME, "nodiratime": unix.MS_NODIRATIME, "relatime": unix.MS_RELATIME,
}

// attributeFlags are the mount flags by their attributes.
var attributeFlags = map[uint64]uintptr{
	unix.MOUNT_ATTR_RDONLY: unix.MS_RDONLY, unix.MOUNT_ATTR_NOSUID: unix.MS_NOSUID,
	unix.MOUNT_ATTR_NODEV: unix.MS_NODEV, unix.MOUNT_ATTR_NOEXEC: unix.MS_NOEXEC,
}

// remount is setAttributes for kernels before Linux 5.12, mount by mount. A mount keeps
// the flags that it has.
func remount(path string, attributes uint64) error {
	table := "/proc/self/mountinfo"
	if _, err := os.Stat(table); err != nil {
		table = old + table // the sandbox has no /proc yet
	}
	return remountFrom(table, path, attributes)
}

// remountFrom is remount with the mounts of a table.
func remountFrom(table, path string, attributes uint64) error {
	var add uintptr
	for attribute, flag := range attributeFlags {
		if attributes&attribute != 0 {
			add |= flag
		}
	}
	mounts, err := mountsBelow(table, path)
	if err != nil {
		return err
	}
	for point, has := range mounts {
		if err := unix.Mount("", point, "", unix.MS_REMOUNT|unix.MS_BIND|has|add, ""); err != nil {
			return fmt.Errorf("%s: %w", point, err)
		}
	}
	return nil
}

// mountsBelow are the flags of the mounts at path and below it, from a table as
// mountinfo (proc(5)).
func mountsBelow(table, path string) (map[string]uintptr, error) {
	file, err := os.Open(table)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	mounts := map[string]uintptr{}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) < 6 {
			continue
		}
		// Of two mounts at a point, the later one hides the earlier one.
		if point := unescape(fields[4]); point == path || strings.HasPrefix(point, path+"/") {
			mounts[point] = 0
			for option := range strings.SplitSeq(fields[5], ",") {
				mounts[point] |= flags[option]
			}
		}
	}
	return mounts, nil
}

// unescape reads a mount point as mountinfo has it: \040 is a space.
func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			if c, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(c))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
