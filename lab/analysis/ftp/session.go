// A control connection's dialogue: sessions, lines, exchanges.

package ftp

import (
	"net/netip"
	"slices"
	"strings"
)

// A Session is the FTP dialogue of one control connection.
type Session struct {
	Control *Connection
	// User is the name of the last login that succeeded, or else of the last attempt, "" if the capture lacks
	// some of it.
	User string
	// TLS says that the dialogue continues in TLS from packet TLSFrom on. Protection is another
	// mechanism that protects it, nil for none. Hidden says that some of that cannot be read.
	TLS        bool
	TLSFrom    int
	Protection *Protection
	Hidden     bool
	// Proxy is the proxy protocol in front of the dialogue, nil for none.
	Proxy *Proxy
	// Layer describes the TLS of the dialogue; nil for none.
	Layer *TLSLayer
	// Overlong says that only the beginning of the dialogue was read, since it has many
	// megabytes, or a hundred thousand lines more than packets.
	Overlong bool
	// Lines is the whole dialogue in its order: a command before its reply, even if a
	// recorder with several queues stored them in the reverse order.
	Lines []*Line
	// Exchanges are the commands with their replies, in the order of the
	// commands.
	Exchanges []*Exchange
	// Unsolicited are the replies that answer no command in the capture: the greeting, a
	// timeout, and replies to commands from before the capture began.
	Unsolicited []*Reply
	// DataPorts are the addresses offered for data connections, in order.
	DataPorts []*DataPort
}

// LoggedIn reports whether the capture shows a login that succeeded: a 2xx reply to USER, PASS or ACCT (RFC 959,
// section 5.4).
func (s *Session) LoggedIn() bool {
	return slices.ContainsFunc(s.Exchanges, func(e *Exchange) bool {
		return (e.Command == "USER" || e.Command == "PASS" || e.Command == "ACCT") && e.Final()/100 == 2
	})
}

// Each calls the handler for each part of the dialogue: first for all lines, then for all
// commands, then for the replies that answer none, without the number of commands before
// these. Each returns Layer and Overlong.
func (s *Session) Each(to Handler) (layer *TLSLayer, overlong bool) {
	if to.Line != nil {
		for _, l := range s.Lines {
			to.Line(l)
		}
	}
	if to.Exchange != nil {
		for _, e := range s.Exchanges {
			to.Exchange(e)
		}
	}
	if to.Unsolicited != nil {
		for _, r := range s.Unsolicited {
			to.Unsolicited(r, 0)
		}
	}
	return s.Layer, s.Overlong
}

// A Line is one line of the dialogue. It may be spread over several segments.
type Line struct {
	// From is the side that sent it.
	From Side
	// Text is the line without its CRLF and without Telnet commands.
	Text string
	// Telnet are the bytes of the Telnet commands in it; see [TelnetNames].
	Telnet []byte
	// Urgent says that some of it was sent as urgent data (RFC 9293 section 3.8.5), as
	// RFC 959 section 4.1.3 requires before ABOR.
	Urgent bool
	// Seq and End are the relative sequence numbers of its first byte and of
	// the byte after its CRLF.
	Seq, End int64
	// Ack is the relative acknowledgment number in the segment of the first byte: what
	// its sender had received by then. It is 0 without the ACK flag.
	Ack int64
	// FirstPacket and Packet are the packets that hold its first and its last
	// byte; Time is the stamp of Packet, in nanoseconds since 1970.
	FirstPacket, Packet int
	Time                int64
	// Complete says that its end is in the capture. AfterGap says that bytes before it
	// are missing, so that it may begin with the rest of another line.
	Complete, AfterGap bool
	// UnreadBefore and UnreadAfter say that the bytes which are missing before it, or its
	// end, are in the capture, inside TLS that cannot be decrypted.
	UnreadBefore, UnreadAfter bool
	// InTLS says that it was encrypted.
	InTLS bool
	// OtherBytes are what other packets have in its place.
	OtherBytes []OtherBytes
	// Injected are packets of its sender that are numbered before it, although the other side has
	// acknowledged it: the sender does not know of it. One packet is a weak sign that somebody else sent the
	// line, two are a sure one.
	Injected []int
}

// OtherBytes are what a packet has for the sequence numbers of a line, or for some of them, instead
// of the bytes that came first.
type OtherBytes struct {
	Packet int
	Text   string // without CRLF
}

// A Reply is one reply of the server, of one line or of many (RFC 959
// section 4.2).
type Reply struct {
	// Code is the reply code; 0 for a line that is not a reply.
	Code int
	// Text is the text after the code. The lines of a multi-line reply are
	// joined by newlines, the last without its code as the first.
	Text string
	// FirstPacket and Packet are the packets that hold its first and its last byte. Time
	// is the time stamp of Packet. If the last line of a reply is not in the capture,
	// Packet is that of the first line. A recorder with several queues may store a reply
	// before its command.
	FirstPacket, Packet int
	Time                int64
	// Lines are the lines it consists of.
	Lines []*Line
	// Greets says that it is the server's greeting, which needs no command.
	Greets bool
}

