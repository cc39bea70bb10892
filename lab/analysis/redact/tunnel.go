package redact

import (
	"encoding/binary"
	"slices"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/packet"
	"ftplab/lab/pcapng"
)

// etherSize is the length of a header of Ethernet, in bytes.
const etherSize = 14

// tunnelled puts a new frame of Ethernet into the tags and tunnels of the original. Of
// these it keeps the numbers, and redacts addresses. If a header is in between that is not
// known, the frame stays as it is.
func (w *writer) tunnelled(p *capture.Packet, f frame) frame {
	layers := w.outer(p)
	if len(layers) == 0 {
		return f
	}
	kind := binary.BigEndian.Uint16(f.data[12:])
	inner := f.data[etherSize:]
	for i, l := range slices.Backward(layers) {
		head := slices.Clone(p.Data[l.At : l.At+l.Size])
		if i == len(layers)-1 && (l.Kind == packet.LayerEthernet || l.Kind == packet.LayerVLAN) && etherType(head) >= etherSmallest {
			binary.BigEndian.PutUint16(head[len(head)-2:], kind) // which may be another than it was
		}
		inner = w.layer(l.Kind, head, inner, f.more)
	}
	if layers[0].Kind != packet.LayerEthernet {
		return w.ether(p, etherTypeOf[layers[0].Kind], inner, f.more)
	}
	return frame{inner, f.more}
}

// etherSmallest is the smallest EtherType: smaller numbers are a length.
const etherSmallest = 0x0600

// etherType is the last field of a header of Ethernet or of a VLAN.
func etherType(head []byte) uint16 { return binary.BigEndian.Uint16(head[len(head)-2:]) }

// etherTypeOf are the EtherTypes of headers that may follow a header of Ethernet.
var etherTypeOf = map[packet.LayerKind]uint16{
	packet.LayerIPv4: etherIPv4, packet.LayerIPv6: etherIPv6, packet.LayerVLAN: 0x8100, packet.LayerMPLS: 0x8847, packet.LayerPPPoE: 0x8864,
}

// outer are the headers around the innermost packet, nil if there are none but Ethernet, or
// if one in between is not known. It counts the packets that lose headers.
func (w *writer) outer(p *capture.Packet) []packet.Layer {
	layers, lost := w.around(p)
	if lost {
		w.bare++
	}
	return layers
}

// around does what outer does. Lost says that there are other headers, which are left out.
func (w *writer) around(p *capture.Packet) (_ []packet.Layer, lost bool) {
	var q packet.Packet
	w.decoder.Decode(&q, &pcapng.Packet{Data: p.Data, Length: p.Length, Link: p.Link})
	layers := w.decoder.Layers()
	for len(layers) > 0 && layers[0].Kind != packet.LayerEthernet && etherTypeOf[layers[0].Kind] == 0 {
		layers = layers[1:] // of a link that becomes Ethernet
	}
	lost = len(layers) > 0 && layers[0].At > 0
	last := len(layers) - 1
	if last < 1 {
		return nil, lost
	}
	if p.UDP != nil || layers[last].Kind == packet.LayerUDP {
		last-- // its header is made anew, too
	}
	for i, l := range layers[:last] {
		if l.At+l.Size != layers[i+1].At {
			return nil, true
		}
	}
	innermost := layers[last]
	isIP := innermost.Kind == packet.LayerIPv4 || innermost.Kind == packet.LayerIPv6
	switch {
	case p.IP != nil && p.ARP == nil:
		if !isIP {
			return nil, true
		}
		layers = layers[:last]
	case isIP || innermost.Kind != packet.LayerEthernet && innermost.Kind != packet.LayerVLAN:
		return nil, true
	default:
		layers = layers[:last+1]
	}
	if len(layers) == 0 || len(layers) == 1 && layers[0].Kind == packet.LayerEthernet {
		return nil, lost
	}
	return slices.Clone(layers), lost
}

// layer puts a header in front of what it carries, of which more bytes were on the wire.
func (w *writer) layer(kind packet.LayerKind, head, inner []byte, more int) []byte {
	size := len(inner) + more
	setLength := func(at, n int) { binary.BigEndian.PutUint16(head[at:], uint16(min(n, 0xffff))) }
	switch kind {
	case packet.LayerEthernet:
		dst, src := w.key.MAC(head[:6]), w.key.MAC(head[6:12])
		copy(head, dst[:])
		copy(head[6:], src[:])
		if etherType(head) < etherSmallest {
			setLength(12, size)
		}
	case packet.LayerPPPoE:
		setLength(4, size)
	case packet.LayerIPv4:
		head = head[:20] // without options
		head[0] = 0x45
		setLength(2, 20+size)
		head[10], head[11] = 0, 0
		w.replace(head[12:16])
		w.replace(head[16:20])
		binary.BigEndian.PutUint16(head[10:], fold(sum(0, head)))
	case packet.LayerIPv6:
		setLength(4, size)
		w.replace(head[8:24])
		w.replace(head[24:40])
		if head[6] == protoUDP && more == 0 {
			inner[6], inner[7] = 0, 0
			c := fold(sum(sum(sum(uint32(size)+protoUDP, head[8:24]), head[24:40]), inner))
			binary.BigEndian.PutUint16(inner[6:], max(c, 1))
		}
	case packet.LayerUDP:
		setLength(4, 8+size)
		head[6], head[7] = 0, 0
	case packet.LayerGRE:
		const withChecksum = 0x80
		if head[0]&withChecksum != 0 {
			head[4], head[5] = 0, 0
			binary.BigEndian.PutUint16(head[4:], fold(sum(sum(0, head), inner)))
		}
		if version := head[1] & 7; version == 1 { // of PPTP
			setLength(4, size)
		}
	case packet.LayerGeneve:
		const header, optionHeader = 8, 4
		for at := header; at+optionHeader <= len(head); {
			end := at + optionHeader + int(head[at+3]&0x1f)*4
			clear(head[at+optionHeader : min(end, len(head))])
			at = end
		}
	case packet.LayerGTP:
		setLength(2, len(head)-8+size)
	case packet.LayerL2TP:
		const withLength = 0x40
		if head[0]&withLength != 0 {
			setLength(2, len(head)+size)
		}
	case packet.LayerTZSP:
		head = append(head[:4], 1) // without the tags
	}
	return append(head, inner...)
}

// replace puts the address that stands for one in its place.
func (w *writer) replace(b []byte) {
	s := speaker{key: w.key}
	s.replaceAddr(b, len(b))
}
