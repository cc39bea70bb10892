// Package sandbox runs a program that somebody else wrote, so that it sees little
// of the machine and changes nothing of it.
//
// A cell keeps a program on its own network and ends it with everything that it
// started. A sandbox adds two things:
//
//   - Files of its own. The program has a mount namespace whose root holds what
//     is installed (/usr, /opt, most of /etc), read-only, and beside it fresh
//     /tmp, /var, /run, /dev and /proc, which end with the program. Homes are not
//     there. Of the caller's files it sees the program, the folder of the
//     scenario, and one folder that it may write to, which is at [Folder].
//   - Ids. A daemon changes its user, and the owners of files. Where the cell has
//     all ids, that takes place. Where it has only one, a seccomp filter answers
//     the calls with success, and nothing is changed.
//
// The program is root of its sandbox, without the capabilities that would lead
// out of it: it cannot mount, make devices, trace other processes or configure
// the network.
//
// A shell that the caller opens in a cell has no sandbox: it is the caller's own,
// and sees files as the caller does.
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

// A Sandbox says which program runs, and what it sees.
type Sandbox struct {
	Program  string            // its path on the machine
	Args     []string          // its arguments, the first being its name
	Files    string            // the folder of the machine that is at [Folder]
	Readable []string          // folders of the machine that the program may read; see [Readable]
	Etc      map[string]string // texts of files below /etc, by their paths there, in the place of the machine's
	Env      []string          // variables (NAME=value) of its environment besides those it has anyway
	Client   bool              // it is no server: the folder is its home, and the files in it stay its own

	Host       string     // the host's name
	Hosts      string     // the lines of its /etc/hosts
	NameServer netip.Addr // for its /etc/resolv.conf; the zero Addr is none
	Accounts   []Account  // that may log in, with [Folder] as their home; they own what is in it

	In, Out, Err *os.File // nil is /dev/null
}

// An Account is a user of the sandbox's own: it is in its /etc/passwd and
// /etc/shadow and nowhere else.
type Account struct{ Name, Password string }

// installed are the folders at the root of a machine that hold what is installed
// there, and nobody's own files.
var installed = []string{"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/usr", "/opt", "/nix", "/gnu"}

// Installed reports whether a path, without symbolic links, is of what is installed
// on the machine, which every program sees.
func Installed(path string) bool {
	return slices.ContainsFunc(installed, func(folder string) bool { return strings.HasPrefix(path, folder+"/") })
}
