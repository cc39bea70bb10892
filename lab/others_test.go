package lab

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ftplab/lab/scenario"
)

// TestFilesOfOthersInResults has the results in a folder where somebody else's files have their
// names: they stay, and the run is refused, as is a copy of failures.
func TestFilesOfOthersInResults(t *testing.T) {
	s, err := Parse("mine.txtar", []byte("# Mine\nopen\nquit\n"))
	if err != nil {
		t.Fatal(err)
	}
	const verdict, index, other = "mine/verdict.json", "index.json", `{"other": 1}`
	for _, test := range []struct {
		name   string
		after  bool   // a run has made the other results
		marker string // with this file of a run, the other one counts as of a run, too
	}{
		{name: "mine/files/a.c", marker: verdict}, {name: "mine/capture.pcapng", marker: verdict}, {name: verdict, marker: verdict},
		{name: index, marker: index}, {name: "index.html"},
		{name: "mine/files/a.c", after: true}, {name: "mine/runs/line-6/notes.txt", after: true}, {name: "mine/local/a", after: true},
		{name: "mine/keys.log", after: true}, {name: "mine/server.log", after: true}, {name: "mine/client.log", after: true},
		{name: "mine/capture.pcap", after: true}, {name: "index.html", after: true},
		{name: "mine/capture.pcapng", after: true, marker: verdict}, {name: "mine/walkthrough.html", after: true},
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
		run := func() error {
			result, err := Run(t.Context(), s, Options{Results: folder, TCP: scenario.GVisorTCP})
			if err != nil {
				return err
			}
			return WriteIndex(folder, []Ran{{Scenario: s, Result: result}})
		}
		if test.after {
			if err := run(); err != nil {
				t.Fatal(err)
			}
		}
		write(test.name, other)
		if err := run(); err == nil || !strings.Contains(err.Error(), "would be lost: ") {
			t.Errorf("%s: got %v, want that it would be lost", test.name, err)
		}
		if err := CheckFailures(folder, []*scenario.Scenario{s}); (err == nil) != strings.HasPrefix(test.name, "index.") {
			t.Errorf("%s: got %v for the folder of failures", test.name, err)
		}
		if text, err := os.ReadFile(filepath.Join(folder, test.name)); string(text) != other {
			t.Errorf("%s: got %.40q and %v, want the file as it was", test.name, text, err)
		}
		if test.marker == "" {
			continue
		}
		write(test.marker, `{"scenario": "mine"}`)
		if err := run(); err != nil {
			t.Errorf("%s beside %s: %v", test.name, test.marker, err)
		}
		if text, err := os.ReadFile(filepath.Join(folder, test.name)); string(text) == other {
			t.Errorf("%s beside %s: got %.40q and %v, want that it is replaced or removed", test.name, test.marker, text, err)
		}
	}
}

// TestResultsOfEarlierVersions has a verdict without the files of its run, or with a list of them:
// the next run replaces these, and a list shows which file is not one of them.
func TestResultsOfEarlierVersions(t *testing.T) {
	s, err := Parse("mine.txtar", []byte("# Mine\nopen\nquit\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		files string // in verdict.json
		keeps bool   // a file that is not among them
	}{
		{"", false},
		{`, "files": ["walkthrough.md", "walkthrough.html", "capture.pcapng"]`, true},
	} {
		options := Options{Results: t.TempDir(), TCP: scenario.GVisorTCP}
		write := func(name, text string) {
			path := filepath.Join(options.Results, "mine", name)
			if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o777), os.WriteFile(path, []byte(text), 0o666)); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := Run(t.Context(), s, options); err != nil {
			t.Fatal(err)
		}
		write("verdict.json", `{"scenario": "mine"`+test.files+`}`)
		if _, err := Run(t.Context(), s, options); err != nil {
			t.Errorf("%s: %v", test.files, err)
		}
		write("verdict.json", `{"scenario": "mine"`+test.files+`}`)
		write("local/a", "other")
		if _, err := Run(t.Context(), s, options); (err != nil) != test.keeps {
			t.Errorf("%s: got %v beside another file", test.files, err)
		}
		if _, err := os.Stat(filepath.Join(options.Results, "mine/local/a")); (err == nil) != test.keeps {
			t.Errorf("%s: got %v for the other file", test.files, err)
		}
	}
}

// A run that replaces the results of another scenario with the same name says so.
func TestReplacesOtherScenario(t *testing.T) {
	folder := t.TempDir()
	for _, test := range []struct {
		file  string
		notes bool
	}{{"a/test.txtar", false}, {"a/../a/test.txtar", false}, {"b/test.txtar", true}, {"b/test.txtar", false}} {
		path, source := folder+"/"+test.file, []byte("# Mine\nopen\nquit\n")
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o777), os.WriteFile(path, source, 0o666)); err != nil {
			t.Fatal(err)
		}
		s, err := Parse(path, source)
		if err != nil {
			t.Fatal(err)
		}
		result, err := Run(t.Context(), s, Options{Results: filepath.Join(folder, "results"), TCP: scenario.GVisorTCP, NoWalkthrough: true})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(result.Report, "/a/test.txtar, a scenario of the same name, and this run replaced them"); got != test.notes {
			t.Errorf("%s: got %q, want a note: %v", test.file, result.Report, test.notes)
		}
	}
}

