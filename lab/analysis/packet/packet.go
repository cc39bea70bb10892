package packet

import (
	"bytes"
	"net"
	"net/netip"

	"ftplab/lab/pcapng"
)

// A Packet is one packet of a capture.
type Packet struct {
	// Number counts from 1, as Wireshark's frame.number.
	Number int
	// Time is its timestamp, in nanoseconds since 1970.
	Time int64
	// Length is its length on the wire, Captured the number of bytes in the
	// file.
	Length, Captured int
	// Data are the captured bytes; nil in a clone.
	Data []byte
	// Link is the type of its first header.
	Link pcapng.LinkType

	// SrcMAC and DstMAC are nil if the link has none. VLAN is the ID of the
	// innermost VLAN, or -1.
	SrcMAC, DstMAC net.HardwareAddr
	VLAN           int

	// Interface is the number of the interface at which it was recorded.
	Interface int

	// Place is the interface whose clock gave Time. Interfaces that have no packet of a connection twice,
	// such as those of a tap, are one place: the first of them.
	Place int

	// Copy is set if the packet was also recorded at another place, and its connection
	// is read there, or with Away, if it is not read because nobody knows its order among the packets
	// there. Of the fields below only IP is set then.
	Copy *Copy

	// Away is set if the packet was not recorded where its connection is read, but elsewhere.
	Away *Away

	// Rest is the only place that has other packets of the connection, which cannot be read with these; "" for none.
	Rest string

	// IP is nil if the packet is not IP. If it is a fragment of an incomplete
	// datagram, only IP is set.
	IP *IP
	// At most one of these is set.
	TCP  *TCP
	UDP  *UDP
	ICMP *ICMP
	ARP  *ARP
}

// A Copy identifies a packet that a capture of several places contains more than once.
type Copy struct {
	Place    string         // where this packet was recorded: the name of the interface
	Src, Dst netip.AddrPort // of the packet; the ports are 0 if it has none
	// Here and There are valid if a NAT changed one end of the packet: Here is what it is in the packet,
	// and There what it is at Home, where the connection is read.
	Here, There netip.AddrPort
	Home        string
	// Rewritten is a line of FTP in the packet that has another text there; "" for none.
	Rewritten string
}

// Away are the places of a packet that was lost between them.
type Away struct {
	Place string // where it was recorded
	Home  string // where its connection is read
	// Here is valid if a NAT changes one end of the packet: it is what that is in the file. The packet has
	// what it is at Home.
	Here netip.AddrPort
}

// Readdress gives a segment of TCP another end in the place of one that a NAT changes. Its checksum is
// judged before that.
func (p *Packet) Readdress(from, to netip.AddrPort) {
	p.checksum()
	if netip.AddrPortFrom(p.IP.Src, p.TCP.SrcPort) == from {
		p.IP.Src, p.TCP.SrcPort = to.Addr(), to.Port()
	} else {
		p.IP.Dst, p.TCP.DstPort = to.Addr(), to.Port()
	}
}

// Clone returns a copy of a packet and its headers, without its bytes, that
// stays valid when the decoder decodes the next packet.
func (p *Packet) Clone() *Packet {
	c := *p
	c.Data = nil
	c.SrcMAC = append(c.SrcMAC[:0:0], p.SrcMAC...)
	c.DstMAC = append(c.DstMAC[:0:0], p.DstMAC...)
	if copyOf(&c.IP); c.IP != nil {
		c.IP.Trailer, c.IP.Payload = nil, nil
	}
	copyOf(&c.TCP)
	if copyOf(&c.UDP); c.UDP != nil {
		c.UDP.Payload = nil
	}
	copyOf(&c.ICMP)
	copyOf(&c.ARP)
	if t := c.TCP; t != nil {
		t.Options.raw = bytes.Clone(t.Options.raw)
		t.firstLine, t.Payload, t.whole = t.FirstLine(), nil, nil
	}
	return &c
}

// IsAnswer reports whether a packet that is not TCP answers a packet of its receiver: a response of DNS,
// or an ICMP error about a TCP segment. Multicast DNS announces names that nobody asked for (RFC 6762
// section 8.3).
func (p *Packet) IsAnswer() bool {
	return p.ICMP != nil && p.ICMP.About.IsTCP() || p.UDP != nil && p.UDP.DNS != nil && p.UDP.DNS.Response && p.UDP.SrcPort == dnsPort
}

