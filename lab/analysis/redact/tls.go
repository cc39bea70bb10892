package redact

import (
	"bytes"
	"crypto/ecdh"
	"encoding/binary"
	"slices"
)

// Content types of TLS records and types of handshake messages (RFC 8446 section 5.1 and 4).
const (
	recordChangeCipherSpec = 20
	recordHandshake        = 22
	recordApplicationData  = 23
	recordHeartbeat        = 24

	messageClientHello        = 1
	messageCertificate        = 11
	messageCertificateRequest = 13
	messageCertificateStatus  = 22
)

// records rewrites TLS: names in clear become others, what is encrypted stays. Bytes that
// are no records are not covered, so they become filler.
func records(key *Key, r run) []edit {
	edits, _ := walkRecords(key, r)
	return edits
}

// walkRecords is records, and returns the number of the first byte that is encrypted, 0
// for none.
func walkRecords(key *Key, r run) (edits []edit, encryptedFrom int64) {
	var handshake []byte // of all records in clear, in one
	var bodies [][2]int  // where each part of it lies in out
	out := bytes.Clone(r.data)
	at, closed := 0, false
	for at+5 <= len(out) {
		kind, size := out[at], int(binary.BigEndian.Uint16(out[at+3:]))
		if kind < recordChangeCipherSpec || kind > recordHeartbeat || out[at+1] != 3 || out[at+2] > 4 {
			break
		}
		end := at + 5 + size
		whole := end <= len(out)
		end = min(end, len(out))
		switch {
		case kind == recordChangeCipherSpec || kind == recordApplicationData:
			if !closed {
				encryptedFrom = r.at + int64(at)
			}
			closed = true
		case kind == recordHandshake && (!closed || isClientHello(out[at+5:end])):
			handshake = append(handshake, out[at+5:end]...)
			bodies = append(bodies, [2]int{at + 5, end})
		}
		at = end
		if !whole {
			break
		}
	}
	handshake = messages(key, handshake)
	for _, b := range bodies {
		n := copy(out[b[0]:b[1]], handshake)
		handshake = handshake[n:]
	}
	if at == 0 {
		return nil, 0
	}
	return []edit{{r.at, r.at + int64(at), out[:at]}}, encryptedFrom
}

// isClientHello reports whether a record begins with a ClientHello. In TLS 1.3 a client that
// is asked for another key share sends a second one in clear, although a ChangeCipherSpec or
// 0-RTT data came before it (RFC 8446, section 4.1.2 and appendix D.4).
func isClientHello(record []byte) bool {
	return len(record) >= 6 && record[0] == messageClientHello && record[1] == 0 && record[4] == 3 && record[5] <= 4
}

// messages rewrites handshake messages in clear. The length stays.
func messages(key *Key, data []byte) []byte {
	to := bytes.Clone(data)
	for at := 0; at < len(to); {
		if len(to) < at+4 {
			break
		}
		size := int(to[at+1])<<16 | int(to[at+2])<<8 | int(to[at+3])
		body := to[at+4 : min(at+4+size, len(to))]
		switch whole := len(body) == size; {
		case to[at] == messageClientHello:
			serverName(key, body)
		case to[at] == messageCertificate || to[at] == messageCertificateRequest || to[at] == messageCertificateStatus:
			if whole {
				newDER(key).find(body)
			} else {
				clear(body) // its end is missing, so its names cannot be found
			}
		}
		at += 4 + size
	}
	return to
}

// serverName rewrites the name of the server in a ClientHello (RFC 6066 section 3). If the
// message is not whole, all that may be the name becomes zeros.
func serverName(key *Key, hello []byte) {
	at := 34 // version, random
	skip := func(width int) bool {
		if len(hello) < at+width {
			return false
		}
		n := 0
		for _, b := range hello[at : at+width] {
			n = n<<8 | int(b)
		}
		at += width + n
		return at <= len(hello)
	}
	if !skip(1) || !skip(2) || !skip(1) || len(hello) < at+2 {
		return
	}
	at += 2
	for at+4 <= len(hello) {
		kind, size := binary.BigEndian.Uint16(hello[at:]), int(binary.BigEndian.Uint16(hello[at+2:]))
		body := hello[at+4 : min(at+4+size, len(hello))]
		if kind == 0 && len(body) > 5 {
			s := speaker{key: key}
			copy(body[5:], s.words(body[5:], noWord))
		}
		at += 4 + size
	}
}

