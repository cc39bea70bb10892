package capture_test

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/report/text"
	"ftplab/lab/internal/forge"
	"ftplab/lab/labtest/optional"
)

// others are packets that are not TCP.
func others(f *forge.Capture) {
	c, s := f.Pair(forge.Client+":3170", "192.0.2.53:53")
	arp := &layers.ARP{
		AddrType: layers.LinkTypeEthernet, Protocol: layers.EthernetTypeIPv4, HwAddressSize: 6, ProtAddressSize: 4, Operation: 1,
		SourceHwAddress: ether(0).SrcMAC, SourceProtAddress: []byte{198, 51, 100, 100},
		DstHwAddress: make([]byte, 6), DstProtAddress: []byte{198, 51, 100, 1},
	}
	layered(f, "", ether(layers.EthernetTypeARP), arp)
	arp.Operation = 2
	layered(f, "", ether(layers.EthernetTypeARP), arp)

	question := layers.DNSQuestion{Name: []byte("ftp.example.test"), Type: layers.DNSTypeA, Class: layers.DNSClassIN}
	query := &layers.DNS{ID: 1, RD: true, Questions: []layers.DNSQuestion{question}}
	datagram(c, query, "")
	answer := *query
	answer.QR, answer.RA, answer.AA = true, true, true
	answer.Answers = []layers.DNSResourceRecord{
		{Name: []byte("ftp.example.test"), Type: layers.DNSTypeCNAME, Class: 1, CNAME: []byte("a.example.test")},
		{Name: []byte("a.example.test"), Type: layers.DNSTypeA, Class: 1, IP: net.IP{192, 0, 2, 21}},
	}
	answer.Authorities = []layers.DNSResourceRecord{{Name: []byte("example.test"), Type: layers.DNSTypeNS, Class: 1, NS: []byte("ns.example.test")}}
	answer.Additionals = []layers.DNSResourceRecord{{Name: []byte("ns.example.test"), Type: layers.DNSTypeA, Class: 1, IP: net.IP{192, 0, 2, 53}}}
	datagram(s, &answer, "")
	datagram(s, &layers.DNS{ID: 2, QR: true, ResponseCode: layers.DNSResponseCodeNXDomain, Questions: []layers.DNSQuestion{question}}, "")
	question.Type = 255 // any
	datagram(c, &layers.DNS{ID: 3, RD: true, Questions: []layers.DNSQuestion{question}}, "")
	question.Type = 62 // CSYNC, which tcpdump does not name
	datagram(c, &layers.DNS{ID: 4, RD: true, Questions: []layers.DNSQuestion{question}}, "")
	answer.ID, answer.Answers = 5, []layers.DNSResourceRecord{
		{Name: []byte("a.test"), Type: layers.DNSTypeSRV, Class: 1, SRV: layers.DNSSRV{Priority: 1, Weight: 2, Port: 21, Name: []byte("b.test")}},
		{Name: []byte("a.test"), Type: layers.DNSTypeTXT, Class: 1, TXTs: [][]byte{[]byte("a b"), []byte("c")}},
		{Name: []byte("a.test"), Type: layers.DNSTypeMX, Class: 1, MX: layers.DNSMX{Preference: 10, Name: []byte("b.test")}},
	}
	datagram(s, &answer, "")
	d, _ := f.Pair(forge.Client+":5000", "192.0.2.21:6000")
	datagram(d, nil, "hello")

	ip, _ := network(c, layers.IPProtocolICMPv4)
	layered(f, "12345678", append(ip, &layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(8, 0), Id: 7, Seq: 1})...)
	quoted := f.Frames[2].Data[14:42]
	layered(f, string(quoted), append(ip, &layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(3, 1)})...)
	layered(f, string(quoted), append(ip, &layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(11, 0)})...)

	six, _ := f.Pair("[2001:db8::100]:1", "[2001:db8::21]:1")
	ip, next := network(six, layers.IPProtocolICMPv6)
	icmp := &layers.ICMPv6{TypeCode: layers.CreateICMPv6TypeCode(layers.ICMPv6TypeNeighborSolicitation, 0)}
	icmp.SetNetworkLayerForChecksum(next)
	layered(f, "", append(ip, icmp, &layers.ICMPv6NeighborSolicitation{TargetAddress: six.Peer.Addr.Addr().AsSlice()})...)
	icmp.TypeCode = layers.CreateICMPv6TypeCode(layers.ICMPv6TypeNeighborAdvertisement, 0)
	layered(f, "", append(ip, icmp, &layers.ICMPv6NeighborAdvertisement{TargetAddress: six.Addr.Addr().AsSlice()})...)
}

