// Where in the tree of a server a session is.

package baseline

import (
	"path"
	"strings"

	"ftplab/lab/analysis/ftp"
)

// A walk is the current folder of a session. It is relative to the folder of the login until the
// server has given an absolute path.
type walk struct {
	at              string
	argument, leads string // a path in a command, and the place that it leads to; "" if that is not known
}

// unquoted is the path in an argument, with the separators of Unix.
func unquoted(argument string) string {
	return strings.Trim(strings.ReplaceAll(argument, `\`, "/"), `"`)
}

// target is the place that the path in a command leads to.
func (w *walk) target(argument string) string {
	if w.leads != "" && argument == w.argument {
		return w.leads
	}
	p := unquoted(argument)
	if path.IsAbs(p) {
		return path.Clean(p)
	}
	return path.Clean(path.Join(w.at, p))
}

// beyond is how many levels a path climbs above the root, if the current folder is known, or else
// above the folder of the login.
func (w *walk) beyond(argument string) int {
	p := unquoted(argument)
	depth, least := 0, 0
	if path.IsAbs(w.at) && !path.IsAbs(p) {
		p = w.at + "/" + p
	}
	for _, name := range strings.Split(p, "/") {
		switch name {
		case "", ".":
		case "..":
			depth--
		default:
			depth++
		}
		least = min(least, depth)
	}
	return -least
}

// follow takes the next command, which may change the current folder.
func (w *walk) follow(x *ftp.Exchange) {
	final := x.Final()
	if final < 200 || final >= 300 {
		return
	}
	switch x.Command {
	case "CWD", "XCWD":
		w.at = w.target(x.Argument)
	case "CDUP", "XCUP":
		w.at = w.target("..")
	case "PWD", "XPWD":
		if _, rest, found := strings.Cut(x.Replies[len(x.Replies)-1].Text, `"`); found {
			if said, _, found := strings.Cut(rest, `"`); found && path.IsAbs(said) {
				w.at = path.Clean(said)
			}
		}
	case "REIN":
		w.at = ""
	}
}

// listed is the folder that a command with the given argument lists, which may begin with options of ls, and end
// with a pattern of names.
func (w *walk) listed(argument string) string {
	for strings.HasPrefix(argument, "-") {
		_, argument, _ = strings.Cut(argument, " ")
	}
	at := w.target(argument)
	if strings.ContainsAny(path.Base(at), "*?") {
		return path.Dir(at)
	}
	return at
}
