package forge

import (
	"encoding/binary"
	"net/netip"
	"strings"
)

// An End is one end of a TCP connection. A test may change its fields between two segments:
// a larger Seq is a gap in the capture.
type End struct {
	Addr    netip.AddrPort
	Seq     uint32 // the sequence number of the next byte; the peer acknowledges all before it
	Window  uint16 // not scaled
	Options []byte // the TCP options of the next segment alone, a multiple of 4 bytes
	Urgent  uint16 // the urgent pointer of the next segment alone
	// Reserved are the four bits after the length of the header, of the next segment alone. The last one is AccECN's.
	Reserved byte
	Peer     *End
	Capture  *Capture
}

// Pair returns the two ends of a connection that is open already. An address without a port
// gets the next free one.
func (c *Capture) Pair(from, to string) (a, b *End) {
	a = &End{Addr: c.address(from), Seq: 1001, Window: 502, Capture: c}
	b = &End{Addr: c.address(to), Seq: 4_000_000_001, Window: 502, Capture: c}
	a.Peer, b.Peer = b, a
	return a, b
}

// Dial opens a connection with three segments.
func (c *Capture) Dial(from, to string) (a, b *End) {
	a, b = c.Pair(from, to)
	a.Handshake()
	return a, b
}

func (c *Capture) address(s string) netip.AddrPort {
	if addr, err := netip.ParseAddr(s); err == nil {
		c.ports++
		return netip.AddrPortFrom(addr, c.ports)
	}
	return netip.MustParseAddrPort(s)
}

// Handshake opens the connection. The bytes of both ends begin at their present Seq.
func (e *End) Handshake() {
	e.Seq--
	e.Peer.Seq--
	e.Segment("S", "")
	e.Peer.Segment("S.", "")
	e.ACK()
}

// Send sends data, and the other end acknowledges it.
func (e *End) Send(data string) {
	size := len(data)
	if e.Capture.MSS > 0 {
		size = e.Capture.MSS
	}
	for len(data) > 0 {
		n := min(size, len(data))
		e.Segment("P.", data[:n])
		data = data[n:]
	}
	e.Peer.ACK()
}

// ACK sends a segment without data.
func (e *End) ACK() { e.Segment(".", "") }

// FIN ends the sending of this end.
func (e *End) FIN() { e.Segment("F.", "") }

// RST resets the connection.
func (e *End) RST() { e.Segment("R.", "") }

// Close closes the connection, this end first.
func (e *End) Close() {
	e.FIN()
	e.Peer.FIN()
	e.ACK()
}

// Segment sends a segment and moves Seq on. Its flags are those that tcpdump prints: S, F, R, P,
// U, E, W and a point for ACK.
func (e *End) Segment(flags, data string) {
	e.SegmentAt(0, flags, data)
	e.Seq += uint32(len(data) + strings.Count(flags, "S") + strings.Count(flags, "F"))
}

// SegmentAt sends a segment at a distance from Seq, and leaves Seq where it is.
func (e *End) SegmentAt(distance int, flags, data string) {
	var bits byte
	for _, f := range flags {
		bits |= 1 << strings.IndexRune("FSRP.UEW", f)
	}
	options, urgent := e.Options, e.Urgent
	reserved := e.Reserved
	e.Options, e.Urgent, e.Reserved = nil, 0, 0
	src, dst := e.Addr, e.Peer.Addr
	length := 20 + len(options) + len(data)
	frame := e.Capture.header(src.Addr(), dst.Addr(), 6, length)
	at := len(frame)
	frame = binary.BigEndian.AppendUint16(frame, src.Port())
	frame = binary.BigEndian.AppendUint16(frame, dst.Port())
	frame = binary.BigEndian.AppendUint32(frame, e.Seq+uint32(distance))
	ack := e.Peer.Seq
	if bits&16 == 0 {
		ack = 0
	}
	frame = binary.BigEndian.AppendUint32(frame, ack)
	frame = append(frame, byte(20+len(options))<<2|reserved&15, bits)
	frame = append(binary.BigEndian.AppendUint16(frame, e.Window), 0, 0)
	frame = binary.BigEndian.AppendUint16(frame, urgent)
	frame = append(append(frame, options...), data...)
	pseudo := sum(sum(uint32(6+length), src.Addr().AsSlice()), dst.Addr().AsSlice())
	binary.BigEndian.PutUint16(frame[at+16:], checksum(sum(pseudo, frame[at:])))
	e.Capture.Frame(frame)
}
