package content

import "io"

// ToNVT returns what TYPE A sends for a file: its text as NVT-ASCII, where each
// line ends with CR LF (RFC 959, 3.1.1.1). A line that already ends so is sent
// unchanged, as is every other byte. A file that is not text arrives damaged;
// TYPE I is for those.
func ToNVT(r io.Reader) io.Reader {
	return &converter{from: r, convert: addCR}
}

// FromNVT returns what the receiver of TYPE A stores: text in which a line ends
// with LF alone. A CR before any other byte is kept.
func FromNVT(r io.Reader) io.Reader {
	return &converter{from: r, convert: dropCR}
}

// A converter reads a piece of a file, converts it and serves it.
type converter struct {
	from    io.Reader
	convert func(to, piece []byte, cr *bool, last bool) []byte
	piece   [16 << 10]byte
	ready   []byte // converted, not yet read
	storage []byte // backing array of ready
	cr      bool   // the previous piece ended with CR
	err     error  // the error that ended from
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

// dropCR holds back a CR until it has seen the next byte.
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
