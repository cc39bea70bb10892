package redact

import (
	"encoding/binary"
	"net/netip"
	"slices"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/packet"
)

// EtherTypes, and protocols of IP.
const (
	etherIPv4         = 0x0800
	etherARP          = 0x0806
	etherIPv6         = 0x86dd
	etherExperimental = 0x88b5 // IEEE 802: for experiments

	protoICMP   = 1
	protoTCP    = 6
	protoUDP    = 17
	protoICMPv6 = 58
	protoTest   = 253 // RFC 3692: for experiments
)

// A frame is what is written for a packet: the captured bytes, and how many more there
// were on the wire.
type frame struct {
	data []byte
	more int
}

// frame makes the new frame of a packet.
func (w *writer) frame(p *capture.Packet) frame {
	switch {
	case p.ARP != nil:
		return w.arp(p)
	case p.IP == nil:
		zeros, more := zeros(p, p.Length-14)
		return w.ether(p, etherExperimental, zeros, more)
	case p.TCP != nil:
		return w.tcp(p)
	case p.UDP != nil:
		return w.udp(p)
	case p.ICMP != nil:
		return w.icmp(p)
	}
	return w.unknown(p, p.IP.Length)
}

// unknown is a packet of a protocol that this package does not know, of a length in bytes
// after the header of IP.
func (w *writer) unknown(p *capture.Packet, length int) frame {
	zeros, more := zeros(p, length)
	return w.ip(p, protoTest, zeros, more, -1)
}

// zeros are as many as a packet has bytes in the file, and more says how many there were
// on the wire beyond them: that may be any number.
func zeros(p *capture.Packet, length int) (zeros []byte, more int) {
	length = max(length, 0)
	n := min(length, p.Captured)
	return make([]byte, n), length - n
}

// ether puts the header of Ethernet in front.
func (w *writer) ether(p *capture.Packet, kind uint16, payload []byte, more int) frame {
	src, dst := w.key.MAC(p.SrcMAC), w.key.MAC(p.DstMAC)
	head := slices.Concat(dst[:], src[:], binary.BigEndian.AppendUint16(nil, kind))
	return frame{append(head, payload...), more}
}

func (w *writer) arp(p *capture.Packet) frame {
	a := p.ARP
	sender := w.key.MAC(a.SenderMAC)
	body := []byte{0, 1, 8, 0, 6, 4, 0, byte(a.Op)}
	body = append(body, sender[:]...)
	body = append(body, as4(w.key.Addr(a.SenderIP))...)
	target := [6]byte{}
	if a.Op != 1 {
		target = w.key.MAC(p.DstMAC)
	}
	body = append(body, target[:]...)
	body = append(body, as4(w.key.Addr(a.TargetIP))...)
	return w.ether(p, etherARP, body, 0)
}

func as4(a netip.Addr) []byte {
	if !a.Is4() {
		return make([]byte, 4)
	}
	return a.AsSlice()
}

// ip puts the header of IP in front, and sets the checksum of the payload at the given
// place in it, unless that is -1.
func (w *writer) ip(p *capture.Packet, protocol byte, payload []byte, more, checksumAt int) frame {
	src, dst := w.key.Addr(p.IP.Src), w.key.Addr(p.IP.Dst)
	length := len(payload) + more
	head := ipHeader(p.IP, src, dst, protocol, length)
	kind := uint16(etherIPv4)
	if p.IP.Version == 6 {
		kind = etherIPv6
	}
	if checksumAt >= 0 {
		size := length
		if protocol == protoUDP {
			size = int(binary.BigEndian.Uint16(payload[4:]))
		}
		pseudo := uint32(size) + uint32(protocol)
		if protocol == protoICMP {
			pseudo = 0
		} else {
			pseudo = sum(sum(pseudo, src.AsSlice()), dst.AsSlice())
		}
		c := fold(sum(pseudo, payload))
		if c == 0 && protocol == protoUDP {
			c = 0xffff
		}
		if p.Segment != nil && p.Segment.Damaged {
			c = max(c^1, 2) // the new one is wrong, too, and not 0, which would be none
		}
		binary.BigEndian.PutUint16(payload[checksumAt:], c)
	}
	return w.ether(p, kind, append(head, payload...), more)
}

// ipHeader is a header of IP before so many bytes. Its other fields are those of another header.
func ipHeader(like *packet.IP, src, dst netip.Addr, protocol byte, length int) []byte {
	if like.Version == 6 {
		a, b := src.As16(), dst.As16()
		head := binary.BigEndian.AppendUint16([]byte{0x60, 0, 0, 0}, uint16(min(length, 0xffff)))
		return slices.Concat(append(head, protocol, byte(like.TTL)), a[:], b[:])
	}
	flags := uint16(0)
	if like.DF {
		flags = 0x4000
	}
	head := binary.BigEndian.AppendUint16([]byte{0x45, 0}, uint16(min(20+length, 0xffff)))
	head = binary.BigEndian.AppendUint16(head, like.ID)
	head = binary.BigEndian.AppendUint16(head, flags)
	head = slices.Concat(append(head, byte(like.TTL), protocol, 0, 0), as4(src), as4(dst))
	binary.BigEndian.PutUint16(head[10:], fold(sum(0, head)))
	return head
}

// sum adds up 16-bit words, as the checksum of IP does (RFC 1071).
func sum(s uint32, b []byte) uint32 {
	for ; len(b) > 1; b = b[2:] {
		s += uint32(binary.BigEndian.Uint16(b))
		if s > 0xffff {
			s -= 0xffff
		}
	}
	if len(b) == 1 {
		s += uint32(b[0]) << 8
	}
	return s
}

func fold(s uint32) uint16 {
	for s > 0xffff {
		s = s&0xffff + s>>16
	}
	return ^uint16(s)
}

