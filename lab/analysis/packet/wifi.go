// Wireless links: an IP packet in a frame of IEEE 802.11 that is not encrypted.

package packet

import (
	"encoding/binary"
	"net"
)

// radiotap skips the header of radiotap.org, which contains its length and
// whether the frame's header is padded.
func (d *Decoder) radiotap(p *Packet, b piece) {
	const more, withTime, withFlags, padded = 1 << 31, 1, 2, 0x20
	if len(b.data) < 8 {
		return
	}
	size := int(binary.LittleEndian.Uint16(b.data[2:]))
	present, at := binary.LittleEndian.Uint32(b.data[4:]), 8
	for word := present; word&more != 0 && len(b.data) >= at+4; at += 4 {
		word = binary.LittleEndian.Uint32(b.data[at:])
	}
	if present&withTime != 0 {
		at = (at+7)&^7 + 8
	}
	pad := present&withFlags != 0 && at < min(size, len(b.data)) && b.data[at]&padded != 0
	d.dataFrame(p, b.from(size), pad)
}

// prism skips the headers that drivers of wireless cards wrote before radiotap:
// Prism's, which has its length in the byte order of the machine, and AVS.
func (d *Decoder) prism(p *Packet, b piece) {
	const avs, longest = 0x80211001, 1 << 16
	if len(b.data) < 8 {
		return
	}
	size := b.uint32(4)
	if b.uint32(0)&^0xf != avs&^0xf && size >= longest {
		size = binary.LittleEndian.Uint32(b.data[4:])
	}
	if size < longest {
		d.wifi(p, b.from(int(size)))
	}
}

// wifi reads a frame of IEEE 802.11.
func (d *Decoder) wifi(p *Packet, b piece) { d.dataFrame(p, b, false) }

// dataFrame reads a data frame of IEEE 802.11 that is not encrypted. If the
// frame has several packets (A-MSDU), it reads the first.
func (d *Decoder) dataFrame(p *Packet, b piece, padded bool) {
	const (
		header                              = 24
		typeMask, data                      = 0x0c, 0x08
		quality, empty                      = 0x80, 0x40 // subtypes
		several                             = 0x80       // of the quality of service
		toSystem, fromSystem, secret, order = 0x01, 0x02, 0x40, 0x80
	)
	if len(b.data) < header || b.data[0]&typeMask != data || b.data[0]&empty != 0 || b.data[1]&secret != 0 {
		return
	}
	p.DstMAC, p.SrcMAC = net.HardwareAddr(b.data[4:10]), net.HardwareAddr(b.data[10:16])
	flags, size := b.data[1], header
	switch {
	case flags&toSystem != 0 && flags&fromSystem != 0:
		size += 6
	case flags&toSystem != 0:
		p.DstMAC = net.HardwareAddr(b.data[16:22])
	case flags&fromSystem != 0:
		p.SrcMAC = net.HardwareAddr(b.data[16:22])
	}
	aggregate := false
	if b.data[0]&quality != 0 {
		aggregate = len(b.data) > size && b.data[size]&several != 0
		size += 2
		if flags&order != 0 {
			size += 4
		}
	}
	if padded {
		size = (size + 3) &^ 3
	}
	if aggregate {
		size += 14 // addresses and length of the first
	}
	d.llc(p, b.from(size))
}
