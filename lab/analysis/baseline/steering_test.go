package baseline

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"ftplab/lab/internal/forge"
)

// steering are hosts that take the place of routers, switches and name servers, and floods, each with what looks like it.
var steering = []lookalike{
	{"a host that takes over the gateway by HSRP", "no-detours", "", gateways(hsrp, leads{"10.0.0.2", 110}, leads{"10.0.0.66", 255})},
	{"a second router that takes over the gateway by HSRP", "no-detours", IsNormal, gateways(hsrp, leads{"10.0.0.2", 110}, leads{"10.0.0.3", 120})},
	{"a host that takes over the gateway by VRRP", "no-detours", "", gateways(vrrp, leads{"10.0.0.2", 100}, leads{"10.0.0.66", 255})},
	{"the owner of the address of a gateway, which comes back", "no-detours", IsNormal, gateways(vrrp, leads{"10.0.0.2", 100}, leads{"10.0.0.1", 255})},
	{"bridges that take the place of the root", "no-detours", "", bridges(0x8000, 0, 0, 0, 0)},
	{"a bridge that takes the place of the root", "no-detours", IsUnusual, bridges(0x8000, 0)},
	{"a root of the spanning tree with the highest priority", "no-detours", IsNormal, bridges(0, 0, 0)},
	{"another root with a lower priority", "no-detours", IsNormal, bridges(0x8000, 0x7000, 0x6000)},
	{"a host that announces the network of the server by RIP", "no-detours", IsUnusual, routed(0x66, "192.0.2.0/24")},
	{"the router of the server, which announces its network by RIP", "no-detours", IsNormal, routed(0x67, "192.0.2.0/24")},
	{"a host that announces another network by RIP", "no-detours", IsNormal, routed(0x66, "198.51.100.0/24")},
	{"an FTP server that makes itself router and name server", "no-detours", "", leased([4]byte{192, 0, 2, 1}, [4]byte{192, 0, 2, 21})},
	{"an FTP server that is router and name server", "no-detours", IsNormal, leased([4]byte{192, 0, 2, 21})},
	{"a host that makes itself the name server of IPv6", "no-detours", IsUnusual, routers(0, 1)},
	{"two routers of IPv6 that are name servers, too", "no-detours", IsNormal, routers(1, 1)},
	{"a network full of routers", "no-detours", "", routers(make([]int, 60)...)},
	{"a network full of cards that ask for an address", "no-detours", "", askers(300, 10*time.Millisecond)},
	{"a classroom in which all computers start", "no-detours", IsNormal, askers(150, 10*time.Millisecond)},
	{"a day of a large network", "no-detours", IsNormal, askers(300, time.Minute)},
	{"a card that claims the addresses of both hosts in IPv6", "no-detours", "", adverts(0x66, 0x21, 0x66, 0x21, 0x66)},
	{"a host of IPv6 that says again who it is", "no-detours", IsNormal, adverts(0x21, 0x21, 0x21)},

	{"acknowledgments of very many hosts", "calls-are-meant", "", crowded(600, time.Millisecond, func(f *forge.Capture, from string) {
		overhear(f, from, aServer+":21").Segment(".", "")
	})},
	{"acknowledgments of many hosts in a day", "calls-are-meant", IsNormal, crowded(600, time.Minute, func(f *forge.Capture, from string) {
		overhear(f, from, aServer+":21").Segment(".", "")
	})},
	{"a switch whose table is filled with network cards", "no-detours", "", crowded(1200, time.Millisecond, newCard)},
	{"a network with many cards in a day", "no-detours", IsNormal, crowded(1200, time.Minute, newCard)},
	{"long answers of time servers that nobody asked", "calls-are-meant", "", crowded(600, time.Millisecond, longAnswer)},
	{"the answers of one service", "calls-are-meant", IsNormal, crowded(600, time.Millisecond, func(f *forge.Capture, _ string) {
		f.UDP("203.0.113.5:123", aServer+":50000", make([]byte, 440))
	})},
	{"short answers of time servers", "calls-are-meant", IsNormal, crowded(600, time.Millisecond, func(f *forge.Capture, from string) {
		f.UDP(from+":123", aServer+":50000", make([]byte, 48))
	})},
	{"errors about connections that do not exist", "calls-are-meant", "", errorsAbout(30, false)},
	{"errors about connections that exist", "calls-are-meant", IsNormal, errorsAbout(30, true)},
	{"a few errors about connections that the recorder does not know", "calls-are-meant", IsNormal, errorsAbout(5, false)},

	{"guessed answers about the name of a server", "no-detours", "", answered(60)},
	{"a few late answers about the name of a server", "no-detours", IsNormal, answered(3)},
}

