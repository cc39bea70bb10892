// Every way in which a packet of FTP comes wrapped up.

package packet_test

import (
	"encoding/binary"
	"hash/crc32"

	"ftplab/lab/pcapng"
)

// An encapsulation is a way to wrap IP in a link of a type.
type encapsulation struct {
	name string
	link pcapng.LinkType
	wrap wrap
	// unknown says that the Wireshark of today does not read it: then only the packet
	// itself is the witness.
	unknown bool
}

// llcIP is LLC and SNAP in front of IP.
var llcIP = in(typed, head(0xaa, 0xaa, 3, 0, 0, 0))

// tunnels are carried by IP.
var tunnels = []encapsulation{
	{name: "IP-in-IP", wrap: ip(4)},
	{name: "GRE", wrap: in(head(0, 0, 8, 0), ip(47))},
	{name: "GRE checksum, key, sequence", wrap: in(head(0xb0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 1), ip(47))},
	{name: "GRE routing", wrap: in(head(0x40, 0, 8, 0, 0, 0, 0, 0, 0, 2, 0, 4, 1, 2, 3, 4, 0, 0, 0, 0), ip(47))},
	{name: "NVGRE", wrap: in(ethernet(), head(0x20, 0, 0x65, 0x58, 0, 0, 42, 0), ip(47))},
	{name: "ERSPAN I", wrap: in(ethernet(), head(0, 0, 0x88, 0xbe), ip(47))},
	{name: "ERSPAN II", wrap: in(ethernet(), head(0x10, 0, 0x88, 0xbe, 0, 0, 0, 5, 0x10, 0x64, 0, 1, 0, 0, 0, 0), ip(47))},
	{name: "ERSPAN III", wrap: in(ethernet(), head(0x10, 0, 0x22, 0xeb, 0, 0, 0, 5, 0x20, 0x64, 0, 1, 0, 0, 0, 9, 0, 0, 0, 0), ip(47))},
	{name: "ERSPAN III, platform", wrap: in(ethernet(), zeros(8), head(0x10, 0, 0x22, 0xeb, 0, 0, 0, 5, 0x20, 0x64, 0, 1, 0, 0, 0, 9, 0, 0, 0, 1), ip(47))},
	{name: "PPTP", wrap: in(head(0xff, 3, 0, 0x21), sized(func(n int) []byte {
		return append(append([]byte{0x30, 0x81, 0x88, 0x0b}, u16(n)...), 0, 7, 0, 0, 0, 1, 0, 0, 0, 0)
	}), ip(47))},
	{name: "MPLS in GRE", wrap: in(head(0, 0, 0x11, 64), head(0, 0, 0x88, 0x47), ip(47))},
	{name: "MPLS in IP", wrap: in(head(0, 0, 0x11, 64), ip(137))},
	{name: "EtherIP", wrap: in(ethernet(), head(0x30, 0), ip(97))},
	{name: "AH", wrap: in(head(4, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1), zeros(0), func(b []byte) []byte {
		return append(append(b[:12:12], make([]byte, 12)...), b[12:]...)
	}, ip(51))},
	{name: "L2TPv3, Ethernet", wrap: in(ethernet(), head(0, 0, 0, 1), ip(115)), unknown: true},
	{name: "L2TPv3, cookie, sublayer", wrap: in(ethernet(), head(0x40, 0, 0, 1), head(9, 9, 9, 9), head(0, 0, 0, 1), ip(115)), unknown: true},
	{name: "L2TPv3 in UDP", wrap: in(ethernet(), head(0, 3, 0, 0, 0, 0, 0, 1), udp(1701)), unknown: true},
	{name: "L2TPv2", wrap: in(head(0xff, 3, 0, 0x21), head(0, 2, 0, 1, 0, 2), udp(1701))},
	{name: "L2TPv2, length, sequence, offset", wrap: in(head(0, 0x21), sized(func(n int) []byte {
		return append(append([]byte{0x4a, 2}, u16(n+16)...), 0, 1, 0, 2, 0, 3, 0, 4, 0, 2, 0, 0)
	}), udp(1701))},
	{name: "VXLAN", wrap: in(ethernet(), head(8, 0, 0, 0, 0, 0, 42, 0), udp(4789))},
	{name: "VXLAN of old", wrap: in(ethernet(), head(8, 0, 0, 0, 0, 0, 42, 0), udp(8472)), unknown: true},
	{name: "VXLAN-GPE, IPv4", wrap: in(head(0x0c, 0, 0, 1, 0, 0, 42, 0), udp(4790))},
	{name: "VXLAN-GPE, Ethernet", wrap: in(ethernet(), head(0x0c, 0, 0, 3, 0, 0, 42, 0), udp(4790))},
	{name: "VXLAN-GPE, NSH", wrap: in(head(0, 0xc6, 1, 1), head(0x0c, 0, 0, 4, 0, 0, 42, 0), func(b []byte) []byte {
		return append(append(b[:12:12], make([]byte, 20)...), b[12:]...) // context headers
	}, udp(4790))},
	{name: "GUE", wrap: in(head(0, 4, 0, 0), udp(6080)), unknown: true},
	{name: "GUE with options, GRE", wrap: in(head(0, 0, 8, 0), head(1, 47, 0, 0, 1, 2, 3, 4), udp(6080)), unknown: true},
	{name: "GUE without a header", wrap: in(udp(6080)), unknown: true},
	{name: "Geneve", wrap: in(ethernet(), head(0, 0, 0x65, 0x58, 0, 0, 42, 0), udp(6081))},
	{name: "Geneve with options, IP", wrap: in(head(2, 0, 8, 0, 0, 0, 42, 0, 1, 2, 3, 1, 9, 9, 9, 9), udp(6081))},
	{name: "GTP-U", wrap: in(sized(func(n int) []byte { return append(append([]byte{0x30, 0xff}, u16(n)...), 0, 0, 0, 7) }), udp(2152))},
	{name: "GTP-U with extension", wrap: in(sized(func(n int) []byte {
		return append(append([]byte{0x34, 0xff}, u16(n+8)...), 0, 0, 0, 7, 0, 0, 0, 0x85, 1, 0, 9, 0)
	}), udp(2152))},
	{name: "GTP, version 0", wrap: in(sized(func(n int) []byte {
		return append(append([]byte{0x1e, 0xff}, u16(n)...), make([]byte, 16)...)
	}), udp(3386))},
	{name: "AMT", wrap: in(head(6, 0), udp(2268))},
	{name: "EoIP", wrap: in(ethernet(), sized(func(n int) []byte { return append(append([]byte{0x20, 1, 0x64, 0}, u16(n)...), 7, 0) }), ip(47))},
	{name: "LISP", wrap: in(head(0x80, 0, 0, 1, 0, 0, 0, 1), udp(4341))},
	{name: "MPLS in UDP", wrap: in(head(0, 0, 0x11, 64), udp(6635))},
	{name: "GRE in UDP", wrap: in(head(0, 0, 8, 0), udp(4754))},
	{name: "jmirror", wrap: in(head(0, 0, 0, 1, 0, 0, 0, 2), udp(30030))},
	{name: "TZSP", wrap: in(ethernet(), head(1, 0, 0, 1, 0, 10, 1, 200, 1), udp(37008))},
	{name: "TZSP, wireless", wrap: in(llcIP, wifi, head(1, 0, 0, 18, 1), udp(37008))},
	{name: "CAPWAP, 802.3", wrap: in(ethernet(), head(0, 0x10, 0x02, 0, 0, 0, 0, 0), udp(5247)), unknown: true},
	{name: "CAPWAP, 802.11 of Cisco", wrap: in(llcIP, wifi, swapped, head(0, 0x10, 0x43, 0, 0, 0, 0, 0), udp(5247)), unknown: true},
	{name: "VXLAN in GRE in VLAN in VXLAN", wrap: in(ethernet(), head(8, 0, 0, 0, 0, 0, 1, 0), udp(4789), head(0, 0, 8, 0), ip(47),
		ethernet(0x81, 0, 0, 9, 8, 0), head(8, 0, 0, 0, 0, 0, 2, 0), udp(4789))},
}

