package extract

import (
	"cmp"
	"fmt"
	"strings"

	"ftplab/lab/analysis/ftp"
)

// maxName is how many characters of a transfer's name a file's name has.
const maxName = 80

// fileName is the name of the file for what a side sent: the number of the connection, and
// what the command calls the file, or for STOU the server. The number comes first, so that no two names are the
// same, and none is special to a system.
func fileName(x *ftp.Identity, from ftp.Side) string {
	name := fmt.Sprintf("%05d-", x.ID)
	t := x.Transfer
	switch {
	case t == nil:
		return name + "from-" + string(from)
	case t.Command == "RETR" || t.Command == "STOR" || t.Command == "APPE":
		name += safe(t.Argument)
	case t.Command == "STOU":
		name += safe(cmp.Or(t.Stored, t.Command))
	default:
		name += safe(t.Command) + ".txt"
	}
	if from != t.Sender() {
		name += "-from-" + string(from)
	}
	return name
}

// safe is the last part of a path in characters that every system allows in the name of a
// file.
func safe(path string) string {
	path = strings.TrimRight(path, "/\\")
	path = path[strings.LastIndexAny(path, "/\\")+1:]
	var b strings.Builder
	for _, r := range path {
		if b.Len() == maxName {
			break
		}
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune("._-+", r):
			b.WriteRune(r)
		default:
			b.WriteByte('_')
		}
	}
	name := strings.TrimRight(b.String(), ".") // which Windows would take away
	if name == "" {
		return "unnamed"
	}
	return name
}
