package lab

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"ftplab/lab/analysis/report"
	"ftplab/lab/oserror"
	"ftplab/lab/outcome"
	"ftplab/lab/scenario"
)

// A Ran is a scenario and how its run ended: with a Result or an error.
type Ran struct {
	Scenario *scenario.Scenario
	Result   *Result
	Err      error
	Chapter  string // of the course in which it stands; "" for none
	Place    int    // in the course, from 1; 0 for none
}

// Term is how the run ended, as every output calls it.
func (r Ran) Term() Outcome {
	if r.Err != nil {
		return outcome.Error
	}
	return r.Result.Term()
}

// WriteIndex writes the index of a results folder: the scenarios of a run with their
// outcomes and links to their results, and below them those of earlier runs whose results
// are still there. Scenarios of the course come last, in its order. index.html is for a
// person. index.json has the same for a program, and the next run reads it. If no scenario
// could be run, only an index that is there already is renewed: there is nothing to link to.
func WriteIndex(results string, runs []Ran) error {
	if !slices.ContainsFunc(runs, func(r Ran) bool { return r.Err == nil }) {
		if _, err := os.Stat(filepath.Join(results, "index.json")); err != nil {
			return nil
		}
	}
	var entries []report.Run
	for _, r := range runs {
		entries = append(entries, r.entry())
	}
	return addToIndex(results, entries)
}

// addToIndex writes an index that begins with these entries. If a scenario could not be run
// now, its results of an earlier run are still listed.
func addToIndex(results string, entries []report.Run) error {
	if err := notOfIndex(results); err != nil {
		return fmt.Errorf("cannot write the index: %w; %s", err, chooseAnother)
	}
	list := append([]report.Run{}, entries...)
	for _, earlier := range readIndex(results) {
		at := slices.IndexFunc(list, func(r report.Run) bool { return r.Name == earlier.Name })
		folder := earlier.Name != "." && filepath.IsLocal(earlier.Name) && earlier.Name == filepath.Base(earlier.Name)
		if _, err := os.Stat(filepath.Join(results, earlier.Name)); err != nil || !folder {
			continue
		}
		switch {
		case at < 0:
			list = append(list, earlier)
		case list[at].Error != "":
			earlier.Error, earlier.Chapter, earlier.Place = list[at].Error, list[at].Chapter, list[at].Place
			earlier.Outcome, earlier.Failures = list[at].Outcome, list[at].Failures
			earlier.Earlier = !earlier.ByHand && earlier.HasWalkthrough()
			list[at] = earlier
		}
	}
	slices.SortStableFunc(list, func(a, b report.Run) int { return cmp.Compare(a.Place, b.Place) })
	var page bytes.Buffer
	if err := report.Index(&page, list); err != nil {
		return err
	}
	text, err := json.MarshalIndent(list, "", "  ")
	if err == nil {
		err = os.MkdirAll(results, 0o777)
	}
	if err == nil {
		err = replaceFiles(newFile{filepath.Join(results, "index.json"), append(text, '\n')}, newFile{filepath.Join(results, "index.html"), page.Bytes()})
	}
	if err == nil {
		err = linkNeighbours(results, report.InOrder(list))
	}
	if err != nil {
		return fmt.Errorf("cannot write the index: %w", err)
	}
	return nil
}

// indexFiles are the files of an index, in the order in which they are written.
var indexFiles = []string{"index.json", "index.html"}

