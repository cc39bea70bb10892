// The SHA-256 of a stream, computed as it passes.

package tcp

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"slices"
	"sort"

	"ftplab/lab/analysis/packet"
)

// maxWaiting limits the memory, of all streams together, for bytes that come after a
// gap that may still be filled.
const maxWaiting = 32 << 20

// A Pool counts the waiting bytes of all streams.
type Pool struct{ bytes int }

// Size is how much memory they take, in bytes.
func (p *Pool) Size() int { return p.bytes }

// headHeld is how many segments of a stream without a SYN are held until the
// start of the stream is known.
const headHeld = 32

// A Digest computes the SHA-256 of one direction of a connection as it passes.
type Digest struct {
	// To, if set, takes the bytes in the order of the stream instead of the
	// hash. A chunk's data is valid until To returns; its fields about
	// acknowledgements are not set.
	To func(Chunk)
	// Skip is how many bytes at the start of the stream are left out. It has to be set before the
	// first call.
	Skip int64

	early   *Recording // the data until the start of the stream is known; nil if there is none
	digest  *digest    // once the start is known
	doubted []Chunk    // whose bytes are in doubt

	// undecided is how many of them there were after the last look at them, when the receiver
	// had decided up to the number decidedTo.
	undecided int
	decidedTo int64
}

// Add takes the data of a segment of the direction h.
func (d *Digest) Add(pool *Pool, h *Half, p *packet.Packet, seg *Segment) {
	if d.digest != nil {
		d.add(h, Chunk{Seq: seg.DataSeq(), Ack: seg.Ack, Data: seg.Payload, Packet: p.Number, Time: p.Time}, seg.InDoubt())
		return
	}
	if d.early == nil {
		d.early = &Recording{}
	}
	d.early.Add(p, seg)
	d.begin(pool, h)
}

// add takes data of the direction h. What is in doubt is kept until the receiver has decided.
func (d *Digest) add(h *Half, c Chunk, doubtful bool) {
	d.settle(h)
	if !doubtful {
		d.digest.hashOf(h, c)
	} else if len(d.doubted) < maxDoubtful && d.digest.fits(&c) {
		c.Data = bytes.Clone(c.Data)
		d.digest.pool.bytes += len(c.Data) + cost
		d.doubted = append(d.doubted, c)
	}
}

// settle adds the bytes of segments in doubt that the receiver acknowledged although no other one has
// them, and drops those that it has from others.
func (d *Digest) settle(h *Half) {
	if h.doubt != nil && h.doubt.acked == d.decidedTo && len(d.doubted) == d.undecided {
		return
	}
	d.doubted = slices.DeleteFunc(d.doubted, func(c Chunk) bool {
		if !h.decided(c.Packet) {
			return false
		}
		d.digest.pool.bytes -= len(c.Data) + cost
		for _, r := range h.trusted(c.Seq, c.end()) {
			part := c
			part.Seq, part.Data = r.Start, c.Data[r.Start-c.Seq:r.End-c.Seq]
			d.digest.hashOf(h, part)
		}
		return true
	})
	if d.undecided = len(d.doubted); h.doubt != nil {
		d.decidedTo = h.doubt.acked
	}
}

// end takes what the receiver has decided on at last.
func (d *Digest) end(h *Half) {
	d.settle(h)
	d.digest.takeWaiting(h)
}

// AddRecording takes what was recorded of the direction h so far. After the
// call, the recording belongs to d.
func (d *Digest) AddRecording(pool *Pool, h *Half, r *Recording) {
	d.early = r
	d.begin(pool, h)
}

// begin starts to hash the stream when its start is known.
func (d *Digest) begin(pool *Pool, h *Half) {
	if d.early != nil && (h.synSeen || len(d.early.segments) >= headHeld) {
		d.hashEarly(pool, h)
	}
}

func (d *Digest) hashEarly(pool *Pool, h *Half) {
	d.digest = newDigest(pool, h.start()+d.Skip, d.To)
	if d.early != nil {
		for _, s := range d.early.segments {
			d.add(h, Chunk{Seq: s.seq, Ack: s.ack, Data: d.early.data[s.from:s.to], Packet: s.packet, Time: s.time}, s.doubtful)
		}
	}
	d.early = nil
}

// Sum returns the digest of the direction h in hexadecimal, or "" if the stream
// is empty or has a gap.
func (d *Digest) Sum(h *Half) string {
	have, start, end := h.Stream()
	if start += d.Skip; start >= end || !have.Covers(start, end) {
		return ""
	}
	if d.digest == nil {
		d.hashEarly(&Pool{}, h)
	}
	d.end(h)
	return d.digest.sum(start, end)
}

// SumRecording is Sum for a direction that was recorded completely.
func (d *Digest) SumRecording(h *Half, r *Recording) string {
	return (&Digest{early: r, Skip: d.Skip}).Sum(h)
}

// End passes the remaining data to To: data after a gap that the capture did not fill.
func (d *Digest) End(h *Half) {
	if d.digest == nil {
		d.hashEarly(&Pool{}, h)
	}
	d.end(h)
	h.finKnown = 0 // behind the FIN, nothing belongs to the stream, not even what came before it
	d.digest.skipGaps(h)
}

