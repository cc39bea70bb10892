package labtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestOutsideProject does what the README says in a module of its own: the same
// commands, and the same test file.
func TestOutsideProject(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the lab for another module; run without -short")
	}
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(readme), "## In your own tests")
	section, _, _ = strings.Cut(section, "\n## ")
	file := regexp.MustCompile("(?s)```go\n(.*?)```").FindStringSubmatch(section)
	commands := regexp.MustCompile(`(?m)^\$ (.*)`).FindAllStringSubmatch(section, -1)
	if len(file) == 0 || len(commands) != 2 {
		t.Fatalf("the README has %d commands and %d test files, want 2 and 1", len(commands), len(file)/2)
	}

	project := t.TempDir()
	repository, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	scenario, err := os.ReadFile("../../scenarios/active_list.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{
		os.MkdirAll(filepath.Join(project, "testdata"), 0o777),
		os.WriteFile(filepath.Join(project, "ftp_test.go"), []byte(file[1]), 0o666),
		os.WriteFile(filepath.Join(project, "testdata", "active_list.txtar"), scenario, 0o666),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	run := func(line string) string {
		t.Helper()
		words := strings.Fields(line)
		cmd := exec.Command(words[0], words[1:]...)
		cmd.Dir = project
		// The checksums are those of the lab's go.sum; no server is asked for them.
		cmd.Env = append(os.Environ(), "GOSUMDB=off", "GOFLAGS=-mod=mod")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", line, err, out)
		}
		return string(out)
	}
	run("go mod init example.test/mine")
	for _, c := range commands { // the lab is where the go command has already compiled it
		run(strings.ReplaceAll(c[1], "../ftplab", repository))
	}
	out := run("go test -v -run TestFTP .")
	if !strings.Contains(out, "--- PASS: TestFTP/active_list") {
		t.Errorf("got\n%s\nwant that the scenario passed", out)
	}
}
