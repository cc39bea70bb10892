package capture_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/internal/forge"
	"ftplab/lab/pcapng"
)

// The link types of these tests.
const (
	linkNull, linkEthernet, linkPPP, linkRawBSD, linkPPPHDLC pcapng.LinkType = 0, 1, 9, 12, 50
	linkRaw, linkCiscoHDLC, linkWiFi, linkLoop, linkCooked   pcapng.LinkType = 101, 104, 105, 108, 113
	linkRadiotap, linkPPI, linkIPv4, linkIPv6, linkCooked2   pcapng.LinkType = 127, 192, 228, 229, 276
)

// formatSession is the session that all files of these tests hold.
func formatSession(t testing.TB) *forge.Capture {
	f := forge.New()
	x := f.Login()
	x.Active(3172, "LIST", strings.Repeat("x", 164))
	x.Quit()
	return f
}

// A container writes packets to a file of some format.
type container struct {
	name  string
	write func(link pcapng.LinkType, packets []forge.Frame) []byte
}

func words(order binary.AppendByteOrder, values ...uint32) []byte {
	var b []byte
	for _, v := range values {
		b = order.AppendUint32(b, v)
	}
	return b
}

// classic makes a pcap file with stamps in units of the given nanoseconds.
func classic(order binary.AppendByteOrder, magic uint32, unit int, extra int) func(pcapng.LinkType, []forge.Frame) []byte {
	return func(link pcapng.LinkType, packets []forge.Frame) []byte {
		b := words(order, magic)
		b = order.AppendUint16(b, 2)
		b = order.AppendUint16(b, 4)
		b = append(b, words(order, 0, 0, 64, uint32(link))...) // a snap length that the packets exceed
		for _, p := range packets {
			b = append(b, words(order, uint32(p.At.Unix()), uint32(p.At.Nanosecond()/unit), uint32(len(p.Data)), uint32(p.Len()))...)
			b = append(b, make([]byte, extra)...)
			b = append(b, p.Data...)
		}
		return b
	}
}

// ixia makes a pcap file with the length of the records after its header.
func ixia(order binary.AppendByteOrder, magic uint32) func(pcapng.LinkType, []forge.Frame) []byte {
	return func(link pcapng.LinkType, packets []forge.Frame) []byte {
		b := classic(order, magic, 1, 0)(link, packets)
		const header = 24
		return slices.Concat(b[:header], words(order, uint32(len(b)-header)), b[header:])
	}
}

// block makes a pcapng block.
func block(order binary.AppendByteOrder, kind uint32, body []byte) []byte {
	body = append(body, make([]byte, -len(body)&3)...)
	b := words(order, kind, uint32(len(body)+12))
	return append(append(b, body...), words(order, uint32(len(body)+12))...)
}

func section(order binary.AppendByteOrder) []byte {
	b := words(order, 0x1a2b3c4d)
	b = order.AppendUint16(b, 1)
	b = order.AppendUint16(b, 0)
	b = append(b, words(order, 0xffffffff, 0xffffffff)...)
	return block(order, 0x0a0d0d0a, b)
}

func option(order binary.AppendByteOrder, code uint16, value ...byte) []byte {
	b := order.AppendUint16(nil, code)
	b = order.AppendUint16(b, uint16(len(value)))
	return append(append(b, value...), make([]byte, -len(value)&3)...)
}

// interfaceOf makes an interface description; options may be nil.
func interfaceOf(order binary.AppendByteOrder, link pcapng.LinkType, options []byte) []byte {
	b := order.AppendUint16(nil, uint16(link))
	b = order.AppendUint16(b, 0)
	b = append(b, words(order, 0)...)
	return block(order, 1, append(b, options...))
}

// enhanced makes a packet block, with the stamp in units of 1/perSecond.
func enhanced(order binary.AppendByteOrder, id uint32, p forge.Frame, perSecond, offset int64) []byte {
	ns := p.At.UnixNano() - offset*1e9
	stamp := uint64(ns / 1e9 * perSecond)
	if perSecond > 1e9 {
		stamp += uint64(ns % 1e9 * (perSecond / 1e9))
	} else {
		stamp += uint64(ns % 1e9 * perSecond / 1e9)
	}
	b := words(order, id, uint32(stamp>>32), uint32(stamp), uint32(len(p.Data)), uint32(p.Len()))
	return block(order, 6, append(b, p.Data...))
}

