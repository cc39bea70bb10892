// TLS in a dialogue: where it begins, and what is inside.

package ftp

import (
	"bytes"
	"slices"
	"unicode/utf8"

	"ftplab/lab/analysis/tcp"
	"ftplab/lab/analysis/tls"
)

// A TLSLayer describes TLS on a connection. It is complete when all packets of the
// connection have been read.
type TLSLayer struct {
	// From is the packet with which TLS begins.
	From int
	// InMiddle says that the capture begins inside TLS, after the ClientHello. The port alone
	// shows that it is FTP.
	InMiddle bool
	*tls.Session

	client int // the direction of the FTP client
}

// Hidden reports whether some records could not be decrypted, or bytes are neither a record nor
// text.
func (t *TLSLayer) Hidden() bool { return t.HiddenFrom() > 0 }

// InClear reports whether a side sent something, and all of it in clear, although the other
// side began TLS.
func (t *TLSLayer) InClear(s Side) bool {
	f := t.Flow(s)
	return f.ClearFrom > 0 && f.FirstPacket == 0
}

// Flow returns the direction of the given side.
func (t *TLSLayer) Flow(s Side) *tls.Flow { return &t.Flows[t.direction(s)] }

// KeysOf reports whether what the given side sent can be decrypted.
func (t *TLSLayer) KeysOf(s Side) tls.KeyState { return t.Session.KeysOf(t.direction(s)) }

// CertificatesOf returns the certificates that the given side sent, its own first.
func (t *TLSLayer) CertificatesOf(s Side) []tls.Certificate { return t.Certificates[t.direction(s)] }

// ClearFrom is the first packet in which the dialogue is in clear again, as after CCC
// (RFC 4217 section 5); 0 for none.
func (t *TLSLayer) ClearFrom() int {
	a, b := t.Flows[0].ClearFrom, t.Flows[1].ClearFrom
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// Side is the side that sends in a direction.
func (t *TLSLayer) Side(direction int) Side {
	if direction == t.client {
		return Client
	}
	return Server
}

func (t *TLSLayer) direction(s Side) int {
	if s == Client {
		return t.client
	}
	return 1 - t.client
}

// unwrap reads both directions of a dialogue, inside TLS and outside. The layer is nil if
// there is no TLS. A dialogue that is recorded from the middle on may begin with the rest of a
// record, which is nothing in clear, or with lines before TLS.
func unwrap(client, server tcp.Stream, keys *tls.Keys, inMiddle bool) (layer *TLSLayer, _, _ tcp.Stream) {
	var plain, rest [2][]tcp.Chunk
	var gap [2]bool // between what is in clear and TLS
	from := 0
	for dir, stream := range []tcp.Stream{client, server} {
		plain[dir], rest[dir] = cutAtTLS(stream)
		if inMiddle && !isText(plain[dir]) {
			plain[dir] = nil
		}
		inMiddle = inMiddle && (len(plain[dir]) == 0 || len(rest[dir]) == 0) // else TLS begins there
		if r := rest[dir]; len(r) > 0 {
			gap[dir] = r[0].AfterGap
			if from == 0 || r[0].Packet < from {
				from = r[0].Packet
			}
			rest[dir] = withoutOldHello(r)
		}
	}
	if from > 0 {
		s := tls.NewSession(keys)
		take := func(dir int, c tcp.Chunk) {
			c.Data = slices.Clone(c.Data)
			if gap[dir] {
				c.AfterGap, c.Unread, gap[dir] = true, false, false
			}
			plain[dir] = append(plain[dir], c)
		}
		s.Clear = take
		s.Data = func(dir int, c tcp.Chunk) {
			c.InTLS = true
			take(dir, c)
		}
		s.Read(rest)
		layer = &TLSLayer{From: from, InMiddle: inMiddle && s.ClientHello == nil, Session: s}
	}
	return layer, tcp.StreamOf(plain[0]), tcp.StreamOf(plain[1])
}

// cutAtTLS cuts a stream where TLS begins: with a record after the reply 234 to AUTH (RFC
// 4217 section 4), or at the first byte; no line of a dialogue looks like one.
func cutAtTLS(stream tcp.Stream) (before, rest []tcp.Chunk) {
	var all []tcp.Chunk
	held := 0 // from here on the chunks may be the beginning of a record
	var begun []byte
	found := false
	for c := range stream.All() {
		all = append(all, c)
		if found {
			continue
		}
		if c.AfterGap || held == len(all)-1 {
			held, begun = len(all)-1, c.Data
		} else {
			begun = slices.Concat(begun, c.Data)
		}
		found = tlsRecord(begun) || OldHello(begun) > 0
		if !found && !mayBeRecord(begun) && (len(begun) >= oldHelloHead || !mayBeOldHello(begun)) {
			held = len(all)
		}
	}
	if !found {
		held = len(all)
	}
	return slices.Clip(all[:held]), all[held:]
}

// isText reports whether chunks are lines of text, which the rest of a record is not.
func isText(chunks []tcp.Chunk) bool {
	var all []byte
	for _, c := range chunks {
		all = append(all, c.Data...)
	}
	control := func(r rune) bool { return r < ' ' && r != '\r' && r != '\n' && r != '\t' }
	return bytes.Contains(all, []byte("\n")) && utf8.Valid(all) && !bytes.ContainsFunc(all, control)
}

// anyRecord reports whether a recorded segment begins like a record of TLS. It is fast,
// since few connections have one.
func anyRecord(recorded [2]*tcp.Recording) bool {
	for _, r := range recorded {
		if r == nil {
			continue
		}
		for data := range r.Segments() {
			if data[0] >= 0x14 && data[0] <= 0x17 && (tlsRecord(data) || mayBeRecord(data)) || OldHello(data) > 0 {
				return true
			}
		}
	}
	return false
}

// tlsRecord reports whether data begins like a record of TLS (RFC 8446
// section 5.1).
func tlsRecord[T string | []byte](data T) bool {
	return len(data) > 2 && data[0] >= 0x14 && data[0] <= 0x17 && data[1] == 3 && data[2] <= 4
}

// tlsAlert reports whether data is a record of TLS with an alert in clear, and nothing else
// (RFC 8446 section 6).
func tlsAlert(data []byte) bool {
	const header, size = 5, 2
	return len(data) == header+size && data[0] == 0x15 && tlsRecord(data) && data[3] == 0 && data[4] == size && (data[5] == 1 || data[5] == 2)
}

// mayBeRecord reports whether data is the beginning of a record, but too short to be sure.
func mayBeRecord(data []byte) bool {
	const record = "\x16\x03\x01"
	return len(data) < len(record) && tlsRecord(append(slices.Clip(data), record[len(data):]...))
}
