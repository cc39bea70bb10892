package path

import (
	"bytes"
	"math/rand/v2"
	"net"
	"net/netip"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"ftplab/lab/scenario"
)

// made serializes layers. gopacket computes the lengths and checksums.
func made(t testing.TB, ls ...gopacket.SerializableLayer) frame {
	t.Helper()
	b := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(b, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, ls...); err != nil {
		t.Fatal(err)
	}
	return frame(bytes.Clone(b.Bytes()))
}

// ethernet is a header before a packet of that type.
func ethernet(kind layers.EthernetType) *layers.Ethernet {
	return &layers.Ethernet{SrcMAC: net.HardwareAddr{2, 0, 0, 0, 0, 1}, DstMAC: net.HardwareAddr{2, 0, 0, 0, 0, 2}, EthernetType: kind}
}

// synFrame is a SYN with that maximum segment size, over IPv4 or IPv6.
func synFrame(t testing.TB, v6 bool, ttl uint8, mss uint16) frame {
	t.Helper()
	tcp := &layers.TCP{SrcPort: 3171, DstPort: 21, Seq: 1000, SYN: true, Window: 65535, Options: []layers.TCPOption{
		{OptionType: layers.TCPOptionKindNop},
		{OptionType: layers.TCPOptionKindNop},
		{OptionType: layers.TCPOptionKindMSS, OptionLength: 4, OptionData: []byte{byte(mss >> 8), byte(mss)}},
	}}
	if v6 {
		ip := &layers.IPv6{Version: 6, HopLimit: ttl, NextHeader: layers.IPProtocolTCP,
			SrcIP: net.ParseIP("2001:db8:1::100"), DstIP: net.ParseIP("2001:db8:2::21")}
		tcp.SetNetworkLayerForChecksum(ip)
		return made(t, ethernet(layers.EthernetTypeIPv6), ip, tcp)
	}
	ip := &layers.IPv4{Version: 4, TTL: ttl, Protocol: layers.IPProtocolTCP,
		SrcIP: net.IPv4(198, 51, 100, 100).To4(), DstIP: net.IPv4(192, 0, 2, 21).To4()}
	tcp.SetNetworkLayerForChecksum(ip)
	return made(t, ethernet(layers.EthernetTypeIPv4), ip, tcp)
}

func TestPassKeepsTheChecksumRight(t *testing.T) {
	for _, v6 := range []bool{false, true} {
		for ttl := 2; ttl <= 255; ttl++ {
			got := synFrame(t, v6, uint8(ttl), 1460)
			got.pass()
			if want := synFrame(t, v6, uint8(ttl-1), 1460); !bytes.Equal(got, want) {
				t.Fatalf("ipv6=%v, TTL %d: got\n%x\nwant\n%x", v6, ttl, got, want)
			}
		}
	}
}

func TestClampMSS(t *testing.T) {
	for _, v6 := range []bool{false, true} {
		for _, c := range []struct{ announced, most, want uint16 }{
			{16396, 1460, 1460}, {1461, 1460, 1460}, {1460, 1460, 1460}, {536, 1460, 536}, {65535, 1, 1},
		} {
			got := synFrame(t, v6, 64, c.announced)
			got.clampMSS(int(c.most))
			if want := synFrame(t, v6, 64, c.want); !bytes.Equal(got, want) {
				t.Errorf("ipv6=%v, %d clamped to %d: got\n%x\nwant\n%x", v6, c.announced, c.most, got, want)
			}
		}
	}
}

func TestSegment(t *testing.T) {
	got, ok := synFrame(t, true, 64, 1460).segment()
	want := segment{from: netip.MustParseAddrPort("[2001:db8:1::100]:3171"), to: netip.MustParseAddrPort("[2001:db8:2::21]:21"),
		seq: 1000, flags: flagSYN}
	if !ok || got != want {
		t.Errorf("got %+v, %v, want %+v", got, ok, want)
	}
}

// TestFragments puts the pieces of a packet together again.
func TestFragments(t *testing.T) {
	data := make([]byte, 3001)
	rand.NewChaCha8([32]byte{}).Read(data)
	ip := &layers.IPv4{Version: 4, TTL: 64, Protocol: layers.IPProtocolUDP, Id: 7,
		SrcIP: net.IPv4(198, 51, 100, 100).To4(), DstIP: net.IPv4(192, 0, 2, 21).To4()}
	whole := made(t, ethernet(layers.EthernetTypeIPv4), ip, gopacket.Payload(data))
	const mtu = 1006
	var got []byte
	pieces := whole.fragments(mtu)
	for i, f := range pieces {
		p := gopacket.NewPacket(f, layers.LayerTypeEthernet, gopacket.Default)
		h := p.Layer(layers.LayerTypeIPv4).(*layers.IPv4)
		if !f.wellFormed() || len(f.packet()) > mtu || int(h.FragOffset)*8 != len(got) || h.Id != 7 || checksum(h.Contents) != 0 {
			t.Errorf("piece %d: got %+v", i, h)
		}
		if more := h.Flags&layers.IPv4MoreFragments != 0; more != (i < len(pieces)-1) {
			t.Errorf("piece %d of %d: got more fragments %v", i+1, len(pieces), more)
		}
		got = append(got, h.Payload...)
	}
	if !bytes.Equal(got, data) {
		t.Errorf("the pieces make up %d bytes, not the %d of the packet", len(got), len(data))
	}
}

// FuzzFrame looks for a frame that crashes the path: a program on a host may
// send anything.
func FuzzFrame(f *testing.F) {
	f.Add([]byte(synFrame(f, false, 64, 1460)))
	f.Add([]byte(synFrame(f, true, 1, 1460)))
	places, err := locate([]scenario.Host{{Addr: netip.MustParseAddr("198.51.100.100")}, {Addr: netip.MustParseAddr("192.0.2.21")}})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		g := frame(bytes.Clone(b))
		if !g.wellFormed() {
			return
		}
		g.housekeeping()
		g.clampMSS(1000)
		g.zeroChecksum()
		if answer := places[0].answerNeighbor(g); answer != nil && !answer.wellFormed() {
			t.Errorf("the answer is malformed: %x", answer)
		}
		if !g.isIP() {
			return
		}
		g.segment()
		for _, word := range []frame{places[0].noRoute(g), places[0].timeExceeded(g), places[1].tooBig(g, 600)} {
			if word != nil && !word.wellFormed() {
				t.Errorf("the gateway's message is malformed: %x", word)
			}
		}
		if g.mayFragment() {
			for _, piece := range g.fragments(68) {
				if !piece.wellFormed() || len(piece.packet()) > 68 {
					t.Errorf("a piece is malformed: %x", piece)
				}
			}
		}
		if g.hopLimit() > 1 {
			g.pass()
		}
	})
}
