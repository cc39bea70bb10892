package pcapng

import (
	"bytes"
	"io"
)

// window is how many bytes are read at once. A larger window is not faster,
// because the bytes should still be in the processor's cache when they are
// parsed.
const window = 512 << 10

// The first read asks for firstWindow bytes, and each later one for windowGrowth times as
// many, up to window: many captures are short, and a large buffer for each of them costs
// more than to read it.
const (
	firstWindow  = 4 << 10
	windowGrowth = 4
)

// An input reads src and returns its bytes without another copy. Its buffer
// grows with the bytes that it reads, not with the number requested.
type input struct {
	src        io.Reader
	buf        []byte
	start, end int   // buf[start:end] is unread
	offset     int64 // offset of buf[start] in the file
	err        error // the last error of src
}

// peek returns the next n bytes without consuming them. If fewer are left it
// returns those, and io.EOF if there are none, else io.ErrUnexpectedEOF.
func (in *input) peek(n int) ([]byte, error) {
	for in.end-in.start < n {
		if in.err != nil {
			return in.buf[in.start:in.end], in.shortage()
		}
		in.fill(n)
	}
	return in.buf[in.start : in.start+n], nil
}

// take returns the next n bytes, which are valid until the next call.
func (in *input) take(n int) ([]byte, error) {
	b, err := in.peek(n)
	if err == nil {
		in.start += n
		in.offset += int64(n)
	}
	return b, err
}

// line returns the next line with its end, or the rest of a source that has none. A line of
// more than most bytes is an error.
func (in *input) line(most int) ([]byte, error) {
	for {
		have := in.buf[in.start:in.end]
		if i := bytes.IndexByte(have, '\n'); i >= 0 {
			return in.take(i + 1)
		}
		if len(have) > most {
			return nil, formatError("a line without end")
		}
		if in.err != nil {
			if in.err != io.EOF || len(have) == 0 {
				return nil, in.err
			}
			return in.take(len(have))
		}
		in.fill(2*len(have) + 1)
	}
}

// skip discards n bytes.
func (in *input) skip(n int64) error {
	for n > 0 {
		step := int(min(n, window))
		if _, err := in.take(step); err != nil {
			return err
		}
		n -= int64(step)
	}
	return nil
}

// fill reads once into the buffer, after the unread bytes. The caller needs n unread
// bytes.
func (in *input) fill(n int) {
	have := in.end - in.start
	size := firstWindow
	if in.end == len(in.buf) && in.buf != nil { // the source has more than that
		size = min(windowGrowth*len(in.buf), window)
	}
	if in.start > 0 {
		copy(in.buf, in.buf[in.start:in.end])
		in.start, in.end = 0, have
	}
	if size = max(size, min(n, 2*have)); size > len(in.buf) {
		in.buf = append(make([]byte, 0, size), in.buf[:have]...)[:size]
	}
	var k int
	for tries := 0; k == 0 && in.err == nil; tries++ {
		k, in.err = in.src.Read(in.buf[in.end:])
		if tries == 100 && k == 0 && in.err == nil {
			in.err = io.ErrNoProgress
		}
	}
	in.end += k
}

// shortage returns the error for too few bytes.
func (in *input) shortage() error {
	switch {
	case in.err != io.EOF:
		return in.err
	case in.start == in.end:
		return io.EOF
	}
	return io.ErrUnexpectedEOF
}

// Read implements [io.Reader], for a decompressor that continues after peek.
func (in *input) Read(b []byte) (int, error) {
	if in.start == in.end && in.err == nil {
		in.fill(1)
	}
	if in.start == in.end {
		return 0, in.err
	}
	n := copy(b, in.buf[in.start:in.end])
	in.start += n
	return n, nil
}

// ReadByte implements [io.ByteReader], so that gzip does not add a buffer.
func (in *input) ReadByte() (byte, error) {
	var b [1]byte
	_, err := in.Read(b[:])
	return b[0], err
}
