// Package forge makes captures for tests: TCP connections whose bytes, gaps and order the
// test chooses.
package forge

import (
	"encoding/binary"
	"net/netip"
	"slices"
)

// A Capture is a pcap file under construction. Its packets begin with an IP header.
type Capture struct {
	// Now is the time of the next packet, in nanoseconds since 1970.
	Now int64

	file []byte
	isn  uint32
}

// New returns a capture without packets.
func New() *Capture {
	c := &Capture{Now: 1_700_000_000_000_000_000, isn: 1000}
	c.file = binary.LittleEndian.AppendUint32(c.file, 0xa1b23c4d)
	for _, v := range []uint32{2 | 4<<16, 0, 0, 1 << 18, 101} {
		c.file = binary.LittleEndian.AppendUint32(c.file, v)
	}
	return c
}

// Bytes is the file.
func (c *Capture) Bytes() []byte { return c.file }

// Flags of a TCP header.
const (
	FIN = 1 << iota
	SYN
	RST
	PSH
	ACK
)

// A Conn is a connection. Side 0 is the one that opened it.
type Conn struct {
	Ends [2]netip.AddrPort
	// Seq are the sequence numbers that come next.
	Seq [2]uint32
	c   *Capture
}

// Dial opens a connection with three packets.
func (c *Capture) Dial(from, to string) *Conn {
	x := c.Overhear(from, to)
	x.Packet(0, x.Seq[0]-1, SYN, nil)
	x.Packet(1, x.Seq[1]-1, SYN|ACK, nil)
	x.Packet(0, x.Seq[0], ACK, nil)
	return x
}

// Overhear is a connection that is open already.
func (c *Capture) Overhear(from, to string) *Conn {
	c.isn += 100_000
	return &Conn{[2]netip.AddrPort{netip.MustParseAddrPort(from), netip.MustParseAddrPort(to)}, [2]uint32{c.isn + 1, c.isn + 50_001}, c}
}

// Send sends data in one segment, and the other side acknowledges it.
func (x *Conn) Send(side int, data string) {
	x.Packet(side, x.Seq[side], PSH|ACK, []byte(data))
	x.Seq[side] += uint32(len(data))
	x.Packet(1-side, x.Seq[1-side], ACK, nil)
}

// Lose sends data that the recorder misses.
func (x *Conn) Lose(side, n int) { x.Seq[side] += uint32(n) }

// Close closes the connection, side first.
func (x *Conn) Close(side int) {
	for _, s := range []int{side, 1 - side} {
		x.Packet(s, x.Seq[s], FIN|ACK, nil)
		x.Seq[s]++
		x.Packet(1-s, x.Seq[1-s], ACK, nil)
	}
}

// Packet adds a segment as it is.
func (x *Conn) Packet(side int, seq uint32, flags byte, data []byte) {
	src, dst := x.Ends[side], x.Ends[1-side]
	ack := x.Seq[1-side]
	if flags&ACK == 0 {
		ack = 0
	}
	tcp := binary.BigEndian.AppendUint16(nil, src.Port())
	tcp = binary.BigEndian.AppendUint16(tcp, dst.Port())
	tcp = binary.BigEndian.AppendUint32(tcp, seq)
	tcp = binary.BigEndian.AppendUint32(tcp, ack)
	tcp = append(tcp, 0x50, flags, 0xfa, 0, 0, 0, 0, 0)
	tcp = append(tcp, data...)
	x.c.IP(src.Addr(), dst.Addr(), 6, tcp)
}

// IP adds an IP packet.
func (c *Capture) IP(src, dst netip.Addr, protocol byte, payload []byte) {
	var packet []byte
	if src.Is4() {
		packet = append(packet, 0x45, 0)
		packet = binary.BigEndian.AppendUint16(packet, uint16(20+len(payload)))
		packet = append(packet, 0, 1, 0x40, 0, 64, protocol, 0, 0)
	} else {
		packet = append(packet, 0x60, 0, 0, 0)
		packet = binary.BigEndian.AppendUint16(packet, uint16(len(payload)))
		packet = append(packet, protocol, 64)
	}
	packet = slices.Concat(packet, src.AsSlice(), dst.AsSlice(), payload)
	for _, v := range []uint32{uint32(c.Now / 1e9), uint32(c.Now % 1e9), uint32(len(packet)), uint32(len(packet))} {
		c.file = binary.LittleEndian.AppendUint32(c.file, v)
	}
	c.file = append(c.file, packet...)
	c.Now += 1_000_000
}
