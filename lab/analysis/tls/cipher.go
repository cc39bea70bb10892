package tls

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/subtle"
	"encoding/binary"
	"errors"

	"golang.org/x/crypto/chacha20poly1305"
)

// errMAC says that a key does not authenticate a record.
var errMAC = errors.New("its MAC is wrong")

// An opener decrypts the records of one direction, with one key.
type opener interface {
	// open decrypts and authenticates a record and appends its content to dst. seq is
	// its number since the first use of the key, from 0. typ is the real content type.
	// It can be called for a record more than once.
	open(dst []byte, seq uint64, r *record) (data []byte, typ uint8, err error)
	// passed is called once for each record, even if the record cannot be decrypted.
	passed(r *record)
}

// An aead decrypts and authenticates data with associated data (RFC 5116).
type aead interface {
	NonceSize() int
	Overhead() int
	Open(dst, nonce, sealed, aad []byte) ([]byte, error)
}

func newAEAD(s suite, key []byte) (aead, error) {
	if s.cipher == chacha20 {
		return chacha20poly1305.New(key)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	switch s.cipher {
	case aesCCM:
		return ccm{block, 16}, nil
	case aesCCM8:
		return ccm{block, 8}, nil
	}
	return cipher.NewGCM(block)
}

func newBlock(s suite, key []byte) (cipher.Block, error) {
	if s.cipher == tripleDES {
		return des.NewTripleDESCipher(key)
	}
	return aes.NewCipher(key)
}

// nonceFor returns the nonce of a record: the IV XORed with the number of the record
// (RFC 7905, section 2; RFC 8446, section 5.3).
func nonceFor(iv []byte, seq uint64) []byte {
	nonce := make([]byte, len(iv))
	binary.BigEndian.PutUint64(nonce[len(nonce)-8:], seq)
	subtle.XORBytes(nonce, nonce, iv)
	return nonce
}
