// The connections of a capture in the terms of FTP.

package ftp

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"ftplab/lab/analysis/packet"
	"ftplab/lab/analysis/tcp"
)

// A Side is a party of a connection in the terms of FTP. It is "" for no party, and if the
// capture does not show which one it was.
type Side string

// The two sides of every FTP connection. On another connection the client of TLS is the client,
// or else the side that opened it. If the capture has no handshake, the client is the side whose
// port no service has by default, or else the sender of the first packet.
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

// The roles of RFC 959: one control connection for the dialogue, a data connection for each
// transfer. Connections that are not FTP are Other.
const (
	Control Role = "control"
	Data    Role = "data"
	Other   Role = "other"
)

// A Mode is the way in which a data connection came about.
type Mode string

// Active: the server connected to the address in the client's PORT or EPRT. Passive: the
// client connected to the address in the server's reply to PASV or EPSV (RFC 959 section
// 3.3, RFC 2428).
const (
	Active  Mode = "active"
	Passive Mode = "passive"
)

// An Identity identifies a connection, with its role.
type Identity struct {
	// ID counts connections from 0 in the order of their first packets, as
	// Wireshark's tcp.stream does.
	ID int
	// Client and Server are the addresses of the two FTP roles.
	Client, Server netip.AddrPort
	// FirstPacket and LastPacket are packet numbers.
	FirstPacket, LastPacket int
	Purpose
}

// A Purpose is what only the whole capture shows of a connection.
type Purpose struct {
	// Role is its role in FTP.
	Role Role
	// ClientDir is the direction of the client, 0 or 1: what it sends is Flow(ClientDir) of a
	// [tcp.State].
	ClientDir int

	// TLSFrom is the packet from which on the dialogue of a control connection is in TLS,
	// ClearFrom that from which on it is in clear again. TLSFrom of a data connection that
	// seems to be in TLS is its first packet. 0 is none.
	TLSFrom, ClearFrom int

	// Mode, DataPort, Control and Transfer describe a data connection. Mode is "" if it is
	// Inferred and the capture does not show who opened it, DataPort nil if its announcement
	// is not in the capture, Transfer if its command is not.
	Mode     Mode
	DataPort *DataPort
	// Control is the ID of its control connection, NoConnection if that is not in the
	// capture.
	Control  int
	Transfer *Transfer
	// Unseen is the transfer of a data connection whose command is not in the capture, as the replies and the
	// data show it; nil if they do not. Its Packet is that of the preliminary reply.
	Unseen *Transfer
	// OtherHosts are the sides of a data connection that do not have the address of that party of
	// the control connection: another host, or another address of the same one.
	OtherHosts []Side
	// Proxy is the proxy that was asked for a data connection, nil for none. The request and the
	// reply come before the content and are not part of it.
	Proxy *Proxy

	// Unannounced says of a connection with the role Other that all sessions are in the capture as a whole, and none
	// of them announces it. So it is not a server's data connection in active mode, and its client is the
	// side that opened it.
	Unannounced bool
	// Inferred says that no announcement shows that it is a data connection, but only its hosts, its
	// ports and its time. See WhyInferred.
	Inferred bool
	// Greeted says that the dialogue of a control connection begins with the server's greeting (RFC 959,
	// 5.4), as far as it is in the capture.
	Greeted bool

	asker int8 // the direction of the request
}

// CompareHosts finds the OtherHosts of a data connection between two ends, by direction. The parties
// are those of its session, whose proxy, if any, has the addresses of the hosts behind it.
func (p *Purpose) CompareHosts(ends [2]netip.AddrPort, client, server netip.AddrPort, proxy *Proxy) {
	if p.Proxy != nil {
		return // what it is connected to is the proxy
	}
	for dir, end := range ends {
		side, party, behind := p.Side(dir), client, netip.AddrPort{}
		if side == Server {
			party = server
		}
		if proxy != nil {
			behind = proxy.Client
			if side == Server {
				behind, _ = netip.ParseAddrPort(proxy.Server)
			}
		}
		if at := end.Addr().Unmap(); at != party.Addr().Unmap() && at != behind.Addr().Unmap() {
			p.OtherHosts = append(p.OtherHosts, side)
		}
	}
}

// WhyInferred says why no announcement shows that an Inferred data connection is one; "" for other connections.
func (p *Purpose) WhyInferred() string {
	switch {
	case !p.Inferred:
		return ""
	case p.DataPort != nil:
		return "the port that " + p.DataPort.Line() + " announces is not in the capture"
	case p.Transfer != nil:
		return "what announces it is not in the capture"
	}
	return "what announces it cannot be read"
}