// linkNeighbours writes into each walkthrough the links to those before and after it.
func linkNeighbours(results string, list []report.Run) error {
	list = slices.DeleteFunc(list, func(r report.Run) bool {
		_, err := os.Stat(filepath.Join(results, r.Name, "walkthrough.html"))
		return err != nil || !r.HasWalkthrough()
	})
	for i, r := range list {
		var previous, next *report.Run
		if i > 0 {
			previous = &list[i-1]
		}
		if i+1 < len(list) {
			next = &list[i+1]
		}
		path := filepath.Join(results, r.Name, "walkthrough.html")
		page, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		linked, err := report.LinkNeighbours(page, previous, next)
		if err == nil && !bytes.Equal(linked, page) {
			err = replaceFiles(newFile{path, linked})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// entry is the entry of the index for a run.
func (r Ran) entry() report.Run {
	e := report.Run{Name: r.Scenario.Name, Chapter: r.Chapter, Place: r.Place, Title: r.Scenario.Title, Network: string(r.Scenario.Network.Kind), Outcome: r.Term()}
	if len(r.Scenario.Steps) > 0 { // none are known of a file with mistakes
		e.Mode = r.Scenario.Mode()
	}
	if r.Err != nil {
		e.Error = oserror.Text(r.Err)
		return e
	}
	if r.Result.Verdict != nil {
		e.Failures = r.Result.Verdict.differences()
	}
	e.Seconds, e.Frames = r.Result.Seconds, r.Result.Frames
	addFiles(&e, r.Result.Capture)
	return e
}

// addFiles adds the capture, and the log beside it, to an entry.
func addFiles(e *report.Run, capture string) {
	if capture == "" {
		return
	}
	e.Capture = filepath.Base(capture)
	if info, err := os.Stat(capture); err == nil {
		e.Bytes = info.Size()
	}
	e.Log = logBeside(capture)
}

// logBeside is the name of the file in the folder of a capture that has what a server
// program printed; "" if there is none, or it is empty.
func logBeside(capture string) string {
	if info, err := os.Stat(filepath.Join(filepath.Dir(capture), serverLog)); err != nil || info.Size() == 0 {
		return ""
	}
	return serverLog
}

// serverLog is the name of the file with what a server program prints.
const serverLog = "server.log"

// A newFile is a file that [replaceFiles] writes.
type newFile struct {
	path string
	text []byte
}

// made is the name under which the file is written, beside an earlier one.
func (f newFile) made() string { return fmt.Sprintf("%s.%d", f.path, os.Getpid()) }

// replaceFiles writes files. Until all of them are written, earlier ones stay as they were.
// The error names the file, and not the one that is made beside it.
func replaceFiles(files ...newFile) error {
	for _, f := range files {
		defer os.Remove(f.made())
		if err := os.WriteFile(f.made(), f.text, 0o666); err != nil {
			return f.failed(err)
		}
	}
	for _, f := range files {
		if err := os.Rename(f.made(), f.path); err != nil {
			return f.failed(err)
		}
	}
	return nil
}

// failed returns the error of writing the file.
func (f newFile) failed(err error) error {
	for inner := err; inner != nil; inner = errors.Unwrap(inner) {
		err = inner
	}
	return &os.PathError{Op: "write", Path: f.path, Err: err}
}

// readIndex reads the index that the last run wrote. If that is cut short, a new one is
// written, so it is not an error. An entry that does not say how its run ended is left out.
func readIndex(results string) (list []report.Run) {
	var entries []indexed
	text, err := os.ReadFile(filepath.Join(results, "index.json"))
	if err != nil || json.Unmarshal(text, &entries) != nil {
		return nil
	}
	for _, e := range entries {
		if e.Outcome = e.outcome(); e.Outcome.Meaning() != "" {
			list = append(list, e.Run)
		}
	}
	return list
}

// An indexed run is an entry of index.json. Early versions of ftplab wrote flags in the place of
// the outcome.
type indexed struct {
	report.Run
	Passed   *bool `json:"passed"`
	Unjudged bool  `json:"unjudged"`  // with Passed: it was only recorded
	NotShown bool  `json:"not_shown"` // without Passed: it was unjudged
}

// outcome is the outcome of the entry, or what its flags say in its place; "" for neither.
func (e *indexed) outcome() Outcome {
	switch {
	case e.Outcome != "" || e.Passed == nil:
		return e.Outcome
	case e.Error != "":
		return outcome.Error
	case *e.Passed && e.Unjudged:
		return Recorded
	case *e.Passed:
		return Passed
	case e.NotShown:
		return outcome.Unjudged
	}
	return Failed
}
