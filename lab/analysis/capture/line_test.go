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
	"ftplab/lab/labtest/optional"
)

// others are packets that are not TCP.
func others(f *forge) {
	c, s := f.pair(clientIP+":3170", "192.0.2.53:53")
	arp := &layers.ARP{
		AddrType: layers.LinkTypeEthernet, Protocol: layers.EthernetTypeIPv4, HwAddressSize: 6, ProtAddressSize: 4, Operation: 1,
		SourceHwAddress: mac(c.addr), SourceProtAddress: []byte{198, 51, 100, 100},
		DstHwAddress: make([]byte, 6), DstProtAddress: []byte{198, 51, 100, 1},
	}
	f.packet([]gopacket.SerializableLayer{ether(layers.EthernetTypeARP), arp}, "")
	arp.Operation = 2
	f.packet([]gopacket.SerializableLayer{ether(layers.EthernetTypeARP), arp}, "")

	question := layers.DNSQuestion{Name: []byte("ftp.example.test"), Type: layers.DNSTypeA, Class: layers.DNSClassIN}
	query := &layers.DNS{ID: 1, RD: true, Questions: []layers.DNSQuestion{question}}
	c.datagram(query, "")
	answer := *query
	answer.QR, answer.RA, answer.AA = true, true, true
	answer.Answers = []layers.DNSResourceRecord{
		{Name: []byte("ftp.example.test"), Type: layers.DNSTypeCNAME, Class: 1, CNAME: []byte("a.example.test")},
		{Name: []byte("a.example.test"), Type: layers.DNSTypeA, Class: 1, IP: net.IP{192, 0, 2, 21}},
	}
	answer.Authorities = []layers.DNSResourceRecord{{Name: []byte("example.test"), Type: layers.DNSTypeNS, Class: 1, NS: []byte("ns.example.test")}}
	answer.Additionals = []layers.DNSResourceRecord{{Name: []byte("ns.example.test"), Type: layers.DNSTypeA, Class: 1, IP: net.IP{192, 0, 2, 53}}}
	s.datagram(&answer, "")
	s.datagram(&layers.DNS{ID: 2, QR: true, ResponseCode: layers.DNSResponseCodeNXDomain, Questions: []layers.DNSQuestion{question}}, "")
	d, _ := f.pair(clientIP+":5000", "192.0.2.21:6000")
	d.datagram(nil, "hello")

	ip, _ := c.network(layers.IPProtocolICMPv4)
	f.packet(append(ip, &layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(8, 0), Id: 7, Seq: 1}), "12345678")
	quoted := f.packets[2].data[14:42]
	f.packet(append(ip, &layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(3, 1)}), string(quoted))
	f.packet(append(ip, &layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(11, 0)}), string(quoted))

	six, _ := f.pair("[2001:db8::100]:1", "[2001:db8::21]:1")
	ip, next := six.network(layers.IPProtocolICMPv6)
	icmp := &layers.ICMPv6{TypeCode: layers.CreateICMPv6TypeCode(layers.ICMPv6TypeNeighborSolicitation, 0)}
	icmp.SetNetworkLayerForChecksum(next)
	f.packet(append(ip, icmp, &layers.ICMPv6NeighborSolicitation{TargetAddress: six.to.addr.Addr().AsSlice()}), "")
	icmp.TypeCode = layers.CreateICMPv6TypeCode(layers.ICMPv6TypeNeighborAdvertisement, 0)
	f.packet(append(ip, icmp, &layers.ICMPv6NeighborAdvertisement{TargetAddress: six.addr.Addr().AsSlice()}), "")
}

