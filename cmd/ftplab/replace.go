package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
)

// replaceFile writes a file. Until all of it is written, an earlier file of that name stays
// as it was.
func replaceFile(name string, write func(io.Writer) error) error {
	info, err := os.Stat(name)
	if err == nil && !info.Mode().IsRegular() { // a pipe, a device
		f, err := os.OpenFile(name, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		return errors.Join(write(f), f.Close())
	}
	mode := os.FileMode(0o644)
	if err == nil {
		mode = info.Mode().Perm()
	}
	f, err := os.CreateTemp(filepath.Dir(name), ".ftplab-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // does nothing once it has its new name
	if err := errors.Join(write(f), f.Chmod(mode), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}
