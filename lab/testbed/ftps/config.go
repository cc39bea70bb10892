package ftps

import (
	"crypto/tls"
	"io"
	"net/netip"
	"time"

	"ftplab/lab/scenario"
)

// ServerConfig is the configuration of a server. Clock tells the network's time;
// keys takes the secrets of every session, a line each.
func ServerConfig(id *Identity, version scenario.TLSVersion, clock func() time.Time, keys io.Writer) *tls.Config {
	c := newConfig(version, clock, keys)
	c.Certificates = []tls.Certificate{id.Certificate}
	c.Rand = newRandom(id.seed, "server")
	c.SetSessionTicketKeys([][32]byte{newRandom(id.seed, "tickets").key})
	return c
}

// ClientConfig is the configuration of one client program, which resumes on its
// data connections the session of its control connection. It takes only a
// certificate that it knows and that has not expired; the server is called by a
// name or its address. Local is where the control connection begins: it makes the
// random numbers of a client differ from those of others.
func ClientConfig(id *Identity, local netip.AddrPort, server string, version scenario.TLSVersion, clock func() time.Time, keys io.Writer) *tls.Config {
	c := newConfig(version, clock, keys)
	c.RootCAs, c.ServerName = id.Roots, server
	c.ClientSessionCache = tls.NewLRUClientSessionCache(4)
	c.Rand = newRandom(id.seed, "client", local, clock().Format(time.RFC3339Nano))
	return c
}

// newConfig is what both sides have in common. X25519MLKEM768, which package tls
// prefers, is missing: it takes its keys from the system's random numbers only.
func newConfig(version scenario.TLSVersion, clock func() time.Time, keys io.Writer) *tls.Config {
	c := &tls.Config{
		Time: clock, KeyLogWriter: keys, MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS13,
		CipherSuites:     suites12,
		CurvePreferences: []tls.CurveID{tls.X25519, tls.CurveP256, tls.CurveP384, tls.CurveP521},
	}
	switch version {
	case scenario.TLS12:
		c.MaxVersion = tls.VersionTLS12
	case scenario.TLS13:
		c.MinVersion = tls.VersionTLS13
	}
	return c
}
