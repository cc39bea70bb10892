package pcapng

import (
	"encoding/binary"
	"fmt"
)

// The format of Solaris's snoop (RFC 1761).
const (
	snoopMagic  = "snoop\x00\x00\x00"
	snoopHeader = 16 // bytes before the first record
	snoopRecord = 24 // bytes of a record before its frame
)

// snoopLinks are the link types of snoop that hold IP packets (RFC 1761, and Solaris's
// sys/dlpi.h).
var snoopLinks = map[uint32]LinkType{
	0:  LinkEthernet, // IEEE 802.3
	2:  6,            // Token Ring
	4:  LinkEthernet,
	8:  10,           // FDDI
	17: 123,          // ATM
	18: 123,          // classical IP on ATM
	26: 242,          // IP over InfiniBand
	28: LinkEthernet, // 100BaseT
}

// A snoopReader reads the packets of a snoop file.
type snoopReader struct {
	*Reader
	linkType LinkType
}

func newSnoopReader(r *Reader) (*snoopReader, error) {
	h, err := r.in.take(snoopHeader)
	if err != nil {
		return nil, inHeader(err)
	}
	version, link := binary.BigEndian.Uint32(h[8:]), binary.BigEndian.Uint32(h[12:])
	if version != 2 {
		return nil, fmt.Errorf("snoop's format of version %d is not supported: convert it with editcap -F pcap", version)
	}
	known, ok := snoopLinks[link]
	if !ok {
		return nil, fmt.Errorf("a snoop file of link type %d, which is not supported: convert it with editcap -F pcap", link)
	}
	return &snoopReader{r, known}, nil
}

func (f *snoopReader) link() LinkType { return f.linkType }

func (f *snoopReader) next(p *Packet) error {
	at := f.in.offset
	h, err := f.in.take(snoopRecord)
	if err != nil {
		return f.endOr(at, err)
	}
	field := func(i int) uint32 { return binary.BigEndian.Uint32(h[4*i:]) }
	length, captured, record := field(0), field(1), field(2)
	f.dropped = uint64(field(3)) // since the start
	p.Time = int64(field(4))*1e9 + int64(field(5))*1e3
	p.Length, p.Link, p.Interface = int(length), f.linkType, 0
	switch {
	case record > maxPacket:
		return f.damage(at, "a record of %d bytes: the file is damaged", record)
	case record < snoopRecord || captured > record-snoopRecord:
		return f.damage(at, "a packet longer than its record: the file is damaged")
	}
	b, err := f.in.take(int(record - snoopRecord)) // with padding
	if err != nil {
		return f.cutOff(at, err)
	}
	p.Data = b[:captured]
	return nil
}
