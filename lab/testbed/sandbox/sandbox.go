// Package sandbox runs a program that somebody else wrote, in a mount namespace. The
// program sees little of the machine and cannot change anything on it.
//
// A cell (package cell) gives a program a private network, and ends it together with
// everything that it has started. A sandbox adds two things:
//
//   - Files. The root of the program's mount namespace has the installed files of the
//     machine (/usr, /opt, most of /etc), read-only, and new /tmp, /var, /run, /dev and
//     /proc, which end with the program. It has no home directories. Of the caller's
//     files the program sees itself, the folder of the scenario, and one folder that it
//     may write to, at [Folder]. Files in /etc that only root may read are left out.
//     Such files in /usr and /opt are visible if the caller is root.
//   - User ids. A daemon changes its user and the owners of files. If the cell has all
//     ids, these changes are real. If the cell has only one id, a seccomp filter makes
//     these calls report success, and nothing changes.
//
// The program is root of its sandbox, without the capabilities that lead out of it: it
// cannot mount, make devices, trace other processes or configure the network.
//
// A shell that the caller opens in a cell has no sandbox: it belongs to the caller,
// and sees the caller's files.
package sandbox

import (
	"net/netip"
	"os"
	"slices"
	"strings"
)

// Folder is where a program finds the files that it may write to. Debian's FTP
// servers have their files here.
const Folder = "/srv/ftp"

// A Sandbox is a program and what it sees.
type Sandbox struct {
	Program  string            // its path on the machine
	Args     []string          // its arguments, the first being its name
	Files    string            // the folder of the machine that it sees at [Folder]
	Readable []string          // folders of the machine that the program may read; see [Readable]
	Etc      map[string]string // texts of files below /etc, by their paths there; they replace the machine's
	Env      []string          // more variables (NAME=value) for its environment
	Client   bool              // it is a client: Folder is its home, and the files there are its own

	MostFile int64 // the size that a file it writes may have, bytes; 0 is no limit

	Host       string     // the host's name
	Hosts      string     // the lines of its /etc/hosts
	NameServer netip.Addr // for its /etc/resolv.conf; the zero Addr is none
	Accounts   []Account  // who may log in; Folder is their home, and they own the files there

	In, Out, Err *os.File // nil is /dev/null
}

// An Account is a user of the sandbox, in its /etc/passwd and /etc/shadow. The machine
// does not know it.
type Account struct{ Name, Password string }

// installed are the folders at the root of a machine that have what is installed, and
// no files of users.
var installed = []string{"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/usr", "/opt", "/nix", "/gnu"}

// Installed reports whether a path without symbolic links is in a folder of what is
// installed on the machine. Every program sees these folders.
func Installed(path string) bool {
	return slices.ContainsFunc(installed, func(folder string) bool { return strings.HasPrefix(path, folder+"/") })
}
