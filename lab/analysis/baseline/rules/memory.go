// Files that stand for the memory and the disks of a server.

package rules

import (
	"fmt"
	"path"
	"strings"

	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/baseline/internal/wording"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/internal/pattern"
)

var (
	// memory matches the memory of a system, its processes and its disks, as files. Copies of them have the
	// passwords and keys of all users.
	memory = pattern.New(`(?i)^/dev/(k?mem|port|kmsg|[shv]d[a-z]+\d*|xvd[a-z]\d*|nvme\w+|mmcblk\w+|mtd\w*|md\d+|dm-\d+|mapper/[\w+-]+|disk/by-[a-z]+/[^/]+|loop\d+|r?disk\d\w*|(da|ada?)\d\w*)$|^/proc/(k(core|mem|allsyms)$|(\d+|self)/(mem|maps|environ|root/|fd/|cwd/))|(^|/)(physicaldrive\d+$|globalroot/device/|harddiskvolume|(pagefile|hiberfil|swapfile)\.sys$)`)
	// kernel matches files with which a system is steered, and devices that somebody sits at, or that never end.
	kernel = pattern.New(`(?i)^/(proc|sys)/|^/dev/(u?random|tty\w*|console|input/|uinput|watchdog\w*)`)
)

// memoryTouched judges a client that reads or writes the memory or the disks of the server.
func memoryTouched(s *session) (b breach, ok bool) {
	s.eachPath(func(x *ftp.Exchange, w *evidence.Walk) {
		writes := x.Sender() == ftp.Client || x.Command == "DELE" || x.Command == "RNTO"
		if b.severity == Violation || x.Command != "RETR" && !writes {
			return
		}
		at, what := w.Target(x.Argument), ""
		if !mayBeMemory(x.Argument, at) {
			return
		}
		severity := Odd
		switch {
		case memory.MatchString(at):
			what = "memory or a disk of the system"
			if !s.copiesSystem(x) {
				severity = Violation
			}
		case kernel.MatchString(at) && (writes || strings.HasPrefix(at, "/dev/")):
			what = "a file with which the system is steered, or that never ends"
		}
		if what != "" && (!ok || severity == Violation) {
			b = breach{severity: severity, sign: 2, packets: evidence.Frames(x), observed: fmt.Sprintf("%s names %s, which is %s", wording.Quote(x.Line.Text), wording.Quote(at), what)}
			ok = true
		}
	})
	return b, ok
}

// mayBeMemory reports whether an argument may lead to one of these files. It is cheaper than their patterns, and few
// arguments do.
func mayBeMemory(argument, at string) bool {
	for _, folder := range []string{"/dev/", "/proc/", "/sys/"} {
		if strings.HasPrefix(at, folder) {
			return true
		}
	}
	return strings.HasPrefix(argument, "//") || strings.Contains(argument, `\`) || strings.EqualFold(path.Ext(at), ".sys")
}
