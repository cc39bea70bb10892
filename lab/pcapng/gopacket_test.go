package pcapng

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

// datagram is a frame with a UDP datagram in it.
func datagram(t *testing.T, text string) []byte {
	t.Helper()
	ip := &layers.IPv4{Version: 4, TTL: 64, Protocol: layers.IPProtocolUDP, SrcIP: []byte{192, 0, 2, 1}, DstIP: []byte{192, 0, 2, 2}}
	udp := &layers.UDP{SrcPort: 1, DstPort: 2}
	b := gopacket.NewSerializeBuffer()
	err := gopacket.SerializeLayers(b, gopacket.SerializeOptions{FixLengths: true},
		&layers.Ethernet{SrcMAC: make([]byte, 6), DstMAC: make([]byte, 6), EthernetType: layers.EthernetTypeIPv4},
		ip, udp, gopacket.Payload(text))
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestGopacketReadsWhatWasWritten: the lab's writer and reader are what
// gopacket expects of one, with both formats.
func TestGopacketReadsWhatWasWritten(t *testing.T) {
	for _, format := range []Format{PCAPNG, PCAP} {
		var file bytes.Buffer
		w, err := NewWriter(&file, format, Info{})
		if err != nil {
			t.Fatal(err)
		}
		var want []gopacket.CaptureInfo
		for i, text := range []string{"one", "two"} {
			frame := datagram(t, text)
			info := gopacket.CaptureInfo{Timestamp: time.Unix(1e9, int64(i)), CaptureLength: len(frame), Length: len(frame) + i}
			if err := w.WritePacket(info, frame); err != nil {
				t.Fatal(err)
			}
			want = append(want, info)
		}
		if err := w.Close(Stats{}); err != nil {
			t.Fatal(err)
		}
		r, err := NewReader(&file)
		if err != nil {
			t.Fatal(err)
		}
		var got []gopacket.CaptureInfo
		var texts []string
		for p := range gopacket.NewPacketSource(r, r.LinkType()).Packets() {
			got = append(got, p.Metadata().CaptureInfo)
			texts = append(texts, string(p.ApplicationLayer().Payload()))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: (-want +got):\n%s", format, diff)
		}
		if diff := cmp.Diff([]string{"one", "two"}, texts); diff != "" {
			t.Errorf("%s: (-want +got):\n%s", format, diff)
		}
	}
}

// TestLinkType: it is there before the first packet, and a packet of another
// interface's link is an error, not something misread.
func TestLinkType(t *testing.T) {
	raw := blockOf(blockInterfaceDescription, join([]byte{101, 0, 0, 0}, words(0)))
	ofSecond := blockOf(blockEnhancedPacket, join(words(1, 0, 5, 4, 9), []byte("ABCD")))
	for _, test := range []struct {
		name    string
		file    []byte
		want    LinkType
		packets int
		err     string
	}{
		{"pcap", join(header, record(1, 2, 4, "ABCD")), LinkEthernet, 1, "EOF"},
		{"pcapng", join(section, unknown, raw, enhanced), LinkRaw, 1, "EOF"},
		{"two alike", join(section, ethernet, ethernet, enhanced, ofSecond), LinkEthernet, 2, "EOF"},
		{"another", join(section, ethernet, raw, enhanced, ofSecond), LinkEthernet, 1, "packet 2 has link type 101, and the file has 1"},
		{"none", section, 0, 0, "EOF"},
		{"damaged", join(section, shortSide), 0, 0, "an invalid interface block: the file is damaged (packet 1, byte 28 of the file)"},
	} {
		r, err := NewReader(bytes.NewReader(test.file))
		if err != nil {
			t.Fatal(err)
		}
		if got := r.LinkType(); got != test.want {
			t.Errorf("%s: got link type %d, want %d", test.name, got, test.want)
		}
		packets := 0
		for err == nil {
			var data []byte
			if data, _, err = r.ReadPacketData(); err == nil {
				packets++
				if string(data) != "ABCD" {
					t.Errorf("%s: got packet %q", test.name, data)
				}
			}
		}
		if packets != test.packets || err.Error() != test.err {
			t.Errorf("%s: got %d packets and %v, want %d and %s", test.name, packets, err, test.packets, test.err)
		}
	}
}

// TestDecode decodes the first layer of every link type that gopacket knows.
func TestDecode(t *testing.T) {
	frame := datagram(t, "text")
	packet := frame[14:]
	for _, test := range []struct {
		link LinkType
		data []byte
		want gopacket.LayerType
	}{
		{LinkEthernet, frame, layers.LayerTypeEthernet},
		{LinkRaw, packet, layers.LayerTypeIPv4},
		{LinkRawBSD, packet, layers.LayerTypeIPv4},
		{LinkIPv4, packet, layers.LayerTypeIPv4},
		{LinkIPv6, append([]byte{0x60}, make([]byte, 39)...), layers.LayerTypeIPv6},
		{LinkRaw, append([]byte{0x60}, make([]byte, 39)...), layers.LayerTypeIPv6},
		{LinkNull, append([]byte{2, 0, 0, 0}, packet...), layers.LayerTypeLoopback},
		{LinkOpenBSDLoopback, append([]byte{0, 0, 0, 2}, packet...), layers.LayerTypeLoopback},
		{LinkPPP, append([]byte{0, 0x21}, packet...), layers.LayerTypePPP},
		{LinkCooked, append([]byte{0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0}, packet...), layers.LayerTypeLinuxSLL},
	} {
		p := gopacket.NewPacket(test.data, test.link, gopacket.Default)
		if got := p.Layers()[0].LayerType(); got != test.want {
			t.Errorf("link type %d: got layer %v, want %v", test.link, got, test.want)
		}
	}
	p := gopacket.NewPacket(frame, LinkType(9999), gopacket.Default)
	if failed := p.ErrorLayer(); failed == nil || !strings.Contains(failed.Error().Error(), "link type 9999") {
		t.Errorf("an unknown link type: got %v, want that there is no decoder for it", failed)
	}
}

// TestWritePacketRefusesAWrongCaptureInfo, which would make a damaged file.
func TestWritePacketRefusesAWrongCaptureInfo(t *testing.T) {
	for _, info := range []gopacket.CaptureInfo{
		{CaptureLength: 3, Length: 4}, {CaptureLength: 4, Length: 3}, {CaptureLength: 4, Length: 4, InterfaceIndex: 1},
	} {
		w, err := NewWriter(io.Discard, PCAPNG, Info{})
		if err != nil {
			t.Fatal(err)
		}
		err = w.WritePacket(info, []byte("ABCD"))
		if err == nil || !errors.Is(w.Flush(), err) || w.Frames() != 0 {
			t.Errorf("%+v: got error %v, and the frame counts", info, err)
		}
	}
}
