package pcapng

import (
	"fmt"

	"github.com/google/gopacket"
)

// A LinkType says which header a packet begins with. The numbers are those of
// https://www.tcpdump.org/linktypes.html.
type LinkType uint16

// Link types of captures that hold IP packets.
const (
	LinkNull            LinkType = 0 // BSD loopback, in the writer's byte order
	LinkEthernet        LinkType = 1
	LinkPPP             LinkType = 9
	LinkRawBSD          LinkType = 12 // raw IP on some systems
	LinkRawOpenBSD      LinkType = 14 // raw IP
	LinkPPPHDLC         LinkType = 50
	LinkRaw             LinkType = 101 // raw IP
	LinkCiscoHDLC       LinkType = 104
	LinkWiFi            LinkType = 105
	LinkOpenBSDLoopback LinkType = 108 // in network byte order
	LinkCooked          LinkType = 113 // Linux SLL, of the interface "any"
	LinkRadiotap        LinkType = 127
	LinkPPI             LinkType = 192
	LinkIPv4            LinkType = 228
	LinkIPv6            LinkType = 229
	LinkCooked2         LinkType = 276
)

// Link types that only files of other analyzers need by name here.
const (
	linkTokenRing  LinkType = 6
	linkFDDI       LinkType = 10
	linkFrameRelay LinkType = 107
	linkUnknown    LinkType = 147 // of packets that cannot be read (LINKTYPE_USER0)
)

// Decode implements [gopacket.Decoder]. It uses the decoders of gopacket's
// package layers, which the program has to import: this package does not, as
// that would cost every program that reads a capture 20 ms at its start.
func (l LinkType) Decode(data []byte, b gopacket.PacketBuilder) error {
	name, err := l.layer(data)
	if err != nil {
		return err
	}
	d, ok := gopacket.DecodersByLayerName[name]
	if !ok {
		return fmt.Errorf("no decoder for %s: the program has to import github.com/google/gopacket/layers", name)
	}
	return d.Decode(data, b)
}

// layer returns gopacket's name for the first header of a packet.
func (l LinkType) layer(data []byte) (string, error) {
	switch l {
	case LinkEthernet:
		return "Ethernet", nil
	case LinkPPP:
		return "PPP", nil
	case LinkNull, LinkOpenBSDLoopback:
		return "Loopback", nil
	case LinkCooked:
		return "Linux SLL", nil
	case LinkRadiotap:
		return "RadioTap", nil
	case LinkWiFi:
		return "Dot11", nil
	case LinkIPv4, LinkIPv6, LinkRaw, LinkRawBSD, LinkRawOpenBSD:
		if len(data) > 0 && data[0]>>4 == 6 {
			return "IPv6", nil
		}
		return "IPv4", nil
	}
	return "", fmt.Errorf("gopacket has no decoder for link type %d", l)
}
