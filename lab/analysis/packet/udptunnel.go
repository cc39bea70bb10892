// Tunnels over UDP. Their ports and headers identify them.

package packet

import "ftplab/lab/pcapng"

// Ports of tunnels.
const (
	l2tpPort      = 1701
	gtpPort       = 2152
	gtp0Port      = 3386
	amtPort       = 2268
	teredoPort    = 3544
	lispPort      = 4341
	grePort       = 4754
	vxlanPort     = 4789
	vxlanGPEPort  = 4790
	capwapPort    = 5247
	guePort       = 6080
	genevePort    = 6081
	mplsPort      = 6635
	vxlanOldPort  = 8472  // Linux's, before a port was assigned
	jmirrorPort   = 30030 // Juniper's lawful interception
	tzspPort      = 37008
	tunnelHeader  = 8 // bytes: the shortest of the headers with a fixed size
	shortestIPv6  = 40
	versionOfIPv6 = 6
)

// udpTunnel reads the contents of a tunnel, and reports whether there is one.
func (d *Decoder) udpTunnel(p *Packet, src, dst uint16, b piece) bool {
	if len(b.data) < tunnelHeader {
		return false
	}
	switch dst {
	case vxlanPort, vxlanOldPort, vxlanGPEPort:
		d.note(LayerVXLAN, b, 8)
		return d.vxlan(p, dst, b)
	case guePort:
		return d.gue(p, b)
	case genevePort:
		return d.geneve(p, b)
	case gtpPort:
		return d.gtp(p, b)
	case gtp0Port:
		return d.gtp0(p, b)
	case lispPort: // RFC 9300 section 5
		d.rawIP(p, b.from(8))
		return true
	case mplsPort: // RFC 7510
		d.mpls(p, b)
		return true
	case grePort: // RFC 8086
		d.gre(p, b)
		return true
	case jmirrorPort:
		return d.jmirror(p, b)
	case tzspPort:
		return d.tzsp(p, b)
	}
	switch { // a port of either side
	case dst == l2tpPort || src == l2tpPort:
		return d.l2tp(p, b)
	case dst == teredoPort || src == teredoPort:
		return d.teredo(p, b)
	case dst == amtPort || src == amtPort:
		return d.amt(p, b)
	case dst == capwapPort || src == capwapPort:
		return d.capwap(p, b)
	}
	return false
}

// vxlan reads VXLAN (RFC 7348) and its extension for protocols other than
// Ethernet (draft-ietf-nvo3-vxlan-gpe), which has its own port or a flag.
func (d *Decoder) vxlan(p *Packet, port uint16, b piece) bool {
	const numbered, withProtocol = 0x08, 0x04
	flags := b.data[0]
	if flags&numbered == 0 && port != vxlanGPEPort {
		return false
	}
	if port == vxlanGPEPort && flags&withProtocol != 0 {
		d.numbered(p, b.data[3], b.from(8))
	} else {
		d.ethernet(p, b.from(8))
	}
	return true
}

// geneve reads Geneve with its options (RFC 8926 section 3.4).
func (d *Decoder) geneve(p *Packet, b piece) bool {
	if b.data[0]>>6 != 0 {
		return false
	}
	size := 8 + int(b.data[0]&0x3f)*4
	d.note(LayerGeneve, b, size)
	d.ether(p, b.uint16(2), b.from(size))
	return true
}

// gue reads generic UDP encapsulation (draft-ietf-intarea-gue section 3): a header with the number of an IP protocol,
// or an IP packet without a header, whose version begins with the bits of variant 1. It leaves
// other datagrams to that port alone.
func (d *Decoder) gue(p *Packet, b piece) bool {
	const variant, variant1, length, header = 0xc0, 0x40, 0x1f, 4
	first, protocol := b.data[0], int(b.data[1])
	size := header + int(first&length)*4
	switch {
	case first&variant == variant1:
		protocol, size = protoIPv4, 0
	case first&^length != 0 || size == header && b.uint16(2) != 0:
		return false // a control message, another variant, or flags without their fields
	}
	inner := b.from(size)
	switch protocol {
	case protoIPv4, protoIPv6:
		if !inner.isIP() {
			return false
		}
	case protoTCP, protoGRE, protoEtherIP, protoMPLS:
	default:
		return false
	}
	if size == header { // else it has options
		d.note(LayerTag, b, size)
	}
	d.transport(p, protocol, inner)
	return protocol != protoTCP || p.TCP != nil
}

// isIP reports whether a piece begins with the header of an IP packet that fills it.
func (b piece) isIP() bool {
	if len(b.data) < 6 {
		return false
	}
	switch first := b.data[0]; first >> 4 {
	case 4:
		return first&0x0f >= 5 && b.uint16(2) == b.wire
	case versionOfIPv6:
		return shortestIPv6+b.uint16(4) == b.wire
	}
	return false
}

// amt reads the multicast data of a tunnel across networks without multicast (RFC 7450 section
// 5.1.6).
func (d *Decoder) amt(p *Packet, b piece) bool {
	const data, header = 6, 2
	inner := b.from(header)
	if b.data[0] != data || !inner.isIP() {
		return false
	}
	d.note(LayerTag, b, header)
	d.rawIP(p, inner)
	return true
}

