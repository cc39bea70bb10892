package ftps

import (
	"crypto/sha256"
	"crypto/tls"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"time"
)

// A random is a source of random numbers for package tls. It comes from a
// scenario's seed, so that a session is the same when the network is. Package tls
// reads it only where the setting cryptocustomrand=1 of GODEBUG allows that; else
// it takes the system's random numbers.
type random struct {
	key    [sha256.Size]byte
	mu     sync.Mutex
	stream *rand.ChaCha8
}

// newRandom returns the source of that name.
func newRandom(name ...any) *random {
	r := &random{key: sha256.Sum256(fmt.Appendln([]byte("ftplab random "), name...))}
	r.stream = rand.NewChaCha8(r.key)
	return r
}

// Read fills p. Before it makes a key, Go reads a single byte or none, by chance,
// so that nobody relies on what follows. A single byte is not part of the stream.
func (r *random) Read(p []byte) (int, error) {
	if len(p) == 1 {
		p[0] = 0
		return 1, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stream.Read(p)
}

// seeded is a configuration for one connection, which has random numbers of its
// own: the connections of a session do not take turns in an order that is the
// same in every run.
func seeded(config *tls.Config, conn net.Conn) *tls.Config {
	r, ok := config.Rand.(*random)
	if !ok {
		return config
	}
	c := config.Clone()
	c.Rand = newRandom(string(r.key[:]), conn.LocalAddr(), conn.RemoteAddr(), config.Time().Format(time.RFC3339Nano))
	return c
}
