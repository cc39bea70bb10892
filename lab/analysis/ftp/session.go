// A control connection's dialogue: sessions, lines, exchanges.

package ftp

import "net/netip"

// A Session is the FTP dialogue of one control connection.
type Session struct {
	Control *Connection
	// User is the name of the last login that succeeded, or else of the last
	// that was tried.
	User string
	// TLS says that the dialogue went on in TLS, from packet TLSFrom on. Hidden says
	// that some of it could not be read there.
	TLS     bool
	TLSFrom int
	Hidden  bool
	// Proxy is what stands in front of the dialogue, nil for nothing.
	Proxy *Proxy
	// Layer is what is known of TLS, nil for none.
	Layer *TLSLayer
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
	// DataPorts are the addresses offered for data connections, in order.
	DataPorts []*DataPort
}

// Each calls line for every line of the dialogue and exchange for every command; either may
// be nil. It returns Layer and Overlong.
func (s *Session) Each(line func(*Line), exchange func(*Exchange)) (layer *TLSLayer, overlong bool) {
	if line != nil {
		for _, l := range s.Lines {
			line(l)
		}
	}
	if exchange != nil {
		for _, e := range s.Exchanges {
			exchange(e)
		}
	}
	return s.Layer, s.Overlong
}

// A Line is one line of the dialogue, however it was cut into segments.
type Line struct {
	// From is the side that said it.
	From Side
	// Text is the line without its CRLF and without Telnet commands.
	Text string
	// Telnet are the Telnet commands that stand in it, byte for byte; see TelnetNames.
	Telnet []byte
	// Urgent says that some of it was sent as urgent data (RFC 9293 section 3.8.5), as
	// RFC 959 section 4.1.3 wants it in front of ABOR.
	Urgent bool
	// Seq and End are the relative sequence numbers of its first byte and of
	// the byte behind its CRLF.
	Seq, End int64
	// Ack is what its sender had received of the other direction when it sent the
	// first byte, as a relative sequence number; 0 if it did not say.
	Ack int64
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
	// Replies are all replies to it: 150 and 226, for a transfer. Behind a gap in
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
	// Exchange is the index of the command among the session's Exchanges, -1 if
	// it was not seen.
	Exchange int
	// ThirdParty says that the address is not that of the party that announced
	// it, as its packets show it: the mark of an address translator between
	// them, or of a bounce (RFC 2577).
	ThirdParty bool
	// Malformed says that its line is not as its RFC wants it. It is a data port all
	// the same, since a connection came to it.
	Malformed bool
	// Connections are the IDs of the data connections that came to this address.
	// SiteToSite are those among them that another session announced, too: they are
	// between two servers (RFC 959 section 5.2, figure 2).
	Connections, SiteToSite []int

	from   int   // the packet from which on a connection may answer it
	usedUp int   // the packet from which on none may come to it once one has, 0 for never
	seen   int   // exchanges before it
	uses   []int // for each of Connections, the index of the command that used it, -1 for none
}

// A Transfer is the gist of the command that a data connection was used by.
type Transfer struct {
	// Exchange is its index among the Exchanges of the session.
	Exchange int
	// Command, Argument and Packet are the command's, Reply is its final reply's
	// code, 0 if none was seen.
	Command, Argument string
	Packet, Reply     int
	// Mode is the transmission mode that the session had agreed on (RFC 959 section 3.4):
	// "B", "C" or the "Z" of zlib, so that the bytes are not those of the file; "" for
	// streams.
	Mode string
}
