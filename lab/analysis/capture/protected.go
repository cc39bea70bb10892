// Data connections in TLS, and connections that may be some. They are read in a reading of their own: by then the control
// connections have been read, and with them the secrets that later sessions resume.

package capture

import "ftplab/lab/analysis/ftp"

// findProtected finds the data connections that seem to be in TLS, and the other connections
// in TLS that may be some.
func (c *Capture) findProtected(f *facts) {
	for id := range f.openings {
		if !f.openings[id].tls {
			continue
		}
		o, p := f.opening(id), c.purposes[id]
		data := p != nil && p.Role == ftp.Data
		if data {
			p.TLSFrom = o.FirstPacket
		}
		if data || p == nil && o.MayBeData() {
			if c.protected == nil {
				c.protected = map[int]bool{}
			}
			c.protected[id] = true
		}
	}
}

// keepProtected puts what is known of these into the facts that are kept.
func (c *Capture) keepProtected() error {
	if len(c.protected) == 0 {
		return nil
	}
	_, err := c.follow(reading{
		hi:      len(c.spans),
		want:    func(id int) bool { return c.protected[id] },
		records: func(int) bool { return true },
		done: func(l *live) bool {
			l.describe(&c.kept.connections[l.id])
			return false
		},
	})
	return err
}

// Protected reports whether the connection with an ID is a data connection, or may be one, that
// seems to be in TLS. Whether it is says [ftp.Connection.TLS].
func (c *Capture) Protected(id int) bool { return c.protected[id] }
