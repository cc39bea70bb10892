package pcapng

import (
	"bytes"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// writeAll writes the pieces, many with one system call if out is a file, and
// returns how many bytes it wrote.
func writeAll(out io.Writer, pieces [][]byte) (written int64, err error) {
	file, ok := out.(*os.File)
	if !ok {
		return writeEach(out, pieces)
	}
	conn, err := file.SyscallConn()
	if err != nil {
		return 0, err
	}
	for len(pieces) > 0 {
		var n int
		var writeErr error
		err := conn.Write(func(fd uintptr) bool {
			n, writeErr = unix.Writev(int(fd), pieces)
			return writeErr != unix.EAGAIN
		})
		switch {
		case err != nil:
			return written, err
		case writeErr == unix.EINTR:
			continue
		case writeErr != nil:
			return written, writeErr
		}
		written += int64(n)
		pieces = advance(pieces, n)
	}
	return written, nil
}

// advance removes the first n bytes of the pieces.
func advance(pieces [][]byte, n int) [][]byte {
	for len(pieces) > 0 && n >= len(pieces[0]) {
		n -= len(pieces[0])
		pieces = pieces[1:]
	}
	if n > 0 {
		pieces[0] = pieces[0][n:]
	}
	return pieces
}

// systemName names the kernel, for the capture.
func systemName() string {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return "Linux"
	}
	text := func(field []byte) string { return string(field[:bytes.IndexByte(field, 0)]) }
	return text(u.Sysname[:]) + " " + text(u.Release[:])
}
