package lab

import (
	"bytes"
	"fmt"

	"ftplab/lab/analysis/tls"
	"ftplab/lab/internal/textfile"
	"ftplab/lab/pcapng"
)

// maxKeyLog bounds a key log, bytes. A session of TLS 1.3 has about 800.
const maxKeyLog = 256 << 20

// readKeyLog reads the TLS key log in the file at path. An invalid line is an error of the
// form file:line: what.
func readKeyLog(path string) ([]byte, error) {
	log, err := textfile.ReadFile(path, maxKeyLog)
	if _, err := pcapng.NewReader(bytes.NewReader(log)); err == nil {
		return nil, fmt.Errorf("%s is a capture, and a key log was expected; the keys that a capture brings along are read without --keylog", path)
	}
	if err != nil {
		return nil, err
	}
	log = textfile.WithoutMark(log)
	var keys tls.Keys
	bad, err := keys.Read(bytes.NewReader(log))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w", path, err)
	case len(bad) > 0:
		return nil, fmt.Errorf("%s:%d: %s; a line of a key log was expected, such as CLIENT_RANDOM, 64 hexadecimal digits and the secret", path, bad[0].Line, bad[0].Reason)
	case keys.Len() == 0:
		return nil, fmt.Errorf("%s: there is no key of TLS in this file", path)
	}
	return log, nil
}
