package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"ftplab/lab/oserror"
)

// TestReplaceFileOnAFullDisk names the file that the user named, not the temporary one, and keeps
// the earlier file.
func TestReplaceFileOnAFullDisk(t *testing.T) {
	name := filepath.Join(t.TempDir(), "red.pcapng")
	if err := os.WriteFile(name, []byte("earlier"), 0o644); err != nil {
		t.Fatal(err)
	}
	err := replaceFile(name, func(w io.Writer) error {
		temporary := w.(*os.File).Name()
		return fmt.Errorf("the capture has no frame: %w", &fs.PathError{Op: "write", Path: temporary, Err: syscall.ENOSPC})
	})
	want := name + " cannot be written, because the disk is full; free some space, or write to another place"
	if err == nil || oserror.Text(err) != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if text, err := os.ReadFile(name); err != nil || string(text) != "earlier" {
		t.Errorf("got %q and %v, want the earlier file", text, err)
	}
	if left, _ := os.ReadDir(filepath.Dir(name)); len(left) != 1 {
		t.Errorf("got %d files, want one", len(left))
	}
	other := errors.New("x.pcapng is not a capture")
	if err := replaceFile(name, func(io.Writer) error { return other }); !errors.Is(err, other) {
		t.Errorf("got %v, want %v", err, other)
	}
}