// Release gives the memory of the bytes that still wait back to the pool. It has to be called after Sum or End.
func (d *Digest) Release() {
	if d.digest == nil {
		return
	}
	for _, c := range d.doubted {
		d.digest.pool.bytes -= len(c.Data) + cost
	}
	d.doubted = nil
	d.digest.letGo()
}

// hashOf adds data of the direction h to the digest. Data behind a FIN that came before it waits: if the
// receiver did not receive the FIN, it is a part of the stream. Whether the data was recorded first makes
// no difference.
func (d *digest) hashOf(h *Half, c Chunk) {
	d.takeWaiting(h)
	if n := h.fin - c.Seq; n > 0 && h.ended(c.Packet, c.end()-1) {
		before := c
		before.Data = c.Data[:n]
		d.add(h, before)
		c.Seq, c.Data = h.fin, c.Data[n:]
	}
	d.add(h, c)
}

// ended reports whether the stream had ended before the byte with a number, which a packet has.
func (h *Half) ended(packet int, seq int64) bool {
	return h.finSeen && packet >= h.finKnown && seq >= h.fin && h.fin >= h.start()
}

// end returns the relative number after the last byte.
func (c *Chunk) end() int64 { return c.Seq + int64(len(c.Data)) }

// A digest hashes a stream in order from a relative number. Segments that are
// too early wait.
type digest struct {
	pool        *Pool
	hash        hash.Hash
	to          func(Chunk) // instead of hash; nil for none
	start, next int64
	waiting     []Chunk // in order
	latest      int     // the last packet that was added
	gap         bool    // before next
	hopeless    bool    // a gap was not filled in time; there is no digest
}

// cost is the memory of a waiting chunk in bytes, without its data.
const cost = 88

func newDigest(p *Pool, start int64, to func(Chunk)) *digest {
	return &digest{pool: p, hash: sha256.New(), to: to, start: start, next: start}
}

// add hashes data, or keeps it until the data before it has come.
func (d *digest) add(h *Half, c Chunk) {
	if d.hopeless || c.end() <= d.next {
		return
	}
	d.latest = c.Packet
	if c.Seq > d.next || h.ended(c.Packet, c.Seq) {
		d.wait(h, c)
		return
	}
	d.write(&c)
	d.takeWaiting(h)
}

// takeWaiting hashes the waiting chunks that are now in order.
func (d *digest) takeWaiting(h *Half) {
	for len(d.waiting) > 0 && d.waiting[0].Seq <= d.next && !h.ended(d.waiting[0].Packet, d.waiting[0].Seq) {
		w := d.waiting[0]
		d.waiting = d.waiting[1:]
		d.pool.bytes -= len(w.Data) + cost
		d.write(&w)
	}
}

// write hashes the part of the data that is new.
func (d *digest) write(c *Chunk) {
	end := c.end()
	if end <= d.next {
		return
	}
	c.Data = c.Data[d.next-c.Seq:]
	if d.to == nil {
		d.hash.Write(c.Data)
	} else {
		c.Seq, c.ReadableAt, c.AckedAt, c.AfterGap = d.next, d.latest, NotAcked, d.gap
		d.to(*c)
	}
	d.next, d.gap = end, false
}

// skipGaps hashes the waiting chunks, over the gaps in front of them.
func (d *digest) skipGaps(h *Half) {
	for len(d.waiting) > 0 && !h.ended(d.waiting[0].Packet, d.waiting[0].Seq) {
		if d.waiting[0].Seq > d.next {
			d.next, d.gap = d.waiting[0].Seq, true
		}
		d.takeWaiting(h)
	}
}

// wait keeps data for later. If too much waits, the gap will hardly be filled: there is no digest, but
// the data goes on after the gap.
func (d *digest) wait(h *Half, c Chunk) {
	full := !d.fits(&c)
	switch {
	case full && h.ended(c.Packet, c.Seq):
		return
	case full && d.to == nil:
		d.hopeless = true
		d.letGo()
		return
	}
	d.pool.bytes += len(c.Data) + cost
	i := len(d.waiting)
	if i > 0 && d.waiting[i-1].Seq > c.Seq {
		i = sort.Search(i, func(i int) bool { return d.waiting[i].Seq > c.Seq })
	}
	d.waiting = append(d.waiting, Chunk{})
	copy(d.waiting[i+1:], d.waiting[i:])
	c.Data = append([]byte(nil), c.Data...)
	d.waiting[i] = c
	if full {
		d.skipGaps(h)
	}
}

// fits reports whether there is room for a chunk that waits.
func (d *digest) fits(c *Chunk) bool { return d.pool.bytes+len(c.Data)+cost <= maxWaiting }

// letGo drops what waits.
func (d *digest) letGo() {
	for _, w := range d.waiting {
		d.pool.bytes -= len(w.Data) + cost
	}
	d.waiting = nil
}

// sum returns the digest if the hashed bytes are the whole stream from start to
// end, else "".
func (d *digest) sum(start, end int64) string {
	if d == nil || d.hopeless || d.start != start || d.next != end || start == end {
		return ""
	}
	return hex.EncodeToString(d.hash.Sum(nil))
}
