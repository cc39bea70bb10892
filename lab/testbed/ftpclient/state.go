package ftpclient

import (
	"path"
	"strings"
	"sync"
)

// A state is what the client has set in its session: the folder and the type. It
// is safe for concurrent use.
type state struct {
	mu    sync.Mutex
	ascii bool   // TYPE
	dir   string // CWD
}

// newState is that of a new session: TYPE A is the default (RFC 959, 3.1.1.1).
func newState() *state { return &state{ascii: true, dir: "/"} }

// note updates the state after a command and its reply.
func (s *state) note(command string, reply Reply) {
	verb, argument, _ := strings.Cut(command, " ")
	if reply.Code/100 != 2 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch strings.ToUpper(verb) {
	case "TYPE":
		s.ascii = strings.HasPrefix(strings.ToUpper(argument), "A")
	case "CWD", "XCWD":
		s.dir = s.absolute(argument)
	case "CDUP", "XCUP":
		s.dir = path.Dir(s.dir)
	}
}

// transfer is a transfer of the path that begins now.
func (s *state) transfer(name string) Transfer {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Transfer{Path: s.absolute(name), ASCII: s.ascii}
}

// path returns a path as the server understands it now.
func (s *state) path(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.absolute(name)
}

// absolute returns a path as the server understands it. The caller holds mu.
func (s *state) absolute(name string) string {
	if path.IsAbs(name) {
		return path.Clean(name)
	}
	return path.Join(s.dir, name)
}
