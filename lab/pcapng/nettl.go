package pcapng

import (
	"encoding/binary"
	"slices"
)

// The format of HP-UX's nettl: a header of the file, and records of
// subsystems, which are layers and cards.
const (
	nettlMagic9 = "\x00\x00\x00\x01\x00\x00\x00\x00" // of HP-UX 9
	nettlMagic  = "TR\x00d\x00\x00\x00\x00"
	nettlHeader = 128
	nettlRecord = 64 // bytes of a record's head, at least
	nettlPDU    = 0x30000000

	nettlLoopback = 2
	nettlDriver   = 11
	nettlSCTP     = 268
)

// Subsystems by what they record. Others are cards of Ethernet.
var (
	nettlIP        = []uint16{nettlLoopback, 6, 8, 9, 244, nettlSCTP}
	nettlFDDI      = []uint16{174, 176, 177}
	nettlTokenRing = []uint16{31, 187}
	nettlUnread    = []uint16{23, 34, 35, 95, 245, 267} // ICMP, X.25, an old FDDI card, Telnet
)

// A nettlReader reads the packets of a file of nettl.
type nettlReader struct {
	*Reader
	driverHead int // bytes in front of a frame of the driver
}

func newNettlReader(r *Reader) (*nettlReader, error) {
	h, err := r.in.take(nettlHeader)
	if err != nil {
		return nil, inHeader(err)
	}
	f := &nettlReader{r, 22}
	if system := h[97:]; system[2] == '1' && system[3] == '1' {
		f.driverHead = 24
	}
	return f, nil
}

func (f *nettlReader) link() LinkType {
	h, err := f.in.peek(nettlRecord)
	if err != nil {
		return linkUnknown
	}
	link, _ := f.subsystem(h)
	return link
}

// subsystem returns the link type of a record, and the number of bytes between its head and
// its frame.
func (f *nettlReader) subsystem(h []byte) (LinkType, int) {
	kind := binary.BigEndian.Uint16(h[2:])
	switch {
	case binary.BigEndian.Uint32(h[12:])&nettlPDU == 0: // no packet, but what is said about one
		return linkUnknown, 0
	case kind == nettlLoopback:
		return LinkRaw, 26
	case kind == nettlSCTP:
		return LinkRaw, 8
	case slices.Contains(nettlIP, kind):
		return LinkRaw, 0
	case slices.Contains(nettlFDDI, kind):
		return linkFDDI, 3
	case slices.Contains(nettlTokenRing, kind):
		return linkTokenRing, 0
	case slices.Contains(nettlUnread, kind):
		return linkUnknown, 0
	case kind == nettlDriver:
		return LinkEthernet, f.driverHead
	}
	return LinkEthernet, 0
}

func (f *nettlReader) next(p *Packet) error {
	at := f.in.offset
	h, err := f.in.take(nettlRecord)
	if err != nil {
		return f.endOr(at, err)
	}
	more := int64(binary.BigEndian.Uint16(h)) - nettlRecord
	captured, length := int64(binary.BigEndian.Uint32(h[32:])), int64(binary.BigEndian.Uint32(h[36:]))
	link, before := f.subsystem(h)
	p.Time = int64(binary.BigEndian.Uint32(h[40:]))*1e9 + int64(binary.BigEndian.Uint32(h[44:]))*1e3
	p.Link, p.Interface = link, 0
	if more < 0 || captured < int64(before) {
		return f.damage(at, "a record shorter than its head: the file is damaged")
	}
	if err := f.in.skip(more); err != nil {
		return f.cutOff(at, err)
	}
	if err := f.frame(p, at, captured, 0); err != nil {
		return err
	}
	p.Data, p.Length = p.Data[before:], int(length)-before
	return nil
}
