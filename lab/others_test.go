package lab

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ftplab/lab/scenario"
)

// TestFilesOfOthersInResults has the results in a folder where somebody else's files have their
// names: they stay, and the run is refused, as is a copy of failures. With the first of the files
// of a run, they are those of an earlier one.
func TestFilesOfOthersInResults(t *testing.T) {
	s, err := Parse("mine.txtar", []byte("# Mine\nopen\nquit\n"))
	if err != nil {
		t.Fatal(err)
	}
	for name, marker := range map[string]string{
		"mine/files/a.c": "mine/verdict.json", "mine/capture.pcapng": "mine/verdict.json", "mine/verdict.json": "mine/verdict.json",
		"index.html": "index.json", "index.json": "index.json",
	} {
		folder := t.TempDir()
		write := func(name, text string) {
			path := filepath.Join(folder, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		const other = `{"other": 1}`
		write(name, other)
		run := func() error {
			result, err := Run(t.Context(), s, Options{Results: folder, TCP: scenario.GVisorTCP})
			if err != nil {
				return err
			}
			return WriteIndex(folder, []Ran{{Scenario: s, Result: result}})
		}
		if err := run(); err == nil || !strings.Contains(err.Error(), "would be lost: ") {
			t.Errorf("%s: got %v, want that it would be lost", name, err)
		}
		if err := CheckFailures(folder, []*scenario.Scenario{s}); (err == nil) != (marker == "index.json") {
			t.Errorf("%s: got %v for the folder of failures", name, err)
		}
		if text, err := os.ReadFile(filepath.Join(folder, name)); string(text) != other {
			t.Errorf("%s: got %q and %v, want the file as it was", name, text, err)
		}
		write(marker, `{"scenario": "mine"}`)
		if err := run(); err != nil {
			t.Errorf("%s beside %s: %v", name, marker, err)
		}
		if text, err := os.ReadFile(filepath.Join(folder, name)); string(text) == other {
			t.Errorf("%s beside %s: got %q and %v, want that it is replaced or removed", name, marker, text, err)
		}
	}
}

// TestIsOfRun: what a run wrote, or what is left of it, may be replaced.
func TestIsOfRun(t *testing.T) {
	path := filepath.Join(t.TempDir(), "index.json")
	for text, want := range map[string]bool{
		"[]": true, "[\n]\n": true, `[{"scenario":"a"}]`: true, `{"scenario":"a"}`: true, `[{"scen`: true,
		`{"other":1}`: false, "[1]": false, "1": false,
	} {
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		if got := isOfRun(path); got != want {
			t.Errorf("%s: got %v, want %v", text, got, want)
		}
	}
}
