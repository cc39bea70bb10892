// The pcap format: one header, then records, each a stamp, two lengths and the
// packet.

package pcap

import (
	"encoding/binary"
	"fmt"
	"io"
)

// The magic numbers of pcap, in the byte order of the machine that wrote it.
const (
	magicMicro    = 0xa1b2c3d4
	magicNano     = 0xa1b23c4d
	magicModified = 0xa1b2cd34 // Kuznetzov's, of Linux around 2000: longer records
)

// records reads the pcap format.
type records struct {
	*Reader
	order   binary.ByteOrder
	header  int   // bytes in front of each packet
	unit    int64 // nanoseconds in one unit of the fraction
	swapped bool  // the two lengths stand in the old order
	link    LinkType
}

func newRecords(r *Reader) (func(*Packet) error, error) {
	h, err := r.in.peek(24)
	if len(h) < 4 {
		return nil, err
	}
	f := &records{Reader: r, header: 16}
	if !f.recognise(h) {
		return nil, fmt.Errorf("not a capture: %s", looksLike(h))
	}
	if _, err := r.in.take(24); err != nil {
		return nil, fmt.Errorf("not a capture: cut off in the header of the file")
	}
	major, minor := f.order.Uint16(h[4:]), f.order.Uint16(h[6:])
	f.swapped = major < 2 || major == 2 && minor <= 3
	// The upper bits say whether frames end in a check sequence. It is
	// beyond what the IP header counts and disturbs nobody.
	f.link = LinkType(f.order.Uint32(h[20:]) & 0xffff)
	return f.next, nil
}

// recognise sets what the magic number tells.
func (f *records) recognise(h []byte) bool {
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		f.order = order
		switch order.Uint32(h) {
		case magicMicro:
			f.unit = 1000
			return true
		case magicNano:
			f.unit = 1
			return true
		case magicModified:
			f.unit, f.header = 1000, 24
			return true
		}
	}
	return false
}

func (f *records) next(p *Packet) error {
	at := f.in.offset
	h, err := f.in.take(f.header)
	if err == io.EOF {
		return io.EOF
	} else if err != nil {
		return f.cutOff(at, err)
	}
	// Seconds are unsigned in the draft and signed in old files; both agree
	// until 2038, and no packet was captured before 1970.
	sec, frac := f.order.Uint32(h), f.order.Uint32(h[4:])
	captured, length := f.order.Uint32(h[8:]), f.order.Uint32(h[12:])
	if f.swapped && captured > length {
		captured, length = length, captured
	}
	if captured > maxPacket {
		return f.damage(at, "a packet of %d bytes: the file is damaged", captured)
	}
	p.Time = int64(sec)*1e9 + int64(frac)*f.unit
	p.Length = int(length)
	p.Link = f.link
	if p.Data, err = f.in.take(int(captured)); err != nil {
		return f.cutOff(at, err)
	}
	return nil
}

// looksLike says what a file is that is no capture, for the error message.
func looksLike(h []byte) string {
	switch {
	case h[0] == 0x1f && h[1] == 0x8b:
		return "it is compressed, gunzip it first"
	case string(h[:4]) == "snoo":
		return "it is Sun's snoop format, convert it with editcap -F pcap"
	case string(h[:4]) == "GMBU" || string(h[:4]) == "RTSS":
		return "it is Microsoft's Network Monitor format, convert it with editcap -F pcap"
	case h[0] == 0 && h[1] == 0 && h[2] == 0 && h[3] == 0:
		return "it begins with zeros"
	}
	return fmt.Sprintf("it begins with %q, neither pcap nor pcapng", h[:4])
}
