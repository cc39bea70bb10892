package content

import "io"

// ToNVT returns what TYPE A sends of a file: its text as NVT-ASCII, where a
// line ends with CR LF (RFC 959, 3.1.1.1). A line that already does is sent as
// it is, and so is every other byte: a file that is no text arrives damaged,
// which is what TYPE I is for.
func ToNVT(r io.Reader) io.Reader {
	return &converter{from: r, convert: addCR}
}

// FromNVT returns what the receiver of TYPE A stores: its own text, where a
// line ends with LF alone. A CR that stands before anything else is kept.
func FromNVT(r io.Reader) io.Reader {
	return &converter{from: r, convert: dropCR}
}

// A converter reads a piece of a file, converts it and serves it.
type converter struct {
	from    io.Reader
	convert func(to, piece []byte, cr *bool, last bool) []byte
	piece   [16 << 10]byte
	ready   []byte // converted and not read yet
	storage []byte // in which ready lies
	cr      bool   // the piece before ended with CR
	err     error  // with which from ended
}

func (c *converter) Read(p []byte) (int, error) {
	for len(c.ready) == 0 {
		if c.err != nil {
			return 0, c.err
		}
		var n int
		n, c.err = c.from.Read(c.piece[:])
		c.storage = c.convert(c.storage[:0], c.piece[:n], &c.cr, c.err != nil)
		c.ready = c.storage
	}
	n := copy(p, c.ready)
	c.ready = c.ready[n:]
	return n, nil
}

func addCR(to, piece []byte, cr *bool, _ bool) []byte {
	for _, b := range piece {
		if b == '\n' && !*cr {
			to = append(to, '\r')
		}
		to = append(to, b)
		*cr = b == '\r'
	}
	return to
}

// dropCR holds a CR back until it has seen what follows.
func dropCR(to, piece []byte, cr *bool, last bool) []byte {
	for _, b := range piece {
		if *cr && b != '\n' {
			to = append(to, '\r')
		}
		*cr = b == '\r'
		if !*cr {
			to = append(to, b)
		}
	}
	if last && *cr {
		to = append(to, '\r')
		*cr = false
	}
	return to
}
