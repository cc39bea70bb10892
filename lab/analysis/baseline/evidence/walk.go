// Where in the tree of a server a session is.

package evidence

import (
	"path"
	"strings"

	"ftplab/lab/analysis/ftp"
)

// A Walk is the current folder of a session. It is relative to the folder of the login until the
// server has given an absolute path.
type Walk struct {
	At              string
	argument, leads string // a path in a command, and the place that it leads to; "" if that is not known
}

// Unquoted is the path in an argument, with the separators of Unix.
func Unquoted(argument string) string {
	return strings.Trim(strings.ReplaceAll(argument, `\`, "/"), `"`)
}

// Target is the place that the path in a command leads to.
func (w *Walk) Target(argument string) string {
	if w.leads != "" && argument == w.argument {
		return w.leads
	}
	p := Unquoted(argument)
	if path.IsAbs(p) {
		return path.Clean(p)
	}
	return path.Clean(path.Join(w.At, p))
}

// With is the walk with the place that a path leads to, which [Walk.Target] then need not find again.
func (w *Walk) With(argument string) Walk { return Walk{w.At, argument, w.Target(argument)} }

// Beyond is how many levels a path climbs above the root, if the current folder is known, or else
// above the folder of the login.
func (w *Walk) Beyond(argument string) int {
	p := Unquoted(argument)
	depth, least := 0, 0
	if path.IsAbs(w.At) && !path.IsAbs(p) {
		p = w.At + "/" + p
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

// Follow takes the next command, which may change the current folder.
func (w *Walk) Follow(x *ftp.Exchange) {
	if x.Final() >= 300 { // if its reply is missing, the client went on
		return
	}
	switch x.Command {
	case "CWD", "XCWD":
		w.At = w.Target(x.Argument)
	case "CDUP", "XCUP":
		w.At = w.Target("..")
	case "PWD", "XPWD":
		if x.Final() == 0 {
			return
		}
		if _, rest, found := strings.Cut(x.Replies[len(x.Replies)-1].Text, `"`); found {
			if said, _, found := strings.Cut(rest, `"`); found && path.IsAbs(said) {
				w.At = path.Clean(said)
			}
		}
	case "REIN":
		w.At = ""
	}
}

// Listed is the folder that a command with the given argument lists, which may begin with options of ls, and end
// with a pattern of names.
func (w *Walk) Listed(argument string) string {
	at := w.Target(WithoutOptions(argument))
	if strings.ContainsAny(path.Base(at), "*?") {
		return path.Dir(at)
	}
	return at
}

// WithoutOptions is the path in the argument of a command that lists, which may begin with options of ls.
func WithoutOptions(argument string) string {
	for strings.HasPrefix(argument, "-") {
		_, argument, _ = strings.Cut(argument, " ")
	}
	return argument
}
