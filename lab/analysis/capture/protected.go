// Data connections in TLS. They are read in a reading of their own: by then the control
// connections have been read, and with them the secrets that later sessions resume.

package capture

import "ftplab/lab/analysis/ftp"

// findProtected finds the data connections that seem to be in TLS.
func (c *Capture) findProtected(openings []opening) {
	for id, p := range c.purposes {
		if p.Role == ftp.Data && openings[id].tls {
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

// Protected reports whether the connection with an ID is a data connection that begins with
// a handshake of TLS. Whether it is in TLS says [ftp.Connection.TLS].
func (c *Capture) Protected(id int) bool { return c.protected[id] }
