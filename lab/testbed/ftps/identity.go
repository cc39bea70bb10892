package ftps

import (
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/netip"
	"time"

	"ftplab/lab/scenario"
)

// An Identity is a server's certificate with its key, and what a client trusts
// that knows the server.
type Identity struct {
	Certificate tls.Certificate
	Roots       *x509.CertPool
	root        []byte // the certificate in Roots
	seed        uint64
}

// validity of a certificate: it began so long before the session, and ends so
// long after it. An expired one ended before.
const (
	day      = 24 * time.Hour
	validity = 90 * day
)

// NewIdentity makes a server's certificate. The same seed, time, names and
// address give the same certificate, to the byte: Ed25519 signs without
// randomness (RFC 8032).
func NewIdentity(kind scenario.Certificate, seed uint64, now time.Time, names []string, addr netip.Addr) (*Identity, error) {
	now = now.UTC().Truncate(day)
	begins, ends := now.Add(-day), now.Add(validity)
	if kind == scenario.ExpiredCertificate {
		begins, ends = now.Add(-validity-day), now.Add(-day)
	}
	addresses := []net.IP{addr.AsSlice()}
	subject := append(names, addr.String())[0]
	if kind == scenario.OtherCertificate {
		subject, names, addresses = otherName, []string{otherName}, nil
	}
	key := newKey(seed, "server")
	leaf := &x509.Certificate{
		SerialNumber: serial(key), NotBefore: begins, NotAfter: ends,
		Subject:     pkix.Name{CommonName: subject, Organization: []string{"ftplab"}},
		DNSNames:    names,
		IPAddresses: addresses,
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	issuer, issuerKey := leaf, key
	if kind == scenario.IssuedCertificate {
		issuer, issuerKey = authority(seed, now)
	}
	der, err := x509.CreateCertificate(nil, leaf, issuer, key.Public(), issuerKey)
	if err != nil {
		return nil, fmt.Errorf("the server's certificate: %w", err)
	}
	id := &Identity{Certificate: tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, root: der, seed: seed}
	if kind == scenario.IssuedCertificate || kind == scenario.UnknownCertificate { // the client knows the authority only
		issuer, issuerKey = authority(seed, now)
		if id.root, err = x509.CreateCertificate(nil, issuer, issuer, issuerKey.Public(), issuerKey); err != nil {
			return nil, fmt.Errorf("the authority's certificate: %w", err)
		}
	}
	if kind == scenario.IssuedCertificate {
		id.Certificate.Certificate = append(id.Certificate.Certificate, id.root)
	}
	root, err := x509.ParseCertificate(id.root)
	if err != nil {
		return nil, err
	}
	id.Roots = x509.NewCertPool()
	id.Roots.AddCert(root)
	return id, nil
}

// otherName is the host in a certificate of another host.
const otherName = "other.example.test"

// authority returns the authority that the client knows, and its key.
func authority(seed uint64, now time.Time) (*x509.Certificate, ed25519.PrivateKey) {
	key := newKey(seed, "authority")
	return &x509.Certificate{
		SerialNumber: serial(key), NotBefore: now.Add(-365 * day), NotAfter: now.Add(3650 * day),
		Subject:               pkix.Name{CommonName: "ftplab test authority", Organization: []string{"ftplab"}},
		KeyUsage:              x509.KeyUsageCertSign,
		IsCA:                  true,
		BasicConstraintsValid: true,
	}, key
}

// RootPEM is the certificate that a client has to trust, in PEM (RFC 7468): that of the
// authority or, if the server signed its own, the server's.
func (id *Identity) RootPEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: id.root})
}

// newKey is a key for one purpose.
func newKey(seed uint64, purpose string) ed25519.PrivateKey {
	sum := sha256.Sum256(fmt.Appendf(nil, "ftplab %s %d", purpose, seed))
	return ed25519.NewKeyFromSeed(sum[:])
}

// serial is a serial number: positive, and of at most 20 bytes (RFC 5280, 4.1.2.2).
func serial(key ed25519.PrivateKey) *big.Int {
	sum := sha256.Sum256(key.Public().(ed25519.PublicKey))
	sum[0] &= 0x7f
	return new(big.Int).SetBytes(sum[:8])
}