// datagram sends a message, or else text.
func datagram(p *forge.End, message gopacket.SerializableLayer, text string) {
	udp := &layers.UDP{SrcPort: layers.UDPPort(p.Addr.Port()), DstPort: layers.UDPPort(p.Peer.Addr.Port())}
	ip, next := network(p, layers.IPProtocolUDP)
	udp.SetNetworkLayerForChecksum(next)
	stack := append(ip, udp)
	if message != nil {
		stack = append(stack, message)
	}
	layered(p.Capture, text, stack...)
}

// network returns Ethernet and IP headers from p to its peer.
func network(p *forge.End, protocol layers.IPProtocol) ([]gopacket.SerializableLayer, gopacket.NetworkLayer) {
	src, dst := p.Addr.Addr(), p.Peer.Addr.Addr()
	if src.Is4() {
		ip := &layers.IPv4{Version: 4, TTL: 64, Protocol: protocol, SrcIP: src.AsSlice(), DstIP: dst.AsSlice()}
		return []gopacket.SerializableLayer{ether(layers.EthernetTypeIPv4), ip}, ip
	}
	ip := &layers.IPv6{Version: 6, HopLimit: 64, NextHeader: protocol, SrcIP: src.AsSlice(), DstIP: dst.AsSlice()}
	return []gopacket.SerializableLayer{ether(layers.EthernetTypeIPv6), ip}, ip
}

// layered adds a frame that gopacket makes of its layers and a payload.
func layered(f *forge.Capture, payload string, stack ...gopacket.SerializableLayer) {
	buffer := gopacket.NewSerializeBuffer()
	options := gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}
	if err := gopacket.SerializeLayers(buffer, options, append(stack, gopacket.Payload(payload))...); err != nil {
		panic(err)
	}
	frame := buffer.Bytes()
	switch { // without the padding that gopacket adds to a short frame
	case frame[12] == 8 && frame[13] == 0:
		frame = frame[:14+int(frame[16])<<8+int(frame[17])]
	case frame[12] == 8 && frame[13] == 6:
		frame = frame[:14+28]
	}
	f.Frame(frame)
}

func lines(t *testing.T, file []byte, n text.Numbering) []string {
	t.Helper()
	var out []string
	for p := range read(t, file).Packets() {
		out = append(out, text.Line(p, n))
	}
	return out
}

func TestLinesOfOthers(t *testing.T) {
	f := forge.New()
	others(f)
	want := []string{
		"ARP, Request who-has 198.51.100.1 tell 198.51.100.100, length 28",
		"ARP, Reply 198.51.100.100 is-at 02:00:00:00:00:01, length 28",
		"IP 198.51.100.100.3170 > 192.0.2.53.53: 1+ A? ftp.example.test. (34)",
		"IP 192.0.2.53.53 > 198.51.100.100.3170: 1* 2/1/1 CNAME a.example.test., A 192.0.2.21 (180)",
		"IP 192.0.2.53.53 > 198.51.100.100.3170: 2 NXDomain- 0/0/0 (34)",
		"IP 198.51.100.100.3170 > 192.0.2.53.53: 3+ ANY? ftp.example.test. (34)",
		"IP 198.51.100.100.3170 > 192.0.2.53.53: 4+ Type62? ftp.example.test. (34)",
		`IP 192.0.2.53.53 > 198.51.100.100.3170: 5* 3/1/1 SRV b.test.:21 1 2, TXT "a b" "c", MX b.test. 10 (190)`,
		"IP 198.51.100.100.5000 > 192.0.2.21.6000: UDP, length 5",
		"IP 198.51.100.100 > 192.0.2.53: ICMP echo request, id 7, seq 1, length 16",
		"IP 198.51.100.100 > 192.0.2.53: ICMP host 192.0.2.53 unreachable, length 36",
		"IP 198.51.100.100 > 192.0.2.53: ICMP time exceeded in-transit, length 36",
		"IP6 2001:db8::100 > 2001:db8::21: ICMP6, neighbor solicitation, who has 2001:db8::21, length 24",
		"IP6 2001:db8::100 > 2001:db8::21: ICMP6, neighbor advertisement, tgt is 2001:db8::100, length 24",
	}
	for i, got := range lines(t, f.PCAP(), text.Relative) {
		if got != want[i] {
			t.Errorf("packet %d:\n got %s\nwant %s", i+1, got, want[i])
		}
	}
}