// IsOtherHost reports whether a side is one of the OtherHosts.
func (p *Purpose) IsOtherHost(s Side) bool { return slices.Contains(p.OtherHosts, s) }

// InTLS reports whether what the connection carries is in TLS in the given packet.
func (p *Purpose) InTLS(packet int) bool {
	return p.TLSFrom > 0 && packet >= p.TLSFrom && (p.ClearFrom <= p.TLSFrom || packet < p.ClearFrom)
}

// A Connection is one TCP connection, from its first packet in the capture to its last.
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
	// HandshakeRTT is the time from the SYN to the SYN and ACK that answers it, and SYNTime
	// when that SYN was sent, in nanoseconds since 1970. They are valid only if
	// HandshakeTimed. [tcp.State] says which one it is of a SYN that was sent again.
	HandshakeRTT   time.Duration
	SYNTime        int64
	HandshakeSeen  bool // the capture has a SYN and its answer
	HandshakeTimed bool // and one place has both
	Unsure         bool // of HandshakeRTT; see [tcp.State]
	// RoundTrip is that of the path, from SYNTime to the ACK that ends the handshake, valid only if
	// RoundTripKnown. Otherwise it is HandshakeRTT at least. See [tcp.State.RoundTrip].
	RoundTripKnown bool
	RoundTrip      time.Duration
	// FirstFIN is the side whose FIN came first in the capture, ResetBy the side that sent
	// the first RST; "" for none.
	FirstFIN, ResetBy Side
	// SHA256 is the digest, in hexadecimal, of the bytes that a data connection carried.
	// It is "" for no bytes, except those of a complete transfer (see IsEmpty), if the capture lacks some of them or
	// does not show where they start and end, and if no digests were requested.
	SHA256 string
	// TLS describes TLS on a data connection, or on a connection that may be one; it is nil for
	// one in clear. SHA256 is then the digest of the content inside TLS, "" if not all of it
	// could be decrypted.
	TLS *TLSLayer

	// ClientFlow and ServerFlow are what each side sent.
	ClientFlow, ServerFlow tcp.Flow
}

// NoConnection is the ID of no connection.
const NoConnection = -1

// Flow returns what the given side sent.
func (c *Connection) Flow(s Side) *tcp.Flow {
	if s == Server {
		return &c.ServerFlow
	}
	return &c.ClientFlow
}

// ShowsRoles reports whether the capture shows which side of the connection is the client of FTP, or would be if
// it were FTP: the side that opened a connection that nothing announces, or to a port that no announcement gives by default.
func (c *Connection) ShowsRoles() bool {
	return c.Role != Other || c.OpenedBy != "" && (c.Unannounced || c.Addr(c.OpenedBy.Other()).Port() < packet.FirstUserPort)
}

// Refused reports whether a SYN was answered with RST.
func (c *Connection) Refused() bool {
	return c.ResetBy != "" && c.OpenedBy == c.ResetBy.Other() && c.Flow(c.ResetBy).SYN == 0
}

// Unanswered reports whether a SYN was sent, and nothing shows an answer to it.
func (c *Connection) Unanswered() bool {
	other := c.OpenedBy.Other()
	return c.OpenedBy != "" && c.Flow(other).Packets == 0 && !c.LacksSide(other)
}

// Content returns how many bytes the given side sent, without those for a proxy.
func (c *Connection) Content(s Side) int64 {
	n := c.Flow(s).Bytes
	if c.Proxy == nil {
		return n
	}
	if c.Side(int(c.asker)) == s {
		return n - c.Proxy.front[0]
	}
	return n - c.Proxy.front[1]
}

// Addr returns the address of the given side.
func (i *Identity) Addr(s Side) netip.AddrPort {
	if s == Server {
		return i.Server
	}
	return i.Client
}

// LacksStart reports whether the capture lacks the start of the connection: a side sent what only
// comes after its SYN, or the side that opened acknowledges it, and there is no SYN of it. A capture
// that begins with a reset, or with an ACK that a reset answers, lacks the start of that connection.
func (c *Connection) LacksStart() bool {
	reset := c.ClientFlow.RST+c.ServerFlow.RST > 0
	lacks := func(s Side) bool {
		f := c.Flow(s)
		acknowledged := c.OpenedBy == s.Other() && strings.ContainsAny(c.History, "ADF")
		return f.SYN == 0 && f.Packets > 0 && (f.Segments+f.FIN > 0 || acknowledged || c.OpenedBy == s || !reset)
	}
	return lacks(Client) || lacks(Server) || c.ID == 0 && c.ClientFlow.SYN+c.ServerFlow.SYN == 0 && reset
}

