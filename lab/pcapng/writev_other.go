//go:build !linux

package pcapng

import (
	"io"
	"runtime"
)

// writeAll writes the pieces and returns how many bytes it wrote.
func writeAll(out io.Writer, pieces [][]byte) (written int64, err error) {
	return writeEach(out, pieces)
}

// systemName names the system, for the capture.
func systemName() string { return runtime.GOOS }
