// The connections of a capture in the language of FTP.

package ftp

import (
	"net/netip"
	"time"

	"ftplab/lab/analysis/tcp"
)

// A Side is a party of a connection in the language of FTP. It is "" where
// nobody is meant or the capture does not show who it was.
type Side string

// The two sides of every FTP connection. On a connection that is not FTP the
// one that opened it is called the client; where the capture does not show who
// did, the one that was seen first.
const (
	Client Side = "client"
	Server Side = "server"
)

// Other returns the side across the connection from s.
func (s Side) Other() Side {
	switch s {
	case Client:
		return Server
	case Server:
		return Client
	}
	return s
}

// A Role is what a connection is for.
type Role string

// The roles of RFC 959: one control connection for the dialogue, a data
// connection for each transfer. Whatever is not FTP is Other.
const (
	Control Role = "control"
	Data    Role = "data"
	Other   Role = "other"
)

// A Mode is the way in which a data connection came about.
type Mode string

// Active: the server called the client, at the address of a PORT or EPRT.
// Passive: the client called the server, at the address in the reply to a PASV
// or EPSV (RFC 959 section 3.3, RFC 2428).
const (
	Active  Mode = "active"
	Passive Mode = "passive"
)

// An Identity says which connection one is, and what it is for.
type Identity struct {
	// ID counts connections from 0 in the order of their first packets, as
	// Wireshark's tcp.stream does.
	ID int
	// Client and Server are the addresses of the two FTP roles.
	Client, Server netip.AddrPort
	// FirstPacket and LastPacket are packet numbers.
	FirstPacket, LastPacket int
	// Role is what it was for.
	Role Role

	// Mode, DataPort, Control and Transfer tell how a data connection came about.
	// DataPort is nil if no announcement of its address was seen, Transfer if no
	// command that used it was.
	Mode     Mode
	DataPort *DataPort
	// Control is the ID of the control connection it belongs to, NoConnection if
	// none was seen.
	Control  int
	Transfer *Transfer
}

// A Connection is one TCP connection, from the first packet the capture has of
// it to the last.
type Connection struct {
	Identity
	// FirstTime and LastTime are the stamps of its first and last packet, in
	// nanoseconds since 1970.
	FirstTime, LastTime int64
	// OpenedBy is the side that sent the SYN, "" when no handshake was seen.
	OpenedBy Side
	// History is Zeek's: one letter for each kind of packet at its first
	// appearance, capital for the side that opened. S SYN, H SYN and ACK,
	// A bare ACK, D data, F FIN, R RST.
	History string
	// HandshakeRTT is the time from the (first) SYN to the SYN and ACK that
	// answered it. It counts only if HandshakeSeen.
	HandshakeRTT  time.Duration
	HandshakeSeen bool
	// FirstFIN is the side whose FIN came first, ResetBy the side that sent
	// the first RST; "" for none.
	FirstFIN, ResetBy Side
	// SHA256 is the digest, in hexadecimal, of the bytes that a data
	// connection carried. It is "" for no bytes, for a stream with a gap, and
	// where no digests were asked for.
	SHA256 string
	// TLS is what is known of TLS on a data connection, nil if it is in clear. SHA256
	// is then that of what was inside TLS, "" if not all of that could be read.
	TLS *TLSLayer

	// ClientFlow and ServerFlow are what each side sent.
	ClientFlow, ServerFlow tcp.Flow
}

// NoConnection stands for the ID of a connection where there is none.
const NoConnection = -1

// Flow returns what the given side sent.
func (c *Connection) Flow(s Side) *tcp.Flow {
	if s == Server {
		return &c.ServerFlow
	}
	return &c.ClientFlow
}

// Addr returns the address of the given side.
func (i *Identity) Addr(s Side) netip.AddrPort {
	if s == Server {
		return i.Server
	}
	return i.Client
}

// Missing reports how many bytes of the connection, both directions together,
// the capture lacks.
func (c *Connection) Missing() int64 { return c.ClientFlow.Missing + c.ServerFlow.Missing }

// A Purpose is what the whole capture tells of a connection: what it is for, and which
// direction is the client's.
type Purpose struct {
	Role     Role
	Client   int // the client's direction
	Mode     Mode
	DataPort *DataPort
	Control  int
	Transfer *Transfer
}

// DefaultPurpose is that of a connection which is not FTP: its client is the side that
// opened it.
func DefaultPurpose(s *tcp.State) Purpose {
	return Purpose{Role: Other, Client: max(s.Initiator(), 0), Control: NoConnection}
}

// Side names a direction of a connection; "" for -1.
func (p *Purpose) Side(direction int) Side {
	switch direction {
	case -1:
		return ""
	case p.Client:
		return Client
	}
	return Server
}

// Identity returns the identity of the connection between two ends, by direction.
func (p *Purpose) Identity(id int, ends [2]netip.AddrPort, first, last int) Identity {
	return Identity{
		ID: id, Client: ends[p.Client], Server: ends[1-p.Client], FirstPacket: first, LastPacket: last,
		Role: p.Role, Mode: p.Mode, DataPort: p.DataPort, Control: p.Control, Transfer: p.Transfer,
	}
}

// Describe fills in c with the facts of a connection whose packets have all passed.
func (p *Purpose) Describe(c *Connection, id int, s *tcp.State) {
	opener := s.Initiator()
	*c = Connection{
		Identity:  p.Identity(id, s.Ends, s.FirstPacket, s.LastPacket),
		FirstTime: s.FirstTime, LastTime: s.LastTime,
		OpenedBy: p.Side(opener), FirstFIN: p.Side(s.FirstFIN()), ResetBy: p.Side(s.FirstRST()),
		HandshakeRTT: s.HandshakeRTT, HandshakeSeen: s.HandshakeSeen,
		ClientFlow: s.Flow(p.Client), ServerFlow: s.Flow(1 - p.Client),
	}
	if opener < 0 {
		opener = p.Client
	}
	c.History = s.History(opener)
}

// Hashed is the direction whose bytes a data connection's digest is of: that of its
// command, or else that which carried anything.
func (p *Purpose) Hashed(s *tcp.State, layer *TLSLayer) int {
	fromServer := s.Halves[1-p.Client].Segments > 0
	if layer != nil { // the handshake goes both ways
		fromServer = layer.Flow(Server).Data > 0
	}
	upload := p.Transfer != nil && p.Transfer.Sender() == Client
	if upload || p.Transfer == nil && !fromServer {
		return p.Client
	}
	return 1 - p.Client
}
