// A connection while its packets pass.

package capture

import (
	"net/netip"
	"slices"

	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/packet"
)

// begin makes l a connection of which nothing has been seen yet.
func (l *live) begin(c *Capture, id int, p *packet.Packet) {
	l.id, l.records, l.identity = id, false, nil
	l.Keys, l.ControlPorts = c.keys, c.ports
	l.Begin(netip.AddrPortFrom(p.IP.Src, p.TCP.SrcPort), netip.AddrPortFrom(p.IP.Dst, p.TCP.DstPort))
	if c.purposes != nil { // else the facts are being found out
		l.purpose = c.purposeOf(id)
	}
}

// identify gives l the identity that its packets have.
func (l *live) identify(c *Capture) {
	if c.kept != nil {
		l.identity = &c.kept.connections[l.id].Identity
		return
	}
	identity := ftp.NewIdentity(l.purpose, l.id, l.Ends, int(c.spans[l.id].first), int(c.spans[l.id].last))
	l.identity = &identity
}

// purposeOf is what a connection is for.
func (c *Capture) purposeOf(id int) *ftp.Purpose {
	if p := c.purposes[id]; p != nil {
		return p
	}
	return &c.others[c.clients[id]]
}

// makeOthers makes the purposes of connections that are not FTP.
func (c *Capture) makeOthers() {
	lacks := func(s session) bool { return !s.Whole && (!c.Complete || s.Hidden) }
	whole := (len(c.sessions) > 0 || c.Complete) && !slices.ContainsFunc(c.sessions, lacks)
	for client := range c.others {
		c.others[client] = ftp.Purpose{Role: ftp.Other, ClientDir: client, Control: ftp.NoConnection, Unannounced: whole}
	}
}

// mostLines is how many lines of a dialogue are read.
func (c *Capture) mostLines() int { return ftp.MaxLines + c.Size }

// describe fills in the facts of a connection whose packets have all passed.
func (l *live) describe(c *ftp.Connection) {
	*c = ftp.NewConnection(l.purpose, l.id, &l.State)
	if l.purpose.Role != ftp.Control {
		c.TLS = l.Layer(l.purpose.ClientDir)
	}
	if l.purpose.Role == ftp.Data || c.TLS != nil {
		c.SHA256 = l.digest(c)
	}
}

// emptySHA256 is the SHA-256 of no bytes.
const emptySHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// digest returns the digest of what the sender of a connection sent, "" if the capture may lack some of it.
func (l *live) digest(c *ftp.Connection) string {
	switch {
	case c.Lacks(c.Sender()).Any():
		return ""
	case l.Hashes != nil && c.IsEmpty():
		return emptySHA256
	}
	dir := l.purpose.ClientDir
	if c.Sender() == ftp.Server {
		dir = 1 - dir
	}
	return l.Digest(dir)
}
