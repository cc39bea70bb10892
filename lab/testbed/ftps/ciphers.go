package ftps

import (
	"crypto/tls"
	_ "unsafe" // for linkname
)

// Package crypto/tls prefers AES where the processor has instructions for it, and
// ChaCha20 elsewhere, on both sides of a connection. A session would then have another
// cipher, and its capture other bytes, on some processors and in a browser. These are
// its two lists for TLS 1.3, which a tls.Config cannot choose; it keeps their names and
// types for those who link to them (go.dev/issue/67401). The change applies to the whole
// process, so in a test also to the TLS of a client or server under test.

//go:linkname suitesWithAES crypto/tls.defaultCipherSuitesTLS13
var suitesWithAES []uint16

//go:linkname suitesWithoutAES crypto/tls.defaultCipherSuitesTLS13NoAES
var suitesWithoutAES []uint16

func init() { suitesWithoutAES = suitesWithAES }

// suites12 are the cipher suites for TLS 1.2. ChaCha20 is missing: the other suites
// have the same order on every processor.
var suites12 = []uint16{
	tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
	tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
	tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA,
	tls.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA, tls.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA,
}
