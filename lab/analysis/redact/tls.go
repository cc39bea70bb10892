package redact

import (
	"bytes"
	"encoding/binary"

	"ftplab/lab/analysis/ftp"
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
	at, closed := min(ftp.OldHello(out), len(out)), false
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
