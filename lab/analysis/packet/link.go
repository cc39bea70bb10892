// From the link to IP: what stands in front of the IP header.

package packet

import (
	"encoding/binary"
	"net"

	"ftplab/lab/pcapng"
)

// Link types, by the numbers of https://www.tcpdump.org/linktypes.html.
const (
	linkNull      pcapng.LinkType = 0 // BSD loopback, in the writer's byte order
	linkEthernet  pcapng.LinkType = 1
	linkPPP       pcapng.LinkType = 9
	linkRawBSD    pcapng.LinkType = 12
	linkRawOpen   pcapng.LinkType = 14
	linkPPPHDLC   pcapng.LinkType = 50
	linkRaw       pcapng.LinkType = 101
	linkCiscoHDLC pcapng.LinkType = 104
	linkLoop      pcapng.LinkType = 108 // OpenBSD loopback, in network byte order
	linkCooked    pcapng.LinkType = 113 // Linux SLL, of the interface "any"
	linkIPv4      pcapng.LinkType = 228
	linkIPv6      pcapng.LinkType = 229
	linkCooked2   pcapng.LinkType = 276
)

// EtherTypes.
const (
	etherIPv4   = 0x0800
	etherARP    = 0x0806
	etherBridge = 0x6558 // an Ethernet frame, in GRE
	etherVLAN   = 0x8100
	etherIPv6   = 0x86dd
	etherMPLS   = 0x8847
	etherMPLSmc = 0x8848
	etherPPPoE  = 0x8864
	etherQinQ   = 0x88a8
	etherQinQ1  = 0x9100 // before IEEE 802.1ad
	firstEther  = 0x0600 // smaller numbers are a length, of IEEE 802.3
)

// A Decoder takes packets apart. It has one header of each kind, which the
// next packet overwrites: a large capture is decoded without allocation.
//
// gopacket's decoding layers are not used here: they give up on a packet whose
// TCP options or IP length were cut short by the recorder, know no cooked
// capture of version 2, and do not follow IPv6 extension headers in place.
type Decoder struct {
	// Details asks for what only a printed line needs: DNS and the text of ICMP.
	Details bool
	// Unknown is set by a packet of a kind of link that is not known here.
	Unknown bool
	// Fragmented is set once a fragment of an IP datagram was seen: then what a
	// packet holds depends on the packets before it.
	Fragmented bool

	ip        IP
	tcp       TCP
	udp       UDP
	icmp      ICMP
	arp       ARP
	fragments fragments
	depth     int // headers of IP and Ethernet so far, to end tunnels in tunnels
}

const maxDepth = 8

// A piece is a part of a packet: the bytes captured of it, and its length on
// the wire, which is never smaller.
type piece struct {
	data []byte
	wire int
}

// from returns the part of b that begins at n; it is empty if b is shorter.
func (b piece) from(n int) piece {
	return piece{b.data[min(n, len(b.data)):], max(b.wire-n, 0)}
}

// upto returns b without what follows its first n bytes: padding.
func (b piece) upto(n int) piece {
	return piece{b.data[:min(n, len(b.data))], min(n, b.wire)}
}

func (b piece) uint16(at int) int { return int(binary.BigEndian.Uint16(b.data[at:])) }

func (b piece) uint32(at int) uint32 { return binary.BigEndian.Uint32(b.data[at:]) }

// Decode fills p with the headers found in raw. They are valid until the next call.
func (d *Decoder) Decode(p *Packet, raw *pcapng.Packet) {
	p.Time, p.Length, p.Captured, p.Data = raw.Time, raw.Length, len(raw.Data), raw.Data
	p.VLAN = -1
	d.depth, d.Unknown = 0, false
	b := piece{raw.Data, raw.Length}
	switch raw.Link {
	case linkEthernet:
		d.ethernet(p, b)
	case linkNull, linkLoop:
		d.loopback(p, b)
	case linkRaw, linkRawBSD, linkRawOpen, linkIPv4, linkIPv6:
		d.rawIP(p, b)
	case linkCooked:
		d.cooked(p, b)
	case linkCooked2:
		d.cooked2(p, b)
	case linkPPP, linkPPPHDLC:
		d.ppp(p, b)
	case linkCiscoHDLC:
		if len(b.data) >= 4 {
			d.ether(p, b.uint16(2), b.from(4))
		}
	case linkWiFi:
		d.wifi(p, b)
	case linkRadiotap, linkPPI:
		d.radio(p, b)
	default:
		d.Unknown = true
	}
}

