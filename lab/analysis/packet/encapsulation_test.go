// What is in a packet is found whatever is around it.

package packet_test

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ftplab/lab/analysis/packet"
	"ftplab/lab/internal/fuzzing"
	"ftplab/lab/labtest/optional"
	"ftplab/lab/pcapng"
)

// The segments are found whatever is around them, cut short or not.
func TestEncapsulations(t *testing.T) {
	for _, six := range []bool{false, true} {
		all := encapsulations()
		if six {
			all = ipv6In()
		}
		segments, packets := session(six)
		for _, e := range all {
			t.Run(fmt.Sprintf("%s/six=%v", e.name, six), func(t *testing.T) {
				var d packet.Decoder
				for i, s := range segments {
					frame := e.wrap(packets[i])
					if got, want := found(&d, e.link, frame, len(frame)), s.String(); got != want {
						t.Errorf("packet %d: got %q, want %q", i+1, got, want)
					}
					if d.Unknown {
						t.Errorf("packet %d is of an unknown link", i+1)
					}
					for n := range frame { // cut off anywhere, it must not panic
						found(&d, e.link, frame[:n], len(frame))
					}
				}
			})
		}
	}
}

// A link of a type that is not known is said to be unknown: between the types that are known,
// and above them.
func TestUnknownLinks(t *testing.T) {
	_, packets := session(false)
	for _, link := range []pcapng.LinkType{2, 283, 1<<16 - 1} {
		var d packet.Decoder
		if got := found(&d, link, packets[0], len(packets[0])); got != "no TCP" || !d.Unknown {
			t.Errorf("link %d: got %q, unknown %t", link, got, d.Unknown)
		}
	}
}

// What comes to the port of a tunnel and has nothing of it inside is UDP.
func TestNoTunnel(t *testing.T) {
	const gue = 6080
	for name, data := range map[string][]byte{
		"text":                           []byte("Enough text for the header of an IP packet, and more than that"),
		"text that begins as IPv6":       []byte("enough text for the header of an IP packet, and more than that"),
		"IPv4 with a short header":       append([]byte{0x44, 0, 0, 40}, make([]byte, 36)...),
		"a protocol that is not known":   append([]byte{0, 200, 0, 0}, make([]byte, 40)...),
		"UDP":                            append([]byte{0, 17, 0, 0}, make([]byte, 40)...),
		"flags without fields":           append([]byte{0, 47, 1, 0}, make([]byte, 40)...),
		"IPv4 of which nothing is there": append([]byte{0, 4, 0, 0}, make([]byte, 40)...),
		"TCP without a header":           append([]byte{0, 6, 0, 0}, make([]byte, 40)...),
	} {
		var d packet.Decoder
		var p packet.Packet
		frame := ethernet()(udp(gue)(data))
		d.Decode(&p, &pcapng.Packet{Link: pcapng.LinkEthernet, Data: frame, Length: len(frame)})
		if p.UDP == nil || p.UDP.DstPort != gue || p.UDP.Length != len(data) {
			t.Errorf("%s: got %+v, want UDP", name, p.UDP)
		}
	}
}

func (s segment) String() string { return fmt.Sprintf("%v > %v %q", s.src, s.dst, s.payload) }

// found is the segment in a frame, as the decoder finds it.
func found(d *packet.Decoder, link pcapng.LinkType, frame []byte, length int) string {
	var p packet.Packet
	d.Decode(&p, &pcapng.Packet{Link: link, Data: frame, Length: length})
	if p.TCP == nil {
		return "no TCP"
	}
	return segment{netip.AddrPortFrom(p.IP.Src, p.TCP.SrcPort), netip.AddrPortFrom(p.IP.Dst, p.TCP.DstPort), string(p.TCP.Payload)}.String()
}

// Wireshark finds the same streams and bytes, so that what is forged here is what real
// recorders write.
func TestEncapsulationsAsWireshark(t *testing.T) {
	shark := optional.StartSharkd(t)
	for _, six := range []bool{false, true} {
		all := encapsulations()
		if six {
			all = ipv6In()
		}
		segments, packets := session(six)
		for _, e := range all {
			if e.unknown {
				continue
			}
			var frames [][]byte
			for _, p := range packets {
				frames = append(frames, e.wrap(p))
			}
			file := filepath.Join(t.TempDir(), "x.pcap")
			if err := os.WriteFile(file, pcap(e.link, frames), 0o600); err != nil {
				t.Fatal(err)
			}
			shark.Load(file)
			var got, want []string
			for _, f := range shark.Frames("tcp", "tcp.srcport", "tcp.dstport", "tcp.payload") {
				got = append(got, strings.TrimSpace(strings.ReplaceAll(f.String(), ":", "")))
			}
			for _, s := range segments {
				want = append(want, strings.TrimSpace(fmt.Sprintf("%d %d %s", s.src.Port(), s.dst.Port(), hex.EncodeToString([]byte(s.payload)))))
			}
			if strings.Join(got, "\n") != strings.Join(want, "\n") {
				t.Errorf("%s, six=%v: Wireshark finds\n%s\nwant\n%s", e.name, six, strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		}
	}
}

// Nothing that a frame holds makes the decoder panic or recurse without end.
func FuzzDecode(f *testing.F) {
	_, packets := session(false)
	for _, e := range encapsulations() {
		f.Add(uint16(e.link), e.wrap(packets[3]))
	}
	f.Fuzz(func(t *testing.T, link uint16, frame []byte) {
		var d packet.Decoder
		fuzzing.Burst(frame, func(frame []byte) {
			var p packet.Packet
			d.Decode(&p, &pcapng.Packet{Link: pcapng.LinkType(link), Data: frame, Length: len(frame) + 1})
			if p.TCP != nil && (p.IP == nil || len(p.TCP.Payload) > len(frame) || p.TCP.Length < len(p.TCP.Payload)) {
				t.Errorf("got a segment of %d bytes, %d of them captured, in a frame of %d", p.TCP.Length, len(p.TCP.Payload), len(frame))
			}
		})
	})
}
