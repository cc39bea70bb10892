package tls

import (
	"crypto/cipher"
	"crypto/subtle"
	"encoding/binary"
)

// A ccm decrypts AES-CCM (RFC 3610; RFC 6655), which Go's library does not have. Its
// nonces have 12 bytes, so the length of the data has 3 bytes.
type ccm struct {
	block cipher.Block
	tag   int // bytes of the authentication tag
}

const ccmNonce = 12

func (c ccm) NonceSize() int { return ccmNonce }
func (c ccm) Overhead() int  { return c.tag }

// Open decrypts and authenticates, as [cipher.AEAD] describes it.
func (c ccm) Open(dst, nonce, sealed, aad []byte) ([]byte, error) {
	if len(sealed) < c.tag {
		return nil, errMAC
	}
	data, tag := sealed[:len(sealed)-c.tag], sealed[len(sealed)-c.tag:]
	// The key stream is AES of a counter; its first block encrypts the tag.
	counter := [16]byte{0: 2} // length of the length field - 1
	copy(counter[1:], nonce)
	stream := cipher.NewCTR(c.block, counter[:])
	var pad [16]byte
	stream.XORKeyStream(pad[:], pad[:])
	at := len(dst)
	dst = append(dst, data...)
	stream.XORKeyStream(dst[at:], dst[at:])

	sum := c.mac(nonce, dst[at:], aad)
	subtle.XORBytes(sum[:], sum[:], pad[:])
	if subtle.ConstantTimeCompare(sum[:c.tag], tag) != 1 {
		return nil, errMAC
	}
	return dst, nil
}

// mac is the CBC-MAC of RFC 3610, section 2.2.
func (c ccm) mac(nonce, data, aad []byte) (sum [16]byte) {
	first := [16]byte{0: byte(1<<6 | (c.tag-2)/2<<3 | 2)} // with additional data
	copy(first[1:], nonce)
	first[13] = byte(len(data) >> 16)
	binary.BigEndian.PutUint16(first[14:], uint16(len(data)))
	add := func(b []byte) {
		for len(b) > 0 {
			n := subtle.XORBytes(sum[:], sum[:], b[:min(16, len(b))])
			c.block.Encrypt(sum[:], sum[:])
			b = b[n:]
		}
	}
	add(first[:])
	add(append(binary.BigEndian.AppendUint16(nil, uint16(len(aad))), aad...))
	add(data)
	return sum
}
