package pcapng

import (
	"encoding/binary"
	"time"
)

// The two formats of CommView: records one after the other, without a header of the file.
const (
	ncfRecord  = 24 // bytes of a record before its frame
	ncfxRecord = 20
)

// commViewLinks are the media of CommView.
var commViewLinks = map[byte]LinkType{0: LinkEthernet, 1: LinkWiFi, 2: linkTokenRing}

// A commViewReader reads the packets of a file of CommView.
type commViewReader struct {
	*Reader
	ncfx bool // the newer of the two formats
}

func (f *commViewReader) link() LinkType {
	h, err := f.in.peek(ncfxRecord)
	if err != nil {
		return linkUnknown
	}
	return f.linkOf(h)
}

// linkOf returns the link type of a record. Of the flags of NCFX the lowest bit alone is the
// medium.
func (f *commViewReader) linkOf(record []byte) LinkType {
	if f.ncfx {
		return commViewLinks[record[15]&1]
	}
	const medium, compressed = 0x0f, 0x40
	flags := record[16]
	if link, ok := commViewLinks[flags&medium]; ok && flags&compressed == 0 {
		return link
	}
	return linkUnknown
}

func (f *commViewReader) next(p *Packet) error {
	p.Interface = 0
	if f.ncfx {
		return f.nextNCFX(p)
	}
	at := f.in.offset
	h, err := f.in.take(ncfRecord)
	if err != nil {
		return f.endOr(at, err)
	}
	if h[4] != 0 {
		return f.damage(at, "a record of version %d: the file is damaged", h[4])
	}
	p.Time, p.Link = commViewTime(h[5:]), f.linkOf(h)
	size := int(binary.LittleEndian.Uint16(h))
	p.Length = size
	return f.frame(p, at, int64(size), 0)
}

func (f *commViewReader) nextNCFX(p *Packet) error {
	at := f.in.offset
	h, err := f.in.take(ncfxRecord)
	if err != nil {
		return f.endOr(at, err)
	}
	size := int64(binary.LittleEndian.Uint32(h)) - ncfxRecord
	if size < 0 {
		return f.damage(at, "a record shorter than its head: the file is damaged")
	}
	p.Time, p.Link = commViewTime(h[4:]), f.linkOf(h)
	if err := f.frame(p, at, size, 0); err != nil {
		return err
	}
	if p.Link == LinkWiFi { // the radio's header is first
		if len(p.Data) < 2 || int(binary.LittleEndian.Uint16(p.Data)) > len(p.Data) {
			return f.damage(at, "a radio header longer than its record: the file is damaged")
		}
		p.Data = p.Data[binary.LittleEndian.Uint16(p.Data):]
	}
	p.Length = len(p.Data)
	return nil
}

// commViewTime reads a date, a time and microseconds. The recorder's time zone is not in the
// file, so they are read as if they were UTC.
func commViewTime(b []byte) int64 {
	t := time.Date(int(binary.LittleEndian.Uint16(b)), time.Month(b[2]), int(b[3]), int(b[4]), int(b[5]), int(b[6]), 0, time.UTC)
	return t.UnixNano() + int64(binary.LittleEndian.Uint32(b[7:]))*1e3
}

// isCommView reports whether a file begins like a packet of CommView, which has no mark: with
// two lengths (NCF) or one (NCFX), and a date of a year that [Packet.Time] can have.
func isCommView(h []byte) (ncf, ncfx bool) {
	const smallest = 14 // bytes of a frame
	if len(h) < 12 || binary.LittleEndian.Uint16(h) < smallest {
		return false, false
	}
	isDate := func(at int) bool {
		year := binary.LittleEndian.Uint16(h[at:])
		return year >= 1970 && year < 2262 && h[at+2] >= 1 && h[at+2] <= 12 && h[at+3] >= 1 && h[at+3] <= 31 && h[at+4] < 24 && h[at+5] < 60
	}
	ncf = h[4] == 0 && binary.LittleEndian.Uint16(h[2:]) >= smallest && isDate(5)
	return ncf, !ncf && h[2] == 0 && h[3] == 0 && isDate(4)
}
