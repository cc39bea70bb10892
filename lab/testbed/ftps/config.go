package ftps

import (
	"crypto/tls"
	"io"
	"time"

	"ftplab/lab/scenario"
)

// ServerConfig is the configuration of a server. Clock tells the network's time;
// keys takes the secrets of every session, a line each.
func ServerConfig(id *Identity, version scenario.TLSVersion, clock func() time.Time, keys io.Writer) *tls.Config {
	c := &tls.Config{Certificates: []tls.Certificate{id.Certificate}, Time: clock, KeyLogWriter: keys}
	c.MinVersion, c.MaxVersion = versions(version)
	return c
}

// ClientConfig is the configuration of one client program, which resumes on its
// data connections the session of its control connection. It takes only a
// certificate that it knows and that has not expired; the server is called by a
// name or its address.
func ClientConfig(id *Identity, server string, version scenario.TLSVersion, clock func() time.Time, keys io.Writer) *tls.Config {
	c := &tls.Config{
		RootCAs: id.Roots, ServerName: server, Time: clock, KeyLogWriter: keys,
		ClientSessionCache: tls.NewLRUClientSessionCache(4),
	}
	c.MinVersion, c.MaxVersion = versions(version)
	return c
}

func versions(v scenario.TLSVersion) (least, most uint16) {
	switch v {
	case scenario.TLS12:
		return tls.VersionTLS12, tls.VersionTLS12
	case scenario.TLS13:
		return tls.VersionTLS13, tls.VersionTLS13
	}
	return tls.VersionTLS12, tls.VersionTLS13
}
