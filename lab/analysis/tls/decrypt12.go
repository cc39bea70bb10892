// Records up to TLS 1.2: their keys come from the master secret.

package tls

import (
	"crypto"
	"crypto/cipher"
	"crypto/hmac"
	_ "crypto/md5" // registers the hash of TLS 1.0 and 1.1
	"crypto/subtle"
	"encoding/binary"
	"hash"
)

// parameters are the results of the two hellos of a handshake.
type parameters struct {
	version                    Version
	suite                      suite
	etm                        bool // encrypt-then-MAC (RFC 7366)
	clientRandom, serverRandom [32]byte
}

// prf is the pseudorandom function: P_hash (RFC 5246, section 5), or before TLS
// 1.2 the XOR of two of them, each with one half of the secret (RFC 2246, section
// 5).
func (p *parameters) prf(out, secret []byte, label string, seed []byte) {
	seed = append([]byte(label), seed...)
	if p.version >= TLS12 {
		pHash(out, secret, seed, p.suite.hash)
		return
	}
	half := (len(secret) + 1) / 2
	pHash(out, secret[:half], seed, crypto.MD5)
	sha := make([]byte, len(out))
	pHash(sha, secret[len(secret)-half:], seed, crypto.SHA1)
	subtle.XORBytes(out, out, sha)
}

// pHash fills out from a secret and a seed (RFC 5246, section 5).
func pHash(out, secret, seed []byte, h crypto.Hash) {
	m := hmac.New(h.New, secret)
	sum := func(parts ...[]byte) []byte {
		m.Reset()
		for _, p := range parts {
			m.Write(p)
		}
		return m.Sum(nil)
	}
	for a := sum(seed); len(out) > 0; a = sum(a) {
		out = out[copy(out, sum(a, seed)):]
	}
}

// opener12 makes the opener of a direction from the key block (RFC 5246, section
// 6.3). side is 0 for what the client sends, 1 for the server.
func (p *parameters) opener12(master []byte, side int) (opener, error) {
	s := p.suite
	macLen, ivLen := 0, 0
	switch {
	case s.isCBC():
		macLen, ivLen = s.mac.Size(), s.blockSize()
	case s.cipher == chacha20:
		ivLen = chachaIV
	default:
		ivLen = saltLen
	}
	block := make([]byte, 2*(macLen+s.keyLen+ivLen))
	p.prf(block, master, "key expansion", append(p.serverRandom[:], p.clientRandom[:]...))
	take := func(n int) []byte {
		mine := block[side*n : (side+1)*n]
		block = block[2*n:]
		return mine
	}
	macKey, key, iv := take(macLen), take(s.keyLen), take(ivLen)
	if s.isCBC() {
		b, err := newBlock(s, key)
		o := &cbcOpener{block: b, mac: hmac.New(s.mac.New, macKey), etm: p.etm}
		if p.version == TLS10 {
			o.chain = iv
		}
		return o, err
	}
	a, err := newAEAD(s, key)
	return &aeadOpener{a, iv}, err
}

func (s suite) isCBC() bool { return s.cipher == aesCBC || s.cipher == tripleDES }

func (s suite) blockSize() int {
	if s.cipher == tripleDES {
		return 8
	}
	return 16
}

const (
	saltLen     = 4 // bytes of the nonce that come from the key block (RFC 5288, section 3)
	explicitLen = 8 // the other bytes of the nonce, which the record contains
	chachaIV    = 12
)

// additional returns the additional data that is authenticated with the content: the
// record's number, type, version and the length of the content (RFC 5246, section
// 6.2.3).
func additional(seq uint64, r *record, length int) []byte {
	b := binary.BigEndian.AppendUint64(make([]byte, 0, 13), seq)
	b = append(b, r.typ, byte(r.version>>8), byte(r.version))
	return binary.BigEndian.AppendUint16(b, uint16(length))
}

// An aeadOpener opens records of GCM, CCM and ChaCha20-Poly1305 (RFC 5288, 6655,
// 7905).
type aeadOpener struct {
	aead aead
	iv   []byte // a salt of 4 bytes, or the whole IV
}

func (o *aeadOpener) open(dst []byte, seq uint64, r *record) ([]byte, uint8, error) {
	sealed := r.body.Data
	var nonce []byte
	if len(o.iv) == saltLen {
		if len(sealed) < explicitLen {
			return nil, 0, errMAC
		}
		nonce = append(o.iv[:saltLen:saltLen], sealed[:explicitLen]...)
		sealed = sealed[explicitLen:]
	} else {
		nonce = nonceFor(o.iv, seq)
	}
	if len(sealed) < o.aead.Overhead() {
		return nil, 0, errMAC
	}
	data, err := o.aead.Open(dst, nonce, sealed, additional(seq, r, len(sealed)-o.aead.Overhead()))
	if err != nil {
		return nil, 0, errMAC
	}
	return data, r.typ, nil
}

func (o *aeadOpener) passed(*record) {}

// A cbcOpener opens records of a block cipher with an HMAC (RFC 5246, section
// 6.2.3.2).
type cbcOpener struct {
	block cipher.Block
	mac   hash.Hash
	etm   bool
	// chain is the IV of the next record in TLS 1.0: the end of the previous record.
	// Later versions have the IV in the record.
	chain []byte
}

func (o *cbcOpener) open(dst []byte, seq uint64, r *record) ([]byte, uint8, error) {
	sealed, size := r.body.Data, o.block.BlockSize()
	if o.etm {
		n := len(sealed) - o.mac.Size()
		if n < 0 || !o.authentic(seq, r, sealed[:n], sealed[n:]) {
			return nil, 0, errMAC
		}
		sealed = sealed[:n]
	}
	iv := o.chain
	if iv == nil {
		if len(sealed) < size {
			return nil, 0, errMAC
		}
		iv, sealed = sealed[:size], sealed[size:]
	}
	if len(sealed) == 0 || len(sealed)%size != 0 {
		return nil, 0, errMAC
	}
	at := len(dst)
	dst = append(dst, sealed...)
	data := dst[at:]
	cipher.NewCBCDecrypter(o.block, iv).CryptBlocks(data, data)
	n, ok := unpadded(data)
	if ok && !o.etm {
		n -= o.mac.Size()
		ok = n >= 0 && o.authentic(seq, r, data[:n], data[n:n+o.mac.Size()])
	}
	if !ok {
		return nil, 0, errMAC
	}
	return dst[:at+n], r.typ, nil
}

// unpadded returns the length of data without its padding (RFC 5246, section 6.2.3.2).
// Each byte of the padding, and the byte after it, has the length of the padding as its
// value.
func unpadded(data []byte) (int, bool) {
	pad := data[len(data)-1]
	n := len(data) - 1 - int(pad)
	if n < 0 {
		return 0, false
	}
	for _, b := range data[n:] {
		if b != pad {
			return 0, false
		}
	}
	return n, true
}

// authentic reports whether want is the HMAC of the content.
func (o *cbcOpener) authentic(seq uint64, r *record, content, want []byte) bool {
	o.mac.Reset()
	o.mac.Write(additional(seq, r, len(content)))
	o.mac.Write(content)
	return hmac.Equal(o.mac.Sum(nil), want)
}

func (o *cbcOpener) passed(r *record) {
	size := o.block.BlockSize()
	sealed := r.body.Data
	if o.etm {
		sealed = sealed[:max(len(sealed)-o.mac.Size(), 0)]
	}
	if o.chain != nil && len(sealed) >= size {
		o.chain = append([]byte(nil), sealed[len(sealed)-size:]...)
	}
}