// Headless reports whether the recorder cut a packet so short that the header is missing which
// says between which ports it went, or what it is at all.
func (p *Packet) Headless() bool {
	const linkAndIP = 58 // bytes of Ethernet with a VLAN tag, and IPv6
	switch {
	case p.Captured >= p.Length || p.TCP != nil || p.UDP != nil || p.ICMP != nil || p.ARP != nil || p.Copy != nil:
		return false
	case p.IP == nil:
		return p.Captured < linkAndIP // else it is no IP
	}
	return !p.IP.Fragment
}

func copyOf[T any](p **T) {
	if *p != nil {
		v := **p
		*p = &v
	}
}

// IP is an IPv4 or IPv6 header; in a tunnel, the innermost one.
type IP struct {
	Version  int
	Src, Dst netip.Addr
	// TTL is the time to live, or IPv6's hop limit.
	TTL int
	// DSCP are the six bits that say how routers treat the packet (RFC 2474), FlowLabel is IPv6's (RFC 6437).
	DSCP      uint8
	FlowLabel uint32
	// ID and DF (don't fragment) are IPv4's.
	ID uint16
	DF bool
	// Protocol is the number of the payload's protocol (6 is TCP), after any extension
	// headers.
	Protocol int
	// Fragment says that the packet is a fragment; Offset is its offset in
	// bytes.
	Fragment bool
	Offset   int
	// SourceRouted says that the packet names hosts on its way: by an option of IPv4 (LSRR or SSRR, RFC 791), or by a
	// routing header of type 0 of IPv6 (RFC 5095).
	SourceRouted bool
	// Rewritten says that fragments of its datagram overlap, and have different bytes there, so
	// that it depends on the receiver what they say (RFC 1858, RFC 5722).
	Rewritten bool
	// TinyFirst says that the first fragment of its datagram is too short for the flags of TCP, which no network makes, so
	// that a filter does not see them (RFC 1858).
	TinyFirst bool
	// Repeats says that extension headers of IPv6 occur more often than a sender may send them (RFC 8200 section 4.1).
	Repeats bool
	// Length is the number of bytes after the header.
	Length int
	// Trailer is what comes after the packet in its frame, such as the padding of Ethernet; nil in a clone.
	Trailer []byte
	// Payload is the captured data of a protocol that is not decoded; nil in a clone.
	Payload []byte
	// Damaged says that the checksum of IPv4's header is wrong, and not 0, which means that the network
	// card computes it later.
	Damaged bool
}

// UDP is a UDP header; DNS is set if it carries a DNS message.
type UDP struct {
	SrcPort, DstPort uint16
	// Length is the number of bytes of data.
	Length int
	// Payload is the captured data; nil in a clone.
	Payload []byte
	DNS     *DNS
	// Damaged says that the checksum of a DNS message is wrong.
	Damaged bool
}

// DNS is a summary of a DNS message (RFC 1035 section 4.1).
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
	// Rest is what was recorded after its first eight bytes: the data of an echo.
	Rest []byte
	// ID and Seq are those of an echo.
	ID, Seq uint16
	// Text is what tcpdump prints of it: "echo request, id 1, seq 2".
	Text string
	// About is the packet that an error is about.
	About Quoted
	// MTU is that of an error that says that a packet is too big; 0 if it has none.
	MTU int
}

// A Quoted is what an error of ICMP quotes of a packet. Its ends are not valid if it quotes none,
// and the ports 0 if they are not those of TCP or UDP.
type Quoted struct {
	Protocol int
	Src, Dst netip.AddrPort
}

// ARP is an ARP message (RFC 826).
type ARP struct {
	// Op is 1 for a request, 2 for a reply.
	Op                 int
	SenderMAC          net.HardwareAddr
	SenderIP, TargetIP netip.Addr
	Length             int
}

// IsAnswer reports whether a message answers a request. A host that announces its own address also
// sends replies (RFC 5944 section 4.6).
func (a *ARP) IsAnswer() bool { return a.Op == 2 && a.SenderIP != a.TargetIP }
