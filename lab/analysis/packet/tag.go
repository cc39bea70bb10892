// Tags and headers between two Ethernet headers, of switches and meshes.

package packet

// etherTypeAt returns the EtherType at an offset, or 0 if the packet ends before it.
func etherTypeAt(b piece, at int) int {
	if len(b.data) < at+2 {
		return 0
	}
	return b.uint16(at)
}

// marvell reads an Ethernet header with a tag of Marvell's switches, which ends after the given
// number of bytes. Its last four bytes have the VLAN, if the frame came with one.
func (d *Decoder) marvell(p *Packet, b piece, tag int) {
	const header, withVLAN, vlan = 12, 0x20, 0x0fff
	if at := header + tag; len(b.data) >= at && b.data[at-4]&withVLAN != 0 {
		p.VLAN = b.uint16(at-2) & vlan
	}
	d.taggedEthernet(p, b, tag)
}

// isISL reports whether a frame begins with Cisco's Inter-Switch Link header. The
// header's first 40 bits are its address, and LLC follows the length.
func isISL(b piece) bool {
	const address, olderAddress, llc = "\x01\x00\x0c\x00\x00", "\x0c\x00\x0c\x00\x00", "\xaa\xaa\x03"
	if len(b.data) < 26 || b.data[0]&^0x0d != 0 {
		return false
	}
	start := string(b.data[:5])
	return (start == address || start == olderAddress) && string(b.data[14:17]) == llc
}

// isl reads an Inter-Switch Link header, which has the VLAN, and the Ethernet frame
// after it.
func (d *Decoder) isl(p *Packet, b piece) {
	const header, frameType = 26, 0xf0
	if b.data[5]&frameType != 0 || !d.deeper() { // a frame of Token Ring, FDDI or ATM
		return
	}
	p.VLAN = b.uint16(20) >> 1
	d.ethernet(p, b.from(header))
}

// arista reads the time at which a switch of Arista received the frame, and the EtherType after
// it.
func (d *Decoder) arista(p *Packet, b piece) {
	const timestamp, format, short = 0x0001, 0xf0, 0x20
	if len(b.data) < 4 || b.uint16(0) != timestamp {
		return
	}
	size := 4 + 8
	if b.data[3]&format == short {
		size = 4 + 6
	}
	d.note(LayerTag, b, size+2)
	d.ether(p, etherTypeAt(b, size), b.from(size+2))
}

// batman reads the frame in a unicast packet of B.A.T.M.A.N. advanced.
func (d *Decoder) batman(p *Packet, b piece) {
	const unicast, fourAddress = 0x40, 0x42
	if len(b.data) < 10 {
		return
	}
	switch b.data[0] {
	case unicast:
		d.ethernet(p, b.from(10))
	case fourAddress:
		d.ethernet(p, b.from(18))
	}
}

// arcnet reads the protocol of an ARCNET packet (RFC 1201), which starts here. A packet
// that was split into several is not reassembled.
func (d *Decoder) arcnet(p *Packet, b piece) {
	const ipv4, ipv6, oldIPv4, exception = 0xd4, 0xc4, 0xf0, 0xff
	if len(b.data) < 4 {
		return
	}
	switch b.data[0] {
	case oldIPv4: // RFC 1051 has no more header
		d.rawIP(p, b.from(1))
	case ipv4, ipv6:
		b = b.from(1)
		if b.data[0] == exception {
			b = b.from(4)
		}
		if len(b.data) > 0 && b.data[0] == 0 {
			d.rawIP(p, b.from(3))
		}
	}
}

// ax25 reads a frame of amateur radio: addresses, of which the last one is marked, control,
// and a protocol number.
func (d *Decoder) ax25(p *Packet, b piece) {
	const address, last, unnumbered, ipv4 = 7, 1, 0x03, 0xcc
	for n := 0; len(b.data) >= address; n++ {
		end := b.data[address-1]&last != 0
		b = b.from(address)
		if end {
			break
		}
	}
	const numbered = 1 // a frame with a sequence number has a 0 there, and data, too
	if len(b.data) >= 2 && (b.data[0] == unnumbered || b.data[0]&numbered == 0) && b.data[1] == ipv4 {
		d.rawIP(p, b.from(2))
	}
}
