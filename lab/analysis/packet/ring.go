// Rings: FDDI and Token Ring.

package packet

import "net"

// fddi reads the header of FDDI (RFC 1390) in front of LLC.
func (d *Decoder) fddi(p *Packet, b piece) {
	const kind, llc = 0x30, 0x10 // of the frame control
	if len(b.data) < 13 || b.data[0]&kind != llc {
		return
	}
	p.DstMAC, p.SrcMAC = net.HardwareAddr(b.data[1:7]), net.HardwareAddr(b.data[7:13])
	d.llc(p, b.from(13))
}

// tokenRing reads the header of Token Ring (IEEE 802.5) in front of LLC. The header
// contains a route if the top bit of the sender's address is set.
func (d *Decoder) tokenRing(p *Packet, b piece) {
	const kind, llc, routed, routeLength = 0xc0, 0x40, 0x80, 0x1f
	if len(b.data) < 15 || b.data[1]&kind != llc {
		return
	}
	p.DstMAC = net.HardwareAddr(b.data[2:8])
	p.SrcMAC = append(net.HardwareAddr(nil), b.data[8:14]...)
	p.SrcMAC[0] &^= routed
	size := 14
	if b.data[8]&routed != 0 {
		size += int(b.data[14] & routeLength)
	}
	d.llc(p, b.from(size))
}
