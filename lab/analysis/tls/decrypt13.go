// Records of TLS 1.3: each key comes from a traffic secret.

package tls

import (
	"crypto/hkdf"
	"encoding/binary"
	"errors"
)

// expandLabel is HKDF-Expand-Label with an empty context (RFC 8446, section 7.1).
func (s suite) expandLabel(secret []byte, label string, length int) ([]byte, error) {
	label = "tls13 " + label
	info := binary.BigEndian.AppendUint16(nil, uint16(length))
	info = append(info, byte(len(label)))
	info = append(info, label...)
	info = append(info, 0)
	return hkdf.Expand(s.hash.New, secret, string(info), length)
}

// updated returns the traffic secret after a KeyUpdate (RFC 8446, section 7.2).
func (s suite) updated(secret []byte) ([]byte, error) {
	return s.expandLabel(secret, "traffic upd", s.hash.Size())
}

// opener13 makes an opener from a traffic secret (RFC 8446, section 7.3).
func (s suite) opener13(secret []byte) (opener, error) {
	if len(secret) != s.hash.Size() {
		return nil, errors.New("a secret of another length than the cipher suite's hash")
	}
	key, err := s.expandLabel(secret, "key", s.keyLen)
	if err != nil {
		return nil, err
	}
	iv, err := s.expandLabel(secret, "iv", chachaIV)
	if err != nil {
		return nil, err
	}
	a, err := newAEAD(s, key)
	return &innerOpener{a, iv}, err
}

// An innerOpener opens records of TLS 1.3, which hide their content type and their
// length (RFC 8446, section 5.2).
type innerOpener struct {
	aead aead
	iv   []byte
}

func (o *innerOpener) open(dst []byte, seq uint64, r *record) ([]byte, uint8, error) {
	header := []byte{r.typ, byte(r.version >> 8), byte(r.version), 0, 0}
	binary.BigEndian.PutUint16(header[3:], uint16(len(r.body.Data)))
	at := len(dst)
	data, err := o.aead.Open(dst, nonceFor(o.iv, seq), r.body.Data, header)
	if err != nil {
		return nil, 0, errMAC
	}
	for n := len(data); n > at; n-- {
		if typ := data[n-1]; typ != 0 {
			return data[:n-1], typ, nil
		}
	}
	return nil, 0, errors.New("it has no content type")
}

func (o *innerOpener) passed(*record) {}
