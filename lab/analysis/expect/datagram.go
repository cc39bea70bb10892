// Packets that are not TCP: UDP (DNS and others), ARP, ICMP.

package expect

import (
	"fmt"
	"net/netip"
	"strings"

	"ftplab/lab/analysis/packet"
)

// datagramEnds returns the protocol, as declarations name it, and the ends of a
// packet that is not TCP; "" for one that no declaration can mean.
func datagramEnds(p *packet.Packet) (proto string, src, dst netip.AddrPort) {
	switch {
	case p == nil:
		return "", src, dst
	case p.ARP != nil:
		return "arp", netip.AddrPortFrom(p.ARP.SenderIP, 0), netip.AddrPortFrom(p.ARP.TargetIP, 0)
	case p.IP == nil:
		return "", src, dst
	case p.UDP != nil:
		return "udp", netip.AddrPortFrom(p.IP.Src, p.UDP.SrcPort), netip.AddrPortFrom(p.IP.Dst, p.UDP.DstPort)
	case p.ICMP != nil:
		return "icmp", netip.AddrPortFrom(p.IP.Src, 0), netip.AddrPortFrom(p.IP.Dst, 0)
	}
	return "", src, dst
}

// datagramText returns the text of a packet, and the number of bytes that tcpdump prints at the end
// of its line. The text is what tcpdump prints after the addresses; of DNS it has the question or the
// answers, and nothing of other UDP.
func datagramText(p *packet.Packet) (text string, length int) {
	switch {
	case p.UDP != nil && p.UDP.DNS != nil:
		return dnsText(p.UDP.DNS), p.UDP.Length
	case p.UDP != nil:
		return "UDP", p.UDP.Length
	case p.ICMP != nil:
		return p.ICMP.Text, p.ICMP.Length
	case p.ARP != nil && p.ARP.Op == 1:
		return fmt.Sprintf("who-has %s tell %s", p.ARP.TargetIP, p.ARP.SenderIP), p.ARP.Length
	case p.ARP != nil:
		return fmt.Sprintf("%s is-at %s", p.ARP.SenderIP, p.ARP.SenderMAC), p.ARP.Length
	}
	return "", 0
}

func dnsText(d *packet.DNS) string {
	if !d.Response {
		return d.Type + "? " + d.Name
	}
	text := fmt.Sprintf("%d/%d/%d", d.Answers, d.Authority, d.Additional)
	if len(d.Records) > 0 {
		text += " " + strings.Join(d.Records, ", ")
	}
	return text
}

// isHousekeeping reports whether a packet needs no declaration: ARP, neighbor
// discovery, and packets to a broadcast or multicast address.
func isHousekeeping(p *packet.Packet) bool {
	if p.Copy != nil {
		return true
	}
	proto, _, dst := datagramEnds(p)
	switch {
	case proto == "arp" || proto == "":
		return true
	case dst.Addr().IsMulticast() || p.DstMAC.String() == "ff:ff:ff:ff:ff:ff":
		return true
	case proto == "icmp" && p.IP.Version == 6:
		return p.ICMP.Type >= 130 && p.ICMP.Type <= 137 || p.ICMP.Type == 143
	}
	return false
}
