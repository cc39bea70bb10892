// The rule about the number of bytes of a transfer.

package rules

import (
	"fmt"
	"strconv"
	"strings"

	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/baseline/internal/wording"
	"ftplab/lab/analysis/ftp"
)

var bytesAgreeRule = Rule{
	Name: "bytes-agree", Theme: "data connections",
	Says:     "A transfer has as many bytes as SIZE or the reply 150 or 226 gave, and a file that nobody changed has the same bytes for everybody.",
	Source:   "RFC 3659, 4; RFC 959, 4.2",
	Example:  "< 150 Opening data connection (1000 bytes), and 999 bytes on it",
	Severity: Odd,
	Matters:  "Fewer bytes mean an incomplete file. More bytes were added on the way.",
	Innocent: "the file grew in the meantime, or only a part of it was requested.",
	look: func() look {
		all := versions{}
		return look{session: func(e *Evidence, s *session) []breach { return bytesAgree(e, s, all) }}
	},
}

func bytesAgree(e *Evidence, s *session, all versions) []breach {
	var found []breach
	lossy, certain := s.Lossy(), s.CertainUpTo()
	binary, rest := false, false
	var short counted
	size, changed := map[string]int64{}, map[string]string{} // by argument and by path
	var w evidence.Walk
	for i, x := range s.Exchanges {
		if lossy && i >= certain {
			break
		}
		w.Follow(x)
		file := servedFile{s.Server(), w.Target(x.Argument)}
		if !lossy {
			all.note(x, file, changed)
		}
		switch {
		case lossy && !s.IsCompleted(i): // nobody knows what it did
			binary, rest = binary && x.Command != "TYPE", rest || x.Command == "REST"
			delete(size, x.Argument)
		case x.Command == "USER" || x.Command == "REIN":
			binary, rest = false, false // some servers reset them
		case x.Command == "TYPE":
			binary = strings.HasPrefix(strings.ToUpper(x.Argument), "I") && x.Final() < 400
		case x.Command == "REST":
			rest = strings.TrimSpace(x.Argument) != "0"
		case x.Command == "SIZE" && x.Final() == 213 && x.Complete && x.Replies[len(x.Replies)-1].Lines[0].Complete:
			if n, err := strconv.ParseInt(strings.TrimSpace(x.Replies[len(x.Replies)-1].Text), 10, 64); err == nil {
				size[x.Argument] = n
			}
		case evidence.IsTransfer(x):
			if x.Command != "RETR" && x.Sender() != ftp.Client || rest {
				rest = false
				continue
			}
			found = append(found, s.wrongBytes(x, size, binary, &short)...)
			if b, differs := all.fetched(e, s, x, file, changed[file.path]); !lossy && differs && binary && x.Command == "RETR" {
				found = append(found, b)
			}
			rest = false
		}
	}
	if short.n >= manyShort {
		found = append(found, breach{severity: Violation, packets: short.packets, expected: "A file ends where the server said.",
			observed: fmt.Sprintf("%d files of the server ended long before their ends, and it reported success", short.n)})
	}
	return found
}

// manyShort is how many files end before half of their bytes if that is no accident.
const manyShort = 3

// More bytes than these fill a buffer that a client made for those which the server announced. A log grows less in the
// meantime. In ASCII, a line end may have one byte more.
const (
	asciiMore   = 2
	blockLess   = 4 << 10  // bytes; some servers count blocks
	swollen     = 100      // times as many
	swollenMore = 64 << 10 // and so many more
)

// wrongBytes compares a transfer of a whole file with the size that the server gave before it and after it.
// Short counts the downloads that lack more than a half.
func (s *session) wrongBytes(x *ftp.Exchange, size map[string]int64, binary bool, short *counted) []breach {
	data := s.DataOf(x.Data)
	if !evidence.Completed(x) || len(data) != 1 || data[0].Transfer != nil && data[0].Transfer.Mode != "" {
		return nil // compressed bytes, or blocks, are not those of the file
	}
	c := data[0]
	f := c.Flow(x.Sender())
	if f.FIN == 0 || f.Missing > 0 || !c.HandshakeSeen {
		return nil
	}
	moved := c.Content(x.Sender())
	if c.TLS != nil {
		if c.TLS.Hidden() {
			return nil
		}
		moved = c.TLS.Flow(x.Sender()).Data
	}
	said := announcedBytes(x)
	if n, known := size[x.Argument]; known && x.Complete && len(said) == 0 && x.Sender() == ftp.Server {
		said = []statement{{n, x.Packet}}
	}
	for _, n := range said {
		if n.bytes != moved && (binary || moved > asciiMore*n.bytes+swollenMore) {
			severity := Odd
			if x.Sender() == ftp.Server && moved > swollen*n.bytes && moved > n.bytes+swollenMore {
				severity = Violation
			}
			if x.Sender() == ftp.Server && moved < n.bytes/2 && n.bytes-moved > blockLess && c.ClosedFirst() == ftp.Server {
				short.add(f.FIN)
			}
			return []breach{{
				severity: severity,
				packets:  []int{x.Packet, n.packet, f.LastData},
				expected: wording.Plural(int(n.bytes), "byte", "bytes") + ", as the server said",
				observed: fmt.Sprintf("%s transferred %s", wording.Quote(x.Line.Text), wording.Plural(int(moved), "byte", "bytes")),
			}}
		}
	}
	return nil
}

// A statement is a file size that the server gave, and its packet.
type statement struct {
	bytes  int64
	packet int
}

// announcedBytes finds the sizes in the replies to a transfer.
func announcedBytes(x *ftp.Exchange) []statement {
	var said []statement
	for _, r := range x.Replies {
		for _, l := range r.Lines {
			if n, ok := ftp.SaidBytes(l.Text); ok {
				said = append(said, statement{n, l.Packet})
			}
		}
	}
	return said
}
