package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestOneStudent makes one lesson for a class of one, counts both in the singular, and marks what can be read.
func TestOneStudent(t *testing.T) {
	class, folder := filepath.Join(t.TempDir(), "class.csv"), filepath.Join(t.TempDir(), "new")
	if err := os.WriteFile(class, []byte("Ada\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	out, stderr, status := judged(t, "exercise", "who_connects", "--students", class, "-o", folder)
	if want := "1 student, 1 lesson: hand out"; status != exitPassed || !strings.HasPrefix(out, want) {
		t.Errorf("got status %d, %q and %q on stderr, want %q", status, out, stderr, want)
	}

	answers := t.TempDir()
	for name, text := range map[string]string{"a.csv": "student,lesson,1\nada,who_connects,3\n", "b.csv": "student,lesson,1\nzoe,who_connects,3\n"} {
		if err := os.WriteFile(filepath.Join(answers, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	out, stderr, status = judged(t, "grade", folder, answers)
	if status != exitError || !strings.HasPrefix(out, "Ada: 1 of ") || stderr != "ftplab: "+filepath.Join(answers, "b.csv")+":2: no student has the id \"zoe\"\n" {
		t.Errorf("got status %d, %q and %q on stderr, want the marks of Ada, and %d because of Zoe", status, out, stderr, exitError)
	}
}
