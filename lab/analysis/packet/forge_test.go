// A short FTP session in segments of IP, and the pcap files they are written to.

package packet_test

import (
	"encoding/binary"
	"net/netip"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"ftplab/lab/pcapng"
)

// A segment is what is to be found in a packet.
type segment struct {
	src, dst netip.AddrPort
	flags    string
	payload  string
}

// session is what every encapsulation carries.
func session(six bool) []segment {
	c, s := netip.MustParseAddrPort("192.0.2.10:40000"), netip.MustParseAddrPort("198.51.100.21:21")
	if six {
		c, s = netip.MustParseAddrPort("[2001:db8::a]:40000"), netip.MustParseAddrPort("[2001:db8::21]:21")
	}
	return []segment{
		{c, s, "S", ""}, {s, c, "SA", ""}, {c, s, "A", ""},
		{s, c, "PA", "220 ready\r\n"}, {c, s, "PA", "USER anonymous\r\n"}, {s, c, "PA", "331 any password will do\r\n"},
		{c, s, "PA", "QUIT\r\n"}, {s, c, "PA", "221 bye\r\n"}, {s, c, "FA", ""}, {c, s, "FA", ""},
	}
}

// ipPackets are the segments with IP headers, built by gopacket.
func ipPackets(t testing.TB, segments []segment) [][]byte {
	next := map[netip.AddrPort]uint32{}
	var packets [][]byte
	for _, s := range segments {
		tcp := &layers.TCP{
			SrcPort: layers.TCPPort(s.src.Port()), DstPort: layers.TCPPort(s.dst.Port()), Window: 502,
			Seq: 1000 + next[s.src], Ack: 1000 + next[s.dst],
		}
		for _, f := range s.flags {
			switch f {
			case 'S':
				tcp.SYN = true
			case 'A':
				tcp.ACK = true
			case 'P':
				tcp.PSH = true
			case 'F':
				tcp.FIN = true
			}
		}
		if !tcp.ACK {
			tcp.Ack = 0
		}
		if next[s.src] += uint32(len(s.payload)); tcp.SYN || tcp.FIN {
			next[s.src]++
		}
		packets = append(packets, ipPacket(t, s, tcp))
	}
	return packets
}

func ipPacket(t testing.TB, s segment, tcp *layers.TCP) []byte {
	src, dst := s.src.Addr().AsSlice(), s.dst.Addr().AsSlice()
	var ip gopacket.SerializableLayer
	if s.src.Addr().Is4() {
		v4 := &layers.IPv4{Version: 4, TTL: 64, Protocol: layers.IPProtocolTCP, SrcIP: src, DstIP: dst}
		tcp.SetNetworkLayerForChecksum(v4)
		ip = v4
	} else {
		v6 := &layers.IPv6{Version: 6, HopLimit: 64, NextHeader: layers.IPProtocolTCP, SrcIP: src, DstIP: dst}
		tcp.SetNetworkLayerForChecksum(v6)
		ip = v6
	}
	buffer := gopacket.NewSerializeBuffer()
	options := gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}
	if err := gopacket.SerializeLayers(buffer, options, ip, tcp, gopacket.Payload(s.payload)); err != nil {
		t.Fatal(err)
	}
	return buffer.Bytes()
}

// pcap is a file of frames of one link type.
func pcap(link pcapng.LinkType, frames [][]byte) []byte {
	le := binary.LittleEndian
	file := le.AppendUint32(nil, 0xa1b2c3d4)
	file = le.AppendUint16(le.AppendUint16(file, 2), 4)
	file = append(file, make([]byte, 8)...)
	file = le.AppendUint32(le.AppendUint32(file, 262144), uint32(link))
	for i, f := range frames {
		file = le.AppendUint32(le.AppendUint32(file, 1_000_000_000), uint32(i)*1000)
		file = le.AppendUint32(le.AppendUint32(file, uint32(len(f))), uint32(len(f)))
		file = append(file, f...)
	}
	return file
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