// TestRunAgainAfterIndex runs two scenarios twice: the index writes links into the walkthroughs
// of the first runs, which the second ones replace nevertheless.
func TestRunAgainAfterIndex(t *testing.T) {
	folder := t.TempDir()
	for range 2 {
		var runs []Ran
		for _, name := range []string{"one", "two"} {
			s, err := Parse(name+".txtar", []byte("# The "+name+"\nopen\nquit\n"))
			if err != nil {
				t.Fatal(err)
			}
			result, err := Run(t.Context(), s, Options{Results: folder, TCP: scenario.GVisorTCP})
			if err != nil {
				t.Fatal(err)
			}
			runs = append(runs, Ran{Scenario: s, Result: result})
		}
		if err := WriteIndex(folder, runs); err != nil {
			t.Fatal(err)
		}
	}
	page, err := os.ReadFile(filepath.Join(folder, "one", "walkthrough.html"))
	if err != nil || !strings.Contains(string(page), `href="../two/walkthrough.html"`) {
		t.Errorf("the walkthrough has no link to the next one (%v)", err)
	}
}

// TestResultNotInUTF8 has a file in a run's results whose name is not UTF-8: the next run
// replaces it, but not one with a name that JSON would write alike.
func TestResultNotInUTF8(t *testing.T) {
	folder := t.TempDir()
	write := func(name string) {
		path := filepath.Join(folder, "local", name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o777), os.WriteFile(path, nil, 0o666)); err != nil {
			t.Skip(err) // a file system on which all names are UTF-8
		}
	}
	write("d\xfc.txt")
	if err := writeVerdict(filepath.Join(folder, "verdict.json"), &Verdict{Files: resultsIn(folder)}); err != nil {
		t.Fatal(err)
	}
	if err := notOfRun(folder); err != nil {
		t.Error(err)
	}
	write("d\xfd.txt")
	if err := notOfRun(folder); err == nil {
		t.Error("got no error for a file that no run made")
	}
}

// TestNotOfRun has verdicts and indexes, whole and damaged, and says which ones prove that a run
// made them, and so may be replaced together with the files beside them.
func TestNotOfRun(t *testing.T) {
	for text, lost := range map[string]string{
		"[]": "", "[\n]\n": "", `[{"scenario":"a"}]`: "", `[{"scenario":"a","outc`: "",
		"": "not of a run", "mine": "not of a run", "// mine\n{}": "not of a run", `[{"scen`: "not of a run",
		`{"other":1}`: "not of a run", "[1]": "not of a run", "1": "not of a run",
	} {
		folder := t.TempDir()
		if err := os.WriteFile(filepath.Join(folder, "index.json"), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		if err := notOfIndex(folder); lost == "" && err != nil || lost != "" && (err == nil || !strings.Contains(err.Error(), lost)) {
			t.Errorf("index.json with %q: got %v, want %q", text, err, lost)
		}
	}
	for text, lost := range map[string]string{
		`{"scenario":"a"}`: "", "{\n  \"scenario\": \"a\"\n}\n": "",
		"": "not of a run", "mine": "not of a run", `{"scen`: "not of a run", `{"other":1}`: "not of a run",
		`{"scenario":"a","files":{`: "is damaged, so nothing says which files beside it a run made; move the folder away", `{"scenario":"a","files":7}`: "is damaged",
	} {
		folder := t.TempDir()
		for name, text := range map[string]string{"verdict.json": text, "capture.pcapng": "mine"} {
			if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		if err := notOfRun(folder); lost == "" && err != nil || lost != "" && (err == nil || !strings.Contains(err.Error(), lost)) {
			t.Errorf("verdict.json with %q: got %v, want %q", text, err, lost)
		}
	}
}

// TestIndexChanged adds a line to the index of a run, which the next run would replace.
func TestIndexChanged(t *testing.T) {
	folder := t.TempDir()
	if err := addToIndex(folder, nil); err != nil {
		t.Fatal(err)
	}
	if err := addToIndex(folder, nil); err != nil {
		t.Errorf("an index as it was made: %v", err)
	}
	path := filepath.Join(folder, "index.html")
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, changed := range []string{string(page) + "<p>mine\n", strings.Replace(string(page), "<body>", "<body><p>mine", 1)} {
		if err := os.WriteFile(path, []byte(changed), 0o666); err != nil {
			t.Fatal(err)
		}
		if err := addToIndex(folder, nil); err == nil || !strings.Contains(err.Error(), "index.html would be lost") {
			t.Errorf("a changed index: got %v", err)
		}
	}
}
