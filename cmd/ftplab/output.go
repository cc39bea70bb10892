package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"syscall"

	"ftplab/lab"
	"ftplab/lab/oserror"
	"ftplab/lab/pcapng"
	"ftplab/lab/scenario"
)

// An output is a file or a folder that a command writes, with the flag that names it. Without a
// path, it is none.
type output struct{ flag, path string }

// standardOutput is what a user writes for the standard output in the place of a file.
const standardOutput = "-"

func (o output) String() string { return o.flag + " " + o.path }

// checkOutputs refuses outputs that would overwrite a file that the command reads, or each other.
func checkOutputs(outputs []output, inputs ...string) error {
	for i, out := range outputs {
		if out.path == "" {
			continue
		}
		for _, input := range inputs {
			if out.path == standardOutput {
				break
			}
			if _, err := os.Stat(input); err == nil && samePlace(out.path, input) {
				return fmt.Errorf("%s would overwrite %s, which this command reads; choose another name", out, input)
			}
		}
		for _, other := range outputs[:i] {
			if other.path != "" && samePlace(out.path, other.path) {
				return fmt.Errorf("%s and %s are the same; choose another name for one of them", other, out)
			}
		}
	}
	return nil
}

// replacesOnly refuses an output if there is a folder, a file that may not be written, or one that is
// something else than a command writes there, such as a scenario whose name was given by mistake.
func (o output) replacesOnly(kind string, is func(path string) bool) error {
	info, err := os.Stat(o.path)
	switch {
	case err != nil || o.path == standardOutput:
		return nil
	case info.IsDir():
		return &fs.PathError{Op: "open", Path: o.path, Err: syscall.EISDIR}
	case !info.Mode().IsRegular():
		return nil
	}
	file, err := os.OpenFile(o.path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	file.Close()
	if info.Size() == 0 || is(o.path) {
		return nil
	}
	return fmt.Errorf("%s: this file exists and is not a %s; choose another name", o, kind)
}

// hasFolder returns an error if the folder of an output is not there.
func (o output) hasFolder() error {
	if _, err := os.Stat(filepath.Dir(o.path)); errors.Is(err, fs.ErrNotExist) {
		return &fs.PathError{Op: oserror.Create, Path: o.path, Err: fs.ErrNotExist}
	}
	return nil
}

// isFolder returns an error if there is a file in the place of an output that is a folder, or on the way to it.
func (o output) isFolder() error {
	info, err := os.Stat(o.path)
	if errors.Is(err, syscall.ENOTDIR) || err == nil && !info.IsDir() {
		return fmt.Errorf("%s: %w", o.flag, &fs.PathError{Op: "mkdir", Path: o.path, Err: syscall.ENOTDIR})
	}
	return nil
}

// isCapture reports whether a file is a capture.
func isCapture(path string) bool {
	file, err := os.Open(path)
	if err != nil {
		return false
	}
	defer file.Close()
	_, err = pcapng.NewReader(file)
	return err == nil
}

// isReport reports whether a file is a report for a service for continuous integration: JUnit's
// or TAP's.
func isReport(path string) bool {
	return begins(path, `(<\?xml[^>]*>\s*)?<testsuite|TAP version |1\.\.`)
}

// begins reports whether a file begins as a regular expression says.
func begins(path, expression string) bool {
	file, err := os.Open(path)
	if err != nil {
		return false
	}
	defer file.Close()
	beginning := make([]byte, 512)
	n, _ := io.ReadFull(file, beginning)
	fits, _ := regexp.Match("^(?:"+expression+")", beginning[:n])
	return fits
}

// checkResults refuses outputs and scenario files that runs of the scenarios would replace or
// remove, as they are where the folder will have the results.
func checkResults(folder output, list []*scenario.Scenario, outputs ...output) error {
	isResult := func(path string) bool {
		below, err := filepath.Rel(realFolder(folder.path), realFile(path))
		return err == nil && slices.ContainsFunc(list, func(s *scenario.Scenario) bool { return lab.IsResult(s.Name, below) })
	}
	for _, out := range outputs {
		if out.path != "" && out.path != standardOutput && out != folder && isResult(out.path) {
			return fmt.Errorf("%s: a run replaces or removes this path itself (%s); choose another name", out, folder)
		}
	}
	for _, s := range list {
		if _, err := os.Stat(s.File); err == nil && isResult(s.File) {
			return fmt.Errorf("%s: a run would replace or remove %s, which this command reads; choose another folder", folder, s.File)
		}
	}
	return nil
}

// samePlace reports whether two paths lead to the same file or folder, or will when it is made.
// A pipe or a device, such as /dev/null, takes everything that is written to it.
func samePlace(a, b string) bool {
	if a == standardOutput || b == standardOutput {
		return a == b
	}
	first, err := os.Stat(a)
	second, otherErr := os.Stat(b)
	if err == nil && otherErr == nil {
		return os.SameFile(first, second) && (first.Mode().IsRegular() || first.IsDir())
	}
	return err != nil && otherErr != nil && realFile(a) == realFile(b)
}

// realFile is the absolute path of a file, without symbolic links. The file need not exist.
func realFile(path string) string {
	path = linkTarget(filepath.Clean(path))
	return filepath.Join(realFolder(filepath.Dir(path)), filepath.Base(path))
}

// linkTarget is the path to which symbolic links lead, even if nothing is there.
func linkTarget(path string) string {
	const most = 40 // as in Linux; links may lead to each other
	for range most {
		to, err := os.Readlink(path)
		if err != nil {
			break
		}
		if !filepath.IsAbs(to) {
			to = filepath.Join(filepath.Dir(path), to)
		}
		path = to
	}
	return path
}

// realFolder is the absolute path of a folder, without symbolic links as far as it exists.
func realFolder(path string) string {
	if whole, err := filepath.Abs(path); err == nil {
		path = whole
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	if up := filepath.Dir(path); up != path {
		return filepath.Join(realFolder(up), filepath.Base(path))
	}
	return path
}
