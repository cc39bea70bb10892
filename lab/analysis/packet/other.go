// Protocols other than TCP: UDP with DNS, ICMP, ICMPv6 and ARP. They are read
// only for packets that are returned to the caller.

package packet

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/net/dns/dnsmessage"
)

const (
	dnsPort          = 53
	multicastDNSPort = 5353
)

// datagram reads a UDP header (RFC 768).
func (d *Decoder) datagram(p *Packet, b piece) {
	if len(b.data) < 8 {
		return
	}
	payload := b.upto(b.uint16(4)).from(8)
	src, dst := binary.BigEndian.Uint16(b.data), binary.BigEndian.Uint16(b.data[2:])
	d.note(LayerUDP, b, 8)
	if d.udpTunnel(p, src, dst, payload) {
		return
	}
	d.udp = UDP{SrcPort: src, DstPort: dst, Length: payload.wire}
	p.UDP = &d.udp
	if d.Details && (slices.Contains([]uint16{src, dst}, dnsPort) || slices.Contains([]uint16{src, dst}, multicastDNSPort)) {
		d.udp.DNS = readDNS(payload.data)
	}
}

// readDNS reads a DNS message. It returns nil if the data is not one.
func readDNS(b []byte) *DNS {
	if len(b) < 12 {
		return nil
	}
	var parser dnsmessage.Parser
	h, err := parser.Start(b)
	if err != nil {
		return nil
	}
	count := func(at int) int { return int(binary.BigEndian.Uint16(b[at:])) }
	m := &DNS{
		ID: h.ID, Response: h.Response, Recursion: h.RecursionDesired, RecursionAvailable: h.RecursionAvailable,
		Authoritative: h.Authoritative, RCode: int(h.RCode),
		Questions: count(4), Answers: count(6), Authority: count(8), Additional: count(10),
	}
	if q, err := parser.Question(); err == nil {
		m.Name, m.Type = q.Name.String(), typeName(q.Type)
		err = parser.SkipAllQuestions()
		for err == nil {
			var r dnsmessage.Resource
			if r, err = parser.Answer(); err == nil {
				m.Records = append(m.Records, recordText(r))
			}
		}
	}
	return m
}

func typeName(t dnsmessage.Type) string { return strings.TrimPrefix(t.String(), "Type") }

// recordText prints a resource record as tcpdump does.
func recordText(r dnsmessage.Resource) string {
	name := typeName(r.Header.Type)
	switch body := r.Body.(type) {
	case *dnsmessage.AResource:
		return name + " " + netip.AddrFrom4(body.A).String()
	case *dnsmessage.AAAAResource:
		return name + " " + netip.AddrFrom16(body.AAAA).String()
	case *dnsmessage.CNAMEResource:
		return name + " " + body.CNAME.String()
	case *dnsmessage.PTRResource:
		return name + " " + body.PTR.String()
	case *dnsmessage.NSResource:
		return name + " " + body.NS.String()
	case *dnsmessage.MXResource:
		return fmt.Sprintf("%s %s %d", name, body.MX, body.Pref)
	}
	return name
}

// arpMessage reads ARP for IPv4 on Ethernet (RFC 826).
func (d *Decoder) arpMessage(p *Packet, b piece) {
	const ethernetIPv4 = "\x00\x01\x08\x00\x06\x04"
	if len(b.data) < 28 || string(b.data[:6]) != ethernetIPv4 {
		return
	}
	d.arp = ARP{
		Op:        b.uint16(6),
		SenderMAC: net.HardwareAddr(slices.Clone(b.data[8:14])),
		SenderIP:  netip.AddrFrom4([4]byte(b.data[14:])),
		TargetIP:  netip.AddrFrom4([4]byte(b.data[24:])),
		Length:    b.wire,
	}
	p.ARP = &d.arp
}

// icmpMessage reads ICMP (RFC 792) and ICMPv6 (RFC 4443, RFC 4861).
func (d *Decoder) icmpMessage(p *Packet, protocol int, b piece) {
	if len(b.data) < 8 {
		return
	}
	d.icmp = ICMP{Type: int(b.data[0]), Code: int(b.data[1]), Length: b.wire}
	p.ICMP = &d.icmp
	if !d.Details {
		return
	}
	if protocol == protoICMP {
		d.icmp.Text = icmpText(b)
	} else {
		d.icmp.Text = icmp6Text(b)
	}
}

// icmpText describes an ICMP message as tcpdump does.
func icmpText(b piece) string {
	kind, code := b.data[0], b.data[1]
	about := quotedDestination(b.from(8))
	switch {
	case kind == 0 || kind == 8:
		return fmt.Sprintf("echo %s, id %d, seq %d", map[byte]string{0: "reply", 8: "request"}[kind], b.uint16(4), b.uint16(6))
	case kind == 3 && code == 0:
		return "net " + about + " unreachable"
	case kind == 3 && code == 1:
		return "host " + about + " unreachable"
	case kind == 3 && code == 2:
		return about + " protocol unreachable"
	case kind == 3 && code == 3:
		return about + " port unreachable"
	case kind == 3 && code == 4:
		return fmt.Sprintf("%s unreachable - need to frag (mtu %d)", about, b.uint16(6))
	case kind == 3 && (code == 9 || code == 10 || code == 13):
		return "host " + about + " unreachable - admin prohibited"
	case kind == 5:
		return "redirect " + about
	case kind == 11:
		return "time exceeded in-transit"
	}
	return fmt.Sprintf("type %d code %d", kind, code)
}

// quotedDestination returns the destination of the packet quoted in an ICMP
// error.
func quotedDestination(b piece) string {
	if len(b.data) < 20 {
		return "?"
	}
	return netip.AddrFrom4([4]byte(b.data[16:])).String()
}

// icmp6Text describes an ICMPv6 message as tcpdump does.
func icmp6Text(b piece) string {
	target := "?"
	if len(b.data) >= 24 {
		target = netip.AddrFrom16([16]byte(b.data[8:])).String()
	}
	switch kind := b.data[0]; kind {
	case 1:
		return fmt.Sprintf("destination unreachable, code %d", b.data[1])
	case 2:
		return fmt.Sprintf("packet too big, mtu %d", b.uint32(4))
	case 3:
		return "time exceeded in-transit"
	case 128, 129:
		return fmt.Sprintf("echo %s, id %d, seq %d", map[byte]string{128: "request", 129: "reply"}[kind], b.uint16(4), b.uint16(6))
	case 130, 131, 132, 143:
		return "multicast listener " + map[byte]string{130: "query", 131: "report", 132: "done", 143: "report v2"}[kind]
	case 133:
		return "router solicitation"
	case 134:
		return "router advertisement"
	case 135:
		return "neighbor solicitation, who has " + target
	case 136:
		return "neighbor advertisement, tgt is " + target
	default:
		return fmt.Sprintf("type %d code %d", kind, b.data[1])
	}
}
