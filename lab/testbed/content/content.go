// Package content generates the content of large files, and computes what a transfer
// does to the content of any file.
//
// A generated file is a size and a seed. Its bytes are computed when they are
// read, at any offset, so a file of several GiB takes no memory and a transfer
// may start in the middle of it (REST, RFC 3659, 5). The same seed always gives
// the same bytes, so a copy can be checked with the size and the seed alone.
package content

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
)

// A Reader reads a generated file. It implements [io.Seeker], and
// [io.WriterTo], which lets [io.Copy] write large pieces.
type Reader struct {
	state  uint64
	size   int64
	offset int64
}

// New returns a reader for the generated file with that seed and size in bytes,
// positioned at the start.
func New(seed uint64, size int64) *Reader {
	return &Reader{state: mix(seed), size: size}
}

// Size returns the size of the whole file in bytes.
func (r *Reader) Size() int64 { return r.size }

// Read reads the next bytes of the file.
func (r *Reader) Read(p []byte) (int, error) {
	left := r.size - r.offset
	if left <= 0 {
		return 0, io.EOF
	}
	if int64(len(p)) > left {
		p = p[:left]
	}
	fill(p, r.state, uint64(r.offset))
	r.offset += int64(len(p))
	return len(p), nil
}

var errBeforeStart = errors.New("seek to before the start of the file")

// Seek sets the offset of the next Read. An offset beyond the end is allowed,
// as in any file: the next Read returns [io.EOF].
func (r *Reader) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekStart:
	case io.SeekCurrent:
		offset += r.offset
	case io.SeekEnd:
		offset += r.size
	default:
		return 0, fmt.Errorf("seek: unknown whence %d", whence)
	}
	if offset < 0 {
		return 0, errBeforeStart
	}
	r.offset = offset
	return offset, nil
}

// pieceSize is large enough to hide the cost of a system call for each piece,
// and small enough to stay in the processor's cache.
const pieceSize = 256 << 10

var pieces = sync.Pool{New: func() any { return new([pieceSize]byte) }}

// WriteTo writes the rest of the file to w.
func (r *Reader) WriteTo(w io.Writer) (written int64, err error) {
	piece := pieces.Get().(*[pieceSize]byte)
	defer pieces.Put(piece)
	for {
		n, err := r.Read(piece[:])
		if err == io.EOF {
			return written, nil
		}
		m, err := w.Write(piece[:n])
		written += int64(m)
		if err != nil {
			r.offset -= int64(n - m)
			return written, err
		}
	}
}

// gamma is SplitMix64's increment: 2^64 divided by the golden ratio, made odd.
const gamma = 0x9e3779b97f4a7c15

// mix is the mixing function of SplitMix64 (Steele, Lea and Flood, "Fast
// splittable pseudorandom number generators", 2014). The generator mixes a
// counter. A counter can start anywhere, so the files are seekable.
func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// fill fills p with the bytes of a file, starting at offset. Byte i of the file
// is byte i%8 of the mixed counter i/8, counted from the lowest.
func fill(p []byte, state, offset uint64) {
	counter := state + offset/8*gamma
	if skip := offset % 8; skip != 0 {
		var word [8]byte
		binary.LittleEndian.PutUint64(word[:], mix(counter))
		p = p[copy(p, word[skip:]):]
		counter += gamma
	}
	for len(p) >= 8 {
		binary.LittleEndian.PutUint64(p, mix(counter))
		p = p[8:]
		counter += gamma
	}
	if len(p) > 0 {
		var word [8]byte
		binary.LittleEndian.PutUint64(word[:], mix(counter))
		copy(p, word[:])
	}
}
