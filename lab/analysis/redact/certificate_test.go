package redact

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/binary"
	"fmt"
	"math/big"
	"net"
	"net/url"
	"testing"
	"time"
)

// certificates makes a certificate with each kind of key, with all that certificates have.
func certificates(t *testing.T) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ec, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	stamp := bytes.Join([][]byte{{0}, bytes.Repeat([]byte{7}, 32), make([]byte, 8), {0, 0}, {4, 3}, {0, 70}, bytes.Repeat([]byte{9}, 70)}, nil)
	list := binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, uint16(2+len(stamp))), uint16(len(stamp)))
	stamps, err := asn1.Marshal(append(list, stamp...))
	if err != nil {
		t.Fatal(err)
	}
	name := pkix.Name{CommonName: "secrethost.example", Organization: []string{"Secretcompany"}, Country: []string{"ES"}, Locality: []string{"Málaga"}}
	template := &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(append([]byte{0x8f}, bytes.Repeat([]byte{1}, 15)...)), Subject: name,
		NotBefore: time.Now(), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, MaxPathLen: 1,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames: []string{"secrethost.example", "*.secrethost.example"}, IPAddresses: []net.IP{{192, 0, 2, 21}}, EmailAddresses: []string{"admin@secrethost.example"},
		URIs: []*url.URL{{Scheme: "https", Host: "secrethost.example", Path: "/secretpath"}}, OCSPServer: []string{"http://secrethost.example/ocsp"},
		CRLDistributionPoints: []string{"http://secrethost.example/list.crl"}, SubjectKeyId: bytes.Repeat([]byte{5}, 20),
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 4, 2}, Value: stamps}},
	}
	for kind, key := range map[string]crypto.Signer{"Ed25519": ed, "ECDSA": ec, "RSA": rsaKey} {
		cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
		if err != nil {
			t.Fatal(err)
		}
		all[kind] = cert
	}
	return all
}

// TestCertificates asks that a redacted certificate can be read, whatever the key, and has
// nothing of the server in it.
func TestCertificates(t *testing.T) {
	for kind, cert := range certificates(t) {
		before, err := x509.ParseCertificate(cert)
		if err != nil {
			t.Fatal(err)
		}
		for n := range 64 {
			out := bytes.Clone(cert)
			newDER(NewKey(fmt.Sprint(n))).find(out)
			after, err := x509.ParseCertificate(out)
			if err != nil {
				t.Errorf("%s with the key %d: %v", kind, n, err)
				continue
			}
			if after.KeyUsage != before.KeyUsage || !after.NotAfter.Equal(before.NotAfter) || after.PublicKeyAlgorithm != before.PublicKeyAlgorithm {
				t.Errorf("%s with the key %d: got the uses %d until %v", kind, n, after.KeyUsage, after.NotAfter)
			}
			if key, ok := after.PublicKey.(*rsa.PublicKey); ok && key.N.Bit(0) == 0 {
				t.Errorf("%s with the key %d: got an even modulus", kind, n)
			}
			wantStamps(t, after)
			info := before.RawSubjectPublicKeyInfo // that of RSA ends with the exponent
			for what, secret := range map[string][]byte{
				"name": []byte("secret"), "company": []byte("company"), "key": info[len(info)-25 : len(info)-5],
				"signature": before.Signature[8:40], "number": before.SerialNumber.Bytes()[1:], "key's name": before.SubjectKeyId,
				"log": bytes.Repeat([]byte{7}, 32), "stamp": bytes.Repeat([]byte{9}, 32), "address": {0x87, 4, 192, 0, 2, 21},
			} {
				if bytes.Contains(out, secret) {
					t.Errorf("%s with the key %d: the %s is still there", kind, n, what)
				}
			}
		}
	}
}

// wantStamps fails unless a certificate has a list of signed certificate timestamps, whose
// lengths fit.
func wantStamps(t *testing.T, c *x509.Certificate) {
	t.Helper()
	for _, e := range c.Extensions {
		if !e.Id.Equal(asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 4, 2}) {
			continue
		}
		var list []byte
		if _, err := asn1.Unmarshal(e.Value, &list); err != nil || len(list) < 4 {
			t.Errorf("got the list %x, error %v", list, err)
		} else if all, first := binary.BigEndian.Uint16(list), binary.BigEndian.Uint16(list[2:]); int(all) != len(list)-2 || int(first) != len(list)-4 {
			t.Errorf("got a list of %d bytes with one stamp of %d, want %d and %d", all, first, len(list)-2, len(list)-4)
		}
		return
	}
	t.Error("got no list of timestamps")
}