// A der rewrites what ASN.1 values hold (X.690): texts, keys, signatures, numbers.
type der struct{ s speaker }

func newDER(key *Key) *der { return &der{speaker{key: key}} }

// find rewrites all values in bytes that hold some behind fields of other kinds, such as
// lengths: each SEQUENCE that fits.
func (d *der) find(b []byte) {
	for at := 0; at+2 <= len(b); {
		if b[at] == 0x30 {
			if head, size, ok := derHeader(b[at:]); ok && size > 8 {
				d.values(b[at+head:at+head+size], 0)
				at += head + size
				continue
			}
		}
		at++
	}
}

// derHeader reads tag and length of a value that is whole.
func derHeader(b []byte) (head, size int, ok bool) {
	if len(b) < 2 {
		return 0, 0, false
	}
	head, size = 2, int(b[1])
	if n := size & 0x7f; size >= 0x80 {
		if n == 0 || n > 3 || len(b) < 2+n {
			return 0, 0, false
		}
		head, size = 2+n, 0
		for _, c := range b[2 : 2+n] {
			size = size<<8 | int(c)
		}
	}
	return head, size, head+size <= len(b)
}

// values rewrites a list of values.
func (d *der) values(b []byte, depth int) {
	const deepest = 24
	for len(b) > 0 {
		head, size, ok := derHeader(b)
		if !ok || depth > deepest {
			d.random(b)
			return
		}
		d.value(b[0], b[head:head+size], depth)
		b = b[head+size:]
	}
}

// isDER reports whether bytes are a list of values.
func isDER(b []byte) bool {
	if len(b) == 0 {
		return false
	}
	for len(b) > 0 {
		head, size, ok := derHeader(b)
		if !ok || b[0]&0x1f == 0x1f || b[0]&0xc0 == 0x40 || b[0]&0xc0 == 0xc0 {
			return false
		}
		b = b[head+size:]
	}
	return true
}

// value rewrites one value.
func (d *der) value(tag byte, b []byte, depth int) {
	const (
		boolean, integer, bitString, octetString, null, oid, enumerated = 1, 2, 3, 4, 5, 6, 10
		utcTime, generalizedTime                                        = 23, 24
	)
	switch {
	case tag&0x20 != 0:
		d.values(b, depth+1)
	case tag == boolean || tag == null || tag == oid || tag == enumerated || tag == utcTime || tag == generalizedTime:
	case tag == integer && len(b) < 8:
	case tag == integer:
		d.random(b[1:]) // the first byte has the sign
	case tag == bitString && len(b) > 1:
		switch { // the first byte says how many bits of the last one count
		case b[0] == 0 && b[1] == 0x30 && isDER(b[1:]):
			d.values(b[1:], depth+1)
		case !d.point(b[1:]):
			d.random(b[1:])
		}
	case tag == octetString && isDER(b) && slices.Contains([]byte{0x30, 3, 4, 5, 10, 1, 2}, b[0]):
		d.values(b, depth+1)
	case tag == octetString || tag&0xc0 == 0x80 && !isASCII(b):
		d.random(b)
	case bitString == tag:
	default: // texts of all kinds
		copy(b, d.s.words(b, noWord))
	}
}

// point replaces a point of an elliptic curve, which is a public key, by another one. It
// reports whether b is one.
func (d *der) point(b []byte) bool {
	curve := map[int]ecdh.Curve{65: ecdh.P256(), 97: ecdh.P384(), 133: ecdh.P521()}[len(b)]
	if curve == nil || b[0] != 4 {
		return false
	}
	size := len(b) / 2
	secret := make([]byte, size)
	copy(secret[size-31:], d.s.key.mac("point", b)[:31]) // shorter than the order of each curve
	key, err := curve.NewPrivateKey(secret)
	if err != nil {
		return false
	}
	copy(b, key.PublicKey().Bytes())
	return true
}

func isASCII(b []byte) bool {
	return !slices.ContainsFunc(b, func(c byte) bool { return c < ' ' || c > '~' })
}

// random replaces bytes by others that follow from them.
func (d *der) random(b []byte) {
	seed := bytes.Clone(b)
	for at := 0; at < len(b); at += 32 {
		copy(b[at:], d.s.key.mac("der", binary.BigEndian.AppendUint32(bytes.Clone(seed), uint32(at))))
	}
}
