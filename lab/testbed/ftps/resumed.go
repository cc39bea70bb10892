package ftps

import (
	"crypto/tls"
	"fmt"
)

// A session that resumes one of TLS 1.2 has the master secret of that session, and
// package tls writes it down only once. A line of a key log is found by the random
// number of the ClientHello, which is another one in each session. So a server writes
// the line for a session that is resumed, before anything is sent that needs it.

// A helloConn keeps the beginning of what a client sends.
type helloConn struct {
	timeless
	head []byte
}

// A ClientHello has its random number after the headers of the record and of the
// message, and the version (RFC 5246, 6.2.1 and 7.4.1.2).
const (
	randomBegins = 5 + 4 + 2
	randomEnds   = randomBegins + 32
)

func (h *helloConn) Read(b []byte) (int, error) {
	n, err := h.timeless.Read(b)
	if missing := randomEnds - len(h.head); missing > 0 {
		h.head = append(h.head, b[:min(n, missing)]...)
	}
	return n, err
}

// noteResumed returns a server's configuration for a connection, which writes down the
// key of a session of TLS 1.2 that is resumed.
func noteResumed(config *tls.Config, hello *helloConn) *tls.Config {
	if config.KeyLogWriter == nil {
		return config
	}
	c := config.Clone()
	c.WrapSession = func(cs tls.ConnectionState, s *tls.SessionState) ([]byte, error) {
		secret := masterSecret(s)
		if cs.DidResume && cs.Version == tls.VersionTLS12 && secret != nil && len(hello.head) == randomEnds {
			if _, err := fmt.Fprintf(c.KeyLogWriter, "CLIENT_RANDOM %x %x\n", hello.head[randomBegins:], secret); err != nil {
				return nil, err
			}
		}
		return c.EncryptTicket(cs, s)
	}
	return c
}

// masterSecret is the master secret of a session of TLS 1.2, nil if it is not where this
// version of Go encodes it: after the version, the type, the cipher suite and the time.
func masterSecret(s *tls.SessionState) []byte {
	const length = 48                  // RFC 5246, 8.1
	const secretBegins = 2 + 1 + 2 + 8 // with a byte of its length
	b, err := s.Bytes()
	if err != nil || len(b) < secretBegins+1+length || b[secretBegins] != length {
		return nil
	}
	return b[secretBegins+1:][:length]
}