// wifi is a frame from an access point, with quality of service.
func wifi(inner []byte) []byte {
	return head(0x88, 2, 0, 0, 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 3, 2, 0, 0, 0, 0, 1, 0, 0, 0, 0)(inner)
}

func swapped(frame []byte) []byte {
	frame[0], frame[1] = frame[1], frame[0]
	return frame
}

// overEthernet are frames of Ethernet.
var overEthernet = []encapsulation{
	{name: "plain", wrap: ethernet()},
	{name: "QinQ", wrap: in(typed, ethernet(0x88, 0xa8, 0, 5, 0x81, 0, 0, 6))},
	{name: "MPLS", wrap: in(head(0, 1, 0, 64, 0, 0, 0x11, 64), ethernet(0x88, 0x47))},
	{name: "pseudo-wire", wrap: in(ethernet(), head(0, 0, 0x11, 64), ethernet(0x88, 0x47))},
	{name: "pseudo-wire, control word", wrap: in(ethernet(), head(0, 0, 0, 3), head(0, 0, 0x11, 64), ethernet(0x88, 0x47))},
	{name: "pseudo-wire, PBB", wrap: in(ethernet(), head(0, 0, 0, 1), ethernet(0x88, 0xe7), head(0, 0, 0, 3), head(0, 0, 0x11, 64), ethernet(0x88, 0x47))},
	{name: "pseudo-wire, VLAN", wrap: in(typed, ethernet(0x81, 0, 0, 6), head(0, 0, 0, 3), head(0, 0, 0x11, 64), ethernet(0x88, 0x47))},
	{name: "PPPoE", wrap: in(head(0, 0x21), sized(func(n int) []byte { return append([]byte{0x11, 0, 0, 1}, u16(n)...) }), ethernet(0x88, 0x64))},
	{name: "PBB", wrap: in(ethernet(), head(0, 0, 0, 1), ethernet(0x88, 0xe7))},
	{name: "FabricPath", wrap: in(ethernet(), head(0, 1), ethernet(0x89, 3), fcs)},
	{name: "Cisco's metadata", wrap: in(typed, ethernet(0x89, 9, 1, 1, 0, 1, 0, 7))},
	{name: "E-tag", wrap: in(typed, ethernet(0x89, 0x3f, 0, 0, 0, 2, 0, 0))},
	{name: "VN-tag", wrap: in(typed, ethernet(0x89, 0x26, 0x80, 1, 0, 2))},
	{name: "QinQ of old", wrap: in(typed, ethernet(0x91, 0, 0, 5, 0x92, 0, 0, 6)), unknown: true}, // tcpdump reads it
	{name: "HSR", wrap: in(typed, ethernet(0x89, 0x2f, 0, 0x42, 0, 7))},
	{name: "R-TAG", wrap: in(typed, ethernet(0xf1, 0xc1, 0, 0, 0, 7))},
	{name: "Arista's time, 64 bits", wrap: in(typed, zeros(8), ethernet(0xd2, 0x8b, 0, 1, 0, 0x10))},
	{name: "Arista's time, 48 bits", wrap: in(typed, zeros(6), ethernet(0xd2, 0x8b, 0, 1, 1, 0x20))},
	{name: "B.A.T.M.A.N.", wrap: in(ethernet(), head(0x40, 15, 64, 3, 2, 0, 0, 0, 0, 2), ethernet(0x43, 5))},
	{name: "ISL", wrap: in(ethernet(), fcs, head(0xaa, 0xaa, 3, 2, 0, 0, 0, 20, 0, 0, 0, 0), sized(u16), head(1, 0, 12, 0, 0, 0, 2, 0, 0, 0, 0, 1))},
	{name: "TRILL", wrap: in(ethernet(), head(0, 1, 0, 2, 0, 3), ethernet(0x22, 0xf3))},
	{name: "NSH", wrap: in(ethernet(), head(0, 0x02, 2, 3, 0, 0, 1, 255), ethernet(0x89, 0x4f))},
	{name: "MACsec, in clear", wrap: in(typed, head(0, 0, 0, 0, 0, 1), ethernet(0x88, 0xe5)), unknown: true},
	{name: "802.3, SNAP", wrap: in(llcIP, sized(u16), addresses)},
	{name: "transparent bridging", wrap: in(ethernet(), ethernet(0x65, 0x58))},
}

