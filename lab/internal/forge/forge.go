// Package forge makes captures for tests without a network. A test says who opens which
// connection and who sends what, and the forge writes the frames:
//
//	c := forge.New()
//	client, server := c.Dial("198.51.100.100:3171", "192.0.2.21:21")
//	server.Send("220 ready\r\n")
//	client.Send("QUIT\r\n")
//	server.Close()
//	file := c.PCAP()
//
// Faults of a network or a recorder are changes to the frames: Drop, Swap, Late, or a
// shorter Data. The package uses no code of ftplab, so that it is independent of the
// code under test.
package forge

import (
	"encoding/binary"
	"io"
	"net/netip"
	"os"
	"slices"
	"testing"
	"time"
)

// A Capture is a capture file of Ethernet frames under construction.
type Capture struct {
	// Clock is the time of the next frame. Each frame moves it on by a millisecond.
	Clock time.Time
	// Snap is how many bytes of each new frame are recorded, 0 for all.
	Snap int
	// MSS is the size at which Send cuts, 0 for one segment a call.
	MSS int
	// Frames are what is in the capture so far.
	Frames []Frame

	ports uint16 // the last one that Pair chose
}

// A Frame is a frame as it was recorded.
type Frame struct {
	At     time.Time
	Data   []byte // what was recorded of it
	Length int    // its length on the network, 0 for that of Data
}

// Len returns the length of the frame on the network.
func (f Frame) Len() int { return max(f.Length, len(f.Data)) }

// Cut keeps only the first bytes of what was recorded.
func (f *Frame) Cut(bytes int) { f.Data, f.Length = f.Data[:min(bytes, len(f.Data))], f.Len() }

// New returns a capture without frames.
func New() *Capture {
	return &Capture{Clock: time.Date(2001, 10, 4, 12, 0, 0, 123456000, time.UTC), ports: 3170}
}

// Pass lets time go by.
func (c *Capture) Pass(d time.Duration) { c.Clock = c.Clock.Add(d) }

// Frame adds an Ethernet frame.
func (c *Capture) Frame(data []byte) {
	f := Frame{At: c.Clock, Data: data}
	if c.Snap > 0 {
		f.Cut(c.Snap)
		f.Data = slices.Clone(f.Data)
	}
	c.Frames = append(c.Frames, f)
	c.Pass(time.Millisecond)
}

// IP adds a packet of IP with a payload of the given protocol.
func (c *Capture) IP(src, dst netip.Addr, protocol byte, payload []byte) {
	c.Frame(append(c.header(src, dst, protocol, len(payload)), payload...))
}

// UDP adds a datagram of UDP, without a checksum.
func (c *Capture) UDP(from, to string, payload []byte) {
	src, dst := netip.MustParseAddrPort(from), netip.MustParseAddrPort(to)
	u := binary.BigEndian.AppendUint16(nil, src.Port())
	u = binary.BigEndian.AppendUint16(u, dst.Port())
	u = binary.BigEndian.AppendUint16(u, uint16(8+len(payload)))
	c.IP(src.Addr(), dst.Addr(), 17, append(append(u, 0, 0), payload...))
}

// header returns the headers of Ethernet and IP in front of n bytes, with room for them.
func (c *Capture) header(src, dst netip.Addr, protocol byte, n int) []byte {
	from, to := src.AsSlice(), dst.AsSlice()
	f := make([]byte, 0, 14+40+n)
	f = append(f, 2, 0, 0, 0, 0, to[len(to)-1], 2, 0, 0, 0, 0, from[len(from)-1])
	if !src.Is4() {
		f = append(f, 0x86, 0xdd, 0x60, 0, 0, 0, byte(n>>8), byte(n), protocol, 64)
		return append(append(f, from...), to...)
	}
	f = append(f, 8, 0, 0x45, 0, byte((20+n)>>8), byte(20+n), 0, 0, 0x40, 0, 64, protocol, 0, 0)
	f = append(append(f, from...), to...)
	binary.BigEndian.PutUint16(f[24:], checksum(sum(0, f[14:])))
	return f
}

// sum adds bytes to an Internet checksum (RFC 1071).
func sum(s uint32, bytes []byte) uint32 {
	for ; len(bytes) > 1; bytes = bytes[2:] {
		s += uint32(bytes[0])<<8 | uint32(bytes[1])
	}
	if len(bytes) > 0 {
		s += uint32(bytes[0]) << 8
	}
	return s
}

func checksum(s uint32) uint16 {
	for s > 0xffff {
		s = s>>16 + s&0xffff
	}
	return ^uint16(s)
}

// Last returns the last frame but n.
func (c *Capture) Last(n int) *Frame { return &c.Frames[len(c.Frames)-1-n] }

