package gvisor

import (
	"encoding/binary"
	"net/netip"

	"gvisor.dev/gvisor/pkg/tcpip/checksum"
	"gvisor.dev/gvisor/pkg/tcpip/header"
)

// A segment is a frame with a TCP segment.
type segment struct {
	frame []byte
	ip    []byte // and what follows
	v6    bool
	tcp   header.TCP // and its payload
}

// parseSegment reports whether the frame has a TCP segment that can be read.
func parseSegment(frame []byte) (s segment, ok bool) {
	if len(frame) < header.EthernetMinimumSize {
		return s, false
	}
	s.frame, s.ip = frame, frame[header.EthernetMinimumSize:]
	switch header.Ethernet(frame).Type() {
	case header.IPv4ProtocolNumber:
		ip := header.IPv4(s.ip)
		if !ip.IsValid(len(s.ip)) || ip.TransportProtocol() != header.TCPProtocolNumber || ip.FragmentOffset() != 0 || ip.More() {
			return s, false
		}
		s.tcp = header.TCP(s.ip[ip.HeaderLength():ip.TotalLength()])
	case header.IPv6ProtocolNumber:
		ip := header.IPv6(s.ip)
		if !ip.IsValid(len(s.ip)) || ip.TransportProtocol() != header.TCPProtocolNumber {
			return s, false
		}
		s.v6 = true
		s.tcp = header.TCP(s.ip[header.IPv6MinimumSize : header.IPv6MinimumSize+int(ip.PayloadLength())])
	default:
		return s, false
	}
	ok = len(s.tcp) >= header.TCPMinimumSize && int(s.tcp.DataOffset()) >= header.TCPMinimumSize && int(s.tcp.DataOffset()) <= len(s.tcp)
	return s, ok
}

func (s segment) flags() header.TCPFlags { return s.tcp.Flags() }

// opens reports whether the segment is the first of a connection.
func (s segment) opens() bool {
	return s.flags().Intersects(header.TCPFlagSyn) && !s.flags().Intersects(header.TCPFlagAck)
}

// from and to are the segment's ends.
func (s segment) from() netip.AddrPort {
	source, _ := s.addresses()
	return netip.AddrPortFrom(source, s.tcp.SourcePort())
}

func (s segment) to() netip.AddrPort {
	_, destination := s.addresses()
	return netip.AddrPortFrom(destination, s.tcp.DestinationPort())
}

func (s segment) addresses() (source, destination netip.Addr) {
	if s.v6 {
		return netip.AddrFrom16([16]byte(s.ip[8:24])), netip.AddrFrom16([16]byte(s.ip[24:40]))
	}
	return netip.AddrFrom4([4]byte(s.ip[12:16])), netip.AddrFrom4([4]byte(s.ip[16:20]))
}

// end is the sequence number after the segment's payload.
func (s segment) end() uint32 { return s.tcp.SequenceNumber() + uint32(len(s.tcp.Payload())) }

// bareACK reports whether the segment only acknowledges: it has no payload and
// no selective acknowledgements.
func (s segment) bareACK() bool {
	if s.flags() != header.TCPFlagAck || len(s.tcp.Payload()) > 0 {
		return false
	}
	return len(s.tcp.ParsedOptions().SACKBlocks) == 0
}

// bareFIN reports whether the segment is a FIN without payload.
func (s segment) bareFIN() bool {
	return s.flags().Contains(header.TCPFlagFin) && len(s.tcp.Payload()) == 0
}

// withPayload returns the segment with a payload, and the sequence number at
// which that begins.
func (s segment) withPayload(seq uint32, payload []byte) segment {
	headers := s.headers() + int(s.tcp.DataOffset())
	changed := s.rebuilt(append(append([]byte(nil), s.frame[:headers]...), payload...))
	changed.tcp.SetSequenceNumber(seq)
	changed.updateChecksums()
	return changed
}

// withOptions returns the segment with other options and another window.
func (s segment) withOptions(options []byte, window uint16) segment {
	before := s.headers()
	frame := append([]byte(nil), s.frame[:before+header.TCPMinimumSize]...)
	frame = append(frame, options...)
	frame = append(frame, s.tcp.Payload()...)
	changed := s.rebuilt(frame)
	changed.tcp.SetDataOffset(uint8(header.TCPMinimumSize + len(options)))
	changed.tcp.SetWindowSize(window)
	changed.updateChecksums()
	return changed
}

