package lab_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"ftplab/lab"
	"ftplab/lab/analysis/report"
	"ftplab/lab/oserror"
	"ftplab/lab/outcome"
	"ftplab/lab/scenario"
)

// ran is a run of a scenario of that name, which leaves a folder.
func ran(t *testing.T, results, name string, outcome lab.Outcome) lab.Ran {
	t.Helper()
	s, err := scenario.Parse(name+".txtar", []byte("# Title of "+name+"\nopen\nquit\n"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(results, name), 0o777); err != nil {
		t.Fatal(err)
	}
	return lab.Ran{Scenario: s, Result: &lab.Result{Scenario: name, Outcome: outcome, Judged: true}}
}

// TestIndexKeepsEarlierRuns runs some scenarios, and then one of them again.
func TestIndexKeepsEarlierRuns(t *testing.T) {
	results := t.TempDir()
	index := func(runs ...lab.Ran) (rows, summary string) {
		t.Helper()
		if err := lab.WriteIndex(results, runs); err != nil {
			t.Fatal(err)
		}
		page, err := os.ReadFile(filepath.Join(results, "index.html"))
		if err != nil {
			t.Fatal(err)
		}
		var list []string
		for _, m := range regexp.MustCompile(`(?s)<code>(\w+)</code>.*?class="(pass|fail)"`).FindAllSubmatch(page, -1) {
			list = append(list, string(m[1])+" "+string(m[2]))
		}
		return strings.Join(list, ", "), regexp.MustCompile(`<h1>(.*)</h1>`).FindStringSubmatch(string(page))[1]
	}
	check := func(rows, summary, wantRows, wantSummary string) {
		t.Helper()
		if rows != wantRows || summary != wantSummary {
			t.Errorf("got %q with %q, want %q with %q", summary, rows, wantSummary, wantRows)
		}
	}
	one, two, three := ran(t, results, "one", lab.Passed), ran(t, results, "two", lab.Passed), ran(t, results, "three", lab.Failed)
	rows, summary := index(one, two, three)
	check(rows, summary, "one pass, two pass, three fail", "2 passed, 1 failed")

	rows, summary = index(ran(t, results, "two", lab.Failed))
	check(rows, summary, "two fail, one pass, three fail", "1 passed, 2 failed")

	three.Result, three.Err = nil, errors.New("refused")
	rows, summary = index(three)
	check(rows, summary, "three fail, two fail, one pass", "1 passed, 1 failed, 1 error")

	var list []struct {
		Scenario, Title, Error string
		Outcome                lab.Outcome
		Failures               int
	}
	text, err := os.ReadFile(filepath.Join(results, "index.json"))
	if err == nil {
		err = json.Unmarshal(text, &list)
	}
	if err != nil || len(list) != 3 || list[0].Scenario != "three" || list[0].Error != "refused" || list[2].Title != "Title of one" || list[0].Outcome != outcome.Error || list[1].Outcome != lab.Failed || list[2].Outcome != lab.Passed {
		t.Errorf("index.json: got %v, %v", list, err)
	}

	two.Result, two.Err = nil, errors.New("a mistake")
	one.Result, one.Err = nil, errors.New("a mistake")
	if err := lab.WriteIndex(results, []lab.Ran{one, two}); err != nil {
		t.Fatal(err)
	}
	if text, err = os.ReadFile(filepath.Join(results, "index.json")); err == nil {
		err = json.Unmarshal(text, &list)
	}
	if err != nil || len(list) != 3 || list[0].Outcome != outcome.Error || list[1].Failures != 0 {
		t.Errorf("index.json: got %v, %v, want that a scenario which could not be run did not pass or fail", list, err)
	}
	if _, summary = index(ran(t, results, "one", lab.Passed), ran(t, results, "two", lab.Failed)); summary != "1 passed, 1 failed, 1 error" {
		t.Errorf("run again: got %q", summary)
	}
	one.Result, one.Err = &lab.Result{Scenario: "one", Outcome: lab.Passed, Judged: true}, nil

	one.Place, three.Place = 1, 2
	rows, summary = index(three, one)
	check(rows, summary, "two fail, one pass, three fail", "1 passed, 1 failed, 1 error")

	if err := os.RemoveAll(filepath.Join(results, "two")); err != nil {
		t.Fatal(err)
	}
	rows, summary = index(one)
	check(rows, summary, "one pass, three fail", "1 passed, 0 failed, 1 error")

	for _, damaged := range []string{`[{"scenario": "one`, `[{"scenario": "", "outcome": "passed"}, {"scenario": "..", "outcome": "passed"}, {"scenario": "../index.html", "outcome": "passed"}]`, `[{"scenario": "three"}]`} {
		if err := os.WriteFile(filepath.Join(results, "index.json"), []byte(damaged), 0o666); err != nil {
			t.Fatal(err)
		}
		rows, summary = index(one)
		check(rows, summary, "one pass", "1 passed, 0 failed")
	}
}

// The entries of an index whose runs have flags in the place of an outcome, as early versions of
// ftplab wrote them, stay.
func TestIndexOfEarlyVersion(t *testing.T) {
	results := t.TempDir()
	one := ran(t, results, "one", lab.Passed)
	early := map[string]struct {
		flags string
		want  lab.Outcome
	}{
		"a": {`"passed": true`, lab.Passed},
		"b": {`"passed": true, "unjudged": true`, lab.Recorded},
		"c": {`"passed": false, "not_shown": true`, outcome.Unjudged},
		"d": {`"passed": false`, lab.Failed},
		"e": {`"passed": false, "error": "refused"`, outcome.Error},
	}
	var entries []string
	for name, x := range early {
		if err := os.Mkdir(filepath.Join(results, name), 0o777); err != nil {
			t.Fatal(err)
		}
		entries = append(entries, `{"scenario": "`+name+`", "failures": 0, `+x.flags+`}`)
	}
	path := filepath.Join(results, "index.json")
	if err := os.WriteFile(path, []byte("["+strings.Join(entries, ",")+"]"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := lab.WriteIndex(results, []lab.Ran{one}); err != nil {
		t.Fatal(err)
	}
	var list []report.Run
	text, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(text, &list)
	}
	if err != nil || len(list) != len(early)+1 {
		t.Fatalf("got %s, error %v, want %d entries", text, err, len(early)+1)
	}
	for _, r := range list {
		if want := early[r.Name].want; r.Name != "one" && r.Outcome != want {
			t.Errorf("%s: got %q, want %q", r.Name, r.Outcome, want)
		}
	}
}

// If none of the scenarios could be run, the index of earlier runs is renewed, and none is
// made. A file with mistakes has no title, mode or network.
func TestIndexOfNothing(t *testing.T) {
	results := t.TempDir()
	one := ran(t, results, "one", lab.Passed)
	one.Result.Capture = filepath.Join(results, "one", "capture.pcapng")
	broken := lab.Ran{Scenario: &scenario.Scenario{Name: "one", File: "one.txtar"}, Err: errors.New("a mistake")}
	other := broken
	other.Scenario = &scenario.Scenario{Name: "other", File: "other.txtar"}
	write := func(results string, runs ...lab.Ran) (page, list string) {
		t.Helper()
		if err := lab.WriteIndex(results, runs); err != nil {
			t.Fatal(err)
		}
		html, _ := os.ReadFile(filepath.Join(results, "index.html"))
		text, _ := os.ReadFile(filepath.Join(results, "index.json"))
		return string(html), string(text)
	}
	if page, list := write(results, broken); page+list != "" {
		t.Errorf("without an earlier run: got %q and %q, want no index", page, list)
	}
	none := filepath.Join(results, "none")
	write(none, broken)
	if _, err := os.Stat(none); err == nil {
		t.Error("a folder of results was made, and nothing was run")
	}

	write(results, one)
	page, list := write(results, broken, other)
	if !strings.Contains(page, "<h1>0 passed, 0 failed, 2 errors</h1>") || !strings.Contains(page, "Title of one") {
		t.Errorf("got %s, want the earlier result, and that it is not of this run", page)
	}
	if want := `<span class="fail">✗ error</span></p>`; !strings.Contains(page, want) {
		t.Errorf("got %s, want %s without mode and network", page, want)
	}
	var entries []map[string]any
	if err := json.Unmarshal([]byte(list), &entries); err != nil || len(entries) != 2 || entries[0]["error"] != "a mistake" || entries[0]["mode"] != "control" {
		t.Fatalf("index.json: got %s, error %v", list, err)
	}
	if entries[0]["results_of_earlier_run"] != true || entries[1]["results_of_earlier_run"] != nil {
		t.Errorf("index.json: got %s, want that the results of the first are those of an earlier run", list)
	}
	for _, key := range []string{"title", "mode", "network"} {
		if value, ok := entries[1][key]; ok {
			t.Errorf("index.json: got %s %q of a file with mistakes", key, value)
		}
	}
}

// The error of an index that cannot be written names it.
func TestIndexThatCannotBeWritten(t *testing.T) {
	results := t.TempDir()
	path := filepath.Join(results, "index.json")
	if err := os.Mkdir(path, 0o777); err != nil {
		t.Fatal(err)
	}
	err := lab.WriteIndex(results, []lab.Ran{ran(t, results, "one", lab.Passed)})
	want := "cannot write the index: " + path + " is a folder; a file was expected; choose another folder with -o"
	if err == nil || oserror.Text(err) != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if left, _ := filepath.Glob(path + "*"); len(left) != 1 {
		t.Errorf("got the files %q, want only the folder in the way", left)
	}
}

// TestIndexIsReplacedAsOne cannot write the page of an index, as on a full disk. Its JSON stays that of the
// same run.
func TestIndexIsReplacedAsOne(t *testing.T) {
	results := t.TempDir()
	if err := lab.WriteIndex(results, []lab.Ran{ran(t, results, "one", lab.Passed)}); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(results, "index.json")
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	inTheWay := filepath.Join(results, fmt.Sprintf("index.html.%d", os.Getpid()), "folder")
	if err := os.MkdirAll(inTheWay, 0o777); err != nil {
		t.Fatal(err)
	}
	err = lab.WriteIndex(results, []lab.Ran{ran(t, results, "one", lab.Failed)})
	if want := "write " + filepath.Join(results, "index.html"); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got error %v, want %s", err, want)
	}
	if after, err := os.ReadFile(path); err != nil || string(after) != string(before) {
		t.Errorf("index.json became\n%s", after)
	}
}

// Each walkthrough has links to those before and after it in the index, chapter by chapter,
// of this run and of earlier ones. A run that left no walkthrough is passed over.
func TestNeighbours(t *testing.T) {
	results := t.TempDir()
	place := `<p class="neighbours"></p>`
	one, two, three, four := ran(t, results, "one", lab.Passed), ran(t, results, "two", lab.Passed), ran(t, results, "three", lab.Passed), ran(t, results, "four", lab.Passed)
	one.Chapter, two.Chapter, three.Chapter = "A", "B", "A"
	for _, name := range []string{"one", "two", "three"} {
		if err := os.WriteFile(filepath.Join(results, name, "walkthrough.html"), []byte(place), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, run := range []struct {
		runs []lab.Ran
		want map[string]string
	}{
		{[]lab.Ran{one, two, four, three}, map[string]string{"one": "next three", "three": "prev one, next two", "two": "prev three"}},
		{[]lab.Ran{two}, map[string]string{"two": "next one", "one": "prev two, next three", "three": "prev one"}},
	} {
		if err := lab.WriteIndex(results, run.runs); err != nil {
			t.Fatal(err)
		}
		for name, want := range run.want {
			page, err := os.ReadFile(filepath.Join(results, name, "walkthrough.html"))
			if err != nil {
				t.Fatal(err)
			}
			var links []string
			for _, m := range regexp.MustCompile(`rel="(\w+)" href="../(\w+)/walkthrough.html"`).FindAllStringSubmatch(string(page), -1) {
				links = append(links, m[1]+" "+m[2])
			}
			if got := strings.Join(links, ", "); got != want {
				t.Errorf("%s has the links %q, want %q", name, got, want)
			}
		}
	}
}
