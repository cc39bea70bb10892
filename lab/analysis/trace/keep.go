// What is done with the bytes of a connection: kept while they may be dialogue,
// hashed when they are not, and let go.

package trace

// A use is what is done with the bytes of a connection.
type use uint8

const (
	undecided use = iota // kept, since they may be dialogue
	dialogue             // kept, since they are
	opaque               // hashed
)

// data takes the data of a segment.
func (k *tracker) data(c *conn, p *Packet, t *TCP, dir int) {
	h := &c.halves[dir]
	seq := t.dataSeq()
	h.data(p, t, seq)
	switch {
	case c.use != opaque: // it goes on the tape
		c.overlong = c.overlong || h.recorded >= maxDialogue
		h.recorded += len(t.Payload)
	case k.store.noHash:
	case h.digest == nil:
		h.keep(p, t, seq)
		k.beginDigest(h)
	default:
		h.hash(seq, t.Payload)
	}
}

// recorded is how many bytes have been recorded of both directions.
func (c *conn) recorded() int { return c.halves[0].recorded + c.halves[1].recorded }

// headHeld is how many segments of a stream without SYN wait before it is known
// well enough where the stream begins.
const headHeld = 32

// beginDigest starts to hash a stream once it is known where it begins.
func (k *tracker) beginDigest(h *half) {
	if h.kept != nil && (h.synSeen || len(h.kept.segments) >= headHeld) {
		h.digestKept(&k.early)
		h.kept = nil
	}
}

// digestKept hashes what has been kept of a stream.
func (h *half) digestKept(p *pool) {
	h.digest = newDigest(p, h.start())
	if h.kept != nil {
		for _, s := range h.kept.segments {
			h.hash(s.seq, h.kept.data[s.from:s.to])
		}
	}
}

// hash adds data to the digest, but for what comes behind the end of the stream.
func (h *half) hash(seq int64, data []byte) {
	if h.finSeen && seq+int64(len(data)) > h.fin && h.fin >= h.start() {
		data = data[:max(h.fin-seq, 0)]
	}
	h.digest.add(seq, data)
}

const (
	firstLook = 4 << 10   // bytes after which other connections are looked at,
	ftpLook   = 64 << 10  // those of port 21,
	lastLook  = 256 << 10 // and after which it must be clear what they are
	// What one side says in a dialogue beyond maxDialogue is not kept.
	maxDialogue = 16 << 20
)

// decide looks at a connection that may be dialogue, and lets go of its bytes if
// it is not.
func (k *tracker) decide(c *conn) {
	if c.use == dialogue || !c.due() {
		return
	}
	recorded := k.store.recorded(c)
	switch {
	case c.recorded() >= lastLook:
		c.use = opaque
		if c.clientDirection(c.inOrder(recorded)) >= 0 {
			c.use = dialogue
		}
	case !plausible(recorded):
		c.use = opaque
	}
	if c.use != undecided && !c.own {
		k.store.dock(c.Connection)
	}
	if c.use == opaque {
		k.letGo(c, recorded)
	}
}

// due reports whether it is time to look at a connection to which data has come.
func (c *conn) due() bool {
	if c.checkAt == 0 {
		c.checkAt = firstLook
		if c.atFTPPort() {
			c.checkAt = ftpLook
		}
	}
	if c.recorded() < c.checkAt {
		return false
	}
	c.checkAt *= 2
	return true
}

// letGo of what has been recorded of a connection that is not dialogue.
func (k *tracker) letGo(c *conn, recorded [2]*recording) {
	k.store.forget(c)
	for dir := range c.halves {
		h := &c.halves[dir]
		if h.kept = nil; !k.store.noHash {
			h.kept = recorded[dir]
			k.beginDigest(h)
		}
	}
}
