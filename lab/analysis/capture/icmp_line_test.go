package capture_test

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/google/gopacket/layers"

	"ftplab/lab/analysis/report/text"
	"ftplab/lab/internal/forge"
)

// What ICMP errors quote: packets from 198.51.100.100 and 2001:db8::100 to other hosts.
const (
	toTCP       = "450000300000000040060000 c6336464c0000215 9c40001500000001"
	toUDP       = "4500001c0000000040110000 c6336464c0000215 9c40003500080000"
	toSCTP      = "4500001c0000000040840000 c6336464c0000215 9c40003500080000"
	withOptions = "460000200000000040110000 c6336464c0000215 01010101 9c40003500080000"
	from6       = "20010db8000000000000000000000100 20010db8000000000000000000000021"
	toTCP6      = "60000000 0008 06 40" + from6 + "9c40001500000001"
	toUDP6      = "60000000 0010 2c 40" + from6 + "1100000000000001 9c40003500080000"
	group       = "ff020000000000000000000000010003"
)

// icmpMessages are what comes after the checksum, and what tcpdump prints.
var icmpMessages = []struct {
	version    int
	kind, code byte
	rest       string // in hexadecimal
	want       string
}{
	{4, 0, 0, "00070009", "echo reply, id 7, seq 9, length 8"},
	{4, 3, 0, "00000000" + toTCP, "net 192.0.2.21 unreachable, length 36"},
	{4, 3, 1, "00000000" + toTCP, "host 192.0.2.21 unreachable, length 36"},
	{4, 3, 2, "00000000" + toSCTP, "192.0.2.21 protocol 132 unreachable, length 36"},
	{4, 3, 3, "00000000" + toTCP, "192.0.2.21 tcp port 21 unreachable, length 36"},
	{4, 3, 3, "00000000" + toUDP, "192.0.2.21 udp port 53 unreachable, length 36"},
	{4, 3, 3, "00000000" + toSCTP, "192.0.2.21 protocol 132 port 53 unreachable, length 36"},
	{4, 3, 3, "00000000" + withOptions, "192.0.2.21 udp port 53 unreachable, length 40"},
	{4, 3, 4, "00000578" + toTCP, "192.0.2.21 unreachable - need to frag (mtu 1400), length 36"},
	{4, 3, 4, "00000000" + toTCP, "192.0.2.21 unreachable - need to frag, length 36"},
	{4, 3, 5, "00000000" + toTCP, "192.0.2.21 unreachable - source route failed, length 36"},
	{4, 3, 6, "00000000" + toTCP, "net 192.0.2.21 unreachable - unknown, length 36"},
	{4, 3, 7, "00000000" + toTCP, "host 192.0.2.21 unreachable - unknown, length 36"},
	{4, 3, 8, "00000000" + toTCP, "192.0.2.21 unreachable - source host isolated, length 36"},
	{4, 3, 9, "00000000" + toTCP, "net 192.0.2.21 unreachable - admin prohibited, length 36"},
	{4, 3, 10, "00000000" + toTCP, "host 192.0.2.21 unreachable - admin prohibited, length 36"},
	{4, 3, 11, "00000000" + toTCP, "net 192.0.2.21 unreachable - tos prohibited, length 36"},
	{4, 3, 12, "00000000" + toTCP, "host 192.0.2.21 unreachable - tos prohibited, length 36"},
	{4, 3, 13, "00000000" + toTCP, "host 192.0.2.21 unreachable - admin prohibited filter, length 36"},
	{4, 3, 14, "00000000" + toTCP, "host 192.0.2.21 unreachable - host precedence violation, length 36"},
	{4, 3, 15, "00000000" + toTCP, "host 192.0.2.21 unreachable - precedence cutoff, length 36"},
	{4, 3, 16, "00000000" + toTCP, "192.0.2.21 unreachable - #16, length 36"},
	{4, 4, 0, "00000000" + toTCP, "source quench, length 36"},
	{4, 5, 0, "c6336402" + toTCP, "redirect 192.0.2.21 to net 198.51.100.2, length 36"},
	{4, 5, 1, "c6336402" + toTCP, "redirect 192.0.2.21 to host 198.51.100.2, length 36"},
	{4, 5, 2, "c6336402" + toTCP, "redirect-tos 192.0.2.21 to net 198.51.100.2, length 36"},
	{4, 5, 3, "c6336402" + toTCP, "redirect-tos 192.0.2.21 to host 198.51.100.2, length 36"},
	{4, 5, 4, "c6336402" + toTCP, "redirect-#4 192.0.2.21 to 198.51.100.2, length 36"},
	{4, 8, 0, "00070009", "echo request, id 7, seq 9, length 8"},
	{4, 9, 0, "0102003b c6336401 00000007", "router advertisement lifetime 59 1: {198.51.100.1 7}, length 16"},
	{4, 9, 0, "0202003c c6336401 00000007 c6336402 00000000", "router advertisement lifetime 1:00 2: {198.51.100.1 7} {198.51.100.2 0}, length 24"},
	{4, 9, 0, "00030e11", "router advertisement lifetime 1:00:01 0: [size 3], length 8"},
	{4, 10, 0, "00000000", "router solicitation, length 8"},
	{4, 11, 0, "00000000" + toTCP, "time exceeded in-transit, length 36"},
	{4, 11, 1, "00000000" + toTCP, "ip reassembly time exceeded, length 36"},
	{4, 11, 2, "00000000" + toTCP, "time exceeded-#2, length 36"},
	{4, 12, 0, "0a000000" + toTCP, "parameter problem - octet 10, length 36"},
	{4, 12, 1, "0a000000" + toTCP, "parameter problem - code 1, length 36"},
	{4, 13, 0, "00070009 000000000000000000000000", "time stamp query id 7 seq 9, length 20"},
	{4, 14, 0, "00070009 0036ee81 00000001 0000ea60", "time stamp reply id 7 seq 9: org 01:00:00.001, recv 00:00:00.001, xmit 00:01:00.000, length 20"},
	{4, 15, 0, "00070009", "information request, length 8"},
	{4, 16, 0, "00070009", "information reply, length 8"},
	{4, 17, 0, "00070009 00000000", "address mask request, length 12"},
	{4, 18, 0, "00070009 ffffff00", "address mask is 0xffffff00, length 12"},
	{4, 99, 0, "00000000", "type-#99, length 8"},
	{6, 1, 0, "00000000" + toTCP6, "destination unreachable, unreachable route 2001:db8::21, length 56"},
	{6, 1, 1, "00000000" + toTCP6, "destination unreachable,  unreachable prohibited 2001:db8::21, length 56"},
	{6, 1, 2, "00000000" + toTCP6, "destination unreachable, beyond scope 2001:db8::21, source address 2001:db8::100, length 56"},
	{6, 1, 3, "00000000" + toTCP6, "destination unreachable, unreachable address 2001:db8::21, length 56"},
	{6, 1, 4, "00000000" + toTCP6, "destination unreachable, unreachable port, 2001:db8::21 tcp port 21, length 56"},
	{6, 1, 4, "00000000" + toUDP6, "destination unreachable, unreachable port, 2001:db8::21 udp port 53, length 64"},
	{6, 2, 0, "00000578" + toTCP6, "packet too big, mtu 1400, length 56"},
	{6, 3, 0, "00000000" + toTCP6, "time exceeded in-transit for 2001:db8::21, length 56"},
	{6, 3, 1, "00000000" + toTCP6, "time exceeded in-transit (reassembly), length 56"},
	{6, 3, 2, "00000000" + toTCP6, "time exceeded in-transit, unknown code (2), length 56"},
	{6, 4, 0, "00000028" + toTCP6, "parameter problem, erroneous - octet 40, length 56"},
	{6, 4, 1, "00000028" + toTCP6, "parameter problem, next header - octet 40, length 56"},
	{6, 4, 2, "00000028" + toTCP6, "parameter problem, option - octet 40, length 56"},
	{6, 4, 3, "00000028" + toTCP6, "parameter problem, incomplete header chain - octet 40, length 56"},
	{6, 128, 0, "00070009", "echo request, id 7, seq 9, length 8"},
	{6, 129, 0, "00070009", "echo reply, id 7, seq 9, length 8"},
	{6, 130, 0, "03e80000" + group, "multicast listener querymax resp delay: 1000 addr: ff02::1:3, length 24"},
	{6, 130, 0, "03e80000" + group + "027d0000", "multicast listener query v2 [gaddr ff02::1:3], length 28"},
	{6, 130, 0, "03e80000" + group + "027d0001" + group, "multicast listener query v2 [gaddr ff02::1:3, 1 source(s)], length 44"},
	{6, 130, 0, "03e80000", "multicast listener query unknown-version (len 8) , length 8"},
	{6, 131, 0, "00000000" + group, "multicast listener reportmax resp delay: 0 addr: ff02::1:3, length 24"},
	{6, 132, 0, "00000000" + group, "multicast listener donemax resp delay: 0 addr: ff02::1:3, length 24"},
	{6, 133, 0, "00000000", "router solicitation, length 8"},
	{6, 134, 0, "400000000000000000000000", "router advertisement, length 16"},
	{6, 137, 0, "00000000" + from6, "redirect, 2001:db8::21 to 2001:db8::100, length 40"},
	{6, 143, 0, "00000001 04000000" + group, "multicast listener report v2, 1 group record(s), length 28"},
}

