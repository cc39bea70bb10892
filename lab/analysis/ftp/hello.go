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
func (l *Line) Unasked() bool { return l.From == Client && (tlsRecord(l.Text) || OldHello(l.Text) > 0) }

// The size of an old hello's fields, and of the shortest one: with one cipher and 16 bytes of challenge.
const (
	oldHelloHead  = 11
	shortestHello = 28
)

// OldHello returns the size of a ClientHello in the form of SSL 2 with which data begins, 0 if data does not begin with
// its head. Clients sent it that knew SSL 2, to servers of TLS, too (RFC 5246, appendix E.2).
func OldHello[T string | []byte](data T) int {
	if len(data) < oldHelloHead || !mayBeOldHello(data) {
		return 0
	}
	field := func(at int) int { return int(data[at])<<8 | int(data[at+1]) }
	length := field(0) &^ 0x8000
	fits := field(5)%3 == 0 && length == oldHelloHead-2+field(5)+field(7)+field(9)
	if version := field(3); !fits || version != 2 && version>>8 != 3 {
		return 0
	}
	return 2 + length
}

// mayBeOldHello reports whether data may be the beginning of an old hello: a length of less than 512 bytes with the highest
// bit, the type, and the version. Commands of Telnet have another first byte.
func mayBeOldHello[T string | []byte](data T) bool {
	return len(data) > 0 && data[0]&^1 == 0x80 && (len(data) < 2 || data[0] > 0x80 || data[1] >= shortestHello) &&
		(len(data) < 3 || data[2] == clientHello) && (len(data) < 4 || data[3] == 0 || data[3] == 3)
}

// withoutOldHello are the chunks of one direction of TLS without an old hello. What comes next is in records.
func withoutOldHello(chunks []tcp.Chunk) []tcp.Chunk {
	var head []byte
	for _, c := range chunks {
		if head = append(head, c.Data...); len(head) >= oldHelloHead {
			break
		}
	}
	for left := OldHello(head); left > 0 && len(chunks) > 0; {
		c := chunks[0]
		n := min(left, len(c.Data))
		left -= n
		chunks = chunks[1:]
		if c.Seq, c.Data = c.Seq+int64(n), c.Data[n:]; len(c.Data) > 0 {
			chunks = append([]tcp.Chunk{c}, chunks...)
		}
	}
	return chunks
}

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
