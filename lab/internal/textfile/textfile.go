// Package textfile reads texts that people wrote, with an editor of any system.
package textfile

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
)

// mark is the byte order mark in UTF-8, which some editors write at the beginning of a file.
const mark = "\ufeff"

// ErrTooLarge is the end of the error of [ReadFile] for a file that is too large.
var ErrTooLarge = errors.New("which is too large")

// ReadFile reads a text of at most so many bytes. If the file has more, ReadFile returns the beginning of the file and
// an error that is [ErrTooLarge]. It refuses a capture that was given by mistake, and UTF-16; it then returns what it
// has read, too.
func ReadFile(path string, most int) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, int64(most)+1))
	switch {
	case err != nil:
	case IsCapture(text):
		err = fmt.Errorf("%s is a capture, and a text was expected", path)
	case IsUTF16(text):
		err = fmt.Errorf("%s:1: the file is in UTF-16; save it as UTF-8", path)
	case len(text) > most:
		err = fmt.Errorf("%s has more than %d bytes, %w", path, most, ErrTooLarge)
	}
	return text[:min(len(text), most)], err
}

// IsCapture reports whether a file begins as pcapng or pcap files do, the latter in
// either byte order, with times in microseconds or nanoseconds.
func IsCapture(file []byte) bool {
	for _, magic := range []string{"\x0a\x0d\x0d\x0a", "\xd4\xc3\xb2\xa1", "\xa1\xb2\xc3\xd4", "\x4d\x3c\xb2\xa1", "\xa1\xb2\x3c\x4d"} {
		if bytes.HasPrefix(file, []byte(magic)) {
			return true
		}
	}
	return false
}

// IsUTF16 reports whether a text has the byte order mark of UTF-16, or is ASCII in it.
func IsUTF16(text []byte) bool {
	return bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")) ||
		len(text) > 3 && (text[0] == 0 && text[2] == 0 || text[1] == 0 && text[3] == 0)
}

// WithoutMark returns a text without the byte order mark at its beginning.
func WithoutMark(text []byte) []byte { return bytes.TrimPrefix(text, []byte(mark)) }

// NewReader returns a reader of a text without the byte order mark at its beginning.
func NewReader(r io.Reader) io.Reader {
	text := bufio.NewReader(r)
	if begin, _ := text.Peek(len(mark)); string(begin) == mark {
		text.Discard(len(mark))
	}
	return text
}