// icmp has a packet for each of the messages.
func icmp(f *forge.Capture) {
	four, _ := f.Pair(forge.Client+":1", "192.0.2.53:1")
	six, _ := f.Pair("[2001:db8::100]:1", "[2001:db8::21]:1")
	for _, m := range icmpMessages {
		rest, err := hex.DecodeString(strings.ReplaceAll(m.rest, " ", ""))
		if err != nil {
			panic(err)
		}
		end, protocol := four, layers.IPProtocolICMPv4
		if m.version == 6 {
			end, protocol = six, layers.IPProtocolICMPv6
		}
		ip, _ := network(end, protocol)
		layered(f, string(append([]byte{m.kind, m.code, 0, 0}, rest...)), ip...)
	}
}

func TestLinesOfICMP(t *testing.T) {
	f := forge.New()
	icmp(f)
	for i, got := range lines(t, f.PCAP(), text.Relative) {
		want := "IP 198.51.100.100 > 192.0.2.53: ICMP " + icmpMessages[i].want
		if icmpMessages[i].version == 6 {
			want = "IP6 2001:db8::100 > 2001:db8::21: ICMP6, " + icmpMessages[i].want
		}
		if got != want {
			t.Errorf("packet %d:\n got %s\nwant %s", i+1, got, want)
		}
	}
	if len(f.Frames) != len(icmpMessages) {
		t.Errorf("%d packets, want %d", len(f.Frames), len(icmpMessages))
	}
}
