package tls

import (
	"fmt"
	"time"
)

// A ClientHello has what a client offers in clear (RFC 8446, section 4.1.2).
type ClientHello struct {
	Packet int
	// Versions are those of the extension supported_versions, or the one version of a
	// hello without it. This list and those below leave out GREASE values (RFC 8701),
	// which have no meaning.
	Versions     []Version
	CipherSuites []CipherSuite
	ServerName   string // RFC 6066, section 3
	ALPN         []string
	// Offer is how the client offers to resume an earlier session, and Tickets are the
	// fingerprints of the sessions that it names (see [Ticket]). A session ID may be
	// that of no session: Go's client always sends one.
	Offer   Resumption
	Tickets []string
	// EarlyData says that 0-RTT data follows (RFC 8446, section 4.2.10).
	EarlyData bool

	random    [32]byte
	sessionID []byte
	etm       bool
}

// A ServerHello has what a server chose in clear (RFC 8446, section 4.1.3).
type ServerHello struct {
	Packet      int
	Version     Version
	CipherSuite CipherSuite

	random      [32]byte
	sessionID   []byte
	alpn        string
	compression uint8
	psk         int // the index of the chosen identity, -1 for none
	etm         bool
	retry       bool // it is a HelloRetryRequest
}

// Resumption is how a session continues an earlier one.
type Resumption string

// The ways to resume.
const (
	NotResumed  Resumption = ""
	BySessionID Resumption = "session ID" // RFC 5246, section 7.3
	ByTicket    Resumption = "ticket"     // RFC 5077
	ByPSK       Resumption = "PSK"        // RFC 8446, section 2.2
)

// A Ticket is a session that the server offers to resume later: a session ticket
// (RFC 5077, section 3.3; RFC 8446, section 4.6.1), or up to TLS 1.2 a session ID.
type Ticket struct {
	Packet int
	// Fingerprint is the SHA-256 of the ticket or session ID in hexadecimal. A later
	// ClientHello that names this session has the same fingerprint.
	Fingerprint string
	Lifetime    time.Duration // 0: the server does not say
}

// Handshake says how much of a handshake was seen.
type Handshake string

// How much of a handshake was seen.
const (
	NotSeen   Handshake = ""          // not even a ClientHello
	Cut       Handshake = "cut"       // its beginning, and not its end
	Encrypted Handshake = "encrypted" // TLS 1.3 without keys: its end is encrypted
	Complete  Handshake = "complete"  // both sides sent Finished
)

// A Certificate is a certificate of X.509.
type Certificate struct {
	Packet              int
	Subject, Issuer     string // as RFC 2253 writes names
	NotBefore, NotAfter time.Time
	SHA256              string // of the whole certificate, in hexadecimal
	// Malformed says why the certificate could not be parsed, so that only SHA256 is
	// set. It is "" for a good certificate.
	Malformed string
}

// An Alert is a message about the session itself (RFC 8446, section 6).
type Alert struct {
	Dir    int
	Packet int
	// Encrypted says that the alert could not be decrypted. Level and Description are 0
	// then.
	Encrypted          bool
	Level, Description uint8
}

// CloseNotify reports whether the alert says that its sender sends no more data.
func (a Alert) CloseNotify() bool { return !a.Encrypted && a.Description == alertCloseNotify }

// String returns level and description in the words of the RFC.
func (a Alert) String() string {
	if a.Encrypted {
		return "alert (encrypted)"
	}
	level := map[uint8]string{levelWarning: "warning", levelFatal: "fatal"}[a.Level]
	if level == "" {
		level = fmt.Sprintf("level %d", a.Level)
	}
	name := alertNames[a.Description]
	if name == "" {
		name = fmt.Sprintf("alert %d", a.Description)
	}
	return level + " " + name
}

// A Message is a handshake message, a change of keys, an alert, or the first application
// data of a direction.
type Message struct {
	Dir    int
	Packet int // that ends it
	// Name is that of the RFC, such as ClientHello, or says what cannot be read.
	Name string
}

// Unlisted reports whether later ones of its kind and direction are not in the list:
// application data, or records that cannot be read.
func (m *Message) Unlisted() bool { return m.Name == applicationData || m.Name == encryptedRecord }

// A Problem is something that could not be read, and why.
type Problem struct {
	Dir    int
	Packet int
	// Record is the number of the record in its direction, from 1.
	Record int
	Reason string
}

func (p Problem) String() string {
	return fmt.Sprintf("packet %d, record %d: %s", p.Packet, p.Record, p.Reason)
}

// Records counts the records of a content type.
type Records struct {
	Count   int
	Bytes   int64 // without the headers
	Largest int   // bytes of the largest, without its header
}

func (r *Records) add(length int) {
	r.Count++
	r.Bytes += int64(length)
	r.Largest = max(r.Largest, length)
}

// A Flow is one direction of a session.
type Flow struct {
	// The records, by the content type in their header. In TLS 1.3 every encrypted
	// record has the type application data.
	Handshake, ChangeCipherSpec, Alert, ApplicationData, Other Records

	// FirstPacket and LastPacket are the packets of its first and last record.
	FirstPacket, LastPacket int
	// Encrypted is the number of encrypted records, Decrypted the number of those that
	// were decrypted.
	Encrypted, Decrypted int
	// HiddenFrom and HiddenTo are the packets of the first and the last encrypted record
	// that was not decrypted, or bytes that are neither a record nor text; 0 for none.
	HiddenFrom, HiddenTo int
	// Data is the number of bytes of decrypted application data.
	Data int64
	// KeyUpdates counts the messages of that name (RFC 8446, section 4.6.3).
	KeyUpdates int
	// CloseNotify is the packet of the first close_notify alert, 0 if none was read.
	// EncryptedAlert is the packet of the last alert that could not be decrypted, 0 for
	// none. It is 0 in TLS 1.3, where nobody without keys sees which records are
	// alerts.
	CloseNotify, EncryptedAlert int
	// HandshakeCut says that bytes of a record with a handshake message in clear are
	// missing.
	HandshakeCut bool
	// ClearFrom is the first packet with bytes that are not TLS, 0 for none.
	ClearFrom int
}

// hide notes that a record cannot be read. It ends in the given packet.
func (f *Flow) hide(packet int) {
	if f.HiddenFrom == 0 {
		f.HiddenFrom = packet
	}
	f.HiddenTo = packet
}

// records returns the counter of a content type.
func (f *Flow) records(typ uint8) *Records {
	switch typ {
	case typeChangeCipherSpec:
		return &f.ChangeCipherSpec
	case typeAlert:
		return &f.Alert
	case typeHandshake:
		return &f.Handshake
	case typeApplicationData:
		return &f.ApplicationData
	}
	return &f.Other
}

// KeyState says whether a session can be decrypted.
type KeyState string

// Whether a session can be decrypted.
const (
	NoKeys       KeyState = "no keys"             // the key log has none for it
	KeysUnused   KeyState = "nothing to decrypt"  // nothing encrypted was seen, as in a handshake that fails
	KeysFit      KeyState = "decrypted"           // at least one record; see Problems for others
	KeysDoNotFit KeyState = "the keys do not fit" // not one record could be decrypted
	NotSupported KeyState = "not supported"       // not even with keys: see Problems
)

const (
	maxListed = 64 // tickets, alerts, problems and certificates that are kept of a session
)

// appendBounded appends v unless the list has maxListed elements.
func appendBounded[T any](list []T, v T) []T {
	if len(list) < maxListed {
		list = append(list, v)
	}
	return list
}
