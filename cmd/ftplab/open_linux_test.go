package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestBrowse starts a browser that writes down the address that it is to open.
func TestBrowse(t *testing.T) {
	folder := t.TempDir()
	pipe, browser := filepath.Join(folder, "pipe"), filepath.Join(folder, "browser")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(browser, fmt.Appendf(nil, "#!/bin/sh\necho \"$1\" > %s\n", pipe), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("BROWSER", browser)
	if err := browse(pageAddress("/results of today/index.html")); err != nil {
		t.Fatal(err)
	}
	opened, err := os.ReadFile(pipe)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.TrimSpace(string(opened)), "file:///results%20of%20today/index.html"; got != want {
		t.Errorf("got %q opened, want %q", got, want)
	}
}
