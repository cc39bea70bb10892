// A short FTP session in packets of IP, and what may be around them.

package packet_test

import (
	"encoding/binary"
	"net/netip"
	"time"

	"ftplab/lab/internal/forge"
	"ftplab/lab/pcapng"
)

// A segment is what is to be found in a packet.
type segment struct {
	src, dst netip.AddrPort
	payload  string
}

// session is what every encapsulation carries: its segments, and the packets of IP that they
// are in.
func session(six bool) (segments []segment, packets [][]byte) {
	c := forge.New()
	client, server := c.Pair("192.0.2.10:40000", "198.51.100.21:21")
	if six {
		client, server = c.Pair("[2001:db8::a]:40000", "[2001:db8::21]:21")
	}
	for _, s := range []struct {
		from        *forge.End
		flags, data string
	}{
		{client, "S", ""}, {server, "S.", ""}, {client, ".", ""},
		{server, "P.", "220 ready\r\n"}, {client, "P.", "USER anonymous\r\n"}, {server, "P.", "331 any password will do\r\n"},
		{client, "P.", "QUIT\r\n"}, {server, "P.", "221 bye\r\n"}, {server, "F.", ""}, {client, "F.", ""},
	} {
		s.from.Segment(s.flags, s.data)
		segments = append(segments, segment{s.from.Addr, s.from.Peer.Addr, s.data})
		packets = append(packets, c.Last(0).Data[14:])
	}
	return segments, packets
}

// pcap is a file of frames of one link type.
func pcap(link pcapng.LinkType, frames [][]byte) []byte {
	var all []forge.Frame
	for i, f := range frames {
		all = append(all, forge.Frame{At: time.Unix(1_000_000_000, int64(i)*1e6), Data: f})
	}
	return forge.PCAP(uint32(link), all)
}

// A wrap puts something around a packet of IP.
type wrap func(inner []byte) []byte

// in applies wraps, the innermost first.
func in(wraps ...wrap) wrap {
	return func(inner []byte) []byte {
		for _, w := range wraps {
			inner = w(inner)
		}
		return inner
	}
}

// head puts bytes in front.
func head(header ...byte) wrap {
	return func(inner []byte) []byte { return append(append([]byte(nil), header...), inner...) }
}

// zeros are so many bytes.
func zeros(n int) wrap { return head(make([]byte, n)...) }

// ethernet is the header of Ethernet in front of IP, or of what the given type says.
func ethernet(kind ...byte) wrap {
	return func(inner []byte) []byte {
		k := kind
		if len(k) == 0 {
			k = etherType(inner)
		}
		return in(head(k...), addresses)(inner)
	}
}

// addresses are those of Ethernet, of a vendor's: by that Wireshark knows a pseudo-wire.
var addresses = head(0, 0x1b, 0x21, 0, 0, 2, 0, 0x1b, 0x21, 0, 0, 1)

// typed puts the EtherType of IP in front.
func typed(inner []byte) []byte { return head(etherType(inner)...)(inner) }

func etherType(ip []byte) []byte {
	if ip[0]>>4 == 6 {
		return []byte{0x86, 0xdd}
	}
	return []byte{8, 0}
}

// ip puts a header of IPv4 in front, of the given protocol.
func ip(protocol byte) wrap {
	return func(inner []byte) []byte {
		h := []byte{0x45, 0, 0, 0, 0, 1, 0, 0, 64, protocol, 0, 0, 203, 0, 113, 1, 203, 0, 113, 2}
		binary.BigEndian.PutUint16(h[2:], uint16(20+len(inner)))
		sum := uint32(0)
		for i := 0; i < 20; i += 2 {
			sum += uint32(binary.BigEndian.Uint16(h[i:]))
		}
		for sum > 0xffff {
			sum = sum>>16 + sum&0xffff
		}
		binary.BigEndian.PutUint16(h[10:], ^uint16(sum))
		return append(h, inner...)
	}
}

// udp puts headers of UDP and IP in front.
func udp(port uint16) wrap {
	return func(inner []byte) []byte {
		h := binary.BigEndian.AppendUint16([]byte{0xd9, 3}, port)
		h = binary.BigEndian.AppendUint16(h, uint16(8+len(inner)))
		return ip(17)(append(append(h, 0, 0), inner...))
	}
}

// sized calls make with the length of what is inside.
func sized(make func(n int) []byte) wrap {
	return func(inner []byte) []byte { return append(make(len(inner)), inner...) }
}

// u16 is a number in network byte order.
func u16(n int) []byte { return []byte{byte(n >> 8), byte(n)} }
