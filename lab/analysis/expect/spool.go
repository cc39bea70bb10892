package expect

import (
	"encoding/binary"
	"fmt"
	"os"
)

// A spool keeps the texts of lines until their order is known: in memory or, if there
// is much text, in a temporary file.
type spool struct {
	memory []byte // the text after that in the file
	file   *os.File
	filed  int64
	err    error
}

// spoolMemory is how much text is kept in memory, in bytes.
const spoolMemory = 4 << 20

// add adds the texts of a line, and returns their position and length.
func (s *spool) add(texts ...string) (at int64, size int) {
	at, before := s.filed+int64(len(s.memory)), len(s.memory)
	for _, text := range texts {
		s.memory = binary.AppendUvarint(s.memory, uint64(len(text)))
		s.memory = append(s.memory, text...)
	}
	size = len(s.memory) - before
	if len(s.memory) > spoolMemory {
		s.flush()
	}
	return at, size
}

// flush writes the text in memory to the file.
func (s *spool) flush() {
	if s.file == nil && s.err == nil {
		if s.file, s.err = os.CreateTemp("", "ftplab-*.want"); s.err == nil {
			os.Remove(s.file.Name())
		}
	}
	if s.err == nil {
		_, s.err = s.file.Write(s.memory)
	}
	s.filed += int64(len(s.memory))
	s.memory = s.memory[:0]
}

// read reads the three texts of a line.
func (s *spool) read(at int64, size int) (name, what, comment string, err error) {
	if s.err != nil {
		return "", "", "", fmt.Errorf("cannot keep the lines in a temporary file: %w", s.err)
	}
	b := make([]byte, size)
	if at >= s.filed {
		copy(b, s.memory[at-s.filed:])
	} else if _, err := s.file.ReadAt(b, at); err != nil {
		return "", "", "", err
	}
	next := func() string {
		n, k := binary.Uvarint(b)
		text := string(b[k : k+int(n)])
		b = b[k+int(n):]
		return text
	}
	name, what = next(), next()
	return name, what, next(), nil
}

func (s *spool) close() {
	if s.file != nil {
		s.file.Close()
	}
}
