//go:build !linux

package pcapng

import (
	"io"
	"runtime"
)

// writeAll writes the pieces and returns how many bytes of them it wrote.
func writeAll(out io.Writer, pieces [][]byte) (written int64, err error) {
	return writeEach(out, pieces)
}

// systemName names the system, as captures tell where they were taken.
func systemName() string { return runtime.GOOS }
