package tls

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// A Version is a protocol version, with the number that a hello has.
type Version uint16

// The versions.
const (
	SSL30 Version = 0x0300
	TLS10 Version = 0x0301
	TLS11 Version = 0x0302
	TLS12 Version = 0x0303
	TLS13 Version = 0x0304
)

func (v Version) String() string {
	switch {
	case v == 0:
		return "unknown version"
	case v == SSL30:
		return "SSL 3.0"
	case v >= TLS10 && v <= TLS13:
		return fmt.Sprintf("TLS 1.%d", v-TLS10)
	}
	return fmt.Sprintf("version 0x%04x", uint16(v))
}

// Content types of records (RFC 8446, section 5.1; RFC 6520, section 3).
const (
	typeChangeCipherSpec = 20
	typeAlert            = 21
	typeHandshake        = 22
	typeApplicationData  = 23
	typeHeartbeat        = 24
)

var contentTypes = map[uint8]string{
	typeChangeCipherSpec: "change cipher spec", typeAlert: "alert", typeHandshake: "handshake",
	typeApplicationData: "application data", typeHeartbeat: "heartbeat",
}

// mostRecords is how many records RecordHeaders lists.
const mostRecords = 10

// RecordHeaders lists the records whose headers are in the data of a segment that begins with a
// record: type, version and length of the body in bytes, as the header has them. It is "" for
// other data.
func RecordHeaders(data []byte) string {
	var list []string
	for len(data) > 0 && isHeader(data) {
		if len(list) == mostRecords {
			list = append(list, "and more")
			break
		}
		length := int(binary.BigEndian.Uint16(data[3:]))
		list = append(list, fmt.Sprintf("%s, version 0x%04x, length %d", contentTypes[data[0]], uint16(version(data)), length))
		data = data[min(recordHeader+length, len(data)):]
	}
	return strings.Join(list, "; ")
}

// Types of handshake messages (RFC 5246, section 7.4; RFC 8446, section 4).
const (
	msgClientHello         = 1
	msgServerHello         = 2
	msgNewSessionTicket    = 4
	msgEndOfEarlyData      = 5
	msgEncryptedExtensions = 8
	msgCertificate         = 11
	msgServerHelloDone     = 14
	msgFinished            = 20
	msgKeyUpdate           = 24
)

// messageNames has the names of handshake messages (RFC 5246, section 7.4; RFC 6066,
// section 8; RFC 8446, section 4).
var messageNames = map[uint8]string{
	0: "HelloRequest", 1: "ClientHello", 2: "ServerHello", 4: "NewSessionTicket", 5: "EndOfEarlyData",
	8: "EncryptedExtensions", 11: "Certificate", 12: "ServerKeyExchange", 13: "CertificateRequest",
	14: "ServerHelloDone", 15: "CertificateVerify", 16: "ClientKeyExchange", 20: "Finished",
	22: "CertificateStatus", 24: "KeyUpdate",
}

// messageName is the name of a handshake message.
func messageName(typ uint8, body []byte) string {
	if hello, err := readServerHello(body); typ == msgServerHello && err == nil && hello.retry {
		return "HelloRetryRequest"
	}
	if name := messageNames[typ]; name != "" {
		return name
	}
	return fmt.Sprintf("handshake message %d", typ)
}

// Names of what is not a message of the handshake.
const (
	applicationData = "application data"
	encryptedRecord = "encrypted record"
)

// encryptedName says what is known of a record that is not decrypted: TLS 1.3 hides its
// type.
func encryptedName(typ uint8, e epoch) string {
	switch {
	case typ == typeApplicationData && e == noEpoch:
		return applicationData
	case typ == typeHandshake:
		return "encrypted handshake message"
	case typ == typeAlert:
		return "encrypted alert"
	}
	return encryptedRecord
}

// Extensions of hellos (RFC 6066, 7301, 7366, 5077, 8446).
const (
	extServerName        = 0
	extALPN              = 16
	extEncryptThenMAC    = 22
	extSessionTicket     = 35
	extPreSharedKey      = 41
	extEarlyData         = 42
	extSupportedVersions = 43
)

// Values of an alert (RFC 8446, section 6).
const (
	levelWarning     = 1
	levelFatal       = 2
	alertCloseNotify = 0
)

// alertNames has the names of RFC 5246, section 7.2, and RFC 8446, section 6.
var alertNames = map[uint8]string{
	0: "close_notify", 10: "unexpected_message", 20: "bad_record_mac", 21: "decryption_failed",
	22: "record_overflow", 30: "decompression_failure", 40: "handshake_failure", 41: "no_certificate",
	42: "bad_certificate", 43: "unsupported_certificate", 44: "certificate_revoked",
	45: "certificate_expired", 46: "certificate_unknown", 47: "illegal_parameter", 48: "unknown_ca",
	49: "access_denied", 50: "decode_error", 51: "decrypt_error", 60: "export_restriction",
	70: "protocol_version", 71: "insufficient_security", 80: "internal_error",
	86: "inappropriate_fallback", 90: "user_canceled", 100: "no_renegotiation",
	109: "missing_extension", 110: "unsupported_extension", 111: "certificate_unobtainable",
	112: "unrecognized_name", 113: "bad_certificate_status_response", 114: "bad_certificate_hash_value",
	115: "unknown_psk_identity", 116: "certificate_required", 120: "no_application_protocol",
}
