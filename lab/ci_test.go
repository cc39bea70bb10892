package lab

import (
	"bytes"
	"encoding/xml"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ftplab/lab/scenario"
)

// ciRuns are runs that ended in each way, and some of their results in a folder.
func ciRuns(t *testing.T) (runs []Ran, folder string) {
	folder = t.TempDir()
	for _, name := range []string{"wrong/capture.pcapng", "wrong/runs/line-6.log", "broken.unfinished/server.log"} {
		file := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte("of "+name), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	named := func(name string) *scenario.Scenario {
		return &scenario.Scenario{Name: name, File: name + ".txtar"}
	}
	capture := filepath.Join(folder, "wrong", "capture.pcapng")
	return []Ran{
		{Scenario: named("right"), Result: &Result{Outcome: Passed, Seconds: 0.25}},
		{Scenario: named("wrong"), Result: &Result{Outcome: Failed, Report: "wrong.txtar:3: a\x01 <b>\n\twant c\n", Capture: capture}},
		{Scenario: named("broken"), Err: unfinishedError{errors.New("no namespaces"), filepath.Join(folder, "broken.unfinished")}},
		{Scenario: named("recorded"), Result: &Result{Outcome: Recorded}},
	}, folder
}

// The JUnit report says how each run ended.
func TestJUnit(t *testing.T) {
	runs, _ := ciRuns(t)
	var junit bytes.Buffer
	if err := WriteJUnit(&junit, runs); err != nil {
		t.Fatal(err)
	}
	var suite struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Errors   int `xml:"errors,attr"`
		Skipped  int `xml:"skipped,attr"`
		Cases    []struct {
			Name    string `xml:"name,attr"`
			Failure string `xml:"failure"`
			Error   string `xml:"error"`
			Skipped struct {
				Message string `xml:"message,attr"`
			} `xml:"skipped"`
		} `xml:"testcase"`
	}
	if err := xml.Unmarshal(junit.Bytes(), &suite); err != nil {
		t.Fatalf("%v\n%s", err, junit.String())
	}
	if suite.Tests != 4 || suite.Failures != 1 || suite.Errors != 1 || suite.Skipped != 1 || len(suite.Cases) != 4 {
		t.Fatalf("got %+v", suite)
	}
	if c := suite.Cases[1]; c.Name != "wrong" || !strings.Contains(c.Failure, "<b>\n\twant c") {
		t.Errorf("got %+v", c)
	}
	if c := suite.Cases[2]; c.Error != "no namespaces" || suite.Cases[0].Failure+suite.Cases[0].Error != "" {
		t.Errorf("got %+v", suite.Cases)
	}
	if got := suite.Cases[3].Skipped.Message; got != "recorded" {
		t.Errorf("got %q for a run without a judgement", got)
	}
}

// So does the report of the Test Anything Protocol.
func TestTAP(t *testing.T) {
	runs, _ := ciRuns(t)
	var tap bytes.Buffer
	if err := WriteTAP(&tap, runs); err != nil {
		t.Fatal(err)
	}
	want := "TAP version 14\n1..4\nok 1 - right\nnot ok 2 - wrong\n# failed\n# wrong.txtar:3: a\x01 <b>\n# \twant c\nnot ok 3 - broken\n# error\n# no namespaces\nok 4 - recorded # SKIP recorded\n"
	if got := tap.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// A name cannot end its line, or begin a directive: neither makes a failure a success.
func TestReportsOfOddNames(t *testing.T) {
	for name, want := range map[string]string{
		"slow # TODO faster": `slow \# TODO faster`,
		"slow # SKIP":        `slow \# SKIP`,
		`a\# TODO b`:         `a\\\# TODO b`,
		"f\nok 9 - f":        `f\\x0aok 9 - f`,
		"f\rok 9 - f":        `f\\x0dok 9 - f`,
		"bell\x07\xff":       `bell\\x07\\xff`,
	} {
		runs := []Ran{{Scenario: &scenario.Scenario{Name: name, File: name + ".txtar"}, Result: &Result{Outcome: Failed, Report: "a\rb\n\n1..9\n"}}}
		var tap, junit bytes.Buffer
		if err := errors.Join(WriteTAP(&tap, runs), WriteJUnit(&junit, runs)); err != nil {
			t.Fatal(err)
		}
		if got, want := tap.String(), "TAP version 14\n1..1\nnot ok 1 - "+want+"\n# failed\n# a\\x0db\n# \n# 1..9\n"; got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
		if err := xml.Unmarshal(junit.Bytes(), new(struct{})); err != nil || strings.Contains(junit.String(), "\nok 9") {
			t.Errorf("%q: got %v for %s", name, err, &junit)
		}
	}
}

// The results of runs that failed are copied, and no others.
func TestCopyFailures(t *testing.T) {
	runs, folder := ciRuns(t)
	kept := filepath.Join(folder, "kept")
	stale := filepath.Join(kept, "wrong", "keys.log")
	for path, text := range map[string]string{stale: "of an earlier run", filepath.Join(kept, "wrong", "verdict.json"): `{"scenario": "wrong"}`} {
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := CopyFailures(kept, folder, runs); err != nil {
		t.Fatal(err)
	}
	for name, from := range map[string]string{
		"wrong/capture.pcapng": "wrong/capture.pcapng", "wrong/runs/line-6.log": "wrong/runs/line-6.log", "broken.unfinished/server.log": "broken.unfinished/server.log",
	} {
		if text, err := os.ReadFile(filepath.Join(kept, filepath.FromSlash(name))); err != nil || string(text) != "of "+from {
			t.Errorf("%s: got %q, %v", name, text, err)
		}
	}
	if _, err := os.Stat(stale); err == nil {
		t.Error("a result of an earlier run stays among the new ones")
	}
	removed := Ran{Scenario: runs[0].Scenario, Err: unfinishedError{os.ErrClosed, filepath.Join(folder, "removed.unfinished")}}
	if err := CopyFailures(filepath.Join(folder, "none"), folder, []Ran{runs[0], removed}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(folder, "none")); err == nil {
		t.Error("a folder was made, and there is nothing to copy")
	}
}
