package lab

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"ftplab/lab/analysis/report"
	"ftplab/lab/scenario"
)

// A Ran is a scenario and how its run ended: with a Result or an error.
type Ran struct {
	Scenario *scenario.Scenario
	Result   *Result
	Err      error
}

// WriteIndex writes the index of a results folder: the scenarios of a run with
// their outcomes, and links to what they left, and below those of earlier runs
// whose results are still there. For a person it is index.html; index.json has
// the same for a program, and for the next run to go on from.
func WriteIndex(results string, runs []Ran) error {
	list := []report.Run{}
	for _, r := range runs {
		list = append(list, r.entry())
	}
	for _, earlier := range readIndex(results) {
		again := slices.ContainsFunc(list, func(r report.Run) bool { return r.Name == earlier.Name })
		folder := earlier.Name != "." && filepath.IsLocal(earlier.Name) && earlier.Name == filepath.Base(earlier.Name)
		if _, err := os.Stat(filepath.Join(results, earlier.Name)); err == nil && folder && !again {
			list = append(list, earlier)
		}
	}
	var page bytes.Buffer
	if err := report.Index(&page, list); err != nil {
		return err
	}
	text, err := json.MarshalIndent(list, "", "  ")
	if err == nil {
		err = os.MkdirAll(results, 0o777)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(results, "index.json"), append(text, '\n'), 0o666)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(results, "index.html"), page.Bytes(), 0o666)
	}
	if err != nil {
		return fmt.Errorf("cannot write the index: %w", err)
	}
	return nil
}

// entry is what the index says of a run.
func (r Ran) entry() report.Run {
	e := report.Run{Name: r.Scenario.Name, Title: r.Scenario.Title, Mode: r.Scenario.Mode(), Network: string(r.Scenario.Network.Kind)}
	if r.Err != nil {
		e.Error = r.Err.Error()
		return e
	}
	e.Passed = r.Result.Outcome == Passed
	e.Failures = strings.Count("\n"+r.Result.Report, "\n"+r.Scenario.File)
	e.Seconds, e.Frames = r.Result.Seconds, r.Result.Frames
	if r.Result.Capture != "" {
		e.Capture = filepath.Base(r.Result.Capture)
	}
	if info, err := os.Stat(r.Result.Capture); err == nil {
		e.Bytes = info.Size()
	}
	return e
}

// readIndex is the index as the last run left it. One that cannot be read is no
// reason not to write a new one.
func readIndex(results string) (list []report.Run) {
	text, err := os.ReadFile(filepath.Join(results, "index.json"))
	if err != nil || json.Unmarshal(text, &list) != nil {
		return nil
	}
	return list
}
