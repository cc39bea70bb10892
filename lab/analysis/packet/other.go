// UDP with DNS, and ARP. They are read only for packets that are returned to the caller.

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
	d.udp = UDP{SrcPort: src, DstPort: dst, Length: payload.wire, Payload: payload.data}
	p.UDP = &d.udp
	if d.Details && (slices.Contains([]uint16{src, dst}, dnsPort) || slices.Contains([]uint16{src, dst}, multicastDNSPort)) {
		d.udp.DNS = readDNS(payload.data)
		d.udp.Damaged = p.datagramDamaged(b.upto(b.uint16(4)))
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

// typeName names a type of resource record as tcpdump does: "A", "ANY", "Type64".
func typeName(t dnsmessage.Type) string {
	name := t.String()
	switch short, known := strings.CutPrefix(name, "Type"); {
	case t == dnsmessage.TypeALL:
		return "ANY"
	case known:
		return short
	}
	return "Type" + name
}

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
	case *dnsmessage.SRVResource:
		return fmt.Sprintf("%s %s:%d %d %d", name, body.Target, body.Port, body.Priority, body.Weight)
	case *dnsmessage.TXTResource:
		return fmt.Sprintf("%s \"%s\"", name, strings.Join(body.TXT, "\" \""))
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
