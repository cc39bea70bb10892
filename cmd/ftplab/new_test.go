package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"ftplab/lab/scenario"
)

// TestNewScenario looks for the file that new's comment promises, and has names that run would refuse.
func TestNewScenario(t *testing.T) {
	s, err := scenario.Parse("mine.txtar", newScenario)
	if err != nil || len(s.Files) != 1 || string(s.Files[0].Content) != "Hello, world.\n" {
		t.Errorf("got %v and %+v, want one greeting", err, s.Files)
	}
	t.Chdir(t.TempDir())
	for _, name := range []string{".txtar", "mine-by-hand", "index.html"} {
		var out, errOut bytes.Buffer
		status := run(t.Context(), []string{"new", name}, strings.NewReader(""), &out, &errOut)
		if files, _ := os.ReadDir("."); status != exitError || !strings.Contains(errOut.String(), "the folder of the results") || len(files) != 0 {
			t.Errorf("%s: got status %d, %q and %v, want %d and no file", name, status, errOut.String(), files, exitError)
		}
	}
}

// TestNewOfAnotherKind has names of other kinds of files, and one with a dot in it.
func TestNewOfAnotherKind(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, want := range map[string]string{
		"x.txt":       "ftplab: x.txt: the name of a scenario's file ends in .txtar; write x.txtar\n",
		"x.txtar.txt": "ftplab: x.txtar.txt: the name of a scenario's file ends in .txtar; write x.txtar\n",
		"v1.2":        "v1.2.txtar is written. Next: ftplab run v1.2.txtar\n",
	} {
		if stdout, stderr, _ := judged(t, "new", name); stdout+stderr != want {
			t.Errorf("%s: got %q, want %q", name, stdout+stderr, want)
		}
	}
	if files, _ := os.ReadDir("."); len(files) != 1 {
		t.Errorf("got the files %v, want one", files)
	}
}

// TestNextCommand has the command that `new` prints as a shell takes it.
func TestNextCommand(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, want := range map[string]string{
		"mine": "mine.txtar is written. Next: ftplab run mine.txtar\n", "it's $1": `it's $1.txtar is written. Next: ftplab run 'it'\''s $1.txtar'` + "\n",
		"-x": "./-x.txtar is written. Next: ftplab run ./-x.txtar\n",
	} {
		if stdout, stderr, status := judged(t, "new", "--", name); status != exitPassed || stdout != want {
			t.Errorf("%s: got status %d, %q%s, want %q", name, status, stdout, stderr, want)
		}
	}
}
