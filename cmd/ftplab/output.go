package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"ftplab/lab"
	"ftplab/lab/scenario"
)

// An output is a file or a folder that a command writes, with the flag that names it. Without a
// path, it is none.
type output struct{ flag, path string }

func (o output) String() string { return o.flag + " " + o.path }

// checkOutputs refuses outputs that would overwrite a file that the command reads, or each other.
func checkOutputs(outputs []output, inputs ...string) error {
	for i, out := range outputs {
		if out.path == "" {
			continue
		}
		for _, input := range inputs {
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

// checkResults refuses outputs and scenario files that runs of the scenarios would replace or
// remove, as they are where the folder will have the results.
func checkResults(folder output, list []*scenario.Scenario, outputs ...output) error {
	isResult := func(path string) bool {
		below, err := filepath.Rel(realFolder(folder.path), realFile(path))
		return err == nil && slices.ContainsFunc(list, func(s *scenario.Scenario) bool { return lab.IsResult(s.Name, below) })
	}
	for _, out := range outputs {
		if out.path != "" && out != folder && isResult(out.path) {
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
