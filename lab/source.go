package lab

import (
	"fmt"
	"io"
	"os"

	"ftplab/lab/analysis/capture"
)

// A Source is a capture to read, in any format that package pcapng reads, made by any program
// on any machine. [File] and [Reader] make one.
type Source struct {
	path   string
	name   string // in messages
	reader io.Reader

	// Warn, if it is set, is called with a sentence about a capture that is damaged: where,
	// and how much of it was read.
	Warn func(sentence string)

	// KeyLog is the path of a file with the keys of TLS sessions (SSLKEYLOGFILE), in addition
	// to those in the capture; "" for none.
	KeyLog string
}

// File is the capture in the file at path.
func File(path string) Source { return Source{path: path, name: path} }

// Reader is the capture that r gives. It is copied to a temporary file, since a
// capture is read more than once. Messages call it by name.
func Reader(name string, r io.Reader) Source { return Source{name: name, reader: r} }

// open opens the capture.
func (s Source) open(o capture.Options) (*capture.Capture, error) {
	if s.KeyLog != "" {
		var err error
		if o.KeyLog, err = readKeyLog(s.KeyLog); err != nil {
			return nil, err
		}
	}
	if s.reader != nil {
		c, err := capture.Read(s.reader, o)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
		return c, nil
	}
	if info, err := os.Stat(s.path); err == nil && info.IsDir() {
		return nil, fmt.Errorf("%s is a folder; a capture file was expected", s.path)
	}
	return capture.Open(s.path, o)
}

// openFull is open for a purpose that needs a packet.
func (s Source) openFull(o capture.Options) (*capture.Capture, error) {
	c, err := s.open(o)
	if err != nil {
		return nil, err
	}
	if c.Size == 0 {
		c.Close()
		return nil, fmt.Errorf("%s: %w", s.name, NoPackets(c.Cut))
	}
	return c, nil
}

// warnOf reports what warn does, and that the times of the capture's packets go back.
func (s Source) warnOf(c *capture.Capture) {
	s.warn(c)
	if c.Disorder != "" && s.Warn != nil {
		s.Warn(fmt.Sprintf("%s: %s", s.name, c.Disorder))
	}
}

// warn reports why a capture was not read to its end, if it was not, where it is damaged
// although it was, and that it has its packets twice.
func (s Source) warn(c *capture.Capture) {
	if c.Flaw != "" && s.Warn != nil {
		s.Warn(fmt.Sprintf("%s: %s", s.name, c.Flaw))
	}
	if c.Cut != "" && s.Warn != nil {
		s.Warn(fmt.Sprintf("%s: %s; what comes before it is complete", s.name, c.Cut))
	}
	if c.Doubled != "" && s.Warn != nil {
		s.Warn(fmt.Sprintf("%s: %s", s.name, c.Doubled))
	}
}