// leads is a router that forwards packets for a group, with its priority.
type leads struct {
	addr     string
	priority byte
}

// gateways has some routers say so, one after the other, before a session.
func gateways(say func(*forge.Capture, leads), list ...leads) func(*forge.Capture) {
	return func(f *forge.Capture) {
		for _, l := range list {
			say(f, l)
		}
		session1("")(f)
	}
}

func hsrp(f *forge.Capture, l leads) {
	f.UDP(l.addr+":1985", "224.0.0.2:1985", []byte{0, 0, 16, 3, 10, l.priority, 1, 0, 'c', 'i', 's', 'c', 'o', 0, 0, 0, 10, 0, 0, 1})
}

func vrrp(f *forge.Capture, l leads) {
	f.IP(netip.MustParseAddr(l.addr), netip.MustParseAddr("224.0.0.18"), 112, []byte{0x21, 1, l.priority, 1, 0, 1, 0, 0, 10, 0, 0, 1})
}

// bridges has bridges with these priorities say that they are the root of the spanning tree, before a session.
func bridges(priorities ...int) func(*forge.Capture) {
	return func(f *forge.Capture) {
		for i, priority := range priorities {
			id := []byte{byte(priority >> 8), byte(priority), 2, 0, 0, 0, 0, byte(i)}
			f.Frame(slices.Concat([]byte{1, 0x80, 0xc2, 0, 0, 0, 2, 0, 0, 0, 0, byte(i), 0, 38, 0x42, 0x42, 3, 0, 0, 0, 0, 0}, id, make([]byte, 4), id, make([]byte, 18)))
		}
		session1("")(f)
	}
}

// routed has a card announce routes to these networks by RIP, before a session with a server that is behind the card 67.
func routed(card byte, networks ...string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		session1("")(f)
		for i := range f.Frames {
			if p := f.Frames[i].Data; [4]byte(p[26:]) == [4]byte(netip.MustParseAddr(aServer).AsSlice()) {
				copy(p[6:], []byte{6, 0, 0, 0, 0, 0x67})
				p[22], p[24], p[25] = 63, 0, 0 // the network card computes the checksum
			}
		}
		b := []byte{2, 2, 0, 0}
		for _, n := range networks {
			to := netip.MustParsePrefix(n)
			b = slices.Concat(b, []byte{0, 2, 0, 0}, to.Addr().AsSlice(), net.CIDRMask(to.Bits(), 32), make([]byte, 4), []byte{0, 0, 0, 1})
		}
		f.UDP("192.0.2.66:520", "224.0.0.9:520", b)
		copy(f.Last(0).Data[6:], []byte{6, 0, 0, 0, 0, card})
	}
}

// leased has servers of DHCP hand out themselves as router and name server, before a session.
func leased(servers ...[4]byte) func(*forge.Capture) {
	return func(f *forge.Capture) {
		for _, s := range servers {
			b := make([]byte, 236)
			b[0] = 2
			b = append(b, 99, 130, 83, 99, 53, 1, 2)
			b = append(append(b, 3, 4), s[:]...)
			b = append(append(b, 6, 4), s[:]...)
			f.UDP(netip.AddrFrom4(s).String()+":67", aClient+":68", append(b, 255))
		}
		session1("")(f)
	}
}

// askers has so many network cards ask for an address, before a session.
func askers(n int, pause time.Duration) func(*forge.Capture) {
	return func(f *forge.Capture) {
		for i := range n {
			b := make([]byte, 236)
			b[0] = 1
			binary.BigEndian.PutUint16(b[30:], uint16(i))
			f.UDP("0.0.0.0:68", "255.255.255.255:67", append(b, 99, 130, 83, 99, 53, 1, 1, 255))
			f.Pass(pause)
		}
		session1("")(f)
	}
}

