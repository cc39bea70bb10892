// IPv4 and IPv6, with fragments, extension headers and tunnels.

package packet

import (
	"encoding/binary"
	"net/netip"
)

// Protocol numbers of IP.
const (
	protoHopByHop = 0
	protoICMP     = 1
	protoIPv4     = 4
	protoTCP      = 6
	protoUDP      = 17
	protoIPv6     = 41
	protoRouting  = 43
	protoFragment = 44
	protoGRE      = 47
	protoAH       = 51
	protoICMPv6   = 58
	protoDstOpts  = 60
	protoIPIPold  = 94
	protoEtherIP  = 97
	protoL2TP     = 115
	protoMobility = 135
	protoMPLS     = 137
)

// ipv4 reads a header of IPv4 (RFC 791).
func (d *Decoder) ipv4(p *Packet, b piece) {
	if !d.deeper() || len(b.data) < 20 || b.data[0]>>4 != 4 {
		return
	}
	header := int(b.data[0]&15) * 4
	total := b.uint16(2)
	if total == 0 { // longer than 65535: the network card segments it (TSO)
		total = b.wire
	}
	if header < 20 || total < header {
		return
	}
	const dontFragment, moreFragments = 0x4000, 0x2000
	flags := b.uint16(6)
	d.ip = IP{
		Version:  4,
		DSCP:     b.data[1] >> 2,
		Src:      netip.AddrFrom4([4]byte(b.data[12:])),
		Dst:      netip.AddrFrom4([4]byte(b.data[16:])),
		TTL:      int(b.data[8]),
		ID:       binary.BigEndian.Uint16(b.data[4:]),
		DF:       flags&dontFragment != 0,
		Protocol: int(b.data[9]),
		Offset:   flags & 0x1fff * 8,
	}
	d.ip.Fragment = flags&(moreFragments|0x1fff) != 0
	d.ip.Damaged = b.uint16(10) != 0 && len(b.data) >= header && folded(sum(b.data[:header])) != 0xffff
	d.ip.SourceRouted = hasSourceRoute(b.data[20:max(20, min(header, len(b.data)))])
	d.note(LayerIPv4, b, header)
	p.IP = &d.ip
	d.ip.Trailer = b.data[min(total, len(b.data)):]
	payload := b.upto(total).from(header)
	d.ip.Length = payload.wire
	if d.ip.Fragment {
		d.Fragmented, d.pieced = true, true
		id := uint32(d.ip.ID)
		payload = d.fragments.add(&d.ip, id, payload, flags&moreFragments != 0)
	}
	d.transport(p, d.ip.Protocol, payload)
}

// hasSourceRoute reports whether options of IPv4 name hosts on the way.
func hasSourceRoute(options []byte) bool {
	const end, none, loose, strict = 0, 1, 131, 137
	for len(options) > 1 {
		switch kind, size := options[0], int(options[1]); {
		case kind == loose, kind == strict:
			return true
		case kind == none:
			options = options[1:]
		case kind == end, size < 2, size > len(options):
			return false
		default:
			options = options[size:]
		}
	}
	return false
}

// ipv6 reads a header of IPv6 and its extension headers (RFC 8200).
func (d *Decoder) ipv6(p *Packet, b piece) {
	if !d.deeper() || len(b.data) < 40 || b.data[0]>>4 != 6 {
		return
	}
	d.ip = IP{
		Version:   6,
		DSCP:      b.data[0]<<2&0x3c | b.data[1]>>6,
		FlowLabel: binary.BigEndian.Uint32(b.data) & 0xfffff,
		Src:       netip.AddrFrom16([16]byte(b.data[8:])),
		Dst:       netip.AddrFrom16([16]byte(b.data[24:])),
		TTL:       int(b.data[7]),
	}
	p.IP = &d.ip
	d.note(LayerIPv6, b, 40)
	next, payload := int(b.data[6]), b.from(40)
	if n := b.uint16(4); n != 0 { // 0: a jumbogram (RFC 2675), or TSO
		payload = payload.upto(n)
	}
	d.ip.Length = payload.wire
	var seen [256]uint8
	for len(payload.data) >= 8 {
		if isExtension(next) {
			seen[next]++
			d.ip.Repeats = d.ip.Repeats || seen[next] > 2 || seen[next] > 1 && next != protoDstOpts
		}
		size := 8 + int(payload.data[1])*8
		switch next {
		case protoHopByHop, protoDstOpts, protoMobility:
		case protoRouting:
			const sourceRoute = 0
			d.ip.SourceRouted = d.ip.SourceRouted || payload.data[2] == sourceRoute
		case protoAH:
			size = 8 + int(payload.data[1])*4
		case protoFragment:
			next, payload = d.fragmentHeader(payload)
			continue
		default:
			d.ip.Protocol = next
			d.transport(p, next, payload)
			return
		}
		next, payload = int(payload.data[0]), payload.from(size)
	}
	d.ip.Protocol = next
}

// isExtension reports whether a header of IPv6 with a number occurs once in a packet, or in two places (RFC 8200 section 4.1).
func isExtension(next int) bool {
	switch next {
	case protoHopByHop, protoDstOpts, protoRouting, protoFragment, protoAH:
		return true
	}
	return false
}

// fragmentHeader reads the fragment header of IPv6 and returns the datagram's
// payload if it is complete, else nothing.
func (d *Decoder) fragmentHeader(b piece) (next int, payload piece) {
	next = int(b.data[0])
	field := b.uint16(2)
	d.ip.Offset, d.ip.Protocol = field&^7, next
	more := field&1 != 0
	if d.ip.Offset == 0 && !more { // an atomic fragment (RFC 6946)
		return next, b.from(8)
	}
	d.ip.Fragment, d.Fragmented, d.pieced = true, true, true
	return next, d.fragments.add(&d.ip, b.uint32(4), b.from(8), more)
}

// transport continues with the payload of an IP packet.
func (d *Decoder) transport(p *Packet, protocol int, b piece) {
	switch protocol {
	case protoTCP:
		d.segment(p, b)
	case protoUDP:
		d.datagram(p, b)
	case protoICMP, protoICMPv6:
		d.icmpMessage(p, protocol, b)
	case protoIPv4, protoIPv6, protoIPIPold:
		d.rawIP(p, b)
	case protoGRE:
		d.gre(p, b)
	case protoEtherIP: // RFC 3378
		d.note(LayerTag, b, 2)
		d.ethernet(p, b.from(2))
	case protoL2TP:
		d.l2tp3(p, b.from(4)) // the session (RFC 3931 section 4.1.1)
	case protoMPLS: // RFC 4023
		d.mpls(p, b)
	case protoAH: // RFC 4302; of IPv6 it is read with the other extension headers
		if len(b.data) >= 2 && d.deeper() {
			d.transport(p, int(b.data[0]), b.from(8+int(b.data[1])*4))
		}
	default:
		d.ip.Payload = b.data
	}
}
