package lab

import (
	"errors"
	"fmt"
	"io"
	"os"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/redact"
)

// Redact writes a capture again as pcapng, without passwords, users, addresses, names of
// files and hosts, and contents. The same key makes the same names of the same names; ""
// is a random one. TLS keys are left out, and what is inside TLS stays encrypted. Package
// redact says what is kept.
func Redact(w io.Writer, src Source, key string) error {
	_, err := src.redact(w, key)
	return err
}

// redact does what Redact does, and reports whether it left out TLS keys.
func (s Source) redact(w io.Writer, key string) (keys bool, err error) {
	if s.KeyLog != "" {
		return false, errors.New("a redacted capture has no keys, so a key log is of no use")
	}
	c, err := s.openFull(capture.Options{NoHash: true, NoKeys: true})
	if err != nil {
		return false, err
	}
	defer c.Close()
	s.warn(c)
	if c.KeyLogs > 0 && s.Warn != nil {
		s.Warn(s.name + ": its TLS keys are left out, so the redacted capture does not show what is inside TLS; these records are not changed, and somebody who has the keys can decrypt them")
	}
	bare, err := redact.Write(w, c, redact.NewKey(key), "ftplab "+Version)
	if bare > 0 && s.Warn != nil {
		s.Warn(fmt.Sprintf("%s: %d of its %d packets had headers of a link that is not Ethernet, or of an unusual tunnel, around them; the redacted capture has the packets without these headers", s.name, bare, c.Size))
	}
	return c.KeyLogs > 0, err
}

// redacted is the redacted capture as a source, in a temporary file without a name, which end
// closes.
func (s Source) redacted(key string) (_ Source, end func(), err error) {
	f, err := os.CreateTemp("", "ftplab-*.pcapng")
	if err != nil {
		return Source{}, nil, fmt.Errorf("cannot keep the redacted capture in a temporary file: %w", err)
	}
	os.Remove(f.Name()) // a signal may end the program
	end = func() {
		f.Close()
		os.Remove(f.Name()) // where it could not be removed while it was open
	}
	keys, err := s.redact(f, key)
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		end()
		return Source{}, nil, err
	}
	name := "redacted capture"
	if keys {
		name += " without its TLS keys"
	}
	return Reader(name, f), end, nil
}
