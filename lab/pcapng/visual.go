package pcapng

import (
	"encoding/binary"
	"fmt"
	"io"
)

// The format of Visual Networks. A table after the packets has their offsets; they follow
// each other from the header on.
const (
	visualMagic  = "\x05VNF"
	visualHeader = 192
	visualRecord = 20 // bytes of a record before its frame
)

// visualMedia are the media of Visual Networks (RFC 1573's interface types), with the bytes of
// a checksum that is counted in a packet's length and not recorded.
var visualMedia = map[uint16]struct {
	link     LinkType
	checksum int
}{6: {LinkEthernet, 4}, 9: {linkTokenRing, 0}, 22: {LinkCiscoHDLC, 2}, 32: {linkFrameRelay, 2}, 118: {LinkCiscoHDLC, 2}}

// A visualReader reads the packets of a file of Visual Networks.
type visualReader struct {
	*Reader
	start    int64 // ns
	left     int   // packets
	linkType LinkType
	checksum int
}

func newVisualReader(r *Reader) (*visualReader, error) {
	h, err := r.in.take(visualHeader)
	if err != nil {
		return nil, inHeader(err)
	}
	media, version := binary.LittleEndian.Uint16(h[12:]), binary.LittleEndian.Uint16(h[18:])
	m, ok := visualMedia[media]
	if !ok || version != 1 {
		return nil, fmt.Errorf("a file of Visual Networks of version %d and medium %d, which is not supported: convert it with editcap -F pcap", version, media)
	}
	return &visualReader{r, int64(binary.LittleEndian.Uint32(h[8:])) * 1e9, int(binary.LittleEndian.Uint32(h[4:])), m.link, m.checksum}, nil
}

func (f *visualReader) link() LinkType { return f.linkType }

func (f *visualReader) next(p *Packet) error {
	if f.left == 0 {
		return io.EOF
	}
	at := f.in.offset
	h, err := f.in.take(visualRecord)
	if err != nil {
		return f.cutOff(at, err)
	}
	f.left--
	isPPP := h[12] == 14
	p.Time = f.start + int64(binary.LittleEndian.Uint32(h))*1e6
	p.Length = int(binary.LittleEndian.Uint16(h[4:])) - f.checksum
	p.Link, p.Interface = f.linkType, 0
	if err := f.frame(p, at, int64(binary.LittleEndian.Uint16(h[6:])), 0); err != nil {
		return err
	}
	if f.linkType == LinkCiscoHDLC && (isPPP || len(p.Data) > 1 && p.Data[0] == 0xff && p.Data[1] == 3) {
		p.Link = LinkPPP
	}
	return nil
}
