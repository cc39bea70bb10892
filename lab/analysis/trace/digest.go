// The SHA-256 of a stream, taken while it passes.

package trace

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"sort"
)

// maxWaiting bounds the bytes, of all streams together, that wait for a hole in
// front of them to be filled.
const maxWaiting = 32 << 20

// A pool counts the bytes that wait.
type pool struct{ bytes int }

// A digest hashes a stream in order, from a given relative number on. Segments
// that came too early wait their turn.
type digest struct {
	pool        *pool
	hash        hash.Hash
	start, next int64
	waiting     []early // in order
	hopeless    bool    // a hole was given up
}

// An early is a segment that came before its turn.
type early struct {
	seq  int64
	data []byte
}

// cost is what an early takes, beside its bytes.
const cost = 64

func newDigest(p *pool, start int64) *digest {
	return &digest{pool: p, hash: sha256.New(), start: start, next: start}
}

// add takes the data that stands at seq.
func (d *digest) add(seq int64, data []byte) {
	if d.hopeless || seq+int64(len(data)) <= d.next {
		return
	}
	if seq > d.next {
		d.wait(seq, data)
		return
	}
	d.write(seq, data)
	for len(d.waiting) > 0 && d.waiting[0].seq <= d.next {
		w := d.waiting[0]
		d.waiting = d.waiting[1:]
		d.pool.bytes -= len(w.data) + cost
		d.write(w.seq, w.data)
	}
}

// write hashes what is new of the data.
func (d *digest) write(seq int64, data []byte) {
	if end := seq + int64(len(data)); end > d.next {
		d.hash.Write(data[d.next-seq:])
		d.next = end
	}
}

// wait keeps data for later, in its place. If too much waits, the stream has a
// hole that nothing fills, and its digest is given up.
func (d *digest) wait(seq int64, data []byte) {
	if d.pool.bytes+len(data)+cost > maxWaiting {
		d.giveUp()
		return
	}
	d.pool.bytes += len(data) + cost
	i := len(d.waiting)
	if i > 0 && d.waiting[i-1].seq > seq {
		i = sort.Search(i, func(i int) bool { return d.waiting[i].seq > seq })
	}
	d.waiting = append(d.waiting, early{})
	copy(d.waiting[i+1:], d.waiting[i:])
	d.waiting[i] = early{seq, append([]byte(nil), data...)}
}

func (d *digest) giveUp() {
	for _, w := range d.waiting {
		d.pool.bytes -= len(w.data) + cost
	}
	d.waiting, d.hopeless = nil, true
}

// sum returns the digest if what was hashed is the whole stream from start up to
// end, else "".
func (d *digest) sum(start, end int64) string {
	if d == nil || d.hopeless || d.start != start || d.next != end || start == end {
		return ""
	}
	return hex.EncodeToString(d.hash.Sum(nil))
}
