package pcapng

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// The format of NetXRay, which the Sniffer for Windows has, too.
const (
	netxrayMagic  = "XCP\x00"
	netxrayHeader = 128
)

// netxrayLinks are the networks of NetXRay, from its version 1 on.
var netxrayLinks = map[byte]LinkType{0: LinkEthernet, 1: linkTokenRing, 2: linkFDDI}

// A netxrayReader reads the packets of a file of NetXRay.
type netxrayReader struct {
	*Reader
	head     int    // bytes of a record before its frame
	start    int64  // ns
	zero     uint64 // the timestamp at the start
	ticks    int64  // in a second
	end      int64  // offset after the packets
	linkType LinkType
}

func newNetxrayReader(r *Reader) (*netxrayReader, error) {
	h, err := r.in.take(netxrayHeader)
	if err != nil {
		return nil, inHeader(err)
	}
	field := func(at int) uint32 { return binary.LittleEndian.Uint32(h[at:]) }
	f := &netxrayReader{Reader: r, start: int64(field(12)) * 1e9, end: int64(field(28))}
	f.zero = uint64(field(56))<<32 | uint64(field(52))
	version, network := string(h[4:11]), h[44]
	if h[45] == 2 { // it counts from 1
		network--
	}
	var known bool
	f.linkType, known = netxrayLinks[network]
	f.ticks = netxrayTicks(version, h[48], h[84], field(76))
	f.head = 28
	if version[:3] == "002" {
		f.head = 40
	}
	first := int64(field(24))
	switch {
	case !known || f.ticks == 0:
		return nil, fmt.Errorf("a file of the Sniffer for Windows of version %q, network %d and time unit %d, which is not supported: convert it with editcap -F pcap", version, h[44], h[48])
	case first < netxrayHeader || f.end < first:
		return nil, errors.New("a file of the Sniffer for Windows that begins in its middle, which is not supported: convert it with editcap -F pcap")
	}
	if err := r.in.skip(first - netxrayHeader); err != nil {
		return nil, inHeader(err)
	}
	return f, nil
}

// netxrayTicks returns the number of ticks in a second, or 0 if it is not known. It depends on
// the version and, from 2.0 on, on what captured the packets.
func netxrayTicks(version string, unit, recorder byte, ticks uint32) int64 {
	switch {
	case version == "001.000":
		return 1e3
	case version == "001.100" || unit == 0 && recorder == 0:
		return 1e6
	case recorder == 0 && unit == 1:
		return 1193000
	case recorder == 0 && unit == 2:
		return int64(ticks)
	}
	return 0
}

func (f *netxrayReader) link() LinkType { return f.linkType }

func (f *netxrayReader) next(p *Packet) error {
	at := f.in.offset
	if at >= f.end {
		return io.EOF
	}
	h, err := f.in.take(f.head)
	if err != nil {
		return f.cutOff(at, err)
	}
	since := int64(binary.LittleEndian.Uint64(h) - f.zero)
	p.Time = f.start + since/f.ticks*1e9 + since%f.ticks*1e9/f.ticks
	p.Length, p.Link, p.Interface = int(binary.LittleEndian.Uint16(h[8:])), f.linkType, 0
	return f.frame(p, at, int64(binary.LittleEndian.Uint16(h[10:])), 0)
}