// setUrgent marks so many bytes of the payload as urgent (RFC 9293, 3.1). Like
// Linux's, the pointer points after the last of them.
func (s segment) setUrgent(bytes int) {
	s.tcp.SetFlags(uint8(s.flags() | header.TCPFlagUrg))
	binary.BigEndian.PutUint16(s.tcp[header.TCPUrgentPtrOffset:], uint16(bytes))
	s.updateChecksums()
}

// reset is the segment as the answer to one that acknowledged so much and should
// not have come.
func (s segment) reset(acknowledged uint32) segment {
	s.tcp.SetFlags(uint8(header.TCPFlagRst))
	s.tcp.SetSequenceNumber(acknowledged)
	s.tcp.SetAckNumber(0)
	return s.withOptions(nil, 0)
}

// headers is the length of what comes before the TCP header.
func (s segment) headers() int { return len(s.frame) - len(s.tcp) }

// rebuilt is the segment in a frame that was made from its own, with another length.
func (s segment) rebuilt(frame []byte) segment {
	ip := frame[header.EthernetMinimumSize:]
	if s.v6 {
		header.IPv6(ip).SetPayloadLength(uint16(len(ip) - header.IPv6MinimumSize))
	} else {
		header.IPv4(ip).SetTotalLength(uint16(len(ip)))
	}
	return segment{frame: frame, ip: ip, v6: s.v6, tcp: header.TCP(frame[s.headers():])}
}

// updateChecksums computes the checksums of the packet and the segment.
func (s segment) updateChecksums() {
	var pseudo uint16
	if s.v6 {
		ip := header.IPv6(s.ip)
		pseudo = header.PseudoHeaderChecksum(header.TCPProtocolNumber, ip.SourceAddress(), ip.DestinationAddress(), uint16(len(s.tcp)))
	} else {
		ip := header.IPv4(s.ip)
		ip.SetChecksum(0)
		ip.SetChecksum(^ip.CalculateChecksum())
		pseudo = header.PseudoHeaderChecksum(header.TCPProtocolNumber, ip.SourceAddress(), ip.DestinationAddress(), uint16(len(s.tcp)))
	}
	s.tcp.SetChecksum(0)
	s.tcp.SetChecksum(^s.tcp.CalculateChecksum(checksum.Checksum(s.tcp.Payload(), pseudo)))
}

// completeChecksums computes the checksum of the segment or datagram in a frame.
func completeChecksums(frame []byte) {
	if s, ok := parseSegment(frame); ok {
		s.updateChecksums()
		return
	}
	ip := frame[header.EthernetMinimumSize:]
	var pseudo uint16
	var udp header.UDP
	switch header.IPVersion(ip) {
	case header.IPv4Version:
		h := header.IPv4(ip)
		if udp = header.UDP(h.Payload()); h.TransportProtocol() != header.UDPProtocolNumber {
			return
		}
		pseudo = header.PseudoHeaderChecksum(header.UDPProtocolNumber, h.SourceAddress(), h.DestinationAddress(), uint16(len(udp)))
	case header.IPv6Version:
		h := header.IPv6(ip)
		if udp = header.UDP(h.Payload()); h.TransportProtocol() != header.UDPProtocolNumber {
			return
		}
		pseudo = header.PseudoHeaderChecksum(header.UDPProtocolNumber, h.SourceAddress(), h.DestinationAddress(), uint16(len(udp)))
	}
	udp.SetChecksum(0)
	udp.SetChecksum(^udp.CalculateChecksum(checksum.Checksum(udp.Payload(), pseudo)))
}

// setDontFragment sets the flag of an IPv4 packet (RFC 791, 3.1).
func (s segment) setDontFragment(on bool) {
	if s.v6 {
		return
	}
	ip := header.IPv4(s.ip)
	flags := ip.Flags() &^ header.IPv4FlagDontFragment
	if on {
		flags |= header.IPv4FlagDontFragment
	}
	ip.SetFlagsFragmentOffset(flags, 0)
	ip.SetChecksum(0)
	ip.SetChecksum(^ip.CalculateChecksum())
}
