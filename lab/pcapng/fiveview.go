package pcapng

import (
	"encoding/binary"
	"fmt"
)

// The format of InfoVista's 5View: a header, and records of which some are packets.
const (
	fiveViewMagic    = "\xaa\xaa\xaa\xaa"
	fiveViewHeader   = 56
	fiveViewRecord   = 36 // bytes of a record before its frame
	fiveViewKey      = 0x3333eeee
	fiveViewEthernet = 0x18001000 // the type of a file of Ethernet packets
)

// A fiveViewReader reads the packets of a file of 5View.
type fiveViewReader struct{ *Reader }

func newFiveViewReader(r *Reader) (*fiveViewReader, error) {
	h, err := r.in.take(fiveViewHeader)
	if err != nil {
		return nil, inHeader(err)
	}
	if kind := binary.LittleEndian.Uint32(h[16:]); kind != fiveViewEthernet {
		return nil, fmt.Errorf("a 5View file of type %#x, which is not supported: convert it with editcap -F pcap", kind)
	}
	return &fiveViewReader{r}, nil
}

func (f *fiveViewReader) link() LinkType { return LinkEthernet }

func (f *fiveViewReader) next(p *Packet) error {
	for {
		at := f.in.offset
		h, err := f.in.take(fiveViewRecord)
		if err != nil {
			return f.endOr(at, err)
		}
		field := func(i int) uint32 { return binary.LittleEndian.Uint32(h[4*i:]) }
		if field(0) != fiveViewKey {
			return f.damage(at, "a record without its mark: the file is damaged")
		}
		isPacket, size := field(3) == 0, field(4)
		p.Time = int64(field(6))*1e9 + int64(field(7))
		p.Length, p.Link, p.Interface = int(size), LinkEthernet, 0
		if isPacket {
			return f.frame(p, at, int64(size), 0)
		}
		if err := f.in.skip(int64(size)); err != nil {
			return f.cutOff(at, err)
		}
	}
}
