// The packets of a capture as bytes that can be changed.

package forgery

import (
	"encoding/binary"
	"slices"

	"ftplab/lab/pcapng"
)

// Where the headers of a frame of Ethernet and IPv4 begin, and how long they are.
const (
	ipv4        = 14
	addresses   = ipv4 + 12
	tcp         = ipv4 + 20
	tcpLength   = 20
	etherType   = 0x0800
	tcpProtocol = 6
)

// Flags of TCP.
const (
	finFlag = 1
	synFlag = 2
	ackFlag = 16
)

// A trace is the packets of a capture in order.
type trace struct {
	packets     []*pcapng.Packet
	segments    []*segment
	connections []*connection
}

// A connection is the two ends of a TCP connection.
type connection struct{ opener, acceptor [6]byte }

// A segment is a packet of TCP.
type segment struct {
	*pcapng.Packet
	*connection
	opens   bool // it comes from the side that opened the connection
	partial bool // its checksum leaves out the addresses
}

// add takes the next packet. What is not TCP over IPv4 is never changed.
func (t *trace) add(p *pcapng.Packet) {
	t.packets = append(t.packets, p)
	b := p.Data
	if p.Link != pcapng.LinkEthernet || len(b) < tcp+tcpLength || len(b) != p.Length || binary.BigEndian.Uint16(b[12:]) != etherType || b[ipv4] != 0x45 || b[ipv4+9] != tcpProtocol {
		return
	}
	from := [6]byte(append(b[addresses:addresses+4:addresses+4], b[tcp:tcp+2]...))
	to := [6]byte(append(b[addresses+4:addresses+8:addresses+8], b[tcp+2:tcp+4]...))
	for _, c := range t.connections {
		if opens := c.opener == from && c.acceptor == to; opens || c.opener == to && c.acceptor == from {
			t.segments = append(t.segments, &segment{Packet: p, connection: c, opens: opens})
			return
		}
	}
	c := &connection{from, to}
	t.connections = append(t.connections, c)
	t.segments = append(t.segments, &segment{Packet: p, connection: c, opens: true})
}

// remove takes a packet out of the capture.
func (t *trace) remove(s *segment) {
	t.packets = slices.DeleteFunc(t.packets, func(p *pcapng.Packet) bool { return p == s.Packet })
}

// write writes the capture, with the lengths and checksums that its packets now have.
func (t *trace) write() ([]byte, error) {
	for _, s := range t.segments {
		s.finish()
	}
	return write(t.packets)
}

func (s *segment) seq() uint32 { return binary.BigEndian.Uint32(s.Data[tcp+4:]) }

func (s *segment) ack() uint32 { return binary.BigEndian.Uint32(s.Data[tcp+8:]) }

func (s *segment) setSeq(n uint32) { binary.BigEndian.PutUint32(s.Data[tcp+4:], n) }

func (s *segment) setAck(n uint32) { binary.BigEndian.PutUint32(s.Data[tcp+8:], n) }

// has reports whether a flag is set.
func (s *segment) has(flag byte) bool { return s.Data[tcp+13]&flag != 0 }

// header is how long its TCP header is.
func (s *segment) header() int { return int(s.Data[tcp+12]>>4) * 4 }

// length is how many bytes of data it has.
func (s *segment) length() uint32 {
	return uint32(int(binary.BigEndian.Uint16(s.Data[ipv4+2:])) - (tcp - ipv4) - s.header())
}

// end is the number after its last byte, its FIN not counted.
func (s *segment) end() uint32 { return s.seq() + s.length() }

// finish computes its lengths and checksums.
func (s *segment) finish() {
	b := s.Data
	s.Length = len(b)
	binary.BigEndian.PutUint16(b[ipv4+10:], 0)
	binary.BigEndian.PutUint16(b[ipv4+10:], checksum(sum(0, b[ipv4:tcp])))
	whole := b[tcp : ipv4+int(binary.BigEndian.Uint16(b[ipv4+2:]))]
	binary.BigEndian.PutUint16(b[tcp+16:], 0)
	pseudo := uint32(0)
	if !s.partial {
		pseudo = sum(uint32(tcpProtocol+len(whole)), b[addresses:addresses+8])
	}
	binary.BigEndian.PutUint16(b[tcp+16:], checksum(sum(pseudo, whole)))
}

// sum adds bytes to an Internet checksum (RFC 1071).
func sum(s uint32, b []byte) uint32 {
	for ; len(b) > 1; b = b[2:] {
		s += uint32(b[0])<<8 | uint32(b[1])
	}
	if len(b) > 0 {
		s += uint32(b[0]) << 8
	}
	return s
}

func checksum(s uint32) uint16 {
	for s > 0xffff {
		s = s>>16 + s&0xffff
	}
	return ^uint16(s)
}