// links are those of other types.
var links = []encapsulation{
	{name: "null", link: 0, wrap: head(2, 0, 0, 0)},
	{name: "AX.25", link: 3, wrap: head(0x96, 0x94, 0x64, 0x6e, 0x88, 0x94, 0xe0, 0x96, 0x94, 0x64, 0x6e, 0x88, 0x96, 0x61, 3, 0xcc)},
	{name: "AX.25, KISS", link: 202, wrap: head(0, 0x96, 0x94, 0x64, 0x6e, 0x88, 0x94, 0xe0, 0x96, 0x94, 0x64, 0x6e, 0x88, 0x96, 0x61, 3, 0xcc)},
	{name: "ARCNET", link: 7, wrap: head(1, 2, 0xd4, 0, 0, 1)},
	{name: "ARCNET of Linux", link: 129, wrap: head(1, 2, 0, 0, 0xd4, 0, 0, 1)},
	{name: "Token Ring", link: 6, wrap: in(llcIP, head(0x10, 0x40, 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1))},
	{name: "Token Ring, routed", link: 6, wrap: in(llcIP, head(0x10, 0x40, 2, 0, 0, 0, 0, 2, 0x82, 0, 0, 0, 0, 1, 6, 0x30, 0, 0x11, 0, 0x20))},
	{name: "MPLS alone", link: 219, unknown: true, wrap: head(0, 1, 0, 64, 0, 0, 0x11, 64)},
	{name: "PPP", link: 9, wrap: head(0xff, 3, 0, 0x21)},
	{name: "PPP, compressed", link: 9, wrap: head(0x21)},
	{name: "PPP, bridged", link: 9, wrap: in(ethernet(), head(0xff, 3, 0, 0x31, 0, 1))},
	{name: "PPP, multilink", link: 9, wrap: in(head(0x21), head(0xff, 3, 0, 0x3d, 0xc0, 0, 0, 1))},
	{name: "FDDI", link: 10, wrap: in(llcIP, head(0x50, 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1))},
	{name: "ATM of old", link: 11, wrap: llcIP},
	{name: "raw, BSD", link: 12, wrap: in()},
	{name: "raw, OpenBSD", link: 14, wrap: in()},
	{name: "PPP in HDLC", link: 50, wrap: head(0xff, 3, 0, 0x21)},
	{name: "PPP or HDLC", link: 50, wrap: head(0x0f, 0, 8, 0)},
	{name: "PPPoE alone", link: 51, wrap: in(head(0, 0x21), sized(func(n int) []byte { return append([]byte{0x11, 0, 0, 1}, u16(n)...) })), unknown: true},
	{name: "Symantec firewall", link: 99, wrap: in(zeros(36), typed, zeros(6))},
	{name: "ATM", link: 100, wrap: llcIP},
	{name: "ATM, bridged", link: 100, wrap: in(ethernet(), head(0xaa, 0xaa, 3, 0, 0x80, 0xc2, 0, 7, 0, 0))},
	{name: "raw", link: 101, wrap: in()},
	{name: "HDLC", link: 104, wrap: head(0x0f, 0, 8, 0)},
	{name: "802.11", link: 105, wrap: in(llcIP, wifi)},
	{name: "classical IP", link: 106, wrap: in()},
	{name: "classical IP, LLC", link: 106, wrap: llcIP, unknown: true}, // tcpdump reads it
	{name: "frame relay", link: 107, wrap: head(0x18, 0x41, 3, 0xcc)},
	{name: "frame relay, Cisco", link: 107, wrap: head(0x18, 0x41, 8, 0), unknown: true},
	{name: "frame relay, SNAP", link: 107, wrap: in(typed, head(0x18, 0x41, 3, 0, 0x80, 0, 0, 0))},
	{name: "loop", link: 108, wrap: head(0, 0, 0, 2)},
	{name: "ENC", link: 109, wrap: head(2, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0)},
	{name: "SLL", link: 113, wrap: in(typed, head(0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0))},
	{name: "PFLOG", link: 117, wrap: in(zeros(60), head(61, 2, 0, 0))},
	{name: "Prism", link: 119, wrap: in(llcIP, wifi, zeros(136), head(0, 0, 0, 0x44, 0, 0, 0, 144))},
	{name: "IP over Fibre Channel", link: 122, wrap: in(llcIP, zeros(16))},
	{name: "SunATM", link: 123, wrap: in(llcIP, head(2, 0, 0, 32))},
	{name: "SunATM, LANE", link: 123, wrap: in(ethernet(), head(1, 0, 0, 32, 0, 1))},
	{name: "radiotap", link: 127, wrap: in(llcIP, wifi, head(0, 0, 8, 0, 0, 0, 0, 0))},
	{name: "radiotap, padded", link: 127, wrap: in(llcIP, zeros(2), wifi, head(0, 0, 17, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x20))},
	{name: "FireWire", link: 138, wrap: in(typed, zeros(16))},
	{name: "DOCSIS", link: 143, wrap: in(ethernet(), sized(docsis))},
	{name: "PKTAP of old", link: 149, wrap: in(ethernet(), pktap(1)), unknown: true},
	{name: "AVS", link: 163, wrap: in(llcIP, wifi, zeros(56), head(0x80, 0x21, 0x10, 1, 0, 0, 0, 64))},
	{name: "PPP of pppd", link: 166, wrap: head(0, 3, 0, 0x21), unknown: true},
	{name: "Juniper Ethernet", link: 178, wrap: in(ethernet(), head('M', 'G', 'C', 0x80, 0, 6, 1, 1, 1, 6, 1, 1))},
	{name: "Juniper PPPoE on ATM", link: 168, wrap: in(typed, head('M', 'G', 'C', 0x80, 0, 0)), unknown: true},
	{name: "Juniper services", link: 136, wrap: in(zeros(8), head('M', 'G', 'C', 0x80, 0, 0)), unknown: true},
	{name: "Juniper monitor", link: 164, wrap: in(zeros(8), head('M', 'G', 'C', 0x80, 0, 0)), unknown: true},
	{name: "Juniper VoIP", link: 183, wrap: in(zeros(18), head('M', 'G', 'C', 0x80, 0, 0))},
	{name: "Juniper MFR", link: 134, wrap: in(head(0xc0, 7, 0x18, 0x41, 3, 0xcc), head('M', 'G', 'C', 0x80, 0, 0)), unknown: true},
	{name: "TZSP alone", link: 128, wrap: in(ethernet(), head(1, 0, 0, 1, 1))},
	{name: "Juniper MLPPP", link: 130, wrap: in(head(0, 0x21), head('M', 'G', 'C', 0x80, 0, 0))},
	{name: "Juniper ATM1", link: 137, wrap: in(llcIP, head('M', 'G', 'C', 0x80, 0, 0, 0, 0, 0, 0))},
	{name: "Juniper ATM2", link: 135, wrap: in(llcIP, head('M', 'G', 'C', 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))},
	{name: "Juniper PPP", link: 179, wrap: in(head(0xff, 3, 0, 0x21), head('M', 'G', 'C', 0x80, 0, 0))},
	{name: "Juniper HDLC", link: 181, wrap: in(head(0x0f, 0, 8, 0), head('M', 'G', 'C', 0x81, 0, 0))},
	{name: "Juniper frame relay", link: 180, wrap: in(head(0x18, 0x41, 3, 0xcc), head('M', 'G', 'C', 0x80, 0, 0))},
	{name: "Juniper, no link", link: 178, wrap: in(head(2, 0, 0, 0), head('M', 'G', 'C', 0x82, 0, 0))},
	{name: "frame relay, multilink", link: 182, wrap: head(0xc0, 7, 0x18, 0x41, 3, 0xcc), unknown: true}, // tcpdump reads it
	{name: "PPI", link: 192, wrap: in(llcIP, wifi, head(0, 0, 8, 0, 105, 0, 0, 0))},
	{name: "PPI, Ethernet", link: 192, wrap: in(ethernet(), head(0, 0, 8, 0, 1, 0, 0, 0))},
	{name: "ERF", link: 197, wrap: in(ethernet(), zeros(2), sized(func(n int) []byte {
		return append(append(append(make([]byte, 8), 2, 4), append(u16(n+16), 0, 0)...), u16(n-2)...)
	}))},
	{name: "PPP, direction", link: 204, wrap: head(1, 0xff, 3, 0, 0x21)},
	{name: "HDLC, direction", link: 205, wrap: head(1, 0x0f, 0, 8, 0), unknown: true},
	{name: "frame relay, direction", link: 206, wrap: head(1, 0x18, 0x41, 3, 0xcc), unknown: true},
	{name: "IPNET", link: 226, wrap: in(zeros(12), sized(func(n int) []byte { return append([]byte{1, 2, 0, 0, 0, 0}, append(u16(n-12), 0, 0, 0, 0)...) }))},
	{name: "IPv4", link: 228, wrap: in()},
	{name: "NFLOG", link: 239, wrap: in(nfAttribute(9), padded, head(6, 0, 10, 0, 'x', 0, 0, 0), head(2, 0, 0, 0))},
	{name: "NetAnalyzer", link: 240, wrap: in(ethernet(), fcs, head(0, 4, 0, 0))},
	{name: "IP over InfiniBand", link: 242, wrap: in(zeros(2), typed, zeros(40))},
	{name: "upper PDU", link: 252, wrap: in(head(0, 0, 0, 0), head(0, 12, 0, 4, 'i', 'p', 0, 0))},
	{name: "PKTAP", link: 258, wrap: in(ethernet(), pktap(1))},
	{name: "PKTAP, raw", link: 258, wrap: pktap(12)},
	{name: "MPacket", link: 274, wrap: in(ethernet(), fcs, head(0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0xd5))},
	{name: "SLL2", link: 276, wrap: head(8, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0)},
	{name: "Broadcom tag", link: 281, wrap: in(typed, ethernet(0, 0, 0, 1)), unknown: true},
	{name: "Broadcom tag in front", link: 282, wrap: in(ethernet(), head(0, 0, 0, 1)), unknown: true},
	{name: "Marvell tag", link: 284, wrap: in(typed, ethernet(0x40, 8, 0, 0)), unknown: true},
	{name: "Marvell tag with VLAN", link: 284, wrap: in(typed, ethernet(0x60, 8, 0, 10)), unknown: true},
	{name: "Marvell tag, forwarded", link: 284, wrap: in(typed, ethernet(0xc0, 8, 0, 1)), unknown: true},
	{name: "Marvell tag with EtherType", link: 285, wrap: in(typed, ethernet(0xda, 0xda, 0, 0, 0x60, 8, 0, 10)), unknown: true},
	{name: "EPON", link: 259, wrap: in(ethernet(), head(0x55, 0x55, 0xd5, 0x55, 0x55, 0, 1, 0)), unknown: true},
}

