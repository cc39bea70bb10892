package main

import (
	"bytes"
	"io"
	"os"

	"ftplab/lab/pcapng"
)

// openLive opens a file for a capture or a report that is written while it is made; - is the
// standard output, which stays open. Earlier contents stay until there is a packet, or a report.
func openLive(name string, stdout io.Writer) (to io.Writer, end func() error, err error) {
	if name == standardOutput {
		return stdout, func() error { return nil }, nil
	}
	file, err := openReplaced(name)
	if err != nil {
		return nil, nil, err
	}
	return file, file.Close, nil
}

func openReplaced(name string) (io.WriteCloser, error) {
	if info, err := os.Stat(name); err == nil && info.Mode().IsRegular() {
		file, err := os.OpenFile(name, os.O_WRONLY, 0)
		return &replacedFile{file: file}, err
	}
	return os.Create(name)
}

// A replacedFile is emptied when the capture that is written to it has its first packet. If not
// all can be written, the capture ends with its last whole packet, as one in a new file does.
type replacedFile struct {
	file  *os.File
	held  []byte // what comes before the first packet
	begun bool
	err   error // of writing
}

func (r *replacedFile) Write(p []byte) (n int, err error) {
	if r.begun {
		n, r.err = r.file.Write(p)
		return n, r.err
	}
	if r.held = append(r.held, p...); !hasPacket(r.held) {
		return len(p), nil
	}
	if err := r.file.Truncate(0); err != nil {
		return 0, err
	}
	r.begun = true
	_, r.err = r.file.Write(r.held)
	r.held = nil
	return len(p), r.err
}

// hasPacket reports whether the beginning of a capture has a whole packet. What is not a capture
// needs none.
func hasPacket(beginning []byte) bool {
	r, err := pcapng.NewReader(bytes.NewReader(beginning))
	return err != nil || r.Next(new(pcapng.Packet)) == nil
}

// Name is that of the file, for messages.
func (r *replacedFile) Name() string { return r.file.Name() }

func (r *replacedFile) Close() error {
	err := r.file.Close()
	if r.err != nil {
		pcapng.Repair(r.file.Name()) // which leaves as it is what is not a capture
	}
	return err
}