// WhyLacksStart says what the capture lacks of the start of the connection; "" if [Connection.LacksStart]
// is false.
func (c *Connection) WhyLacksStart() string {
	switch {
	case !c.LacksStart():
		return ""
	case c.Began() == 0:
		return "the capture begins in the middle of a connection"
	case c.LostHandshake():
		return "the capture lacks the SYN and the SYN-ACK of a connection"
	case c.Flow(c.OpenedBy).SYN == 0:
		return "the capture lacks the SYN of the " + string(c.OpenedBy)
	}
	return "the capture lacks the SYN-ACK of the " + string(c.OpenedBy.Other())
}

// Began returns the packet with which the connection began, or 0 if it is older than the capture: no SYN
// of it is in the capture, and nothing shows that it began later. An announcement shows that, as the
// connection came after it, and the greeting, which is the first thing said.
func (c *Connection) Began() int {
	a := c.DataPort
	switch {
	case !c.LacksStart() || c.ClientFlow.SYN+c.ServerFlow.SYN > 0 || c.Greeted:
		return c.FirstPacket
	case a != nil && !a.PortLost:
		return min(max(a.Packet, a.ReplyPacket), c.FirstPacket)
	}
	return 0
}

// LostHandshake reports whether the capture lacks both SYNs of the connection, although it is not older than
// the capture.
func (c *Connection) LostHandshake() bool {
	return c.LacksStart() && c.ClientFlow.SYN+c.ServerFlow.SYN == 0 && c.Began() > 0
}

// ShowsStart reports whether the capture shows where the stream of a side starts: it has the side's SYN,
// or the SYN-ACK that acknowledges it, or another acknowledgement in front of the command, before which nobody
// sends data.
func (c *Connection) ShowsStart(s Side) bool {
	acked := c.Flow(s).SYNAcked
	return c.Flow(s).SYN > 0 || c.OpenedBy == s && c.Flow(s.Other()).SYN > 0 ||
		acked > 0 && c.Transfer != nil && acked < c.Transfer.Packet
}

// LacksSide reports whether the capture has no packet of a side, although the other side
// acknowledges some.
func (c *Connection) LacksSide(s Side) bool {
	return c.Flow(s).Packets == 0 && strings.ContainsAny(c.History, "HhAaDdFf")
}

// ClosedFirst returns the side whose FIN came first. It is "" if the capture does not show that: it has
// no FIN, it lacks the other side, or the first FIN acknowledges an earlier one that the recorder lost.
func (c *Connection) ClosedFirst() Side {
	if c.FirstFIN == "" || c.LacksSide(c.FirstFIN.Other()) {
		return ""
	}
	if other := c.Flow(c.FirstFIN.Other()); c.Flow(c.FirstFIN).FINAck > 1+other.Bytes+other.Missing {
		return ""
	}
	return c.FirstFIN
}

// Side names a direction of a connection; "" for -1.
func (p *Purpose) Side(direction int) Side {
	switch direction {
	case -1:
		return ""
	case p.ClientDir:
		return Client
	}
	return Server
}

// NewIdentity returns the identity of a connection with a purpose between two ends, by direction.
func NewIdentity(p *Purpose, id int, ends [2]netip.AddrPort, first, last int) Identity {
	return Identity{
		ID: id, Client: ends[p.ClientDir], Server: ends[1-p.ClientDir], FirstPacket: first, LastPacket: last, Purpose: *p,
	}
}

// NewConnection returns the facts of a connection, when all its packets have been read.
func NewConnection(p *Purpose, id int, s *tcp.State) Connection {
	opener := s.Initiator()
	c := Connection{
		Identity:  NewIdentity(p, id, s.Ends, s.FirstPacket, s.LastPacket),
		FirstTime: s.FirstTime, LastTime: s.LastTime,
		OpenedBy: p.Side(opener), FirstFIN: p.Side(s.FirstFIN()), ResetBy: p.Side(s.FirstRST()),
		HandshakeRTT: s.HandshakeRTT, SYNTime: s.SYNTime,
		HandshakeSeen: s.HandshakeSeen, HandshakeTimed: s.HandshakeTimed, Unsure: s.Unsure,
		ClientFlow: s.Flow(p.ClientDir), ServerFlow: s.Flow(1 - p.ClientDir),
	}
	c.RoundTrip, c.RoundTripKnown = s.RoundTrip()
	if opener < 0 {
		opener = p.ClientDir
	}
	c.History = s.History(opener)
	return c
}