// datagram sends a message, or else text.
func (p *peer) datagram(message gopacket.SerializableLayer, text string) {
	udp := &layers.UDP{SrcPort: layers.UDPPort(p.addr.Port()), DstPort: layers.UDPPort(p.to.addr.Port())}
	ip, next := p.network(layers.IPProtocolUDP)
	udp.SetNetworkLayerForChecksum(next)
	stack := append(ip, udp)
	if message != nil {
		stack = append(stack, message)
	}
	p.f.packet(stack, text)
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
	f := newForge(t)
	others(f)
	want := []string{
		"ARP, Request who-has 198.51.100.1 tell 198.51.100.100, length 28",
		"ARP, Reply 198.51.100.100 is-at 02:00:00:00:00:64, length 28",
		"IP 198.51.100.100.3170 > 192.0.2.53.53: 1+ A? ftp.example.test. (34)",
		"IP 192.0.2.53.53 > 198.51.100.100.3170: 1* 2/1/1 CNAME a.example.test., A 192.0.2.21 (180)",
		"IP 192.0.2.53.53 > 198.51.100.100.3170: 2 NXDomain- 0/0/0 (34)",
		"IP 198.51.100.100.5000 > 192.0.2.21.6000: UDP, length 5",
		"IP 198.51.100.100 > 192.0.2.53: ICMP echo request, id 7, seq 1, length 16",
		"IP 198.51.100.100 > 192.0.2.53: ICMP host 192.0.2.53 unreachable, length 36",
		"IP 198.51.100.100 > 192.0.2.53: ICMP time exceeded in-transit, length 36",
		"IP6 2001:db8::100 > 2001:db8::21: ICMP6, neighbor solicitation, who has 2001:db8::21, length 24",
		"IP6 2001:db8::100 > 2001:db8::21: ICMP6, neighbor advertisement, tgt is 2001:db8::100, length 24",
	}
	for i, got := range lines(t, f.pcap(), text.Relative) {
		if got != want[i] {
			t.Errorf("packet %d:\n got %s\nwant %s", i+1, got, want[i])
		}
	}
}

// optionsTrap is a connection that uses every TCP option.
func optionsTrap(f *forge) {
	c, s := f.pair(clientIP+":3171", serverIP+":21")
	c.seq, s.seq = 0xfffffff0, 5000
	stamp := layers.TCPOption{OptionType: 8, OptionLength: 10, OptionData: []byte{0, 0, 0, 1, 0, 0, 0, 2}}
	nop := layers.TCPOption{OptionType: 1}
	c.segment(&layers.TCP{SYN: true, ECE: true, CWR: true, Window: 65535, Options: []layers.TCPOption{
		{OptionType: 2, OptionLength: 4, OptionData: []byte{5, 0xb4}}, {OptionType: 4, OptionLength: 2}, stamp, nop,
		{OptionType: 3, OptionLength: 3, OptionData: []byte{7}},
	}}, "")
	c.seq++
	s.segment(&layers.TCP{SYN: true, ACK: true, Window: 17520, Options: []layers.TCPOption{
		{OptionType: 2, OptionLength: 4, OptionData: []byte{5, 0xb4}}, nop, {OptionType: 3, OptionLength: 3, OptionData: []byte{2}}, {OptionType: 0},
	}}, "")
	s.seq++
	c.at(100, "USER late\r\n")
	s.segment(&layers.TCP{ACK: true, Options: []layers.TCPOption{
		nop, nop, {OptionType: 5, OptionLength: 10, OptionData: []byte{0, 0, 0, 0x55, 0, 0, 0, 0x60}},
	}}, "")
	c.segment(&layers.TCP{ACK: true, PSH: true, URG: true, Urgent: 3}, "ABOR\r\n")
	s.segment(&layers.TCP{RST: true, ACK: true}, "")
	s.segment(&layers.TCP{RST: true}, "")
	s.segment(&layers.TCP{}, "")
}

func TestLinesOfTCP(t *testing.T) {
	f := newForge(t)
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
	for i, got := range lines(t, f.pcap(), text.Relative) {
		if got != want[i] {
			t.Errorf("packet %d:\n got %s\nwant %s", i+1, got, want[i])
		}
	}
}

// With the numbers of the wire, every line is what tcpdump -S prints, but for the
// text, of which tcpdump shows what a segment happens to hold, of any protocol.
func TestLinesAsTcpdump(t *testing.T) {
	program := optional.Tool(t, "tcpdump", "apt install tcpdump")
	shown := append([]trap{{name: "options", make: optionsTrap}, {name: "others", make: others}}, traps...)
	for _, trap := range shown {
		f := newForge(t)
		trap.make(f)
		file := filepath.Join(t.TempDir(), "capture.pcap")
		if err := os.WriteFile(file, f.pcap(), 0o644); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(program, "-nn", "-t", "-S", "-r", file).Output()
		if err != nil {
			t.Fatalf("tcpdump: %v", err)
		}
		want := strings.Split(strings.TrimSpace(string(out)), "\n")
		got := lines(t, f.pcap(), text.Absolute)
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
	f := newForge(nil)
	c, _ := f.dial("198.51.100.100:3171", "192.0.2.21:21")
	c.send("USER anonymous\r\n")
	capture, err := capture.Read(bytes.NewReader(f.pcap()), capture.Options{})
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
