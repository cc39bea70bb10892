// Data connections in TLS: their content is decrypted while their packets are read.

package ftp

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"slices"

	"ftplab/lab/analysis/tcp"
	"ftplab/lab/analysis/tls"
)

// A protected reads TLS on a data connection.
type protected struct {
	session *tls.Session
	from    int // the packet of the first byte
	hashes  bool
	raw     [2]hash.Hash // of each direction as it is
	inside  [2]hash.Hash // of what it carries inside TLS
	partial [2]bool      // some of that is missing
	cut     [2]bool      // bytes of the direction are missing
	first   [2]byte      // the type of the handshake message that the direction begins with, 0 for none
	end     [2]int64     // the number of the byte after the last one that was read
	closed  bool
}

// SeemsTLS reports whether the first segment of a direction begins like a handshake, or is an
// alert, or whether a direction whose beginning is not in the capture has records. Only reading
// it as TLS shows whether it is.
func (c *Candidate) SeemsTLS() bool { return c.handshake || c.alert || c.insideTLS() }

// insideTLS reports whether the capture begins inside TLS.
func (c *Candidate) insideTLS() bool { return c.chains[0].seen() || c.chains[1].seen() }

// TLSClient is the direction of the client of TLS, -1 if no hello shows it.
func (c *Candidate) TLSClient() int { return slices.Index(c.hello[:], true) }

// Protect makes c a data connection in TLS, before its first packet. The pool bounds the
// segments of all connections that wait after a gap. With hashes, Digest can be called.
func (c *Candidate) Protect(pool *tcp.Pool, keys *tls.Keys, hashes bool) {
	p := &protected{session: tls.NewSession(keys), hashes: hashes}
	for dir := range 2 {
		p.raw[dir], p.inside[dir] = sha256.New(), sha256.New()
		c.digests[dir].To = func(b tcp.Chunk) {
			if p.from == 0 {
				p.from = b.Packet
			}
			if p.end[dir] == 0 {
				p.first[dir] = handshakeType(b.Data)
				if !c.Halves[dir].Begins() && !tlsRecord(b.Data) {
					p.session.BeginInRecord(dir, b.Seq)
				}
			}
			p.cut[dir] = p.cut[dir] || b.AfterGap
			p.end[dir] = b.Seq + int64(len(b.Data))
			if hashes {
				p.raw[dir].Write(b.Data)
			}
			p.session.Add(dir, b)
		}
	}
	p.session.Data = func(dir int, b tcp.Chunk) {
		p.partial[dir] = p.partial[dir] || b.AfterGap
		if hashes {
			p.inside[dir].Write(b.Data)
		}
	}
	p.session.Clear = func(dir int, _ tcp.Chunk) { p.partial[dir] = true }
	c.Hashes, c.protected, c.state = pool, p, opaque
}

// close ends the reading, when all packets have been read.
func (c *Candidate) close() {
	p := c.protected
	if p.closed {
		return
	}
	p.closed = true
	for dir := range c.digests {
		c.digests[dir].End(&c.Halves[dir])
	}
	p.session.Close()
}

// Layer returns the TLS layer of a data connection that Protect was called for, when all
// packets have been read; nil if it is not TLS.
func (c *Candidate) Layer(client int) *TLSLayer {
	if c.protected == nil {
		return nil
	}
	c.close()
	s := c.protected.session
	if c.inClear() {
		return nil
	}
	return &TLSLayer{From: c.protected.from, Session: s, client: client}
}

// handshakeType is the type of the handshake message with which the data of a stream begins,
// 0 if it does not begin like a handshake of TLS (RFC 8446 section 5.1).
func handshakeType(data []byte) byte {
	const handshake, header = 0x16, 5
	if len(data) <= header || data[0] != handshake || !tlsRecord(data) {
		return 0
	}
	return data[header]
}

// inClear reports whether there was no TLS after all: no hello, not even the beginnings of
// both, no records in the middle, and not an alert alone, with which a side refuses a connection
// that the other one closes without a handshake.
func (c *Candidate) inClear() bool {
	p := c.protected
	s := p.session
	if s.ClientHello != nil || s.ServerHello != nil || c.insideTLS() {
		return false
	}
	if p.first == [2]byte{clientHello, serverHello} || p.first == [2]byte{serverHello, clientHello} {
		return false
	}
	for _, f := range s.Flows {
		if f.ClearFrom > 0 || f.Encrypted > 0 {
			return true
		}
	}
	return len(s.Alerts) == 0
}

// protectedSum is the digest of the content of a direction: inside TLS, or of the stream itself
// if the connection is in clear. It is "" if not all of the content was read.
func (c *Candidate) protectedSum(dir int) string {
	h, p := &c.Halves[dir], c.protected
	have, start, end := h.Stream()
	if !p.hashes || start == end || p.end[dir] != end || !have.Covers(start, end) {
		return ""
	}
	s := p.session
	f := &s.Flows[dir]
	if c.inClear() || f.ClearFrom > 0 && f.FirstPacket == 0 {
		if p.cut[dir] {
			return ""
		}
		return hex.EncodeToString(p.raw[dir].Sum(nil))
	}
	for _, problem := range s.Problems {
		if problem.Dir == dir {
			return ""
		}
	}
	if f.Data == 0 || f.Decrypted < f.Encrypted || p.partial[dir] {
		return ""
	}
	return hex.EncodeToString(p.inside[dir].Sum(nil))
}
