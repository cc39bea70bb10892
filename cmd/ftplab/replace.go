package main

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// replaceFile writes a file, or the one to which a symbolic link of that name leads. Until all of
// it is written, an earlier file stays as it was.
func replaceFile(name string, write func(io.Writer) error) error {
	info, statErr := os.Stat(name)
	if statErr != nil && !errors.Is(statErr, fs.ErrNotExist) {
		return statErr
	}
	if statErr == nil && !info.Mode().IsRegular() { // a pipe, a device
		f, err := os.OpenFile(name, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		return errors.Join(write(f), f.Close())
	}
	mode := os.FileMode(0o644)
	if statErr == nil {
		mode = info.Mode().Perm()
	}
	place := linkTarget(name)
	f, err := os.CreateTemp(filepath.Dir(place), ".ftplab-*")
	if errors.Is(err, fs.ErrNotExist) && place != name {
		return statErr // which names the link
	}
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // does nothing once it has its new name
	if err := errors.Join(write(f), f.Chmod(mode), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), place)
}