// tcp makes a segment: its numbers follow the new stream.
func (w *writer) tcp(p *capture.Packet) frame {
	t, seg := p.TCP, p.Segment
	sent := w.sent(p)
	heard := w.streams[place{p.Connection.ID, p.From.Other()}]
	from := seg.DataSeq()
	payload := sent.bytes(from, seg.Payload, p.Number)
	wire := int(sent.position(from+int64(t.Length)) - sent.position(from))
	if len(seg.Payload) == t.Length {
		wire = len(payload)
	}
	wire = max(wire, len(payload))
	ack := t.RawAck
	if t.Has(packet.ACK) {
		ack += uint32(heard.position(seg.Ack) - seg.Ack)
	}
	options := w.options(t, seg.SACK, heard)
	b := binary.BigEndian.AppendUint16(nil, t.SrcPort)
	b = binary.BigEndian.AppendUint16(b, t.DstPort)
	b = binary.BigEndian.AppendUint32(b, t.RawSeq+uint32(sent.position(seg.Seq)-seg.Seq))
	b = binary.BigEndian.AppendUint32(b, ack)
	b = append(b, byte((20+len(options))/4)<<4, t.Flags)
	b = binary.BigEndian.AppendUint16(b, t.RawWindow)
	b = append(b, 0, 0)
	b = binary.BigEndian.AppendUint16(b, t.Urgent)
	b = slices.Concat(b, options, payload)
	return w.ip(p, protoTCP, b, wire-len(payload), 16)
}

// sent is what the sender of a segment is to send, nil for filler.
func (w *writer) sent(p *capture.Packet) *stream {
	s, of := w.streams[place{p.Connection.ID, p.From}], p.Connection.Transfer
	if s == nil && of != nil && of.Lists() && p.From == of.Sender() {
		return listing
	}
	return s
}

// options are those that everybody has. Others become NOPs: they may hold a cookie.
func (w *writer) options(t *packet.TCP, sack []tcpBlock, heard *stream) []byte {
	var b []byte
	t.Options.Each(func(kind byte, value []byte) {
		switch kind {
		case packet.OptionEnd:
		case packet.OptionNOP:
			b = append(b, kind)
		case packet.OptionMSS, packet.OptionWindowScale, packet.OptionSACKPermitted, packet.OptionTimestamps:
			b = append(append(b, kind, byte(len(value)+2)), value...)
		case packet.OptionSACK:
			b = append(b, kind, byte(len(value)+2))
			for ; len(value) >= 8; value = value[8:] {
				left, right := binary.BigEndian.Uint32(value), binary.BigEndian.Uint32(value[4:])
				if len(sack) > 0 {
					left += uint32(heard.position(sack[0].Left) - sack[0].Left)
					right += uint32(heard.position(sack[0].Right) - sack[0].Right)
					sack = sack[1:]
				}
				b = binary.BigEndian.AppendUint32(b, left)
				b = binary.BigEndian.AppendUint32(b, right)
			}
			b = append(b, make([]byte, len(value))...)
		default:
			b = append(b, slices.Repeat([]byte{packet.OptionNOP}, len(value)+2)...)
		}
	})
	for len(b)%4 != 0 {
		b = append(b, packet.OptionEnd)
	}
	return b[:min(len(b), 40)]
}

// udp makes a datagram with a message of DNS, or an empty one, which no program can read as its own.
// Zeros follow it in its packet, as many as it had bytes.
func (w *writer) udp(p *capture.Packet) frame {
	u := p.UDP
	var body, rest []byte
	more := 0
	if u.DNS != nil {
		body = w.dns(u.DNS)
	} else {
		rest, more = zeros(p, u.Length)
	}
	b := binary.BigEndian.AppendUint16(nil, u.SrcPort)
	b = binary.BigEndian.AppendUint16(b, u.DstPort)
	b = binary.BigEndian.AppendUint16(b, uint16(8+len(body)))
	b = append(append(b, 0, 0), body...)
	b = append(b, rest...)
	return w.ip(p, protoUDP, b, more, 6)
}

// icmp makes a message of the same type. Of a packet that it quotes, the addresses, the protocol
// and the ports stay. What else it carries is left out, if that is possible, and else zero.
func (w *writer) icmp(p *capture.Packet) frame {
	m := p.ICMP
	protocol := byte(protoICMP)
	size := 8
	if p.IP.Version == 6 {
		protocol = protoICMPv6
		size = map[int]int{133: 8, 134: 16, 135: 24, 136: 24, 137: 40}[m.Type]
		size = max(size, 8)
		if m.Type >= 130 && m.Type <= 132 {
			size = 24
		}
	}
	b := make([]byte, size)
	b[0], b[1] = byte(m.Type), byte(m.Code)
	binary.BigEndian.PutUint32(b[4:], uint32(m.MTU)) // of ICMP in its lower half
	return w.ip(p, protocol, append(b, w.quoted(p)...), 0, 2)
}

// quoted is the beginning of the packet that an error is about.
func (w *writer) quoted(p *capture.Packet) []byte {
	q := p.ICMP.About
	if !q.Src.IsValid() {
		return nil
	}
	var b []byte
	length := map[int]int{protoTCP: 20, protoUDP: 8}[q.Protocol] // of a header
	if length > 0 {
		b = binary.BigEndian.AppendUint16(b, q.Src.Port())
		b = binary.BigEndian.AppendUint16(b, q.Dst.Port())
		b = append(b, 0, 0, 0, 0)
	}
	if q.Protocol == protoUDP {
		b[5] = byte(length)
	}
	return append(ipHeader(p.IP, w.key.Addr(q.Src.Addr()), w.key.Addr(q.Dst.Addr()), byte(q.Protocol), length), b...)
}
