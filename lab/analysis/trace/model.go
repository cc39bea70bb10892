// The facts that a capture gives up: connections, sessions, lines, exchanges.

package trace

import (
	"iter"
	"net/netip"
	"time"

	"ftplab/lab/pcapng"
)

// A Trace is everything that one capture shows.
type Trace struct {
	// Packets is the number of packets in the file, whatever they carry.
	Packets int
	// Truncated counts the packets that the recorder cut short ("snapped"):
	// fewer bytes are in the file than were on the wire.
	Truncated int
	// Cut says why reading stopped before the end of the file, in words for a
	// person; it is empty for a file that is whole. Everything up to the last
	// whole packet has been read.
	Cut string
	// Dropped is the number of packets that the recorder says it lost, from
	// the interface statistics of a pcapng file.
	Dropped uint64
	// Names are the names of hosts that a pcapng file brings along.
	Names []pcapng.Name
	// Unread counts the packets of a kind of link that is not known here; of
	// them nothing but the number is.
	Unread int
	// Start is the time of the first packet, in nanoseconds since 1970.
	Start int64
	// Besides are the first packets (MaxBesides of them) that are not TCP but
	// help to understand it: ARP, DNS, ICMP.
	Besides []*Packet

	connections store
	sessions    []saved
}

// Connections yields all TCP connections, in the order of their first packets.
//
// A capture may hold a million SYNs that nobody answers, and as many sessions of a
// few packets. A small connection is therefore not kept, unless one of its packets is
// (see Packet.Keep) or Options.Keep asks for it: it is made anew to be looked at, and
// overwritten by the next one. Copy what is to be held (not with slices.Collect), or use
// Options.Keep.
func (t *Trace) Connections() iter.Seq[*Connection] { return t.connections.all() }

// Connection returns the connection with an ID, which must be one that there is. One
// that is not kept is made anew each time.
func (t *Trace) Connection(id int) *Connection { return t.connections.told(id, newDesk()) }

// NumConnections is how many connections there are; their IDs are all numbers
// below it.
func (t *Trace) NumConnections() int { return t.connections.len() }

// Add adds a connection to a trace that is made by hand, not read, and gives it the
// next ID. The Control of one for data is an ID, too: 0 is the first connection's.
func (t *Trace) Add(c *Connection) { t.connections.add(c) }

// MaxBesides is how many packets that are not TCP a Trace keeps.
const MaxBesides = 100

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

// A Connection is one TCP connection, from the first packet the capture has of
// it to the last.
type Connection struct {
	// ID counts connections from 0 in the order of their first packets, as
	// Wireshark's tcp.stream does.
	ID int
	// Client and Server are the addresses of the two FTP roles.
	Client, Server netip.AddrPort
	// FirstPacket and LastPacket are packet numbers.
	FirstPacket, LastPacket int
	// FirstTime and LastTime are the stamps of those two packets, in
	// nanoseconds since 1970.
	FirstTime, LastTime int64
	// Role is what it was for.
	Role Role
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

	// Mode, Announced, Control and Transfer tell of a data connection how it
	// came about. Announced is nil if no announcement was seen, Transfer if no
	// command that used it was.
	Mode      Mode
	Announced *Announcement
	// Control is the ID of the control connection it belongs to, NoConnection if
	// none was seen.
	Control  int
	Transfer *Transfer
	// SHA256 is the digest, in hexadecimal, of the bytes that a data
	// connection carried. It is "" for no bytes, for a stream with a hole, and
	// with Options.NoHash.
	SHA256 string

	// ClientFlow and ServerFlow are what each side sent.
	ClientFlow, ServerFlow Flow

	reading   *conn // while the capture is being read
	clientDir int8  // the direction (0: first seen sender) that is the client's
}

// NoConnection stands for the ID of a connection where there is none.
const NoConnection = -1

// A Flow is one direction of a connection: what one side sent.
type Flow struct {
	// Packets counts every packet.
	Packets int
	// SYN is the number of the first packet with this flag, 0 for none.
	SYN int
	// ISN is the sequence number on the wire that the relative number 0
	// stands for: the SYN's, or one less than the first one seen.
	ISN uint32
	// Segments counts the packets that carry data.
	Segments int
	// Bytes is the length of the stream as far as it was seen: retransmitted
	// bytes are counted once, holes are not counted.
	Bytes int64
	// Missing is the number of bytes that the capture has not got although
	// later ones show that they were sent.
	Missing int64
	// Wire is the number of bytes of data in all segments, those that were
	// sent again included.
	Wire int64
	// Retransmissions and OutOfOrder count segments, by Wireshark's rules.
	Retransmissions, OutOfOrder int
	// FIN and RST are the numbers of the first packets with these flags, 0
	// for none.
	FIN, RST int
	// FirstData and LastData are the numbers of the first and the last packet
	// with data, 0 for none.
	FirstData, LastData int
	// FINTime and the others are the stamps of those packets, in nanoseconds
	// since 1970.
	FINTime, RSTTime, FirstDataTime, LastDataTime int64
}