// IsSurplus reports whether a reply that answers no command should answer one. The greeting and the end of the session
// come without a command. A protected reply, 631 to 633, may be one of several to a transfer.
func (r *Reply) IsSurplus() bool {
	return r.Code > 0 && r.Code < 600 && r.Code != 421 && !r.Greets
}

// An Exchange is a command and the replies to it.
type Exchange struct {
	// Line is the line that the command is.
	*Line
	// Command is the verb in capital letters, Argument the rest of the line.
	Command, Argument string
	// Replies are all replies to it, for a transfer 150 and 226. After a gap in the
	// server's stream, a client that has waited for every reply before is assumed to
	// have received those in the gap.
	Replies []*Reply
	// Data are the IDs of the data connections that it used, usually one.
	Data []int
}

// Final returns the code of the reply that completed the command (200 or above), 0 if it is
// not in the capture.
func (e *Exchange) Final() int {
	for i := len(e.Replies) - 1; i >= 0; i-- {
		if e.Replies[i].Code >= 200 {
			return e.Replies[i].Code
		}
	}
	return 0
}

// stored is that of a [Transfer].
func (e *Exchange) stored() string {
	if e.Command != "STOU" || len(e.Replies) == 0 || e.Replies[0].Code/100 != 1 {
		return ""
	}
	name, _ := strings.CutPrefix(e.Replies[0].Text, "FILE: ")
	if name == e.Replies[0].Text {
		return ""
	}
	return strings.Clone(name)
}

// A DataPort is an address for a data connection, offered on a control
// connection: by PORT or EPRT, or in the reply to PASV or EPSV.
type DataPort struct {
	// Command is PORT, EPRT, PASV or EPSV, or one of RFC 1639: LPRT or LPSV.
	Command string
	Mode    Mode
	// Addr is the address. EPSV announces a port only; its address
	// is the server's (RFC 2428 section 3).
	Addr netip.AddrPort
	// Packet is the packet of the command; of the reply, if the command is
	// not in the capture. ReplyPacket is the packet of the reply, 0 for none.
	Packet, ReplyPacket int
	// ReplyCode is the code of the reply, 0 for none.
	ReplyCode int
	// Exchange is the index of the command in the session's Exchanges, -1 if it is not in
	// the capture.
	Exchange int
	// ThirdParty says that the address is not the one that the announcing party's packets
	// have. A NAT device between the two causes this, or a bounce attack (RFC 2577).
	ThirdParty bool
	// Malformed says that its line does not follow the RFC. It counts because a
	// connection came to it.
	Malformed bool
	// PortLost says that the capture lacks the port that was announced. Addr has the port of the
	// connection which came in the time of the data port.
	PortLost bool
	needed   bool // a transfer began with it
	// Unseen is the transfer that the server says is complete although no connection came to this address, nil if
	// there is none. The capture lacks the connection, or the server is wrong.
	Unseen *Transfer
	// Connections are the IDs of the data connections that came to this address.
	// SiteToSite are those of them that another session announced as well: connections
	// between two servers (RFC 959 section 5.2, figure 2).
	Connections, SiteToSite []int

	beginning string // of the address, before a PortLost

	from   int   // the packet from which on a connection may answer it
	time   int64 // of the line
	usedUp int   // the packet from which on none may come to it once one has, 0 for never
	seen   int   // exchanges before it
	uses   []int // for each of Connections, the index of the command that used it, -1 for none
}

// A Transfer is a summary of the command that used a data connection.
type Transfer struct {
	// Exchange is its index in the Exchanges of the session.
	Exchange int
	// Command, Argument and Packet are those of the command. Reply is the code of its
	// final reply, 0 if that is not in the capture.
	Command, Argument string
	Packet, Reply     int
	// Incomplete says that the end of the command is not in the capture, or is in TLS that cannot be read.
	Incomplete bool
	// Offset is the byte of the file at which it starts, as REST says (RFC 3659, 5).
	Offset int64
	// Mode is the transmission mode (RFC 959 section 3.4): "" for stream, "B" for block,
	// "C" for compressed, or "Z" for zlib. Except in stream mode the bytes are not those
	// of the file.
	Mode string
	// Announced is how many bytes the server says that the file of a RETR has: in a reply to it, or to a SIZE
	// before it. It is 0 if the server does not say it, and if other bytes than those of the file are
	// transferred: in ASCII, in another mode than stream, and from an offset.
	Announced int64
	// Stored is the name that the server gave to the file of a STOU, as its 125 or 150 says
	// (RFC 1123, 4.1.2.9); "" if it does not.
	Stored string
}

// Failed reports whether the server says that it did not transfer all (RFC 959, 4.2).
func (t *Transfer) Failed() bool { return t.Reply >= 400 }
