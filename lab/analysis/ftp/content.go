// What a data connection carries, passed on byte for byte while its packets pass.

package ftp

import "ftplab/lab/analysis/tcp"

// Deliver has the bytes of c, a data connection, passed to take in the order of each
// stream. It has to be called before the first packet, and after Protect if the connection
// may be in TLS: then take gets what is inside, as far as that can be read, and bytes that
// are not TLS as they are. The data is valid until take returns.
func (c *Candidate) Deliver(pool *tcp.Pool, take func(dir int, b tcp.Chunk)) {
	if p := c.protected; p != nil {
		data, clear := p.session.Data, p.session.Clear
		p.session.Data = func(dir int, b tcp.Chunk) { data(dir, b); take(dir, b) }
		p.session.Clear = func(dir int, b tcp.Chunk) { clear(dir, b); take(dir, b) }
		return
	}
	c.NotDialogue(pool)
	for dir := range c.digests {
		c.digests[dir].To = func(b tcp.Chunk) { take(dir, b) }
	}
}

// Release gives memory back to the pool, when the connection has ended and its digests are known.
func (c *Candidate) Release() {
	for dir := range c.digests {
		c.digests[dir].Release()
	}
}

// EndDelivery passes on, when all packets have passed, the bytes that wait for others which
// are not in the capture.
func (c *Candidate) EndDelivery() {
	if c.protected != nil {
		c.close()
		return
	}
	for dir := range c.digests {
		c.digests[dir].End(&c.Halves[dir])
	}
}
