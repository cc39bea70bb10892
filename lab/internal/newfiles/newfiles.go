// Package newfiles makes files that belong together. If one of them cannot be written, Remove
// removes those that are new. A file that was replaced is not restored.
package newfiles

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// Unfinished is how the name of a file or a folder ends until it is complete.
const Unfinished = ".unfinished"

// A List has the files and folders that were made.
type List struct{ paths []string }

// Folder makes a folder, and those above it, that are not there.
func (l *List) Folder(path string) error {
	var missing []string
	for up := path; isMissing(up); up = filepath.Dir(up) {
		missing = append(missing, up)
		if filepath.Dir(up) == up {
			break // a drive that is not there
		}
	}
	slices.Reverse(missing)
	l.paths = append(l.paths, missing...)
	return os.MkdirAll(path, 0o777)
}

// File writes a file. An earlier one of that name is replaced, and is not in the list.
func (l *List) File(path string, data []byte, mode fs.FileMode) error {
	if isMissing(path) {
		l.Add(path)
	}
	return os.WriteFile(path, data, mode)
}

// Add adds a file that is made in another way.
func (l *List) Add(path string) { l.paths = append(l.paths, path) }

// Remove removes what is in the list, but no folder in which something else is.
func (l *List) Remove() {
	for _, path := range slices.Backward(l.paths) {
		os.Remove(path)
	}
}

func isMissing(path string) bool {
	_, err := os.Lstat(path)
	return errors.Is(err, fs.ErrNotExist)
}
