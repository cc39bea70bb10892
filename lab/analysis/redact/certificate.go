// Certificates: their names become others. So do keys, signatures and serial numbers, which
// identify the server as well. Programs can still read the new certificate.

package redact

import (
	"crypto/ecdh"
	"encoding/binary"
	"slices"
)

// A der rewrites what ASN.1 values hold (X.690): texts, keys, signatures, numbers.
type der struct{ s speaker }

func newDER(key *Key) *der { return &der{speaker{key: key}} }

// find rewrites all ASN.1 values in bytes that also contain other fields, such as lengths:
// each SEQUENCE that fits.
func (d *der) find(b []byte) {
	for at := 0; at+2 <= len(b); {
		if b[at] == 0x30 {
			if head, size, ok := derHeader(b[at:]); ok && size > 8 {
				d.values(b[at+head:at+head+size], 0)
				at += head + size
				continue
			}
		}
		at++
	}
}

// derHeader reads tag and length of a value that is whole.
func derHeader(b []byte) (head, size int, ok bool) {
	if len(b) < 2 {
		return 0, 0, false
	}
	head, size = 2, int(b[1])
	if n := size & 0x7f; size >= 0x80 {
		if n == 0 || n > 3 || len(b) < 2+n {
			return 0, 0, false
		}
		head, size = 2+n, 0
		for _, c := range b[2 : 2+n] {
			size = size<<8 | int(c)
		}
	}
	return head, size, head+size <= len(b)
}

// values rewrites a list of values.
func (d *der) values(b []byte, depth int) {
	const deepest = 24
	for len(b) > 0 {
		head, size, ok := derHeader(b)
		if !ok || depth > deepest {
			d.random(b)
			return
		}
		d.value(b[0], b[head:head+size], depth)
		b = b[head+size:]
	}
}

// isDER reports whether bytes are a list of values.
func isDER(b []byte) bool {
	if len(b) == 0 {
		return false
	}
	for len(b) > 0 {
		head, size, ok := derHeader(b)
		if !ok || b[0]&0x1f == 0x1f || b[0]&0xc0 == 0x40 || b[0]&0xc0 == 0xc0 {
			return false
		}
		b = b[head+size:]
	}
	return true
}

// value rewrites one value.
func (d *der) value(tag byte, b []byte, depth int) {
	const (
		boolean, integer, bitString, octetString, null, oid, enumerated = 1, 2, 3, 4, 5, 6, 10
		utcTime, generalizedTime                                        = 23, 24

		flags = 3 // the most bytes of a BIT STRING that has names for its bits
	)
	switch {
	case tag&0x20 != 0:
		d.values(b, depth+1)
	case tag == boolean || tag == null || tag == oid || tag == enumerated || tag == utcTime || tag == generalizedTime:
	case tag == integer && len(b) < 8:
	case tag == integer:
		d.number(b)
	case tag == bitString && (len(b) <= flags || b[0] != 0): // such as the uses of a key
	case tag == bitString:
		switch { // the first byte says how many bits of the last one do not count
		case b[1] == 0x30 && isDER(b[1:]):
			d.values(b[1:], depth+1)
		case !d.point(b[1:]):
			d.random(b[1:])
		}
	case tag == octetString && d.timestamps(b):
	case tag == octetString && isDER(b) && slices.Contains([]byte{0x30, 3, 4, 5, 10, 1, 2}, b[0]):
		d.values(b, depth+1)
	case tag == octetString || tag&0xc0 == 0x80 && !isASCII(b):
		d.random(b)
	default: // texts of all kinds
		copy(b, d.s.words(b, noWord))
	}
}

// number replaces a number by another one of the same size, sign and last bit: an RSA modulus
// is odd, and a number has no zeros in front that it does not need (X.690 section 8.3.2).
func (d *der) number(b []byte) {
	first, odd := b[1]&0x80, b[len(b)-1]&1
	d.random(b[1:])
	b[1] = b[1]&^0x80 | first
	b[len(b)-1] = b[len(b)-1]&^1 | odd
}

// timestamps replaces what a list of signed certificate timestamps says (RFC 6962 section
// 3.3), which names the certificate: the log, the time and the signature. It reports whether b
// is such a list.
func (d *der) timestamps(b []byte) bool {
	const version, log, time = 1, 32, 8
	list, ok := prefixed(b)
	if !ok || len(list) != len(b)-2 || len(list) == 0 {
		return false
	}
	var secrets [][]byte
	for len(list) > 0 {
		stamp, ok := prefixed(list)
		if !ok || len(stamp) < version+log+time {
			return false
		}
		extensions, ok := prefixed(stamp[version+log+time:])
		rest := stamp[version+log+time:]
		if rest = rest[min(2+len(extensions), len(rest)):]; !ok || len(rest) < 2 {
			return false
		}
		signature, ok := prefixed(rest[2:]) // behind its algorithms
		if !ok || len(signature) != len(rest)-4 {
			return false
		}
		secrets = append(secrets, stamp[version:version+log+time], extensions, signature)
		list = list[2+len(stamp):]
	}
	for _, s := range secrets {
		d.random(s)
	}
	return true
}

// prefixed returns the bytes after a length of two bytes.
func prefixed(b []byte) (value []byte, ok bool) {
	if len(b) < 2 {
		return nil, false
	}
	size := int(binary.BigEndian.Uint16(b))
	if len(b) < 2+size {
		return nil, false
	}
	return b[2 : 2+size], true
}

// point replaces a point of an elliptic curve, which is a public key, by another one. It
// reports whether b is one.
func (d *der) point(b []byte) bool {
	curve := map[int]ecdh.Curve{65: ecdh.P256(), 97: ecdh.P384(), 133: ecdh.P521()}[len(b)]
	if curve == nil || b[0] != 4 {
		return false
	}
	size := len(b) / 2
	secret := make([]byte, size)
	copy(secret[size-31:], d.s.key.mac("point", b)[:31]) // shorter than the order of each curve
	key, err := curve.NewPrivateKey(secret)
	if err != nil {
		return false
	}
	copy(b, key.PublicKey().Bytes())
	return true
}

func isASCII(b []byte) bool {
	return !slices.ContainsFunc(b, func(c byte) bool { return c < ' ' || c > '~' })
}

// random replaces bytes by others that follow from them.
func (d *der) random(b []byte) { copy(b, d.s.key.bytes("der", b, len(b))) }
