package tls

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"

	"golang.org/x/crypto/cryptobyte"
)

// errMalformed is returned for a handshake message that does not have the form of its
// type.
var errMalformed = errors.New("a malformed handshake message")

// retryRandom is the random of a ServerHello that is a HelloRetryRequest: the
// SHA-256 of these words (RFC 8446, section 4.1.3).
var retryRandom = sha256.Sum256([]byte("HelloRetryRequest"))

// readClientHello reads the body of a ClientHello (RFC 8446, section 4.1.2).
func readClientHello(b []byte) (*ClientHello, error) {
	var (
		h                              = &ClientHello{}
		s                              = cryptobyte.String(b)
		legacy                         uint16
		sessionID, suites, compression cryptobyte.String
	)
	if !s.ReadUint16(&legacy) || !s.CopyBytes(h.random[:]) || !s.ReadUint8LengthPrefixed(&sessionID) ||
		!s.ReadUint16LengthPrefixed(&suites) || !s.ReadUint8LengthPrefixed(&compression) {
		return nil, errMalformed
	}
	h.sessionID = bytes.Clone(sessionID)
	for id := range uint16s(suites) {
		h.CipherSuites = append(h.CipherSuites, CipherSuite(id))
	}
	ok := extensions(s, h.extension)
	if h.Versions == nil {
		h.Versions = []Version{Version(legacy)}
	}
	if h.Offer == NotResumed && len(sessionID) > 0 && h.mayResumeByID() {
		h.Offer, h.Tickets = BySessionID, []string{fingerprint(sessionID)}
	}
	if !ok {
		return nil, errMalformed
	}
	return h, nil
}

// mayResumeByID reports whether the session ID of the hello can be that of a session. A
// client of TLS 1.3 sends a session ID without meaning (RFC 8446, appendix D.4).
func (h *ClientHello) mayResumeByID() bool {
	for _, v := range h.Versions {
		if v >= TLS13 {
			return false
		}
	}
	return true
}

func (h *ClientHello) extension(typ uint16, v cryptobyte.String) bool {
	switch typ {
	case extServerName:
		return h.serverName(v)
	case extALPN:
		var ok bool
		h.ALPN, ok = readALPN(v)
		return ok
	case extEncryptThenMAC:
		h.etm = true
	case extEarlyData:
		h.EarlyData = true
	case extSupportedVersions:
		var list cryptobyte.String
		if !v.ReadUint8LengthPrefixed(&list) {
			return false
		}
		for id := range uint16s(list) {
			h.Versions = append(h.Versions, Version(id))
		}
	case extSessionTicket:
		if len(v) > 0 && h.Offer == NotResumed {
			h.Offer, h.Tickets = ByTicket, []string{fingerprint(v)}
		}
	case extPreSharedKey:
		return h.preSharedKeys(v)
	}
	return true
}

// serverName reads the first host name (RFC 6066, section 3).
func (h *ClientHello) serverName(v cryptobyte.String) bool {
	var list, name cryptobyte.String
	var kind uint8
	if !v.ReadUint16LengthPrefixed(&list) {
		return false
	}
	for !list.Empty() {
		if !list.ReadUint8(&kind) || !list.ReadUint16LengthPrefixed(&name) {
			return false
		}
		if kind == 0 && h.ServerName == "" {
			h.ServerName = string(name)
		}
	}
	return true
}

// preSharedKeys reads the identities. Each is a ticket, or names a key that the two
// sides agreed on outside TLS (RFC 8446, section 4.2.11).
func (h *ClientHello) preSharedKeys(v cryptobyte.String) bool {
	var list, identity cryptobyte.String
	var age uint32
	if !v.ReadUint16LengthPrefixed(&list) {
		return false
	}
	h.Offer, h.Tickets = ByPSK, nil
	for !list.Empty() {
		if !list.ReadUint16LengthPrefixed(&identity) || !list.ReadUint32(&age) {
			return false
		}
		h.Tickets = appendBounded(h.Tickets, fingerprint(identity))
	}
	return true
}

// readServerHello reads the body of a ServerHello (RFC 8446, section 4.1.3).
func readServerHello(b []byte) (*ServerHello, error) {
	var (
		h                       = &ServerHello{psk: -1}
		s                       = cryptobyte.String(b)
		version, suiteID, psk   uint16
		sessionID, alpnProtocol cryptobyte.String
	)
	if !s.ReadUint16(&version) || !s.CopyBytes(h.random[:]) || !s.ReadUint8LengthPrefixed(&sessionID) ||
		!s.ReadUint16(&suiteID) || !s.ReadUint8(&h.compression) {
		return nil, errMalformed
	}
	ok := extensions(s, func(typ uint16, v cryptobyte.String) bool {
		switch typ {
		case extSupportedVersions:
			return v.ReadUint16(&version)
		case extALPN:
			alpnProtocol = v
		case extEncryptThenMAC:
			h.etm = true
		case extPreSharedKey:
			if !v.ReadUint16(&psk) {
				return false
			}
			h.psk = int(psk)
		}
		return true
	})
	if alpnProtocol != nil && ok {
		h.alpn, ok = firstALPN(alpnProtocol)
	}
	if !ok {
		return nil, errMalformed
	}
	h.Version, h.CipherSuite = Version(version), CipherSuite(suiteID)
	h.sessionID = bytes.Clone(sessionID)
	h.retry = h.random == retryRandom
	return h, nil
}

// extensions calls use for each extension in the rest of a hello.
func extensions(s cryptobyte.String, use func(typ uint16, v cryptobyte.String) bool) bool {
	if s.Empty() {
		return true
	}
	var list, value cryptobyte.String
	if !s.ReadUint16LengthPrefixed(&list) {
		return false
	}
	for !list.Empty() {
		var typ uint16
		if !list.ReadUint16(&typ) || !list.ReadUint16LengthPrefixed(&value) || !use(typ, value) {
			return false
		}
	}
	return true
}

// readALPN reads a list of protocols (RFC 7301, section 3.1).
func readALPN(v cryptobyte.String) (protocols []string, ok bool) {
	var list, name cryptobyte.String
	if !v.ReadUint16LengthPrefixed(&list) {
		return nil, false
	}
	for !list.Empty() {
		if !list.ReadUint8LengthPrefixed(&name) {
			return nil, false
		}
		protocols = append(protocols, string(name))
	}
	return protocols, true
}

// firstALPN reads the protocol that a server chose.
func firstALPN(v cryptobyte.String) (string, bool) {
	protocols, ok := readALPN(v)
	if !ok || len(protocols) != 1 {
		return "", false
	}
	return protocols[0], true
}

// uint16s yields the numbers of a list without GREASE values (RFC 8701), which have no
// meaning.
func uint16s(s cryptobyte.String) func(yield func(uint16) bool) {
	return func(yield func(uint16) bool) {
		for v := uint16(0); s.ReadUint16(&v); {
			if grease := v&0x0f0f == 0x0a0a && v>>8 == v&0xff; !grease && !yield(v) {
				return
			}
		}
	}
}

// fingerprint is the SHA-256 of a ticket or session ID in hexadecimal.
func fingerprint(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
