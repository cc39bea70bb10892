// The wording of real servers, for lessons in which pupils see what they will meet.

package ftpserver

import (
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Wordings are the names that [Config].Wording can have, besides "".
func Wordings() []string {
	return slices.Sorted(maps.Keys(phrases))
}

// Phrase is what a server says in a wording, with a code in reply to a command. It may have
// placeholders in braces; ok is false if nothing is known.
func Phrase(wording, command string, code int) (text string, ok bool) {
	for _, p := range phrases[wording] {
		if p.code == code && (p.commands == "" || slices.Contains(strings.Fields(p.commands), command)) {
			return p.text, true
		}
	}
	return "", false
}

// A saidCommand is what a session's client said last.
type saidCommand struct{ command, argument string }

// note keeps what a phrase may need to know of a command.
func (s *session) note(command, argument string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = saidCommand{command, argument}
	switch command {
	case "USER":
		s.user = argument
	case "TYPE":
		s.binary = !strings.HasPrefix(strings.ToUpper(argument), "A")
	case "LIST", "NLST", "MLSD", "RETR", "STOR", "STOU", "APPE":
		s.moves = s.last
	}
}

// phrase is what the server that this one speaks like says with a code; ok is false if
// nothing is known.
func (s *session) phrase(code int) (text string, ok bool) {
	s.mu.Lock()
	last, moves, user, binary := s.last, s.moves, s.user, s.binary
	s.mu.Unlock()
	if code == 150 || code == 226 {
		last = moves // another command may have come meanwhile
	}
	if text, ok = Phrase(s.server.config.Wording, last.command, code); !ok {
		return "", false
	}
	kind, letter, words := "ASCII", "A", "ASCII"
	if binary {
		kind, letter, words = "BINARY", "I", "8-bit binary"
	}
	if last.command == "TYPE" && s.server.config.Wording == "vsftpd" && binary {
		kind = "Binary"
	}
	cwd := "/"
	if s.context != nil && s.context.Path() != "" {
		cwd = s.context.Path()
	}
	full := last.argument
	if !path.IsAbs(full) {
		full = path.Join(cwd, full)
	}
	return strings.NewReplacer("{path}", last.argument, "{full}", full, "{command}", last.command, "{user}", user, "{cwd}", cwd,
		"{size}", s.sizeOf(full), "{type}", kind, "{kind}", map[bool]string{false: "ASCII", true: "Binary"}[binary],
		"{line}", strings.TrimSpace(last.command+" "+last.argument), "{letter}", letter, "{words}", words).Replace(text), true
}

// sizeOf is the size of a file in bytes.
func (s *session) sizeOf(name string) string {
	info, err := s.server.tree.Stat(name)
	if err != nil {
		return "0"
	}
	return strconv.FormatInt(info.Size(), 10)
}
