// Package textfile reads texts that people wrote, with an editor of any system.
package textfile

import (
	"bufio"
	"bytes"
	"io"
)

// mark is the byte order mark in UTF-8, which some editors write at the beginning of a file.
const mark = "\ufeff"

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
