package capture

import (
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/tcp"
)

// Contents reads the capture once for what its data connections carry. It calls take for the
// bytes of each side, in the order of the stream, and ended when the last packet of a data
// connection has passed. Of a connection in TLS take gets what is inside, if there are keys.
//
// The data is valid until take returns. Chunk.AfterGap says that bytes in front of it are
// not in the capture; with TLS, that they could not be read.
func (c *Capture) Contents(take func(x *ftp.Identity, from ftp.Side, b tcp.Chunk), ended func(*ftp.Connection)) error {
	data := func(id int) bool { return c.role(id) == ftp.Data }
	_, err := c.follow(reading{
		hi: len(c.spans), want: data, records: data,
		deliver: func(l *live, dir int, b tcp.Chunk) {
			if l.identity == nil {
				l.identify(c)
			}
			take(l.identity, l.purpose.Side(dir), b)
		},
		done: func(l *live) bool {
			l.EndDelivery()
			x := ftp.NewConnection(l.purpose, l.id, &l.State)
			x.TLS = l.Layer(l.purpose.ClientDir)
			ended(&x)
			return false
		},
	})
	return err
}
