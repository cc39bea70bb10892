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

// ReadFile reads a text of at most so many bytes. If the file has more, such as a capture that was given by
// mistake, ReadFile returns the beginning of the file and an error that is [ErrTooLarge].
func ReadFile(path string, most int) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, int64(most)+1))
	if len(text) > most {
		return text[:most], fmt.Errorf("%s has more than %d bytes, %w", path, most, ErrTooLarge)
	}
	return text, err
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