func modern(order binary.AppendByteOrder, perSecond, offset int64, options ...byte) func(pcapng.LinkType, []forge.Frame) []byte {
	return func(link pcapng.LinkType, packets []forge.Frame) []byte {
		b := append(section(order), interfaceOf(order, link, options)...)
		for _, p := range packets {
			b = append(b, enhanced(order, 0, p, perSecond, offset)...)
		}
		return b
	}
}

var little, big = binary.LittleEndian, binary.BigEndian

var containers = []container{
	{"pcap", classic(little, 0xa1b2c3d4, 1000, 0)},
	{"pcap big-endian", classic(big, 0xa1b2c3d4, 1000, 0)},
	{"pcap nanoseconds", classic(little, 0xa1b23c4d, 1, 0)},
	{"pcap nanoseconds big-endian", classic(big, 0xa1b23c4d, 1, 0)},
	{"pcap modified", classic(little, 0xa1b2cd34, 1000, 8)},
	{"pcap of SuSE 6.3", classic(little, 0xa1b2cd34, 1000, 12)},
	{"pcap of Red Hat 6.1", classic(big, 0xa1b2c3d4, 1000, 8)},
	{"pcap of Nokia", classic(big, 0xa1b2c3d4, 1000, 4)},
	{"pcap of Ixia's hardware", ixia(big, 0x1c0001ac)},
	{"pcap of Ixia's software", ixia(little, 0x1c0001ab)},
	{"pcapng", modern(little, 1e6, 0)},
	{"pcapng big-endian", modern(big, 1e6, 0)},
	{"pcapng nanoseconds", modern(little, 1e9, 0, option(little, 9, 9)...)},
	{"pcapng milliseconds", modern(little, 1e3, 0, option(little, 9, 3)...)},
	{"pcapng picoseconds", modern(little, 1e12, 1e9, append(option(little, 9, 12), option(little, 14, 0, 0xca, 0x9a, 0x3b, 0, 0, 0, 0)...)...)},
	{"pcapng 2^-20 s", modern(big, 1<<20, 0, option(big, 9, 0x80|20)...)},
	{"pcapng offset", modern(little, 1e6, 1000, option(little, 14, 0xe8, 3, 0, 0, 0, 0, 0, 0)...)},
	{"pcapng of everything", everyBlock},
}

// everyBlock makes a file of two sections in different byte orders, with
// several interfaces, packet blocks of all kinds, and blocks to be passed over.
func everyBlock(link pcapng.LinkType, packets []forge.Frame) []byte {
	b := section(big)
	b = append(b, interfaceOf(big, link, option(big, 9, 9))...)
	b = append(b, interfaceOf(big, link, nil)...)
	b = append(b, block(big, 4, words(big, 0))...)        // names
	b = append(b, block(big, 10, words(big, 1, 2, 3))...) // secrets
	half := len(packets) / 2
	for i, p := range packets[:half] {
		if i%2 == 0 {
			b = append(b, enhanced(big, 0, p, 1e9, 0)...)
		} else {
			b = append(b, enhanced(big, 1, p, 1e6, 0)...)
		}
	}
	drops := append(words(big, 1, 0, 0), option(big, 5, 0, 0, 0, 0, 0, 0, 0, 7)...)
	b = append(b, block(big, 5, drops)...)
	b = append(b, section(little)...)
	b = append(b, interfaceOf(little, link, nil)...)
	for i, p := range packets[half:] {
		if i%2 == 0 {
			b = append(b, block(little, 3, append(words(little, uint32(len(p.Data))), p.Data...))...)
		} else {
			stamp := uint64(p.At.UnixMicro())
			h := words(little, 0, uint32(stamp>>32), uint32(stamp), uint32(len(p.Data)), uint32(len(p.Data)))
			b = append(b, block(little, 2, append(h, p.Data...))...)
		}
	}
	return b
}