// routers has routers of IPv6 announce themselves, before a session. Those with 1 are name servers, too.
func routers(named ...int) func(*forge.Capture) {
	return func(f *forge.Capture) {
		for i, is := range named {
			from := netip.MustParseAddr(fmt.Sprintf("fe80::%x", i+1))
			b := append([]byte{134, 0, 0, 0, 64, 0, 7, 8}, make([]byte, 8)...)
			if is > 0 {
				b = slices.Concat(b, []byte{25, 3, 0, 0, 0, 0, 7, 8}, from.AsSlice())
			}
			f.IP(from, netip.MustParseAddr("ff02::1"), 58, b)
		}
		session1("")(f)
	}
}

// adverts has these network cards claim the address of the server in IPv6, one after the other, before a session.
func adverts(cards ...byte) func(*forge.Capture) {
	return func(f *forge.Capture) {
		server := netip.MustParseAddr(dualServer6)
		for _, card := range cards {
			f.IP(server, netip.MustParseAddr(dualClient6), 58, slices.Concat([]byte{136, 0, 0, 0, 0x60, 0, 0, 0}, server.AsSlice(), []byte{2, 1, 2, 0, 0, 0, 0, card}))
		}
		dial(f, dualClient6, "["+dualServer6+"]:21").Say(hello).Say(bye).Peer.Close()
	}
}

// crowded has so many hosts send something, before a session.
func crowded(n int, pause time.Duration, send func(f *forge.Capture, from string)) func(*forge.Capture) {
	return func(f *forge.Capture) {
		for i := range n {
			send(f, fmt.Sprintf("100.2.%d.%d", i/250, 1+i%250))
			f.Pass(pause)
		}
		session1("")(f)
	}
}

// longAnswer has a server of time send the server a long answer.
func longAnswer(f *forge.Capture, from string) {
	f.UDP(from+":123", aServer+":80", make([]byte, 440))
}

// TestFramesOfFlood has a long answer come an hour before a flood of them, of which it is no part.
func TestFramesOfFlood(t *testing.T) {
	got := forged(t, func(f *forge.Capture) {
		longAnswer(f, "100.2.9.9")
		f.Pass(time.Hour)
		crowded(600, time.Millisecond, longAnswer)(f)
	})
	for _, f := range got.Findings {
		if f.Rule == "calls-are-meant" && slices.Contains(f.Packets, 1) {
			t.Errorf("got frames %v of the flood, with the one of an hour before", f.Packets)
		}
	}
}

// newCard has a network card that nobody knows open a connection.
func newCard(f *forge.Capture, from string) {
	overhear(f, from, "100.9.0.1:80").Segment("S", "")
	copy(f.Last(0).Data[6:12], append([]byte{6, 0}, netip.MustParseAddr(from).AsSlice()...))
}

// errorsAbout has a router report so many connections of the client to the server.
func errorsAbout(n int, exist bool) func(*forge.Capture) {
	return func(f *forge.Capture) {
		session1("")(f)
		client, server := netip.MustParseAddr(aClient), netip.MustParseAddr(aServer)
		for i := range n {
			port := uint16(50000 + i)
			if exist {
				refuse(f, addrPort(aClient, int(port)), addrPort(aServer, 8080))
			}
			b := append([]byte{3, 4, 0, 0, 0, 0, 0, 68, 0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0}, append(client.AsSlice(), server.AsSlice()...)...)
			b = binary.BigEndian.AppendUint16(b, port)
			b = binary.BigEndian.AppendUint16(b, 8080)
			f.IP(netip.MustParseAddr("203.0.113.200"), client, 1, append(b, 0, 0, 0, 1))
		}
	}
}

// answered asks for the name of the server once. So many answers have another number than the question.
func answered(n int) func(*forge.Capture) { return answeredAbout("ftp", n) }

// answeredAbout does what answered does, about a name of three letters.
func answeredAbout(host string, n int) func(*forge.Capture) {
	return func(f *forge.Capture) {
		name := []byte("\x03" + host + "\x04test\x00\x00\x01\x00\x01")
		f.UDP(aClient+":50000", "192.0.2.53:53", slices.Concat([]byte{0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0}, name))
		for i := range n {
			f.UDP("192.0.2.53:53", aClient+":50000", slices.Concat([]byte{7, byte(i), 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0}, name,
				[]byte{0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4}, netip.MustParseAddr(aServer).AsSlice()))
		}
		session1("")(f)
	}
}
