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
// is a random one. Package redact says what is kept.
func Redact(w io.Writer, src Source, key string) error {
	if src.KeyLog != "" {
		return errors.New("a redacted capture has no keys, so a key log is of no use")
	}
	c, err := src.openFull(capture.Options{NoHash: true, NoKeys: true})
	if err != nil {
		return err
	}
	defer c.Close()
	src.warn(c.Cut)
	return redact.Write(w, c, redact.NewKey(key), "ftplab "+Version)
}

// redacted is the redacted capture as a source, in a file that remove removes.
func (s Source) redacted(key string) (_ Source, remove func(), err error) {
	f, err := os.CreateTemp("", "ftplab-*.pcapng")
	if err != nil {
		return Source{}, nil, fmt.Errorf("cannot keep the redacted capture in a temporary file: %w", err)
	}
	remove = func() { os.Remove(f.Name()) }
	if err = errors.Join(Redact(f, s, key), f.Close()); err != nil {
		remove()
		return Source{}, nil, err
	}
	return Source{path: f.Name(), name: "redacted capture"}, remove, nil
}
