// Link layers: the headers before the IP header.

package packet

import (
	"encoding/binary"
	"net"

	"ftplab/lab/pcapng"
)

// EtherTypes.
const (
	firstEther      = 0x0600 // smaller numbers are a length (IEEE 802.3)
	etherIPv4       = 0x0800
	etherARP        = 0x0806
	etherTRILL      = 0x22f3
	etherBatman     = 0x4305 // B.A.T.M.A.N. advanced, a mesh of Linux's
	etherBridge     = 0x6558 // an Ethernet frame, in GRE and Geneve
	etherVLAN       = 0x8100
	etherIPv6       = 0x86dd
	etherPPP        = 0x880b
	etherMPLS       = 0x8847
	etherMPLSmc     = 0x8848
	etherPPPoE      = 0x8864
	etherQinQ       = 0x88a8
	etherMACsec     = 0x88e5
	etherPBB        = 0x88e7
	etherFabricPath = 0x8903
	etherCMD        = 0x8909 // Cisco's metadata
	etherVNTag      = 0x8926 // of network cards with many virtual ones
	etherHSR        = 0x892f // of redundant rings, IEC 62439-3
	etherETag       = 0x893f // of port extenders, IEEE 802.1BR
	etherNSH        = 0x894f
	etherQinQ1      = 0x9100 // before IEEE 802.1ad
	etherQinQ2      = 0x9200
	etherArista     = 0xd28b // with the time of Arista's switches
	etherRTAG       = 0xf1c1 // of redundant paths, IEEE 802.1CB
)

// A Decoder decodes packets. It has one header of each kind, which the next
// packet overwrites, so that a large capture is decoded without allocation.
//
// It does not use gopacket's decoding layers: those reject a packet whose TCP
// options or IP length were cut short by the recorder, do not know version 2 of
// the cooked capture, and do not follow IPv6 extension headers in place.
type Decoder struct {
	// Details also decodes what only a printed line needs: DNS and the text of
	// ICMP.
	Details bool
	// Trace notes the headers in front of a packet, for Layers.
	Trace bool
	// Unknown is set by a packet whose link type is not supported.
	Unknown bool
	// Fragmented is set by the first fragment of an IP datagram. From then on,
	// decoding a packet depends on the packets before it.
	Fragmented bool

	ip        IP
	tcp       TCP
	udp       UDP
	icmp      ICMP
	arp       ARP
	fragments fragments
	depth     int // nested headers so far
	layers    []Layer
	size      int  // of the packet's array, to tell where a piece of it is
	pieced    bool // some header came in a fragment
}

const maxDepth = 32

// A piece is a part of a packet: its captured bytes, and its length on the
// wire, which is never smaller.
type piece struct {
	data []byte
	wire int
}

// from returns the part of b that starts at n. It is empty if b is shorter.
func (b piece) from(n int) piece {
	return piece{b.data[min(n, len(b.data)):], max(b.wire-n, 0)}
}

// upto returns the first n bytes of b, without the padding after them.
func (b piece) upto(n int) piece {
	return piece{b.data[:min(n, len(b.data))], min(n, b.wire)}
}

func (b piece) uint16(at int) int { return int(binary.BigEndian.Uint16(b.data[at:])) }

func (b piece) uint32(at int) uint32 { return binary.BigEndian.Uint32(b.data[at:]) }

// Decode fills p with the headers found in raw. They are valid until the next call.
func (d *Decoder) Decode(p *Packet, raw *pcapng.Packet) {
	p.Time, p.Length, p.Captured, p.Data, p.Link = raw.Time, raw.Length, len(raw.Data), raw.Data, raw.Link
	p.VLAN = -1
	d.fragments.now = raw.Time
	d.depth, d.Unknown = 0, false
	d.layers, d.size, d.pieced = d.layers[:0], cap(raw.Data), false
	b := piece{raw.Data, raw.Length}
	if raw.Link == pcapng.LinkEthernet { // nearly always
		d.ethernet(p, b)
		return
	}
	d.link(p, raw.Link, b)
}

// link decodes a packet of the given link type.
func (d *Decoder) link(p *Packet, link pcapng.LinkType, b piece) {
	if int(link) >= len(links) || links[link] == nil {
		d.Unknown = true
		return
	}
	if d.deeper() {
		links[link](d, p, b)
	}
}

// deeper enters another header that can be nested. It reports whether the limit
// for nested headers is not reached.
func (d *Decoder) deeper() bool {
	d.depth++
	return d.depth <= maxDepth
}

func (d *Decoder) ethernet(p *Packet, b piece) {
	if len(b.data) < 14 {
		return
	}
	if isISL(b) {
		d.isl(p, b)
		return
	}
	d.note(LayerEthernet, b, 14)
	p.DstMAC, p.SrcMAC = net.HardwareAddr(b.data[:6]), net.HardwareAddr(b.data[6:12])
	d.ether(p, b.uint16(12), b.from(14))
}

