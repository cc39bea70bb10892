// Headers that recorders and packet filters add before a packet.

package packet

import (
	"encoding/binary"
	"strings"

	"ftplab/lab/pcapng"
)

// pflog skips the header of OpenBSD's packet filter. The header contains its
// length, without its padding to four bytes.
func (d *Decoder) pflog(p *Packet, b piece) {
	if len(b.data) > 0 {
		d.rawIP(p, b.from((int(b.data[0])+3)&^3))
	}
}

// nflog finds the packet among the attributes of a message of Linux's packet
// filter, in the byte order of the machine.
func (d *Decoder) nflog(p *Packet, b piece) {
	const header, payload = 4, 9
	b = b.from(header)
	var order binary.ByteOrder = binary.LittleEndian
	if len(b.data) >= 4 && b.data[2] == 0 { // no attribute has the number 0
		order = binary.BigEndian
	}
	for len(b.data) >= 4 {
		size, kind := int(order.Uint16(b.data)), order.Uint16(b.data[2:])
		if size < 4 {
			return
		}
		if kind == payload {
			d.rawIP(p, b.upto(size).from(4))
			return
		}
		b = b.from((size + 3) &^ 3)
	}
}

// pktap skips the header of Apple's PKTAP, which contains the link type of the frame
// after it.
func (d *Decoder) pktap(p *Packet, b piece) {
	const shortest, longest, frame = 12, 1 << 16, 1
	if len(b.data) < shortest {
		return
	}
	var order binary.ByteOrder = binary.LittleEndian
	if order.Uint32(b.data) >= longest {
		order = binary.BigEndian
	}
	size, kind, link := order.Uint32(b.data), order.Uint32(b.data[4:]), order.Uint32(b.data[8:])
	if size < shortest || size >= longest || kind != frame || link > 0xffff {
		d.Unknown = true
		return
	}
	d.link(p, pcapng.LinkType(link), b.from(int(size)))
}

// ppi skips the header of per-packet information, which contains the link type of the
// frame after it.
func (d *Decoder) ppi(p *Packet, b piece) {
	const shortest = 8
	if len(b.data) < shortest {
		return
	}
	size, link := binary.LittleEndian.Uint16(b.data[2:]), binary.LittleEndian.Uint32(b.data[4:])
	if size >= shortest && link <= 0xffff {
		d.link(p, pcapng.LinkType(link), b.from(int(size)))
	}
}

// erf skips the record header of Endace's cards, and its extension headers.
func (d *Decoder) erf(p *Packet, b piece) {
	const header, extension, more = 16, 8, 0x80
	const hdlc, ethernet, colorHDLC, colorEthernet, dsmEthernet, hashEthernet, ipv4, ipv6 = 1, 2, 10, 11, 16, 20, 22, 23
	if len(b.data) < header {
		return
	}
	kind := b.data[8]
	next := kind
	for b = b.from(header); next&more != 0 && len(b.data) > 0; b = b.from(extension) {
		next = b.data[0]
	}
	switch kind &^ more {
	case ethernet, colorEthernet, dsmEthernet, hashEthernet:
		d.ethernet(p, b.from(2))
	case hdlc, colorHDLC:
		d.ppp(p, b)
	case ipv4, ipv6:
		d.rawIP(p, b)
	}
}

// upperPDU reads a packet that Wireshark exported. The tags before it name its
// dissector.
func (d *Decoder) upperPDU(p *Packet, b piece) {
	const end, dissector = 0, 12
	read := (*Decoder).rawIP
	known := false
	for len(b.data) >= 4 {
		tag, size := b.uint16(0), b.uint16(2)
		value := b.from(4).upto(size)
		b = b.from(4 + size)
		switch tag {
		case dissector:
			read, known = dissectorNamed(strings.TrimRight(string(value.data), "\x00"))
		case end:
			if known && d.deeper() {
				read(d, p, b)
			}
			return
		}
	}
}

// dissectorNamed returns the function that reads the same protocol as one of
// Wireshark's dissectors.
func dissectorNamed(name string) (read func(*Decoder, *Packet, piece), known bool) {
	switch name {
	case "ip", "ipv6":
		return (*Decoder).rawIP, true
	case "eth", "eth_withoutfcs", "eth_withfcs", "eth_maybefcs":
		return (*Decoder).ethernet, true
	case "ppp", "ppp_hdlc":
		return (*Decoder).ppp, true
	case "wlan", "wlan_noqos", "wlan_withoutfcs", "wlan_withfcs":
		return (*Decoder).wifi, true
	}
	return nil, false
}

// mpacket skips preamble and start of an Ethernet packet (IEEE 802.3br) that is
// complete, or the first part of one that was interrupted.
func (d *Decoder) mpacket(p *Packet, b piece) {
	const preamble, starts = 0x55, "\xd5\xe6\x4c\x7f\xb3"
	for i, c := range b.data[:min(9, len(b.data))] {
		if c == preamble {
			continue
		}
		if strings.IndexByte(starts, c) >= 0 {
			d.ethernet(p, b.from(i+1))
		}
		return
	}
}

// juniper skips the header of Juniper's routers. The frame follows, or an IP
// packet without a link header.
func juniper(read func(*Decoder, *Packet, piece)) func(*Decoder, *Packet, piece) {
	const magic, extended, bare = "MGC", 0x80, 0x02
	return func(d *Decoder, p *Packet, b piece) {
		if len(b.data) < 6 || string(b.data[:3]) != magic {
			return
		}
		flags, size := b.data[3], 4
		if flags&extended != 0 {
			size += 2 + b.uint16(4)
		}
		if flags&bare != 0 {
			d.rawIP(p, b.from(size+4)) // the four bytes say which protocol it is
			return
		}
		read(d, p, b.from(size))
	}
}
