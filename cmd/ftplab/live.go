package main

import (
	"io"
	"os"
)

// openLive opens a file for a capture that is written while it is made. Earlier contents stay
// until the capture begins.
func openLive(name string) (io.WriteCloser, error) {
	if info, err := os.Stat(name); err == nil && info.Mode().IsRegular() {
		file, err := os.OpenFile(name, os.O_WRONLY, 0)
		return &replacedFile{file: file}, err
	}
	return os.Create(name)
}

// A replacedFile is emptied when it is first written to.
type replacedFile struct {
	file  *os.File
	begun bool
}

func (r *replacedFile) Write(p []byte) (int, error) {
	if !r.begun {
		if err := r.file.Truncate(0); err != nil {
			return 0, err
		}
		r.begun = true
	}
	return r.file.Write(p)
}

func (r *replacedFile) Close() error { return r.file.Close() }