// Every container gives the same facts, and the same stamps as far as it can.
func TestContainers(t *testing.T) {
	f := formatSession(t)
	want := describe(read(t, f.PCAP()))
	for _, c := range containers {
		t.Run(strings.ReplaceAll(c.name, " ", "_"), func(t *testing.T) {
			file := c.write(linkEthernet, f.Frames)
			n := 0
			tr, err := capture.Read(bytes.NewReader(file), capture.Options{})
			if err != nil {
				t.Fatal(err)
			}
			for p := range tr.Packets() {
				want := f.Frames[n]
				n++
				off := p.Time - want.At.UnixNano()
				if p.Time == 0 && c.name == "pcapng of everything" {
					off = 0 // a simple packet block has no stamp
				}
				coarse := int64(0)
				if strings.Contains(c.name, "2^-20") || strings.Contains(c.name, "milli") {
					coarse = 1e6
				}
				if off > coarse || off < -coarse {
					t.Errorf("packet %d: stamp is off by %d ns", p.Number, off)
				}
			}
			if got := describe(tr); got != want || tr.Cut != "" || tr.Disorder != "" {
				t.Errorf("cut %q, disorder %q, got\n%swant\n%s", tr.Cut, tr.Disorder, got, want)
			}
		})
	}
}

// An encapsulation wraps Ethernet frames into something else.
type encapsulation struct {
	name string
	link pcapng.LinkType
	wrap func(frame []byte) []byte
}

func prefix(b ...byte) func([]byte) []byte {
	return func(frame []byte) []byte { return append(bytes.Clone(b), frame[14:]...) }
}

// inside puts the IP packet of a frame into an outer stack of headers.
func inside(stack ...gopacket.SerializableLayer) func([]byte) []byte {
	return func(frame []byte) []byte {
		buffer := gopacket.NewSerializeBuffer()
		all := append(append([]gopacket.SerializableLayer{}, stack...), gopacket.Payload(frame[14:]))
		if err := gopacket.SerializeLayers(buffer, gopacket.SerializeOptions{FixLengths: true}, all...); err != nil {
			panic(err)
		}
		return bytes.Clone(buffer.Bytes())
	}
}

func ether(kind layers.EthernetType) *layers.Ethernet {
	return &layers.Ethernet{SrcMAC: []byte{2, 0, 0, 0, 0, 1}, DstMAC: []byte{2, 0, 0, 0, 0, 2}, EthernetType: kind}
}

func outer4(protocol layers.IPProtocol) *layers.IPv4 {
	return &layers.IPv4{Version: 4, TTL: 9, Protocol: protocol, SrcIP: []byte{203, 0, 113, 1}, DstIP: []byte{203, 0, 113, 2}}
}

// wifi makes the header of a frame of IEEE 802.11 and SNAP.
func wifi(kind, flags byte, more ...byte) []byte {
	b := []byte{kind, flags, 0, 0, 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 3, 0, 0}
	return append(append(b, more...), 0xaa, 0xaa, 3, 0, 0, 0, 8, 0)
}

var sll = []byte{0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 8, 0}
var sll2 = []byte{8, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0}

