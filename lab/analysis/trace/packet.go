// What one packet shows, from the link to TCP.

package trace

import (
	"net"
	"net/netip"
)

// A Packet is one packet of the capture.
type Packet struct {
	// Number counts from 1, as Wireshark's frame.number.
	Number int
	// Time is its stamp, in nanoseconds since 1970.
	Time int64
	// Length is its length on the wire, Captured what is in the file of it.
	Length, Captured int
	// Data are the captured bytes; nil of a packet that was kept.
	Data []byte

	// SrcMAC and DstMAC are nil on links without them; VLAN is the innermost
	// VLAN's number, -1 for none.
	SrcMAC, DstMAC net.HardwareAddr
	VLAN           int

	// IP is nil for what is not IP (and for fragments that are not whole yet,
	// only IP is set).
	IP *IP
	// At most one of these is set.
	TCP  *TCP
	UDP  *UDP
	ICMP *ICMP
	ARP  *ARP

	// Connection is the TCP connection it belongs to, nil if none. Its Role
	// and its sides are known only when the whole capture has been read. It is the
	// one that the Trace will have if the packet, or one before it, is kept; and
	// with Options.Keep from its first packet with data on. Otherwise its ID alone is
	// sure.
	Connection *Connection

	dir int
	// acks is up to where its data acknowledge the peer, if that is worth a note; else 0.
	acks int64
}

// Sender returns the side that sent p, "" if p belongs to no connection. It is sure
// once the whole capture has been read, and until then no more than a guess; see
// Packet.Connection.
func (p *Packet) Sender() Side {
	switch {
	case p.Connection == nil:
		return ""
	case p.dir == int(p.Connection.clientDir):
		return Client
	}
	return Server
}

// IP is a header of IPv4 or IPv6; of a tunnel, the innermost one.
type IP struct {
	Version  int
	Src, Dst netip.Addr
	// TTL is the time to live, or IPv6's hop limit.
	TTL int
	// ID and DF (don't fragment) are IPv4's.
	ID uint16
	DF bool
	// Protocol is the number of what it carries (6 is TCP), behind any
	// extension headers.
	Protocol int
	// Fragment says that the packet is a fragment, and Offset where it goes.
	Fragment bool
	Offset   int
	// Length is the number of bytes behind the header.
	Length int
}

// Flags of a TCP header (RFC 9293 section 3.1).
const (
	FIN = 1 << iota
	SYN
	RST
	PSH
	ACK
	URG
	ECE
	CWR
)

// TCP is a TCP header, and what the packets before it make of it.
type TCP struct {
	SrcPort, DstPort uint16
	// RawSeq and RawAck are the numbers on the wire. Seq and Ack are relative
	// and do not wrap: 0 is the SYN, 1 the first byte of the stream.
	RawSeq, RawAck uint32
	Seq, Ack       int64
	Flags          uint8
	// RawWindow is the field on the wire, Window the same scaled as the
	// handshake agreed (unscaled if the handshake was not seen).
	RawWindow uint16
	Window    int
	// Length is the number of bytes of data, whether they were captured or
	// not.
	Length int
	// Payload are those captured; nil of a packet that was kept.
	Payload []byte
	// Urgent is the urgent pointer.
	Urgent  uint16
	Options TCPOptions

	// Analysis says what is peculiar about it, by the rules of Wireshark's
	// fields tcp.analysis.*.
	Analysis Analysis

	said string // the first line of data to or from port 21, of a packet that was kept
}

// Has reports whether all of the given flags are set.
func (t *TCP) Has(flags uint8) bool { return t.Flags&flags == flags }

// TCPOptions are the options of a TCP header (RFC 9293, RFC 7323, RFC 2018).
type TCPOptions struct {
	MSS           int // 0: not sent
	WindowScale   int // -1: not sent
	SACKPermitted bool
	SACK          []SACKBlock
	HasTimestamps bool
	TSval, TSecr  uint32

	raw []byte // as they stand in the header
}

// A SACKBlock is a stretch that arrived behind a hole, in relative sequence
// numbers.
type SACKBlock struct{ Left, Right int64 }

// An Analysis is a set of the peculiarities of a TCP segment, each as
// Wireshark defines the field of the same name.
type Analysis uint16

// What a segment may be.
const (
	// Retransmission: it repeats what was seen. The two kinds below are
	// retransmissions too.
	Retransmission Analysis = 1 << iota
	// FastRetransmission: it follows duplicate ACKs (RFC 5681).
	FastRetransmission
	// SpuriousRetransmission: it repeats what was acknowledged.
	SpuriousRetransmission
	// OutOfOrder: it should have come earlier.
	OutOfOrder
	// LostSegment: there is a hole in front of it.
	LostSegment
	// AckLostSegment: it acknowledges data that was not seen.
	AckLostSegment
	// DuplicateAck: it repeats an acknowledgement.
	DuplicateAck
	// KeepAlive and KeepAliveAck: a probe of an idle connection, its answer.
	KeepAlive
	KeepAliveAck
	// ZeroWindow: its sender can take no more. ZeroWindowProbe asks whether
	// that is still so, ZeroWindowProbeAck says it is.
	ZeroWindow
	ZeroWindowProbe
	ZeroWindowProbeAck
	// WindowUpdate: nothing but a new window.
	WindowUpdate
	// WindowFull: it fills the window of the receiver.
	WindowFull
	// ReusedPorts: a new connection between the ports of an old one.
	ReusedPorts
)

// UDP is a UDP header; DNS is set if it carries a DNS message.
type UDP struct {
	SrcPort, DstPort uint16
	// Length is the number of bytes of data.
	Length int
	DNS    *DNS
}

// DNS is the gist of a DNS message (RFC 1035 section 4.1).
type DNS struct {
	ID       uint16
	Response bool
	// Recursion is desired; in a response, RecursionAvailable.
	Recursion, RecursionAvailable bool
	Authoritative                 bool
	RCode                         int
	// The numbers of records in each section.
	Questions, Answers, Authority, Additional int
	// Type and Name are those of the first question: "A", "ftp.example.test.".
	Type, Name string
	// Records are those of the answer section as tcpdump prints them:
	// "A 192.0.2.21".
	Records []string
}

// ICMP is a message of ICMP or ICMPv6.
type ICMP struct {
	Type, Code int
	// Length is the number of bytes of the message.
	Length int
	// Text is what tcpdump prints of it: "echo request, id 1, seq 2".
	Text string
}

// ARP is an ARP message (RFC 826).
type ARP struct {
	// Op is 1 for a request, 2 for a reply.
	Op                 int
	SenderMAC          net.HardwareAddr
	SenderIP, TargetIP netip.Addr
	Length             int
}
