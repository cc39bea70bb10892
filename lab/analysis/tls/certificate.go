package tls

import (
	"crypto/x509"

	"golang.org/x/crypto/cryptobyte"
)

// readCertificates reads the body of a Certificate message. The owner's certificate
// comes first. In TLS 1.3, the list has a context before it, and each certificate has
// extensions after it (RFC 5246, section 7.4.2; RFC 8446, section 4.4.2).
func readCertificates(b []byte, v Version, packet int) ([]Certificate, error) {
	s := cryptobyte.String(b)
	var context, list, der, extensions cryptobyte.String
	if v == TLS13 && !s.ReadUint8LengthPrefixed(&context) || !s.ReadUint24LengthPrefixed(&list) {
		return nil, errMalformed
	}
	var all []Certificate
	for !list.Empty() {
		if !list.ReadUint24LengthPrefixed(&der) || v == TLS13 && !list.ReadUint16LengthPrefixed(&extensions) {
			return nil, errMalformed
		}
		all = appendBounded(all, readCertificate(der, packet))
	}
	return all, nil
}

func readCertificate(der []byte, packet int) Certificate {
	c := Certificate{Packet: packet, SHA256: fingerprint(der)}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		c.Malformed = err.Error()
		return c
	}
	c.Subject, c.Issuer = parsed.Subject.String(), parsed.Issuer.String()
	c.NotBefore, c.NotAfter = parsed.NotBefore.UTC(), parsed.NotAfter.UTC()
	return c
}
