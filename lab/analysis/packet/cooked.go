// Linux's cooked captures: of the interface "any", and of links without a
// link-layer header.

package packet

import "net"

// cooked reads the Linux cooked header of version 1 (LINKTYPE_LINUX_SLL).
func (d *Decoder) cooked(p *Packet, b piece) {
	if len(b.data) < 16 {
		return
	}
	if b.uint16(4) == 6 {
		p.SrcMAC = net.HardwareAddr(b.data[6:12])
	}
	d.cookedProtocol(p, b.uint16(2), b.uint16(14), b.from(16))
}

// cooked2 reads the Linux cooked header of version 2 (LINKTYPE_LINUX_SLL2).
func (d *Decoder) cooked2(p *Packet, b piece) {
	if len(b.data) < 20 {
		return
	}
	if b.data[11] == 6 {
		p.SrcMAC = net.HardwareAddr(b.data[12:18])
	}
	d.cookedProtocol(p, b.uint16(8), b.uint16(0), b.from(20))
}

// cookedProtocol continues with the protocol of a cooked header, which is an
// EtherType or one of Linux's numbers, on a hardware type of Linux's.
func (d *Decoder) cookedProtocol(p *Packet, hardware, kind int, b piece) {
	const linuxLLC, wifi, wifiRadiotap = 4, 801, 803
	switch {
	case hardware == wifi:
		d.wifi(p, b)
	case hardware == wifiRadiotap:
		d.radiotap(p, b)
	case kind == linuxLLC:
		d.llc(p, b)
	case kind >= firstEther:
		d.ether(p, kind, b)
	}
}