// Flow returns what the given side sent.
func (c *Connection) Flow(s Side) *Flow {
	if s == Server {
		return &c.ServerFlow
	}
	return &c.ClientFlow
}

// Addr returns the address of the given side.
func (c *Connection) Addr(s Side) netip.AddrPort {
	if s == Server {
		return c.Server
	}
	return c.Client
}

// Missing reports how many bytes of the connection, both directions together,
// the capture has not got.
func (c *Connection) Missing() int64 { return c.ClientFlow.Missing + c.ServerFlow.Missing }

// A Session is the FTP dialogue of one control connection.
type Session struct {
	Control *Connection
	// User is the name of the last login that succeeded, or else of the last
	// that was tried.
	User string
	// TLS says that the dialogue went on in TLS, unreadable, from packet
	// TLSFrom on.
	TLS     bool
	TLSFrom int
	// Overlong says that the dialogue is so long that only its beginning was
	// read: many megabytes, or a hundred thousand lines more than packets.
	Overlong bool
	// Lines is the whole dialogue, in the order in which it was said: a command before
	// its answer, even if a recorder with several queues has the two the other way round.
	Lines []*Line
	// Exchanges are the commands with their replies, in the order of the
	// commands.
	Exchanges []*Exchange
	// Unsolicited are the replies that answer no command: the greeting, a
	// time-out, and whatever answers a command from before the capture began.
	Unsolicited []*Reply
	// Announcements are the addresses offered for data connections, in order.
	Announcements []*Announcement
}

// A Line is one line of the dialogue, however it was cut into segments.
type Line struct {
	// From is the side that said it.
	From Side
	// Text is the line without its CRLF and without Telnet commands.
	Text string
	// Seq and End are the relative sequence numbers of its first byte and of
	// the byte behind its CRLF.
	Seq, End int64
	// FirstPacket and Packet are the packets that hold its first and its last
	// byte; Time is the stamp of Packet, in nanoseconds since 1970.
	FirstPacket, Packet int
	Time                int64
	// Complete says that its end was seen. AfterGap says that bytes are
	// missing in front of it, so that it may not start where it seems to.
	Complete, AfterGap bool
}

// A Reply is one reply of the server, of one line or of many (RFC 959
// section 4.2).
type Reply struct {
	// Code is the reply code; 0 for a line that is no reply.
	Code int
	// Text is the text behind the code. The lines of a multi-line reply are
	// joined by newlines, the last without its code as the first.
	Text string
	// FirstPacket and Packet are the packets that hold its first and its last
	// byte; Time is the stamp of Packet. Of a reply whose last line is not in
	// the capture Packet is that of the first line. A recorder with several queues may
	// have a reply before its command.
	FirstPacket, Packet int
	Time                int64
	// Lines are the lines it consists of.
	Lines []*Line
}

// An Exchange is a command and the replies to it.
type Exchange struct {
	// Line is the line that the command is.
	*Line
	// Command is the verb in capital letters, Argument the rest of the line.
	Command, Argument string
	// Replies are all replies to it: 150 and 226, for a transfer. Behind a hole in
	// what the server said, a client that has waited for every reply until then is
	// taken to have had those that are missing.
	Replies []*Reply
	// Data are the IDs of the data connections that it used: one, as a rule.
	Data []int
}

// Final returns the code of the reply that completed the command (200 or
// above), 0 if none was seen.
func (e *Exchange) Final() int {
	for i := len(e.Replies) - 1; i >= 0; i-- {
		if e.Replies[i].Code >= 200 {
			return e.Replies[i].Code
		}
	}
	return 0
}

// An Announcement is an address for a data connection, offered on a control
// connection: by PORT or EPRT, or in the reply to PASV or EPSV.
type Announcement struct {
	// Command is PORT, EPRT, PASV or EPSV.
	Command string
	Mode    Mode
	// Addr is the announced address. EPSV announces a port only; its address
	// is the server's (RFC 2428 section 3).
	Addr netip.AddrPort
	// Packet is the packet of the command; of the reply, if the command is
	// not in the capture. ReplyPacket is the packet of the reply, 0 for none.
	Packet, ReplyPacket int
	// ReplyCode is the code of the reply, 0 for none.
	ReplyCode int
	// Exchange is the index of the command among the session's Exchanges, -1 if
	// it was not seen.
	Exchange int
	// Foreign says that the address is not that of the party that announced
	// it, as its packets show it: the mark of an address translator between
	// them, or of a bounce.
	Foreign bool
	// Connections are the IDs of the data connections that came to this address.
	Connections []int

	from int // the packet from which on a connection may answer it
	seen int // exchanges before it
}

// A Transfer is the gist of the command that a data connection was used by.
type Transfer struct {
	// Exchange is its index among the Exchanges of the session.
	Exchange int
	// Command, Argument and Packet are the command's, Reply is its final reply's
	// code, 0 if none was seen.
	Command, Argument string
	Packet, Reply     int
}
