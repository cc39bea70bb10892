// Tunnels over IP: GRE and the protocols in it, L2TP, MPLS and pseudo-wires.

package packet

// gre reads generic routing encapsulation (RFC 1701, RFC 2784, RFC 2890), the version of it
// that carries PPP (PPTP, RFC 2637), and MikroTik's EoIP, which has that version and carries
// Ethernet.
func (d *Decoder) gre(p *Packet, b piece) {
	if len(b.data) < 4 {
		return
	}
	const checksum, routing, key, sequence, pptpAck = 0x8000, 0x4000, 0x2000, 0x1000, 0x0080
	flags, kind, size := b.uint16(0), b.uint16(2), 4
	version := flags & 7
	present := []bool{flags&(checksum|routing) != 0, flags&key != 0, flags&sequence != 0, version == 1 && flags&pptpAck != 0}
	for _, field := range present {
		if field {
			size += 4
		}
	}
	d.note(LayerGRE, b, size)
	inner := b.from(size)
	if version == 0 && flags&routing != 0 {
		inner = skipRoutes(inner)
	}
	const erspan, erspan3, wccp, eoip = 0x88be, 0x22eb, 0x883e, 0x6400
	switch {
	case version == 1 && kind == eoip:
		d.ethernet(p, inner)
	case version == 1:
		d.ppp(p, inner)
	case kind == erspan && flags&sequence == 0: // type I has no header of its own
		d.ethernet(p, inner)
	case kind == erspan || kind == erspan3:
		d.erspan(p, inner)
	case kind == wccp:
		if len(inner.data) > 0 && inner.data[0]>>4 != 4 { // version 2 has a header
			inner = inner.from(4)
		}
		d.rawIP(p, inner)
	default:
		d.ether(p, kind, inner)
	}
}

// skipRoutes skips the source routes of RFC 1701. Each has its length in the
// fourth byte; the last one has length 0.
func skipRoutes(b piece) piece {
	for len(b.data) >= 4 {
		length := int(b.data[3])
		b = b.from(4 + length)
		if length == 0 {
			break
		}
	}
	return b
}

// erspan reads the header that Cisco's switches add to a mirrored frame
// (draft-foschiano-erspan), types II and III.
func (d *Decoder) erspan(p *Packet, b piece) {
	const typeII, typeIII = 1, 2
	if len(b.data) < 12 {
		return
	}
	switch b.data[0] >> 4 {
	case typeII:
		d.note(LayerERSPAN, b, 8)
		d.ethernet(p, b.from(8))
	case typeIII:
		const ip = 2 // value of the field that says what was mirrored
		size, kind := 12, b.data[10]>>2&0x1f
		if b.data[11]&1 != 0 { // with a subheader of the platform
			size += 8
		}
		d.note(LayerERSPAN, b, size)
		if kind == ip {
			d.rawIP(p, b.from(size))
		} else {
			d.ethernet(p, b.from(size))
		}
	}
}

// mpls skips the labels (RFC 3032). The labels do not say what follows: IP, or
// a pseudo-wire with a frame, with or without a control word (RFC 4385, RFC
// 4448).
func (d *Decoder) mpls(p *Packet, b piece) {
	const bottom = 1 << 8
	for stack, size := b, 4; len(b.data) >= 4; size += 4 {
		label := b.uint32(0)
		b = b.from(4)
		if label&bottom != 0 {
			d.note(LayerMPLS, stack, size)
			d.pseudowire(p, b)
			return
		}
	}
}

// pseudowire guesses the payload of MPLS from its bytes. It tries a frame
// first, because an IP packet hardly ever looks like a frame.
func (d *Decoder) pseudowire(p *Packet, b piece) {
	if len(b.data) == 0 {
		return
	}
	first, word := b.data[0]>>4, b.from(4)
	switch {
	case first == 0 && looksEthernet(word):
		d.note(LayerControlWord, b, 4)
		d.ethernet(p, word)
	case looksEthernet(b):
		d.ethernet(p, b)
	case first == 4 || first == 6:
		d.rawIP(p, b)
	case first == 0 && len(word.data) > 0 && (word.data[0]>>4 == 4 || word.data[0]>>4 == 6):
		d.rawIP(p, word)
	case first == 0:
		d.ppp(p, word) // or HDLC
	default:
		d.ppp(p, b)
	}
}

// l2tp3 reads the data of L2TPv3 (RFC 3931 section 4.1). The two ends agree
// before on the length of the cookie, on the sublayer and on the payload, so it
// looks for bytes that look like a frame.
func (d *Decoder) l2tp3(p *Packet, b piece) {
	const longest = 12 // a cookie of 8 bytes, a sublayer of 4
	for at := 0; at <= longest; at += 4 {
		if inner := b.from(at); looksEthernet(inner) {
			d.ethernet(p, inner)
			return
		}
	}
	for at := 0; at <= longest; at += 4 {
		inner := b.from(at)
		if len(inner.data) < 4 {
			return
		}
		switch inner.uint32(0) {
		case 0xff030021, 0xff030057, 0x0f000800, 0x8f000800, 0x0f0086dd:
			d.ppp(p, inner)
			return
		}
	}
}

// nsh skips a network service header (RFC 8300).
func (d *Decoder) nsh(p *Packet, b piece) {
	if len(b.data) >= 8 && d.deeper() {
		d.numbered(p, b.data[3], b.from((b.uint16(0)&0x3f)*4))
	}
}

// numbered reads the protocol that a "next protocol" number of VXLAN-GPE or NSH stands
// for.
func (d *Decoder) numbered(p *Packet, protocol byte, b piece) {
	const ipv4, ipv6, ethernet, nsh, mpls = 1, 2, 3, 4, 5
	switch protocol {
	case ipv4, ipv6:
		d.rawIP(p, b)
	case ethernet:
		d.ethernet(p, b)
	case nsh:
		d.nsh(p, b)
	case mpls:
		d.mpls(p, b)
	}
}
