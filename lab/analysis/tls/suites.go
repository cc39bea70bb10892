package tls

import (
	"crypto"
	_ "crypto/sha1" // registers the hashes of the suites
	_ "crypto/sha256"
	_ "crypto/sha512"
	"fmt"
	"strings"
)

// A CipherSuite is the number of a cipher suite in IANA's registry.
type CipherSuite uint16

// String returns the name in the registry, or the number if the suite cannot be
// decrypted here.
func (c CipherSuite) String() string {
	if name := suiteNames[c]; name != "" {
		return name
	}
	return fmt.Sprintf("cipher suite 0x%04x", uint16(c))
}

// suiteNames has the suites that can be decrypted: those of TLS 1.3, and of older
// versions those that Go, OpenSSL and GnuTLS offer or offered by default.
var suiteNames = map[CipherSuite]string{
	0x000a: "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
	0x0016: "TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA",
	0x002f: "TLS_RSA_WITH_AES_128_CBC_SHA",
	0x0033: "TLS_DHE_RSA_WITH_AES_128_CBC_SHA",
	0x0035: "TLS_RSA_WITH_AES_256_CBC_SHA",
	0x0039: "TLS_DHE_RSA_WITH_AES_256_CBC_SHA",
	0x003c: "TLS_RSA_WITH_AES_128_CBC_SHA256",
	0x003d: "TLS_RSA_WITH_AES_256_CBC_SHA256",
	0x0067: "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256",
	0x006b: "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256",
	0x009c: "TLS_RSA_WITH_AES_128_GCM_SHA256",
	0x009d: "TLS_RSA_WITH_AES_256_GCM_SHA384",
	0x009e: "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256",
	0x009f: "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384",
	0x1301: "TLS_AES_128_GCM_SHA256",
	0x1302: "TLS_AES_256_GCM_SHA384",
	0x1303: "TLS_CHACHA20_POLY1305_SHA256",
	0x1304: "TLS_AES_128_CCM_SHA256",
	0x1305: "TLS_AES_128_CCM_8_SHA256",
	0xc008: "TLS_ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA",
	0xc009: "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
	0xc00a: "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
	0xc012: "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA",
	0xc013: "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
	0xc014: "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
	0xc023: "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256",
	0xc024: "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384",
	0xc027: "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256",
	0xc028: "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384",
	0xc02b: "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
	0xc02c: "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
	0xc02f: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
	0xc030: "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
	0xc09c: "TLS_RSA_WITH_AES_128_CCM",
	0xc09d: "TLS_RSA_WITH_AES_256_CCM",
	0xc09e: "TLS_DHE_RSA_WITH_AES_128_CCM",
	0xc09f: "TLS_DHE_RSA_WITH_AES_256_CCM",
	0xc0a0: "TLS_RSA_WITH_AES_128_CCM_8",
	0xc0a1: "TLS_RSA_WITH_AES_256_CCM_8",
	0xc0a2: "TLS_DHE_RSA_WITH_AES_128_CCM_8",
	0xc0a3: "TLS_DHE_RSA_WITH_AES_256_CCM_8",
	0xc0ac: "TLS_ECDHE_ECDSA_WITH_AES_128_CCM",
	0xc0ad: "TLS_ECDHE_ECDSA_WITH_AES_256_CCM",
	0xc0ae: "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8",
	0xc0af: "TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8",
	0xcca8: "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
	0xcca9: "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
	0xccaa: "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
}

// A suite has the algorithms of a cipher suite.
type suite struct {
	cipher cipherKind
	keyLen int
	// hash is that of the key derivation: the PRF in TLS 1.2, HKDF in TLS 1.3.
	hash crypto.Hash
	// mac is the hash of the HMAC of a CBC suite.
	mac crypto.Hash
}

// A cipherKind is an algorithm that encrypts records.
type cipherKind string

const (
	aesGCM    cipherKind = "GCM"
	aesCCM    cipherKind = "CCM"
	aesCCM8   cipherKind = "CCM_8"
	chacha20  cipherKind = "CHACHA20"
	aesCBC    cipherKind = "CBC"
	tripleDES cipherKind = "3DES"
)

// suite returns the algorithms, which it reads from the suite's name (RFC 5246,
// appendix C; RFC 8446, appendix B.4). It returns false for a suite that is not in the
// table.
func (c CipherSuite) suite() (suite, bool) {
	name, ok := suiteNames[c]
	if !ok {
		return suite{}, false
	}
	s := suite{keyLen: 16, hash: crypto.SHA256, mac: crypto.SHA1}
	has := func(part string) bool { return strings.Contains(name+"_", "_"+part+"_") }
	if has("SHA384") {
		s.hash, s.mac = crypto.SHA384, crypto.SHA384
	}
	if has("SHA256") {
		s.mac = crypto.SHA256
	}
	for _, kind := range []cipherKind{aesGCM, aesCCM, aesCCM8, aesCBC, tripleDES, chacha20} {
		if has(string(kind)) {
			s.cipher = kind
		}
	}
	switch {
	case s.cipher == tripleDES:
		s.keyLen = 24
	case has("AES_256"), s.cipher == chacha20:
		s.keyLen = 32
	}
	return s, true
}

// hasVersion reports whether the suite can be used with a version. The suites of TLS
// 1.3 belong to no other version, and authenticated encryption exists since TLS 1.2.
func (c CipherSuite) hasVersion(v Version) bool {
	s, ok := c.suite()
	if !ok || v < TLS10 || v > TLS13 {
		return false
	}
	if is13 := c>>8 == 0x13; is13 || v == TLS13 {
		return is13 && v == TLS13
	}
	return v == TLS12 || s.cipher == tripleDES || s.cipher == aesCBC && s.mac == crypto.SHA1
}
