package pcapng

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"
)

// The format of Network General's Sniffer for DOS: records, the first of which has the date,
// the network and the unit of the timestamps.
const (
	snifferMagic   = "TRSNIFF "
	snifferHeader  = 17 + snifferRecord + snifferVersion
	snifferRecord  = 6 // bytes of a record before its contents
	snifferVersion = 18

	snifferFrame2, snifferFrame6, snifferEnd = 4, 12, 3 // types of records
)

// snifferHeads are the bytes in front of a frame, by the type of its record.
var snifferHeads = map[uint16]int{snifferFrame2: 14, snifferFrame6: 34}

// snifferLinks are the networks of the Sniffer.
var snifferLinks = map[byte]LinkType{0: linkTokenRing, 1: LinkEthernet, 9: linkFDDI}

// snifferUnits are the units of timestamps, in picoseconds.
var snifferUnits = []uint64{15000000, 838096, 15000000, 500000, 2000000, 1000000, 100000}

// A snifferReader reads the packets of a file of the Sniffer.
type snifferReader struct {
	*Reader
	start    int64  // midnight of the day of the file, ns
	unit     uint64 // ps
	linkType LinkType
}

func newSnifferReader(r *Reader) (*snifferReader, error) {
	h, err := r.in.take(snifferHeader)
	if err != nil {
		return nil, inHeader(err)
	}
	v := h[snifferHeader-snifferVersion:]
	date, network, format, unit := binary.LittleEndian.Uint16(v[6:]), v[9], v[10], v[11]
	link, ok := snifferLinks[network]
	switch {
	case !ok || int(unit) >= len(snifferUnits):
		return nil, fmt.Errorf("a file of the Sniffer for DOS of network %d and time unit %d, which is not supported: convert it with editcap -F pcap", network, unit)
	case format != 1:
		return nil, errors.New("a compressed file of the Sniffer for DOS, which is not supported: convert it with editcap -F pcap")
	}
	start := time.Date(1980+int(date>>9), time.Month(date>>5&15), int(date&31), 0, 0, 0, 0, time.UTC)
	return &snifferReader{r, start.UnixNano(), snifferUnits[unit], link}, nil
}

func (f *snifferReader) link() LinkType { return f.linkType }

func (f *snifferReader) next(p *Packet) error {
	for {
		at := f.in.offset
		h, err := f.in.take(snifferRecord)
		if err != nil {
			return f.endOr(at, err)
		}
		kind, size := binary.LittleEndian.Uint16(h), int(binary.LittleEndian.Uint16(h[2:]))
		b, err := f.in.take(size)
		if err != nil {
			return f.cutOff(at, err)
		}
		if head, ok := snifferHeads[kind]; ok {
			return f.packet(p, b, head, at)
		}
		if kind == snifferEnd {
			return io.EOF
		}
	}
}

// packet reads a record with a packet.
func (f *snifferReader) packet(p *Packet, b []byte, head int, at int64) error {
	if len(b) < head || int(binary.LittleEndian.Uint16(b[6:])) > len(b)-head {
		return f.damage(at, "a packet longer than its record: the file is damaged")
	}
	low, high, day := uint64(binary.LittleEndian.Uint32(b)), uint64(b[4]), int64(b[5])
	p.Time = f.start + day*24*3600*1e9 + int64((high<<32|low)*f.unit/1000)
	p.Data = b[head : head+int(binary.LittleEndian.Uint16(b[6:]))]
	p.Length, p.Link, p.Interface = int(binary.LittleEndian.Uint16(b[10:])), f.linkType, 0
	return nil
}
