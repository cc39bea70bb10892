package pcapng

import (
	"bytes"
	"fmt"
	"time"

	"github.com/google/gopacket"
)

// A Reader is a source of packets for gopacket:
//
//	source := gopacket.NewPacketSource(r, r.LinkType())
var (
	_ gopacket.PacketDataSource         = (*Reader)(nil)
	_ gopacket.ZeroCopyPacketDataSource = (*Reader)(nil)
	_ gopacket.Decoder                  = LinkType(0)
)

// CaptureInfo returns gopacket's metadata of a packet.
func (p *Packet) CaptureInfo() gopacket.CaptureInfo {
	return gopacket.CaptureInfo{
		Timestamp:      time.Unix(0, p.Time),
		CaptureLength:  len(p.Data),
		Length:         p.Length,
		InterfaceIndex: p.Interface,
	}
}

// LinkType returns the link type of the file's first interface. The file may
// have others: see [Packet.Link].
func (r *Reader) LinkType() LinkType { return r.format.link() }

// ReadPacketData implements [gopacket.PacketDataSource]. It returns the errors
// of [Reader.Next]. It also fails for a packet whose link type is not the
// file's LinkType, because the decoder of a gopacket.PacketSource would misread
// it.
func (r *Reader) ReadPacketData() ([]byte, gopacket.CaptureInfo, error) {
	data, info, err := r.ZeroCopyReadPacketData()
	return bytes.Clone(data), info, err
}

// ZeroCopyReadPacketData implements [gopacket.ZeroCopyPacketDataSource]: the
// next call overwrites the data. It returns the same errors as ReadPacketData.
func (r *Reader) ZeroCopyReadPacketData() ([]byte, gopacket.CaptureInfo, error) {
	var p Packet
	if err := r.Next(&p); err != nil {
		return nil, gopacket.CaptureInfo{}, err
	}
	if p.Link != r.LinkType() {
		return nil, gopacket.CaptureInfo{}, fmt.Errorf("packet %d has link type %d, and the file has %d", r.packets, p.Link, r.LinkType())
	}
	return p.Data, p.CaptureInfo(), nil
}
