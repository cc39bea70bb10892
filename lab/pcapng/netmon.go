package pcapng

import (
	"encoding/binary"
	"fmt"
	"io"
	"time"
)

// The format of Microsoft's Network Monitor, in its versions 1 and 2. A table after the
// packets has their offsets; they follow each other from the header on.
const (
	netmonMagic1   = "RTSS"
	netmonMagic2   = "GMBU"
	netmonHeader   = 128
	netmonEthernet = 1
)

// A netmonReader reads the packets of a file of Network Monitor.
type netmonReader struct {
	*Reader
	first   bool  // version 1
	start   int64 // ns
	end     int64 // offset of the table
	trailer int   // bytes after each packet
	link1   LinkType
}

func newNetmonReader(r *Reader) (*netmonReader, error) {
	h, err := r.in.take(netmonHeader)
	if err != nil {
		return nil, inHeader(err)
	}
	minor, major := h[4], h[5]
	field := func(i int) int { return int(binary.LittleEndian.Uint16(h[8+2*i:])) } // a SYSTEMTIME, without its day of the week
	start := time.Date(field(0), time.Month(field(1)), field(3), field(4), field(5), field(6), field(7)*1e6, time.UTC)
	f := &netmonReader{Reader: r, first: major == 1, start: start.UnixNano(), end: int64(binary.LittleEndian.Uint32(h[24:])), link1: netmonLink(binary.LittleEndian.Uint16(h[6:]))}
	switch {
	case major == 1 || major == 2 && minor == 0:
	case major == 2 && minor == 1:
		f.trailer = 2
	case major == 2 && minor == 2:
		f.trailer = 6
	case major == 2 && minor == 3:
		f.trailer = 15
	default:
		return nil, fmt.Errorf("Network Monitor's format of version %d.%d is not supported: convert it with editcap -F pcap", major, minor)
	}
	return f, nil
}

func netmonLink(number uint16) LinkType {
	if number == netmonEthernet {
		return LinkEthernet
	}
	return linkUnknown
}

func (f *netmonReader) link() LinkType { return f.link1 }

func (f *netmonReader) next(p *Packet) error {
	at, size := f.in.offset, 16
	if f.first {
		size = 8
	}
	if at >= f.end {
		return io.EOF
	}
	h, err := f.in.take(size)
	if err != nil {
		return f.cutOff(at, err)
	}
	var captured int
	if f.first {
		p.Time = f.start + int64(binary.LittleEndian.Uint32(h))*1e6
		p.Length, captured = int(binary.LittleEndian.Uint16(h[4:])), int(binary.LittleEndian.Uint16(h[6:]))
	} else {
		p.Time = f.start + int64(binary.LittleEndian.Uint64(h))*1e3
		p.Length, captured = int(binary.LittleEndian.Uint32(h[8:])), int(binary.LittleEndian.Uint32(h[12:]))
	}
	p.Link, p.Interface = f.link1, 0
	if err := f.frame(p, at, int64(captured), f.trailer); err != nil {
		return err
	}
	if f.trailer > 0 {
		p.Link = netmonLink(binary.LittleEndian.Uint16(p.Data[captured : captured+2]))
	}
	return nil
}
