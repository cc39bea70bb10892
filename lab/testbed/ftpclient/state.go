package ftpclient

import (
	"path"
	"strings"
)

// A state is what a server was told and is expected to remember.
type state struct {
	ascii bool   // TYPE
	dir   string // CWD
}

// initialState is that of a new session: TYPE A is the default (RFC 959,
// 3.1.1.1).
var initialState = state{ascii: true, dir: "/"}

// note takes notice of a command and its reply.
func (s *state) note(command string, reply Reply) {
	verb, argument, _ := strings.Cut(command, " ")
	if reply.Code/100 != 2 {
		return
	}
	switch strings.ToUpper(verb) {
	case "TYPE":
		s.ascii = strings.HasPrefix(strings.ToUpper(argument), "A")
	case "CWD", "XCWD":
		s.dir = s.absolute(argument)
	case "CDUP", "XCUP":
		s.dir = path.Dir(s.dir)
	}
}

// absolute returns a path as the server understands it.
func (s *state) absolute(name string) string {
	if path.IsAbs(name) {
		return path.Clean(name)
	}
	return path.Join(s.dir, name)
}
