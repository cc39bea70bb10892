package capture

import (
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/packet"
	"ftplab/lab/analysis/tcp"
)

// A Packet is a packet in its connection. The last three fields are zero for what is not
// TCP.
type Packet struct {
	packet.Packet
	// Segment is its TCP header with relative numbers and expert info.
	Segment *tcp.Segment
	// Connection is the connection it belongs to, From the side that sent it.
	Connection *ftp.Identity
	From       ftp.Side
}

// Clone returns a copy of a packet without its bytes, which stays valid when the capture
// is read on.
func (p *Packet) Clone() *Packet {
	c := &Packet{Packet: *p.Packet.Clone(), Connection: p.Connection, From: p.From}
	if p.Segment != nil {
		c.Segment = p.Segment.Clone(&c.Packet)
	}
	return c
}