// ether continues with the protocol of the given EtherType.
func (d *Decoder) ether(p *Packet, kind int, b piece) {
	if !d.deeper() {
		return
	}
	for kind == etherVLAN || kind == etherQinQ || kind == etherQinQ1 || kind == etherQinQ2 {
		if len(b.data) < 4 {
			return
		}
		d.note(LayerVLAN, b, 4)
		p.VLAN = b.uint16(0) & 0xfff
		kind, b = b.uint16(2), b.from(4)
	}
	switch kind {
	case etherIPv4:
		d.ipv4(p, b)
	case etherIPv6:
		d.ipv6(p, b)
	case etherARP:
		d.arpMessage(p, b)
	case etherMPLS, etherMPLSmc:
		d.mpls(p, b)
	case etherPPPoE:
		d.note(LayerPPPoE, b, 6)
		d.ppp(p, b.from(6))
	case etherPPP:
		d.ppp(p, b)
	case etherBridge:
		d.ethernet(p, b)
	case etherNSH:
		d.nsh(p, b)
	case etherPBB: // IEEE 802.1ah: the service tag, then the customer's frame
		d.note(LayerTag, b, 4)
		d.ethernet(p, b.from(4))
	case etherFabricPath:
		d.note(LayerTag, b, 2)
		d.ethernet(p, b.from(2))
	case etherCMD, etherETag:
		d.note(LayerTag, b, 8)
		d.ether(p, etherTypeAt(b, 6), b.from(8))
	case etherVNTag, etherHSR, etherRTAG:
		d.note(LayerTag, b, 6)
		d.ether(p, etherTypeAt(b, 4), b.from(6))
	case etherArista:
		d.arista(p, b)
	case etherBatman:
		d.batman(p, b)
	case etherTRILL:
		d.trill(p, b)
	case etherMACsec:
		d.macsec(p, b)
	default:
		if kind < firstEther {
			d.llc(p, b.upto(kind))
		}
	}
}

// taggedEthernet reads an Ethernet header in which a switch put a tag of the given
// number of bytes between the addresses and the EtherType.
func (d *Decoder) taggedEthernet(p *Packet, b piece, tag int) {
	if len(b.data) >= 14+tag {
		p.DstMAC, p.SrcMAC = net.HardwareAddr(b.data[:6]), net.HardwareAddr(b.data[6:12])
		d.ether(p, b.uint16(12+tag), b.from(14+tag))
	}
}

// trill reads the header between two Ethernet headers (RFC 6325 section 3).
func (d *Decoder) trill(p *Packet, b piece) {
	if len(b.data) >= 6 {
		options := b.uint16(0) >> 6 & 0x1f
		if options == 0 {
			d.note(LayerTag, b, 6)
		}
		d.ethernet(p, b.from(6+options*4))
	}
}

// macsec reads a frame that is protected but not encrypted (IEEE 802.1AE).
func (d *Decoder) macsec(p *Packet, b piece) {
	const withChannel, encrypted, changed = 0x20, 0x08, 0x04
	if len(b.data) < 8 || b.data[0]&(encrypted|changed) != 0 {
		return
	}
	size := 6
	if b.data[0]&withChannel != 0 {
		size += 8
	}
	if len(b.data) >= size+2 {
		d.ether(p, b.uint16(size), b.from(size+2))
	}
}

// llc reads an IEEE 802.2 header. It announces IP by an EtherType (SNAP) or by a code
// of its own.
func (d *Decoder) llc(p *Packet, b piece) {
	if len(b.data) < 3 {
		return
	}
	switch string(b.data[:3]) {
	case "\xaa\xaa\x03":
		d.note(LayerLLC, b, 8)
		d.snap(p, b.from(3))
	case "\x06\x06\x03":
		d.rawIP(p, b.from(3))
	case "\xfe\xfe\x03":
		d.networkLayer(p, b.from(3))
	}
}

// snap reads the protocol of SNAP: an EtherType, or a frame that is bridged over
// another medium (RFC 2684 section 5.2).
func (d *Decoder) snap(p *Packet, b piece) {
	const bridgedEthernet, bridgedEthernetNoFCS = 0x0001, 0x0007
	if len(b.data) < 5 {
		return
	}
	kind, rest := b.uint16(3), b.from(5)
	switch string(b.data[:3]) {
	case "\x00\x00\x00", "\x00\x00\xf8":
		if kind >= firstEther {
			d.ether(p, kind, rest)
		}
	case "\x00\x80\xc2":
		if kind == bridgedEthernet || kind == bridgedEthernetNoFCS {
			if looksEthernet(rest.from(2)) { // padded on ATM
				rest = rest.from(2)
			}
			d.ethernet(p, rest)
		}
	}
}

// networkLayer reads a network layer protocol identifier (ISO 9577) and the packet
// after it, on frame relay (RFC 2427) and elsewhere.
func (d *Decoder) networkLayer(p *Packet, b piece) {
	const snap, ipv6, ipv4, ppp = 0x80, 0x8e, 0xcc, 0xcf
	if len(b.data) < 1 {
		return
	}
	switch rest := b.from(1); b.data[0] {
	case snap:
		d.snap(p, rest)
	case ipv4, ipv6:
		d.rawIP(p, rest)
	case ppp:
		d.ppp(p, rest)
	}
}

// looksEthernet reports whether an Ethernet frame starts here, for links that
// do not say so: its EtherType is IP and an IP header follows, or it is another
// EtherType that this package reads.
func looksEthernet(b piece) bool {
	if len(b.data) < 15 {
		return false
	}
	switch version := b.data[14] >> 4; b.uint16(12) {
	case etherIPv4:
		return version == 4
	case etherIPv6:
		return version == 6
	case etherARP, etherVLAN, etherQinQ, etherMPLS, etherPPPoE, etherPBB:
		return true
	}
	return false
}

// loopback reads the four bytes of address family of BSD loopback. Their byte
// order depends on the machine, and the number of IPv6 on the system. So if
// they are an address family at all, the version in the IP header decides.
func (d *Decoder) loopback(p *Packet, b piece) {
	if len(b.data) < 4 {
		return
	}
	if family := b.uint32(0); family <= 0xff || family<<8 == 0 {
		d.rawIP(p, b.from(4))
	}
}

// rawIP decodes by the version in the IP header.
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
