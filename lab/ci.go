package lab

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"ftplab/lab/analysis/report/text"
	"ftplab/lab/oserror"
	"ftplab/lab/scenario"
)

// WriteJUnit writes runs as a JUnit XML report, the form that services for continuous
// integration read: a test case for each scenario, with the outcome as the type of its problem. What
// failed or is unjudged is a failure, and what was only recorded is skipped.
func WriteJUnit(w io.Writer, runs []Ran) error {
	type problem struct {
		Type    string `xml:"type,attr"`
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
	type testCase struct {
		Name    string   `xml:"name,attr"`
		Class   string   `xml:"classname,attr"`
		File    string   `xml:"file,attr"`
		Seconds string   `xml:"time,attr"`
		Failure *problem `xml:"failure,omitempty"`
		Error   *problem `xml:"error,omitempty"`
		Skipped *problem `xml:"skipped,omitempty"`
	}
	var suite struct {
		XMLName  xml.Name   `xml:"testsuite"`
		Name     string     `xml:"name,attr"`
		Tests    int        `xml:"tests,attr"`
		Failures int        `xml:"failures,attr"`
		Errors   int        `xml:"errors,attr"`
		Skipped  int        `xml:"skipped,attr"`
		Seconds  string     `xml:"time,attr"`
		Cases    []testCase `xml:"testcase"`
	}
	suite.Name, suite.Tests = "ftplab", len(runs)
	sum := 0.0
	for _, r := range runs {
		c := testCase{Name: r.Scenario.Name, Class: "ftplab", File: r.Scenario.File, Seconds: "0"}
		if r.Result != nil {
			c.Seconds = fmt.Sprintf("%.3f", r.Result.Seconds)
			sum += r.Result.Seconds
		}
		switch term := string(r.Term()); {
		case r.Err != nil:
			suite.Errors++
			why := oserror.Text(r.Err)
			c.Error = &problem{term, firstLine(why), why}
		case r.Result.Outcome == Failed:
			suite.Failures++
			c.Failure = &problem{term, firstLine(r.Result.Report), r.Result.Report}
		case r.Result.Outcome == Recorded:
			suite.Skipped++
			c.Skipped = &problem{term, term, ""}
		}
		suite.Cases = append(suite.Cases, c)
	}
	suite.Seconds = fmt.Sprintf("%.3f", sum)
	report, err := xml.MarshalIndent(suite, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s%s\n", xml.Header, report)
	return err
}

// WriteTAP writes runs in the Test Anything Protocol, version 14: a line for each
// scenario, and below it what is wrong. What was only recorded is skipped.
func WriteTAP(w io.Writer, runs []Ran) error {
	var b strings.Builder
	fmt.Fprintf(&b, "TAP version 14\n1..%d\n", len(runs))
	for i, r := range runs {
		report := ""
		switch {
		case r.Err != nil:
			report = oserror.Text(r.Err)
		case r.Result.Outcome == Failed:
			report = r.Result.Report
		}
		if report == "" {
			fmt.Fprintf(&b, "ok %d - %s%s\n", i+1, described(r), skipped(r))
			continue
		}
		fmt.Fprintf(&b, "not ok %d - %s\n# %s\n", i+1, described(r), r.Term())
		for line := range strings.SplitSeq(strings.TrimRight(report, "\n"), "\n") {
			fmt.Fprintf(&b, "# %s\n", strings.ReplaceAll(line, "\r", `\x0d`))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// described is the name of a scenario as a description of TAP: one line, in which no # begins a
// directive such as TODO.
func described(r Ran) string {
	return strings.NewReplacer(`\`, `\\`, "#", `\#`).Replace(text.Escape(r.Scenario.Name))
}

// skipped is TAP's directive for a run that was only recorded.
func skipped(r Ran) string {
	if r.Result.Outcome != Recorded {
		return ""
	}
	return " # SKIP " + string(Recorded)
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

// CopyFailures copies the results of the runs that failed from the folder of all results into
// another, each into a folder of its name, for a service that keeps files. What runs that could
// not be finished have recorded is in a folder with the name that it has among the results.
// CopyFailures makes the folder only if there are any.
func CopyFailures(folder, results string, runs []Ran) error {
	for _, r := range runs {
		to := filepath.Join(folder, r.Scenario.Name)
		var err error
		if left, ok := errors.AsType[unfinishedError](r.Err); ok {
			err = copyUnfinished(to, left.folder)
		} else if r.Result != nil && r.Result.Outcome == Failed && r.Result.Capture != "" {
			err = copyResults(to, filepath.Join(results, r.Scenario.Name))
		}
		if err != nil {
			return fmt.Errorf("cannot copy the results of %s: %w", r.Scenario.Name, err)
		}
	}
	return nil
}

// copyUnfinished copies what a run has left that could not be finished, into a folder beside that
// for its results. If nothing is there any more, it makes none.
func copyUnfinished(to, from string) error {
	if !slices.ContainsFunc(resultFiles, func(name string) bool { return exists(filepath.Join(from, name)) }) {
		return nil
	}
	to, lock, err := unfinishedFolder(to)
	if err != nil {
		return err
	}
	defer lock.release()
	return copyFiles(to, from)
}

// CheckFailures returns an error if [CopyFailures] would replace files that no run made.
func CheckFailures(folder string, list []*scenario.Scenario) error {
	for _, s := range list {
		if err := notOfRun(filepath.Join(folder, s.Name)); err != nil {
			return err
		}
	}
	return nil
}

// copyResults copies the results of a run in place of those of an earlier one.
func copyResults(to, from string) error {
	if err := notOfRun(to); err != nil {
		return err
	}
	if _, err := os.Stat(to); err == nil {
		if err := removeResults(to); err != nil {
			return err
		}
	}
	return copyFiles(to, from)
}

// copyFiles copies the results of a run.
func copyFiles(to, from string) error {
	for _, name := range resultFiles {
		if err := copyAll(filepath.Join(to, name), filepath.Join(from, name)); err != nil {
			return err
		}
	}
	return nil
}

// copyAll copies a file, or a folder with its files. One that is not there is left out, as
// are files that are neither: a program may have made them.
func copyAll(to, from string) error {
	return filepath.WalkDir(from, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return ignoreMissing(err)
		}
		below, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		return copyFile(filepath.Join(to, below), path)
	})
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func copyFile(to, from string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
		return err
	}
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(target, source)
	return errors.Join(err, target.Close())
}