var encapsulations = []encapsulation{
	{"Ethernet with padding", linkEthernet, func(b []byte) []byte { return append(bytes.Clone(b), make([]byte, 20)...) }},
	{"VLAN", linkEthernet, inside(ether(layers.EthernetTypeDot1Q), &layers.Dot1Q{VLANIdentifier: 7, Type: layers.EthernetTypeIPv4})},
	{"QinQ", linkEthernet, inside(ether(layers.EthernetTypeQinQ), &layers.Dot1Q{VLANIdentifier: 8, Type: layers.EthernetTypeDot1Q},
		&layers.Dot1Q{VLANIdentifier: 7, Type: layers.EthernetTypeIPv4})},
	{"raw IP", linkRaw, prefix()},
	{"raw IP of BSD", linkRawBSD, prefix()},
	{"IPv4", linkIPv4, prefix()},
	{"BSD loopback little-endian", linkNull, prefix(2, 0, 0, 0)},
	{"BSD loopback big-endian", linkNull, prefix(0, 0, 0, 2)},
	{"OpenBSD loopback", linkLoop, prefix(0, 0, 0, 2)},
	{"SLL", linkCooked, prefix(sll...)},
	{"SLL2", linkCooked2, prefix(sll2...)},
	{"SLL2 with VLAN", linkCooked2, prefix(append(append([]byte{0x81, 0}, sll2[2:]...), 0, 7, 8, 0)...)},
	{"LLC and SNAP", linkEthernet, func(frame []byte) []byte {
		b := append(bytes.Clone(frame[:12]), 0, 0, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0)
		b = append(b, frame[14:]...)
		binary.BigEndian.PutUint16(b[12:], uint16(len(b)-14))
		return b
	}},
	{"802.11", linkWiFi, prefix(wifi(0x08, 0x01)...)},
	{"802.11 with QoS after radiotap", linkRadiotap, prefix(append([]byte{0, 0, 8, 0, 0, 0, 0, 0}, wifi(0x88, 0x02, 0, 0)...)...)},
	{"802.11 between access points after PPI", linkPPI, prefix(append([]byte{0, 0, 8, 0, 105, 0, 0, 0}, wifi(0x08, 0x03, 2, 0, 0, 0, 0, 4)...)...)},
	{"PPPoE", linkEthernet, inside(ether(layers.EthernetTypePPPoESession),
		&layers.PPPoE{Version: 1, Type: 1, SessionId: 1}, &layers.PPP{PPPType: layers.PPPTypeIPv4})},
	{"PPP", linkPPP, prefix(0xff, 3, 0, 0x21)},
	{"MPLS", linkEthernet, inside(ether(layers.EthernetTypeMPLSUnicast), &layers.MPLS{Label: 16, TTL: 9}, &layers.MPLS{Label: 17, TTL: 9, StackBottom: true})},
	{"IP in IP", linkEthernet, inside(ether(layers.EthernetTypeIPv4), outer4(layers.IPProtocolIPv4))},
	{"GRE", linkEthernet, inside(ether(layers.EthernetTypeIPv4), outer4(layers.IPProtocolGRE),
		&layers.GRE{Protocol: layers.EthernetTypeIPv4, KeyPresent: true, Key: 5})},
	{"IP with options", linkRaw, func(frame []byte) []byte {
		b := append(bytes.Clone(frame[14:34]), 1, 1, 1, 0)
		b = append(b, frame[34:]...)
		b[0] = 0x46
		binary.BigEndian.PutUint16(b[2:], binary.BigEndian.Uint16(b[2:])+4)
		return b
	}},
	{"length left to the card", linkEthernet, func(frame []byte) []byte {
		b := bytes.Clone(frame)
		b[16], b[17] = 0, 0
		return b
	}},
}

// Every encapsulation gives the same facts.
func TestEncapsulations(t *testing.T) {
	f := formatSession(t)
	want := describe(read(t, f.PCAP()))
	for _, e := range encapsulations {
		t.Run(strings.ReplaceAll(e.name, " ", "_"), func(t *testing.T) {
			if got := describe(read(t, e.file(f))); got != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
		})
	}
}

func (e encapsulation) file(f *forge.Capture) []byte {
	var packets []forge.Frame
	for _, p := range f.Frames {
		packets = append(packets, forge.Frame{At: p.At, Data: e.wrap(p.Data)})
	}
	return classic(little, 0xa1b2c3d4, 1000, 0)(e.link, packets)
}

// Fragments are put together in any order, also those of IPv6; a datagram that
// is never whole is not a segment.
func TestFragments(t *testing.T) {
	f := formatSession(t)
	want := describe(read(t, f.PCAP()))
	for _, order := range fragmentOrders {
		packets := fragments4(f, order)
		tr := read(t, classic(little, 0xa1b2c3d4, 1000, 0)(linkEthernet, packets))
		strip := func(s string) string { return numbered.ReplaceAllString(s, "@") }
		if got := describe(tr); strip(got) != strip(want) {
			t.Errorf("%s: got\n%swant\n%s", order, got, want)
		}
		if tr.Size <= len(f.Frames) {
			t.Fatalf("%s: nothing was fragmented", order)
		}
	}
}

// fragmentOrders are the ways in which fragments arrive.
var fragmentOrders = []string{"in order", "last first", "doubled"}

