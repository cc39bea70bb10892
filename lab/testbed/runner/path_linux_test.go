package runner

import (
	"os"
	"path/filepath"
	"testing"

	"ftplab/lab/scenario"
)

// TestServerFolders looks for a server by its name with the $PATH of an ordinary user of Debian, and for one that
// $PATH has, too: that one comes first.
func TestServerFolders(t *testing.T) {
	on, server := t.TempDir(), t.TempDir()
	t.Setenv("PATH", on)
	before := serverFolders
	serverFolders = []string{server}
	defer func() { serverFolders = before }()
	want := filepath.Join(server, "ftpd-of-a-test")
	for _, path := range []string{want, filepath.Join(on, "another"), filepath.Join(server, "another")} {
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	s := &scenario.Scenario{File: filepath.Join(t.TempDir(), "a.txtar")}
	for name, want := range map[string]string{"ftpd-of-a-test": want, "another": filepath.Join(on, "another")} {
		if got, err := findProgram(s, name, 1); err != nil || got != want {
			t.Errorf("%s: got %q, %v, want %s", name, got, err, want)
		}
	}
}