// docsis is the header of a cable modem, with its check sequence (CRC-16 of X.25).
func docsis(n int) []byte {
	h := append([]byte{0, 0}, u16(n)...)
	crc := uint16(0xffff)
	for _, b := range h {
		crc ^= uint16(b)
		for range 8 {
			if crc&1 != 0 {
				crc = crc>>1 ^ 0x8408
			} else {
				crc >>= 1
			}
		}
	}
	return append(h, byte(^crc), byte(^crc>>8))
}

// fcs puts a frame check sequence after a frame.
func fcs(frame []byte) []byte {
	return binary.LittleEndian.AppendUint32(frame, crc32.ChecksumIEEE(frame))
}

func pktap(link byte) wrap {
	return in(zeros(96), head(108, 0, 0, 0, 1, 0, 0, 0, link, 0, 0, 0))
}

// padded pads what Linux's attributes hold to four bytes.
func padded(b []byte) []byte { return append(b, make([]byte, -len(b)&3)...) }

func nfAttribute(kind byte) wrap {
	return sized(func(n int) []byte { return []byte{byte(n + 4), byte((n + 4) >> 8), kind, 0} })
}

// encapsulations are all of them. Tunnels are in Ethernet.
func encapsulations() []encapsulation {
	all := append([]encapsulation(nil), links...)
	for _, e := range overEthernet {
		e.link = pcapng.LinkEthernet
		all = append(all, e)
	}
	for _, e := range tunnels {
		e.link, e.wrap = pcapng.LinkEthernet, in(e.wrap, ethernet())
		all = append(all, e)
	}
	return all
}

// ipv6In are the encapsulations that hold IPv6.
func ipv6In() []encapsulation {
	return []encapsulation{
		{name: "plain", link: 1, wrap: ethernet()},
		{name: "6in4", link: 1, wrap: in(ip(41), ethernet())},
		{name: "Teredo", link: 1, wrap: in(udp(3544), ethernet())},
		{name: "Teredo, authentication and origin", link: 1, wrap: in(head(0, 1, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 1, 2, 3, 4, 5, 6), udp(3544), ethernet())},
		{name: "GRE", link: 1, wrap: in(head(0, 0, 0x86, 0xdd), ip(47), ethernet())},
		{name: "pseudo-wire", link: 1, wrap: in(ethernet(), head(0, 0, 0, 3), head(0, 0, 0x11, 64), ethernet(0x88, 0x47))},
		{name: "PKTAP", link: 258, wrap: in(head(30, 0, 0, 0), pktap(0))},
		{name: "PFLOG", link: 117, wrap: in(zeros(60), head(61, 24, 0, 0))},
		{name: "frame relay", link: 107, wrap: head(0x18, 0x41, 3, 0x8e)},
		{name: "PPP", link: 9, wrap: head(0x57)},
	}
}
