// Wireless links: an IP packet inside a frame of IEEE 802.11 that was recorded in
// clear.

package packet

import (
	"encoding/binary"
	"net"

	"ftplab/lab/pcapng"
)

const (
	linkWiFi     pcapng.LinkType = 105
	linkRadiotap pcapng.LinkType = 127
	linkPPI      pcapng.LinkType = 192
)

// radio passes over the header of a recorder in front of the frame (radiotap,
// PPI), which says its own length.
func (d *Decoder) radio(p *Packet, b piece) {
	if len(b.data) < 4 {
		return
	}
	d.wifi(p, b.from(int(binary.LittleEndian.Uint16(b.data[2:]))))
}

// wifi reads a data frame of IEEE 802.11 that is not encrypted.
func (d *Decoder) wifi(p *Packet, b piece) {
	const (
		header                              = 24
		typeMask, data                      = 0x0c, 0x08
		quality, empty                      = 0x80, 0x40 // subtypes
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
	if b.data[0]&quality != 0 {
		size += 2
		if flags&order != 0 {
			size += 4
		}
	}
	d.llc(p, b.from(size))
}