// gtp reads the user plane of GTP with its extension headers (3GPP TS 29.281
// section 5).
func (d *Decoder) gtp(p *Packet, b piece) bool {
	const version1, gtp, withOptions, withExtension, userData = 1, 0x10, 0x07, 0x04, 255
	flags := b.data[0]
	if flags>>5 != version1 || flags&gtp == 0 || b.data[1] != userData {
		return false
	}
	inner := b.upto(8 + b.uint16(2)).from(8)
	if flags&withOptions != 0 {
		if len(inner.data) < 4 {
			return false
		}
		next := inner.data[3]
		inner = inner.from(4)
		for flags&withExtension != 0 && next != 0 {
			if len(inner.data) < 4 || inner.data[0] == 0 {
				return false
			}
			size := int(inner.data[0]) * 4
			if len(inner.data) < size {
				return false
			}
			next, inner = inner.data[size-1], inner.from(size)
		}
	}
	d.note(LayerGTP, b, cap(b.data)-cap(inner.data))
	d.rawIP(p, inner)
	return true
}

// gtp0 reads user data of version 0 of GTP, whose header has a fixed size (3GPP TS 09.60 section 6).
func (d *Decoder) gtp0(p *Packet, b piece) bool {
	const header, version0, userData = 20, 1, 255 // with the flag that says GTP
	if b.data[0]>>4 != version0 || b.data[1] != userData {
		return false
	}
	d.rawIP(p, b.from(header))
	return true
}

// l2tp reads the data of L2TPv2 (RFC 2661 section 3.1) and of L2TPv3 over UDP (RFC 3931
// section 4.1.2).
func (d *Decoder) l2tp(p *Packet, b piece) bool {
	const control, withLength, withSequence, withOffset, version = 0x8000, 0x4000, 0x0800, 0x0200, 0x000f
	flags := b.uint16(0)
	switch {
	case flags&control != 0:
		return false
	case flags&version == 3:
		d.l2tp3(p, b.from(8))
		return true
	case flags&version != 2:
		return false
	}
	size := 6
	if flags&withLength != 0 {
		size += 2
	}
	if flags&withSequence != 0 {
		size += 4
	}
	if flags&withOffset != 0 && len(b.data) >= size+2 {
		size += 2 + b.uint16(size)
	}
	d.note(LayerL2TP, b, size)
	d.ppp(p, b.from(size))
	return true
}

// teredo reads IPv6 after the indications of a Teredo server (RFC 4380 section
// 5.1.1).
func (d *Decoder) teredo(p *Packet, b piece) bool {
	const authentication, origin = 1, 0
	if len(b.data) >= 4 && b.uint16(0) == authentication {
		b = b.from(13 + int(b.data[2]) + int(b.data[3]))
	}
	if len(b.data) >= 8 && b.uint16(0) == origin {
		b = b.from(8)
	}
	if len(b.data) < shortestIPv6 || b.data[0]>>4 != versionOfIPv6 {
		return false
	}
	d.ipv6(p, b)
	return true
}

// capwap reads the data that a wireless access point exchanges with its controller (RFC
// 5415 section 4.3), unless it is a fragment or protected.
func (d *Decoder) capwap(p *Packet, b piece) bool {
	const native, fragment, header = 0x0100, 0x0080, 8
	flags := b.uint16(2)
	if b.data[0] != 0 || flags&fragment != 0 {
		return false
	}
	size := int(b.data[1]>>3) * 4
	inner := b.from(size)
	if flags&native == 0 {
		if size == header { // else it has an address
			d.note(LayerTag, b, header)
		}
		d.ethernet(p, inner)
		return true
	}
	const kind, data = 0x0c, 0x08
	if len(inner.data) >= 2 && inner.data[0]&kind != data && inner.data[1]&kind == data {
		swapped := append([]byte{inner.data[1], inner.data[0]}, inner.data[2:]...) // as Cisco writes it
		inner = piece{swapped, inner.wire}
	}
	d.wifi(p, inner)
	return true
}

// tzsp reads the TaZmen Sniffer Protocol: tags, then a frame whose link type the header
// gives.
func (d *Decoder) tzsp(p *Packet, b piece) bool {
	const version, received, transmit, padding, end = 1, 0, 1, 0, 1
	if len(b.data) < 4 || b.data[0] != version || b.data[1] != received && b.data[1] != transmit {
		return false
	}
	protocol, start := b.uint16(2), b
	for b = b.from(4); len(b.data) > 0 && b.data[0] != end; {
		switch {
		case b.data[0] == padding:
			b = b.from(1)
		case len(b.data) < 2:
			return false
		default:
			b = b.from(2 + int(b.data[1]))
		}
	}
	link, ok := map[int]pcapng.LinkType{
		1: pcapng.LinkEthernet, 18: pcapng.LinkWiFi, 119: linkPrism, 127: linkAVS,
	}[protocol]
	if ok {
		d.note(LayerTZSP, start, cap(start.data)-cap(b.data)+1)
		d.link(p, link, b.from(1))
	}
	return ok
}

// jmirror reads what Juniper's routers mirror: the numbers of the mirror and of the
// session, then IP, PPP or HDLC.
func (d *Decoder) jmirror(p *Packet, b piece) bool {
	const header = 8
	inner := b.from(header)
	if len(inner.data) == 0 {
		return false
	}
	if version := inner.data[0] >> 4; version == 4 || version == versionOfIPv6 {
		d.rawIP(p, inner)
	} else {
		d.ppp(p, inner)
	}
	return true
}
