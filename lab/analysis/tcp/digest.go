// The SHA-256 of a stream, taken while it passes.

package tcp

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"sort"

	"ftplab/lab/analysis/packet"
)

// maxWaiting bounds the bytes, of all streams together, that wait for a gap in front
// of them to be filled.
const maxWaiting = 32 << 20

// A Pool counts the bytes of all streams that wait.
type Pool struct{ bytes int }

// headHeld is how many segments of a stream without SYN wait before it is known
// well enough where the stream begins.
const headHeld = 32

// A Digest takes the SHA-256 of one direction of a connection while it passes.
type Digest struct {
	early  *Recording // until the stream is known to begin; nil for nothing
	digest *digest    // then
}

// Add takes the data of a segment of the direction h.
func (d *Digest) Add(pool *Pool, h *Half, p *packet.Packet, seg *Segment) {
	if d.digest != nil {
		d.digest.hashOf(h, seg.DataSeq(), seg.Payload)
		return
	}
	if d.early == nil {
		d.early = &Recording{}
	}
	d.early.Add(p, seg)
	d.begin(pool, h)
}

// AddRecording takes what was recorded of the direction h so far. From then on the
// recording belongs to d.
func (d *Digest) AddRecording(pool *Pool, h *Half, r *Recording) {
	d.early = r
	d.begin(pool, h)
}

// begin starts to hash the stream once it is known where it begins.
func (d *Digest) begin(pool *Pool, h *Half) {
	if d.early != nil && (h.synSeen || len(d.early.segments) >= headHeld) {
		d.hashEarly(pool, h)
	}
}

func (d *Digest) hashEarly(pool *Pool, h *Half) {
	d.digest = newDigest(pool, h.start())
	if d.early != nil {
		for _, s := range d.early.segments {
			d.digest.hashOf(h, s.seq, d.early.data[s.from:s.to])
		}
	}
	d.early = nil
}

// Sum returns the digest of the direction h in hexadecimal when all of it has passed,
// "" if it is empty or has a gap.
func (d *Digest) Sum(h *Half) string {
	have, start, end := h.Stream()
	if start == end || !have.Covers(start, end) {
		return ""
	}
	if d.digest == nil {
		d.hashEarly(&Pool{}, h)
	}
	return d.digest.sum(start, end)
}

// SumRecording returns what Sum does, of a direction that was recorded as a whole.
func SumRecording(h *Half, r *Recording) string { return (&Digest{early: r}).Sum(h) }

// hashOf adds data of the direction h to the digest, but for what comes behind the end
// of the stream.
func (d *digest) hashOf(h *Half, seq int64, data []byte) {
	if h.finSeen && seq+int64(len(data)) > h.fin && h.fin >= h.start() {
		data = data[:max(h.fin-seq, 0)]
	}
	d.add(seq, data)
}

// A digest hashes a stream in order, from a given relative number on. Segments
// that came too early wait their turn.
type digest struct {
	pool        *Pool
	hash        hash.Hash
	start, next int64
	waiting     []early // in order
	hopeless    bool    // a gap was given up
}

// An early is a segment that came before its turn.
type early struct {
	seq  int64
	data []byte
}

// cost is what an early takes, beside its bytes.
const cost = 64

func newDigest(p *Pool, start int64) *digest {
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
// gap that nothing fills, and its digest is given up.
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
