// The size of a file, as the server announces it.

package ftp

import (
	"strconv"
	"strings"

	"ftplab/lab/analysis/internal/pattern"
)

// saidBytes matches the size in a text such as "150 Opening BINARY mode data
// connection for README (1234 bytes)" or "226 Complete. 1,234 bytes transferred".
var saidBytes = pattern.New(`\((\d+) bytes\)|\b(\d[\d,]*) bytes (?:transferred|sent|received)\b`)

// SaidBytes returns the number of bytes that a line of a reply to a transfer gives.
func SaidBytes(line string) (n int64, ok bool) {
	all := saidBytes.FindAllStringSubmatch(line, -1)
	if all == nil {
		return 0, false
	}
	m := all[len(all)-1] // the name of the file, before it, may have one, too
	n, err := strconv.ParseInt(strings.ReplaceAll(m[1]+m[2], ",", ""), 10, 64)
	return n, err == nil
}

// sizes follow what the server says of the size of the next file.
type sizes struct {
	binary bool   // the type of the next transfer
	name   string // of the file of the last SIZE
	bytes  int64
}

// follow takes the next command. Most commands may change the file, or the folder that its name counts from.
func (s *sizes) follow(e *Exchange) {
	switch final := e.Final(); {
	case e.Command == "SIZE" && final == 213 && e.Complete:
		n, _ := strconv.ParseInt(strings.TrimSpace(e.Replies[len(e.Replies)-1].Text), 10, 64)
		s.name, s.bytes = strings.Clone(e.Argument), n
	case e.Command == "TYPE":
		s.binary = strings.HasPrefix(strings.ToUpper(e.Argument), "I") && final < 400
	case e.Command == "USER" || e.Command == "REIN":
		*s = sizes{}
	case announces(e.Command) || e.Command == "MDTM" || e.Command == "REST" || e.Command == "NOOP":
	default:
		s.bytes = 0
	}
}

// announced is that of a [Transfer].
func (s *sizes) announced(e *Exchange, t *Transfer) int64 {
	if !s.binary || e.Command != "RETR" || t.Mode != "" || t.Offset > 0 || t.Incomplete {
		return 0
	}
	for _, r := range e.Replies {
		for _, l := range r.Lines {
			if n, ok := SaidBytes(l.Text); ok {
				return n
			}
		}
	}
	if s.name == e.Argument {
		return s.bytes
	}
	return 0
}

// FellShort reports whether the sender of the data ended it before as many bytes as the server has announced, and how
// many there are.
func (c *Connection) FellShort() (bytes int64, short bool) {
	t := c.Transfer
	if t == nil || t.Announced == 0 || c.TLS != nil && c.TLS.Hidden() {
		return 0, false
	}
	bytes = c.Content(t.Sender())
	if c.TLS != nil {
		bytes = c.TLS.Flow(t.Sender()).Data
	}
	whole := c.HandshakeSeen && c.Flow(t.Sender()).FIN > 0 && !c.Lacks(t.Sender()).Any()
	return bytes, whole && bytes < t.Announced
}
