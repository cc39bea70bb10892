package pcapng

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// The format of Novell's LANalyzer: records, of which one has the date and the board, and
// those after them the packets.
const (
	lanalyzerRegular = 0x1001 // the two types of the first record
	lanalyzerCyclic  = 0x1007
	lanalyzerSummary = 0x1002
	lanalyzerPacket  = 0x1005

	lanalyzerRecord     = 4   // bytes of a record before its contents
	lanalyzerSummarySet = 210 // bytes of a summary that are known
	lanalyzerPacketHead = 32
)

// lanalyzerLinks are the boards of LANalyzer.
var lanalyzerLinks = map[uint16]LinkType{226: LinkEthernet, 227: linkTokenRing}

// A lanalyzerReader reads the packets of a file of LANalyzer.
type lanalyzerReader struct {
	*Reader
	start    int64 // midnight of the day of the file, ns
	linkType LinkType
}

// isLANalyzer reports whether a file begins with a record that begins such a file.
func isLANalyzer(magic []byte) bool {
	kind := binary.LittleEndian.Uint16(magic)
	return kind == lanalyzerRegular || kind == lanalyzerCyclic
}

func newLANalyzerReader(r *Reader) (*lanalyzerReader, error) {
	f := &lanalyzerReader{Reader: r}
	for found := false; ; {
		h, err := r.in.peek(lanalyzerRecord)
		if err != nil {
			return nil, inHeader(err)
		}
		kind, size := binary.LittleEndian.Uint16(h), int(binary.LittleEndian.Uint16(h[2:]))
		if kind == lanalyzerPacket && found {
			return f, nil
		}
		b, err := r.in.take(lanalyzerRecord + size)
		switch {
		case err != nil:
			return nil, inHeader(err)
		case kind == lanalyzerPacket || kind == lanalyzerSummary && size < lanalyzerSummarySet:
			return nil, errors.New("a file of LANalyzer without a summary of its packets")
		case kind == lanalyzerSummary:
			if err := f.summary(b[lanalyzerRecord:]); err != nil {
				return nil, err
			}
			found = true
		}
	}
}

// summary reads the record that describes the packets.
func (f *lanalyzerReader) summary(b []byte) error {
	f.start = time.Date(int(binary.LittleEndian.Uint16(b[2:])), time.Month(b[1]), int(b[0]), 0, 0, 0, 0, time.UTC).UnixNano()
	board := binary.LittleEndian.Uint16(b[188:])
	link, ok := lanalyzerLinks[board]
	if !ok {
		return fmt.Errorf("a LANalyzer file of board %d, which is not supported: convert it with editcap -F pcap", board)
	}
	f.linkType = link
	return nil
}

func (f *lanalyzerReader) link() LinkType { return f.linkType }

func (f *lanalyzerReader) next(p *Packet) error {
	at := f.in.offset
	h, err := f.in.take(lanalyzerRecord + lanalyzerPacketHead)
	if err != nil {
		return f.endOr(at, err)
	}
	field := func(i int) int { return int(binary.LittleEndian.Uint16(h[2*i:])) }
	kind, size, length, captured := field(0), field(1)-lanalyzerPacketHead, field(4), field(5)
	switch {
	case kind != lanalyzerPacket:
		return f.damage(at, "a record of type %#x among the packets: the file is damaged", kind)
	case captured > size:
		return f.damage(at, "a packet longer than its record: the file is damaged")
	}
	halfMicros := int64(field(6)) | int64(field(7))<<16 | int64(field(8))<<32
	p.Time, p.Link, p.Interface = f.start+halfMicros*500, f.linkType, 0
	const checksum = 4 // bytes of Ethernet's, which are counted and not recorded
	if p.Length = length; length-checksum >= captured {
		p.Length -= checksum
	}
	return f.frame(p, at, int64(captured), size-captured)
}