// optionsTrap is a connection that uses every TCP option.
func optionsTrap(f *forge.Capture) {
	c, s := f.Pair(forge.Client+":3171", forge.Server+":21")
	c.Seq, s.Seq = 0xfffffff0, 5000
	c.Window, c.Options = 65535, []byte{2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2, 1, 3, 3, 7}
	c.Segment("SEW", "")
	s.Window, s.Options = 17520, []byte{2, 4, 5, 0xb4, 1, 3, 3, 2, 0, 0, 0, 0}
	s.Segment("S.", "")
	c.Window, s.Window = 502, 502
	c.SegmentAt(100, "P.", "USER late\r\n")
	s.Options = []byte{1, 1, 5, 10, 0, 0, 0, 0x55, 0, 0, 0, 0x60}
	s.ACK()
	c.Urgent = 3
	c.SegmentAt(0, "P.U", "ABOR\r\n")
	s.SegmentAt(0, "R.", "")
	s.SegmentAt(0, "R", "")
	s.SegmentAt(0, "", "")
}

func TestLinesOfTCP(t *testing.T) {
	f := forge.New()
	optionsTrap(f)
	a, b := "IP 198.51.100.100.3171 > 192.0.2.21.21: Flags ", "IP 192.0.2.21.21 > 198.51.100.100.3171: Flags "
	want := []string{
		a + "[SEW], seq 0, win 65535, options [mss 1460,sackOK,TS val 1 ecr 2,nop,wscale 7], length 0",
		b + "[S.], seq 0, ack 1, win 17520, options [mss 1460,nop,wscale 2,eol], length 0",
		a + "[P.], seq 101:112, ack 1, win 502, length 11: FTP: USER late",
		b + "[.], ack 1, win 502, options [nop,nop,sack 1 {101:112}], length 0",
		a + "[P.U], seq 1:7, ack 1, win 502, urg 3, length 6: FTP: ABOR",
		b + "[R.], seq 1, ack 1, win 502, length 0",
		b + "[R], seq 1, win 502, length 0",
		b + "[none], win 502, length 0",
	}
	for i, got := range lines(t, f.PCAP(), text.Relative) {
		if got != want[i] {
			t.Errorf("packet %d:\n got %s\nwant %s", i+1, got, want[i])
		}
	}
}

// With the numbers of the wire, every line is what tcpdump -S prints, except for the
// text, of which tcpdump shows what a segment happens to hold, of any protocol.
func TestLinesAsTcpdump(t *testing.T) {
	program := optional.Tool(t, "tcpdump", "apt install tcpdump")
	shown := append([]trap{{name: "options", make: optionsTrap}, {name: "others", make: others}, {name: "icmp", make: icmp}}, traps...)
	for _, trap := range shown {
		f := forge.New()
		trap.make(f)
		file := filepath.Join(t.TempDir(), "capture.pcap")
		if err := os.WriteFile(file, f.PCAP(), 0o644); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(program, "-nn", "-t", "-S", "-r", file).Output()
		if err != nil {
			t.Fatalf("tcpdump: %v", err)
		}
		want := strings.Split(strings.TrimSpace(string(out)), "\n")
		got := lines(t, f.PCAP(), text.Absolute)
		if len(got) != len(want) {
			t.Errorf("%s: tcpdump prints %d lines, we %d", trap.name, len(want), len(got))
			continue
		}
		for i := range got {
			if withoutText(got[i]) != withoutText(want[i]) {
				t.Errorf("%s, packet %d:\n    we %s\ntcpdump %s", trap.name, i+1, got[i], want[i])
			}
		}
	}
}

func withoutText(line string) string { return shownText.ReplaceAllString(line, "$1") }

var shownText = regexp.MustCompile(`^(IP.*Flags.*, length \d+): .*`)

func TestEscape(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"plain näme", "plain näme"},
		{"\x1b[2J\a", `\x1b[2J\x07`},
		{"a\r\nb\tc", `a\x0d\x0ab\x09c`},
		{"caf\xe9", `caf\xe9`},
		{"\u202eevil\u0085", `\u{202e}evil\u{0085}`},
		{"\ufffd", "\ufffd"},
	} {
		if got := text.Escape(c.in); got != c.want {
			t.Errorf("text.Escape(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}

func Example() {
	f := forge.New()
	c, _ := f.Dial("198.51.100.100:3171", "192.0.2.21:21")
	c.Send("USER anonymous\r\n")
	capture, err := capture.Read(bytes.NewReader(f.PCAP()), capture.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for p := range capture.Packets() {
		if p.Number == 4 {
			fmt.Println(text.Line(p, text.Relative))
		}
	}
	// Output: IP 198.51.100.100.3171 > 192.0.2.21.21: Flags [P.], seq 1:17, ack 1, win 502, length 16: FTP: USER anonymous
}
