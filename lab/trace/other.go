// What is not TCP: UDP with DNS, ICMP and ARP.

package trace

import "encoding/binary"

// datagram reads a UDP header (RFC 768).
func (d *decoder) datagram(p *Packet, b piece) {
	if len(b.data) < 8 {
		return
	}
	d.udp = UDP{SrcPort: binary.BigEndian.Uint16(b.data), DstPort: binary.BigEndian.Uint16(b.data[2:]), Length: b.from(8).wire}
	p.UDP = &d.udp
}

func (d *decoder) icmpMessage(p *Packet, protocol int, b piece) {}

func (d *decoder) arpMessage(p *Packet, b piece) {}