// fragments4 cuts all packets into fragments.
func fragments4(f *forge.Capture, order string) (packets []forge.Frame) {
	for i, p := range f.Frames {
		parts := fragment(p.Data, uint16(i))
		switch order {
		case "last first":
			slices.Reverse(parts)
		case "doubled":
			parts = append(parts[:1:1], parts...)
		}
		for _, part := range parts {
			packets = append(packets, forge.Frame{At: p.At, Data: part})
		}
	}
	return packets
}

// fragment cuts a frame of IPv4 into frames with 16 bytes of payload each.
func fragment(frame []byte, id uint16) [][]byte {
	var parts [][]byte
	payload := frame[34:]
	for at := 0; at < len(payload); at += 16 {
		end := min(at+16, len(payload))
		b := append(bytes.Clone(frame[:34]), payload[at:end]...)
		field := uint16(at / 8)
		if end < len(payload) {
			field |= 0x2000
		}
		binary.BigEndian.PutUint16(b[16:], uint16(20+end-at))
		binary.BigEndian.PutUint16(b[18:], id)
		binary.BigEndian.PutUint16(b[20:], field)
		parts = append(parts, b)
	}
	return parts
}

// IPv6 extension headers, fragments among them, do not hide a segment.
func TestExtensionHeaders(t *testing.T) {
	f := forge.New()
	c, s := f.Dial("[2001:db8::100]:3171", "[2001:db8::21]:21")
	s.Send("220 ok\r\n")
	forge.Session{Capture: f, Client: c, Server: s}.Ask("USER a", "230 in")
	want := describe(read(t, f.PCAP()))
	headers := map[string]func(next byte, payload []byte) (byte, []byte){
		"hop by hop and destination": func(next byte, b []byte) (byte, []byte) {
			options := append([]byte{next, 0, 1, 4, 0, 0, 0, 0}, b...)
			return 0, append([]byte{60, 1, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, options...)
		},
		"atomic fragment": func(next byte, b []byte) (byte, []byte) {
			return 44, append([]byte{next, 0, 0, 0, 0, 0, 0, 9}, b...)
		},
		"6in4": nil,
	}
	for name, wrap := range headers {
		var packets []forge.Frame
		for _, p := range f.Frames {
			data := bytes.Clone(p.Data)
			if wrap == nil {
				data = inside(ether(layers.EthernetTypeIPv4), outer4(layers.IPProtocolIPv6))(data)
			} else {
				next, payload := wrap(data[20], data[54:])
				data = append(data[:54:54], payload...)
				data[20] = next
				binary.BigEndian.PutUint16(data[18:], uint16(len(payload)))
			}
			packets = append(packets, forge.Frame{At: p.At, Data: data})
		}
		if got := describe(read(t, classic(big, 0xa1b23c4d, 1, 0)(linkEthernet, packets))); got != want {
			t.Errorf("%s: got\n%swant\n%s", name, got, want)
		}
	}
}

// What is not a capture is refused with its reason.
func TestNoCapture(t *testing.T) {
	for _, c := range []struct{ file, want string }{
		{"", "not a capture: only 0 bytes long"},
		{"abc", "not a capture: only 3 bytes long"},
		{"\xfd7zXZ\x00aaaaaaaaaaaaaaaaaaaaaaaa", "not a capture: it is compressed, but not by gzip, zstd or lz4: decompress it first"},
		{"snoop\x00\x00\x00\x00\x00\x00\x04\x00\x00\x00\x04aaaaaaa", "snoop's format of version 4 is not supported: convert it with editcap -F pcap"},
		{"GIF89a", `not a capture: it begins with "GIF8", unlike every format of captures that ftplab reads`},
		{"\xd4\xc3\xb2\xa1\x02\x00", "not a capture: cut off in the header of the file"},
		{"\x0a\x0d\x0d\x0a\x1c\x00\x00\x00aaaaaaaaaa", "not a capture: a pcapng section without the byte-order magic number"},
	} {
		_, err := capture.Read(strings.NewReader(c.file), capture.Options{})
		if fmt.Sprint(err) != c.want {
			t.Errorf("%q: got %v, want %s", c.file, err, c.want)
		}
	}
}

// numbered matches the packet numbers in a description.
var numbered = regexp.MustCompile(`@\d+`)
