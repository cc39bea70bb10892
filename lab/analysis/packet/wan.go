// Links of wide area networks: PPP, HDLC, frame relay, ATM, and cable modems.

package packet

// ppp reads PPP (RFC 1661), with or without address, control and the first byte of
// the protocol.
func (d *Decoder) ppp(p *Packet, b piece) {
	if !d.deeper() {
		return
	}
	if len(b.data) >= 4 && (b.data[0] == 0x0f || b.data[0] == 0x8f) && b.data[1] == 0 {
		d.ciscoHDLC(p, b) // on a link that can have either
		return
	}
	start := b
	if len(b.data) >= 2 && (b.data[0] == 0xff || b.data[0] < 2) && b.data[1] == 3 {
		b = b.from(2) // skip address and control; pppd replaces the address by the direction
	}
	protocol := 0
	switch {
	case len(b.data) >= 1 && b.data[0]&1 != 0:
		protocol, b = int(b.data[0]), b.from(1)
	case len(b.data) >= 2:
		protocol, b = b.uint16(0), b.from(2)
	}
	const ipv4, bridged, multilink, ipv6, mpls, mplsMulticast = 0x21, 0x31, 0x3d, 0x57, 0x281, 0x283
	d.note(LayerPPP, start, cap(start.data)-cap(b.data))
	switch protocol {
	case ipv4, ipv6:
		d.rawIP(p, b)
	case mpls, mplsMulticast:
		d.mpls(p, b)
	case bridged:
		d.bridgedPPP(p, b)
	case multilink:
		const whole = 0xc0 // beginning and end of a packet (RFC 1990)
		if len(b.data) >= 4 && b.data[0]&whole == whole {
			d.ppp(p, b.from(4))
		}
	}
}

// bridgedPPP reads an Ethernet frame in PPP (RFC 3518 section 4.2).
func (d *Decoder) bridgedPPP(p *Packet, b piece) {
	const withLAN, ethernet = 0x40, 1
	if len(b.data) < 2 || b.data[1] != ethernet {
		return
	}
	size := 2
	if b.data[0]&withLAN != 0 {
		size += 4
	}
	d.ethernet(p, b.from(size))
}

// ciscoHDLC reads Cisco's HDLC: address, control, EtherType.
func (d *Decoder) ciscoHDLC(p *Packet, b piece) {
	if len(b.data) >= 4 {
		d.ether(p, b.uint16(2), b.from(4))
	}
}

// frameRelay reads the address of Q.922 and the header of RFC 2427 or Cisco after it.
func (d *Decoder) frameRelay(p *Packet, b piece) {
	const last, unnumbered = 1, 3
	for len(b.data) > 0 && b.data[0]&last == 0 {
		b = b.from(1)
	}
	switch b = b.from(1); {
	case len(b.data) < 2:
	case b.data[0] != unnumbered:
		d.ether(p, b.uint16(0), b.from(2))
	case b.data[1] == 0: // padding
		d.networkLayer(p, b.from(2))
	default:
		d.networkLayer(p, b.from(1))
	}
}

// multilink reads a frame of FRF.16 that holds all of its payload, from its first fragment to its
// last.
func (d *Decoder) multilink(p *Packet, b piece) {
	const begins, ends = 0x80, 0x40
	if len(b.data) > 2 && b.data[0]&(begins|ends) == begins|ends {
		d.frameRelay(p, b.from(2))
	}
}

// atm reads the payload of AAL5: LLC (RFC 2684), or IP without it.
func (d *Decoder) atm(p *Packet, b piece) {
	if len(b.data) > 0 && (b.data[0] == 0xaa || b.data[0] == 0xfe) {
		d.llc(p, b)
		return
	}
	d.rawIP(p, b)
}

// sunATM reads the header of SunATM devices: the kind of the packet, and its channel.
func (d *Decoder) sunATM(p *Packet, b piece) {
	const kind, emulated, llc = 0x0f, 1, 2
	if len(b.data) < 4 {
		return
	}
	switch rest := b.from(4); b.data[0] & kind {
	case emulated: // LAN emulation: who sends, then the frame
		d.ethernet(p, rest.from(2))
	case llc:
		d.atm(p, rest)
	}
}

// docsis reads the header of a cable modem in front of an Ethernet frame.
func (d *Decoder) docsis(p *Packet, b piece) {
	const kind, packets, isolated, extended = 0xc0, 0x00, 0x80, 1
	if len(b.data) < 6 || b.data[0]&kind != packets && b.data[0]&kind != isolated {
		return
	}
	size := 6
	if b.data[0]&extended != 0 {
		size += int(b.data[1])
	}
	d.ethernet(p, b.from(size))
}
