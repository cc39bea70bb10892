package path

import (
	"bytes"
	"net"
	"net/netip"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"ftplab/lab/scenario"
)

// ipFrame is a packet from one documentation address to another, or from that
// source if it is given.
func ipFrame(t *testing.T, source string, offset uint16, protocol layers.IPProtocol, data []byte) frame {
	from := netip.MustParseAddr(source)
	if from.Is6() {
		ip := &layers.IPv6{Version: 6, HopLimit: 1, NextHeader: protocol,
			SrcIP: from.AsSlice(), DstIP: net.ParseIP("2001:db8:2::21")}
		return made(t, ethernet(layers.EthernetTypeIPv6), ip, gopacket.Payload(data))
	}
	ip := &layers.IPv4{Version: 4, TTL: 1, Protocol: protocol, FragOffset: offset,
		SrcIP: from.AsSlice(), DstIP: net.IPv4(192, 0, 2, 21).To4()}
	return made(t, ethernet(layers.EthernetTypeIPv4), ip, gopacket.Payload(data))
}

func TestTimeExceeded(t *testing.T) {
	for _, v6 := range []bool{false, true} {
		hosts := []scenario.Host{at("client", "198.51.100.100"), at("server", "192.0.2.21")}
		if v6 {
			hosts = []scenario.Host{at("client", "2001:db8:1::100"), at("server", "2001:db8:2::21")}
		}
		places, err := locate(hosts)
		if err != nil {
			t.Fatal(err)
		}
		about := synFrame(t, v6, 1, 1460)
		got := places[0].timeExceeded(about)
		want := exceededMessage(t, places[0], about)
		if !bytes.Equal(got, want) {
			t.Errorf("ipv6=%v: got\n%x\nwant\n%x", v6, got, want)
		}
	}
}

// exceededMessage is the expected message of a place's gateway about a packet
// whose TTL has run out, made by gopacket.
func exceededMessage(t *testing.T, p Place, about frame) frame {
	if p.Addr.Is6() {
		e := ethernet(layers.EthernetTypeIPv6)
		e.SrcMAC, e.DstMAC = p.GateMAC[:], p.MAC[:]
		ip := &layers.IPv6{Version: 6, HopLimit: 64, NextHeader: layers.IPProtocolICMPv6, SrcIP: p.router.AsSlice(), DstIP: p.Addr.AsSlice()}
		icmp := &layers.ICMPv6{TypeCode: layers.CreateICMPv6TypeCode(layers.ICMPv6TypeTimeExceeded, layers.ICMPv6CodeHopLimitExceeded)}
		icmp.SetNetworkLayerForChecksum(ip)
		return made(t, e, ip, icmp, gopacket.Payload(append(make([]byte, 4), about.packet()...)))
	}
	e := ethernet(layers.EthernetTypeIPv4)
	e.SrcMAC, e.DstMAC = p.GateMAC[:], p.MAC[:]
	ip := &layers.IPv4{Version: 4, TOS: 0xc0, TTL: 64, Protocol: layers.IPProtocolICMPv4, SrcIP: p.router.AsSlice(), DstIP: p.Addr.AsSlice()}
	icmp := &layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(layers.ICMPv4TypeTimeExceeded, layers.ICMPv4CodeTTLExceeded)}
	return made(t, e, ip, icmp, gopacket.Payload(about.packet()[:ipv4Header+8]))
}

func TestNothingIsSaidOfAnError(t *testing.T) {
	const v4, v6 = "198.51.100.100", "2001:db8:1::100"
	const icmp, icmpv6, udp = layers.IPProtocolICMPv4, layers.IPProtocolICMPv6, layers.IPProtocolUDP
	echo, echoV6 := []byte{8, 0, 0, 0, 0, 0, 0, 0}, []byte{128, 0, 0, 0, 0, 0, 0, 0}
	for _, c := range []struct {
		what string
		f    frame
		want bool
	}{
		{"a datagram", ipFrame(t, v4, 0, udp, echo), true},
		{"a datagram over IPv6", ipFrame(t, v6, 0, udp, echo), true},
		{"an echo request", ipFrame(t, v4, 0, icmp, echo), true},
		{"an echo request over IPv6", ipFrame(t, v6, 0, icmpv6, echoV6), true},
		{"destination unreachable", ipFrame(t, v4, 0, icmp, []byte{3, 3, 0, 0}), false},
		{"a redirect", ipFrame(t, v4, 0, icmp, []byte{5, 0, 0, 0}), false},
		{"time exceeded", ipFrame(t, v4, 0, icmp, []byte{11, 0, 0, 0}), false},
		{"time exceeded over IPv6", ipFrame(t, v6, 0, icmpv6, []byte{3, 0, 0, 0}), false},
		{"a redirect over IPv6", ipFrame(t, v6, 0, icmpv6, []byte{137, 0, 0, 0}), false},
		{"ICMP without a type", ipFrame(t, v4, 0, icmp, nil), false},
		{"a later fragment", ipFrame(t, v4, 185, udp, echo), false},
		{"a packet from nobody", ipFrame(t, "0.0.0.0", 0, udp, echo), false},
		{"a packet from nobody over IPv6", ipFrame(t, "::", 0, udp, echo), false},
	} {
		if got := c.f.reportable(); got != c.want {
			t.Errorf("may a router report %s? got %v, want %v", c.what, got, c.want)
		}
		p := Place{router: netip.MustParseAddr("198.51.100.1")}
		if c.f.etherType() == typeIPv6 {
			p.router = netip.MustParseAddr("2001:db8:1::1")
		}
		for _, word := range []frame{p.noRoute(c.f), p.timeExceeded(c.f), p.tooBig(c.f, 1280)} {
			if got := word != nil; got != c.want {
				t.Errorf("%s: got the word %x", c.what, word)
			}
		}
	}
}
