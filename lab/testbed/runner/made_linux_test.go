package runner

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"ftplab/lab/scenario"
)

// TestStoredAsPipe has a server that is a program make a pipe where an upload should be. It is no
// file, and reading it would never end.
func TestStoredAsPipe(t *testing.T) {
	folder := t.TempDir()
	files, err := serve(folder, []scenario.File{})
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(folder, "up.txt"), 0o666); err != nil {
		t.Skip(err)
	}
	if _, err := files.Received("up.txt", 5); err == nil || !strings.Contains(err.Error(), "up.txt is a pipe, a socket or a device") {
		t.Errorf("got %v, want that it is no file", err)
	}
}