func (d *Decoder) ethernet(p *Packet, b piece) {
	if len(b.data) < 14 {
		return
	}
	p.DstMAC, p.SrcMAC = net.HardwareAddr(b.data[:6]), net.HardwareAddr(b.data[6:12])
	d.ether(p, b.uint16(12), b.from(14))
}

// ether goes on with what the given EtherType names.
func (d *Decoder) ether(p *Packet, kind int, b piece) {
	for kind == etherVLAN || kind == etherQinQ || kind == etherQinQ1 {
		if len(b.data) < 4 {
			return
		}
		p.VLAN = b.uint16(0) & 0xfff
		kind, b = b.uint16(2), b.from(4)
	}
	switch {
	case kind == etherIPv4:
		d.ipv4(p, b)
	case kind == etherIPv6:
		d.ipv6(p, b)
	case kind == etherARP:
		d.arpMessage(p, b)
	case kind == etherMPLS || kind == etherMPLSmc:
		d.mpls(p, b)
	case kind == etherPPPoE:
		d.ppp(p, b.from(6))
	case kind < firstEther:
		d.llc(p, b.upto(kind))
	}
}

// llc reads IEEE 802.2, which may hold an EtherType after all (SNAP).
func (d *Decoder) llc(p *Packet, b piece) {
	const snap = "\xaa\xaa\x03\x00\x00\x00"
	if len(b.data) >= 8 && string(b.data[:6]) == snap {
		if kind := b.uint16(6); kind >= firstEther {
			d.ether(p, kind, b.from(8))
		}
	}
}

// mpls passes over the labels (RFC 3032); what is behind them is IP by its look.
func (d *Decoder) mpls(p *Packet, b piece) {
	const bottom = 1 << 8
	for len(b.data) >= 4 {
		label := b.uint32(0)
		b = b.from(4)
		if label&bottom != 0 {
			d.rawIP(p, b)
			return
		}
	}
}

// ppp reads PPP (RFC 1661), with or without address, control and the first
// byte of the protocol.
func (d *Decoder) ppp(p *Packet, b piece) {
	if len(b.data) >= 2 && b.data[0] == 0xff && b.data[1] == 3 {
		b = b.from(2)
	}
	switch {
	case len(b.data) >= 2 && b.uint16(0) == 0x0021, len(b.data) >= 2 && b.uint16(0) == 0x0057:
		d.rawIP(p, b.from(2))
	case len(b.data) >= 1 && (b.data[0] == 0x21 || b.data[0] == 0x57):
		d.rawIP(p, b.from(1))
	}
}

// loopback reads the four bytes of address family on BSD loopback. Their order
// depends on the machine, and the number of IPv6 on the system, so what they
// say is taken from the IP header, if they are an address family at all.
func (d *Decoder) loopback(p *Packet, b piece) {
	if len(b.data) < 4 {
		return
	}
	if family := b.uint32(0); family <= 0xff || family<<8 == 0 {
		d.rawIP(p, b.from(4))
	}
}

// rawIP goes by the version in the IP header.
func (d *Decoder) rawIP(p *Packet, b piece) {
	if len(b.data) == 0 {
		return
	}
	switch b.data[0] >> 4 {
	case 4:
		d.ipv4(p, b)
	case 6:
		d.ipv6(p, b)
	}
}

// cooked reads the Linux cooked header of version 1 (LINKTYPE_LINUX_SLL).
func (d *Decoder) cooked(p *Packet, b piece) {
	if len(b.data) < 16 {
		return
	}
	if b.uint16(4) == 6 {
		p.SrcMAC = net.HardwareAddr(b.data[6:12])
	}
	d.cookedProtocol(p, b.uint16(14), b.from(16))
}

// cooked2 reads the Linux cooked header of version 2 (LINKTYPE_LINUX_SLL2).
func (d *Decoder) cooked2(p *Packet, b piece) {
	if len(b.data) < 20 {
		return
	}
	if b.data[11] == 6 {
		p.SrcMAC = net.HardwareAddr(b.data[12:18])
	}
	d.cookedProtocol(p, b.uint16(0), b.from(20))
}

// cookedProtocol goes on with a protocol of a cooked header, which is an
// EtherType or a number of Linux's.
func (d *Decoder) cookedProtocol(p *Packet, kind int, b piece) {
	const linuxLLC = 4
	switch {
	case kind == linuxLLC:
		d.llc(p, b)
	case kind >= firstEther:
		d.ether(p, kind, b)
	}
}
