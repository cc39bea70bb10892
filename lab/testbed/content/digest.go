package content

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"os"
)

// A Digest identifies a file's content, so that files are compared without it.
type Digest struct {
	Size   int64 // bytes
	SHA256 [sha256.Size]byte
}

// String returns the SHA-256 in hexadecimal, as sha256sum prints it.
func (d Digest) String() string { return hex.EncodeToString(d.SHA256[:]) }

// Sum reads r to its end and returns the digest of what it read. It returns the
// error of r.
func Sum(r io.Reader) (Digest, error) {
	d := NewDigester()
	_, err := io.Copy(d, r)
	return d.Digest(), err
}

// SumFile returns the digest of a file.
func SumFile(path string) (Digest, error) {
	file, err := os.Open(path)
	if err != nil {
		return Digest{}, err
	}
	defer file.Close()
	return Sum(file)
}

// A Digester computes the digest of what is written to it.
type Digester struct {
	hash hash.Hash
	size int64
}

// NewDigester returns a Digester to which nothing has been written.
func NewDigester() *Digester { return &Digester{hash: sha256.New()} }

// Write adds p to the digest. It never fails.
func (d *Digester) Write(p []byte) (int, error) {
	d.size += int64(len(p))
	return d.hash.Write(p)
}

// Digest returns the digest of everything written so far.
func (d *Digester) Digest() Digest {
	return Digest{Size: d.size, SHA256: [sha256.Size]byte(d.hash.Sum(nil))}
}