// Drop removes the last frame but n: the recorder missed it.
func (c *Capture) Drop(n int) {
	i := len(c.Frames) - 1 - n
	c.Frames = slices.Delete(c.Frames, i, i+1)
}

// Swap exchanges the last frame but n with the one before: one overtook the other. The times
// stay in order.
func (c *Capture) Swap(n int) {
	a, b := c.Last(n+1), c.Last(n)
	*a, *b = Frame{a.At, b.Data, b.Length}, Frame{b.At, a.Data, a.Length}
}

// Relay has a third host, whose network card ends in a byte, claim the server's address by ARP after the server. So
// each frame goes to that card first, which sends it on.
func (c *Capture) Relay(card byte) {
	frames := c.Frames
	c.Frames = nil
	for _, mac := range []byte{21, card} {
		claim := append([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, mac, 8, 6, 0, 1, 8, 0, 6, 4, 0, 2, 2, 0, 0, 0, 0, mac, 192, 0, 2, 21}, make([]byte, 10)...)
		c.Frames = append(c.Frames, Frame{At: frames[0].At, Data: claim})
	}
	for _, first := range frames {
		second := first
		second.Data = slices.Clone(first.Data)
		first.Data[5], second.Data[11] = card, card
		c.Frames = append(c.Frames, first, second)
	}
}

// Late moves the last frame but n after all that follow it.
func (c *Capture) Late(n int) {
	for ; n > 0; n-- {
		c.Swap(n - 1)
	}
}

// PCAP returns the capture as a pcap file with nanoseconds.
func (c *Capture) PCAP() []byte { return PCAP(1, c.Frames) }

// PCAP returns frames of a link type (1 is Ethernet, 101 IP alone) as a pcap file with
// nanoseconds.
func PCAP(link uint32, frames []Frame) []byte {
	file := words(nil, 0xa1b23c4d, 2|4<<16, 0, 0, 1<<18, link)
	for _, f := range frames {
		file = record(file, f)
	}
	return file
}

// Merge returns what was recorded at several places as a pcapng file with an interface for each, in the order of the times.
func Merge(places ...[]Frame) []byte {
	block := func(file []byte, kind uint32, body []byte) []byte {
		body = append(body, make([]byte, -len(body)&3)...)
		length := uint32(len(body) + 12)
		return words(append(words(file, kind, length), body...), length)
	}
	type passage struct {
		Frame
		at int
	}
	file := block(nil, 0x0a0d0d0a, words(nil, 0x1a2b3c4d, 1, 1<<32-1, 1<<32-1))
	var all []passage
	for at, frames := range places {
		file = block(file, 1, words(nil, 1, 0))
		for _, f := range frames {
			all = append(all, passage{f, at})
		}
	}
	slices.SortStableFunc(all, func(a, b passage) int { return a.At.Compare(b.At) })
	for _, p := range all {
		at := uint64(p.At.UnixMicro())
		file = block(file, 6, append(words(nil, uint32(p.at), uint32(at>>32), uint32(at), uint32(len(p.Data)), uint32(p.Len())), p.Data...))
	}
	return file
}

// Ends returns the frames as two recorders have them at the ends of a path: a host of the given address, and the others.
// What a host sends takes the delay to the other end. The clock of the recorder there is ahead.
func (c *Capture) Ends(host string, delay, ahead time.Duration) (here, there []Frame) {
	from := netip.MustParseAddr(host).AsSlice()
	for _, f := range c.Frames {
		a, b := f, f
		if slices.Equal(f.Data[26:30], from) {
			b.At = b.At.Add(delay)
		} else {
			a.At = a.At.Add(delay)
		}
		b.At = b.At.Add(ahead)
		here, there = append(here, a), append(there, b)
	}
	return here, there
}

// Flush writes the frames so far as records of a pcap file, and removes them from the capture.
// It is for captures that are too large for memory; the file begins with PCAP of no frames.
func (c *Capture) Flush(w io.Writer) error {
	var records []byte
	for _, f := range c.Frames {
		records = record(records, f)
	}
	c.Frames = c.Frames[:0]
	_, err := w.Write(records)
	return err
}

// Save writes the capture into a pcap file.
func (c *Capture) Save(t testing.TB, path string) {
	t.Helper()
	if err := os.WriteFile(path, c.PCAP(), 0o600); err != nil {
		t.Fatal(err)
	}
}

func record(file []byte, f Frame) []byte {
	file = words(file, uint32(f.At.Unix()), uint32(f.At.Nanosecond()), uint32(len(f.Data)), uint32(f.Len()))
	return append(file, f.Data...)
}

func words(b []byte, words ...uint32) []byte {
	for _, w := range words {
		b = binary.LittleEndian.AppendUint32(b, w)
	}
	return b
}
