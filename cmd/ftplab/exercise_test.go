package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestOneStudent makes one lesson for a class of one, and counts both in the singular.
func TestOneStudent(t *testing.T) {
	class, folder := filepath.Join(t.TempDir(), "class.csv"), filepath.Join(t.TempDir(), "new")
	if err := os.WriteFile(class, []byte("Ada\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	out, stderr, status := judged(t, "exercise", "who_connects", "--students", class, "-o", folder)
	if want := "1 student, 1 lesson: hand out"; status != exitPassed || !strings.HasPrefix(out, want) {
		t.Errorf("got status %d, %q and %q on stderr, want %q", status, out, stderr, want)
	}
}
