// ClientHello messages of TLS: those that nobody asked for, and those that name FTP.

package ftp

import (
	"bytes"
	"iter"

	"ftplab/lab/analysis/tcp"
)

// Unasked reports whether a line of a dialogue is the beginning of a TLS handshake that the
// server had not agreed to, and so took for a command.
func (l *Line) Unasked() bool { return l.From == Client && tlsRecord([]byte(l.Text)) }

// unaskedHello reports whether the client began TLS although the server never agreed to it:
// the server sends nothing in TLS, and continues in clear.
func unaskedHello(client, server iter.Seq[tcp.Chunk]) bool {
	_, hello := cutAtTLS(client)
	if len(hello) == 0 {
		return false
	}
	if _, answer := cutAtTLS(server); len(answer) > 0 {
		return false
	}
	goesOn := false
	for l := range splitLines(server) {
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
// name is registered with IANA), -1 for none.
func asksForFTP(recorded [2]*tcp.Recording) int {
	const hello = 1
	for dir, r := range recorded {
		if r == nil {
			continue
		}
		b := r.Bytes()
		if tlsRecord(b) && len(b) > 5 && b[5] == hello &&
			(bytes.Contains(b, []byte("\x03ftp")) || bytes.Contains(b, []byte("\x0fx-filezilla-ftp"))) {
			return dir
		}
	}
	return -1
}
