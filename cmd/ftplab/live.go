package main

import (
	"io"
	"os"

	"ftplab/lab/pcapng"
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

// A replacedFile is emptied when it is first written to. If not all can be written, a capture
// ends with its last whole packet, as one in a new file does.
type replacedFile struct {
	file  *os.File
	begun bool
	err   error // of writing
}

func (r *replacedFile) Write(p []byte) (n int, err error) {
	if !r.begun {
		if err := r.file.Truncate(0); err != nil {
			return 0, err
		}
		r.begun = true
	}
	n, r.err = r.file.Write(p)
	return n, r.err
}

// Name is that of the file, for messages.
func (r *replacedFile) Name() string { return r.file.Name() }

func (r *replacedFile) Close() error {
	err := r.file.Close()
	if r.err != nil {
		pcapng.Repair(r.file.Name()) // which leaves as it is what is no capture
	}
	return err
}
