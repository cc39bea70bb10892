// ClientHello messages of TLS: those that nobody asked for, and those that name FTP.

package ftp

import (
	"bytes"
	"encoding/binary"

	"ftplab/lab/analysis/tcp"
)

// The types of these messages of the handshake (RFC 8446 section 4).
const (
	clientHello = 1
	serverHello = 2
)

// The types of records of the handshake, and of those with what TLS carries, which come after it.
const (
	handshakeRecord = 0x16
	applicationData = 0x17
)

// Unasked reports whether a line of a dialogue is the beginning of a TLS handshake that the
// server had not agreed to, and so took for a command.
func (l *Line) Unasked() bool { return l.From == Client && tlsRecord(l.Text) }

// unaskedHello reports whether the client began TLS although the server never agreed to it:
// the server sends nothing in TLS, and continues in clear.
func unaskedHello(client, server tcp.Stream) bool {
	_, hello := cutAtTLS(client)
	if len(hello) == 0 || hello[0].Data[0] == applicationData {
		return false
	}
	if _, answer := cutAtTLS(server); len(answer) > 0 {
		return false
	}
	goesOn := false
	lines := lineReader{stream: server}
	for l, ok := lines.next(); ok; l, ok = lines.next() {
		switch code, _, _ := replyCode(l.text); code {
		case 234, 334:
			return false
		default:
			goesOn = goesOn || l.packet > hello[0].Packet
		}
	}
	return goesOn
}

// asksForFTP returns the direction whose ClientHello names the protocol FTP (RFC 7301; the
// name is registered with IANA), -1 for none. With byHost a name of the server such as
// ftp.example.test counts, too.
func asksForFTP(recorded [2]*tcp.Recording, byHost bool) int {
	for dir, r := range recorded {
		if r == nil {
			continue
		}
		b := r.Bytes()
		if !tlsRecord(b) || len(b) <= 5 || b[5] != clientHello {
			continue
		}
		if bytes.Contains(b, []byte("\x03ftp")) || bytes.Contains(b, []byte("\x0fx-filezilla-ftp")) || byHost && namesFTPHost(b) {
			return dir
		}
	}
	return -1
}

// namesFTPHost reports whether a ClientHello has a server name (RFC 6066 section 3) whose
// first label is ftp or ftps, perhaps with a number.
func namesFTPHost(hello []byte) bool {
	const header = 9 // type and length of the extension, length of the list, type and length of the name
	for at := header; ; at++ {
		i := bytes.Index(hello[min(at, len(hello)):], []byte("ftp"))
		if i < 0 {
			return false
		}
		at += i
		h := hello[at-header : at]
		size := binary.BigEndian.Uint16(h[7:])
		isName := h[0] == 0 && h[1] == 0 && h[6] == 0 &&
			binary.BigEndian.Uint16(h[2:]) == size+5 && binary.BigEndian.Uint16(h[4:]) == size+3
		if isName {
			rest := bytes.TrimLeft(bytes.TrimPrefix(hello[at+len("ftp"):], []byte("s")), "0123456789")
			return bytes.HasPrefix(rest, []byte("."))
		}
	}
}
