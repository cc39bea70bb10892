// The rule about hosts that lead the packets of others to themselves.

package baseline

import (
	"bytes"
	"fmt"
	"net"
	"net/netip"
	"slices"

	"ftplab/lab/analysis/capture"
)

// Types of messages that redirect packets (RFC 792, RFC 4861).
const (
	redirect   = 5
	redirectV6 = 137
)

// maxOwners bounds the addresses, and the redirects, that are remembered.
const maxOwners = 1 << 14

// manyChanges is how often the owner of an address changes if two hosts claim it at the same time.
const manyChanges = 4

// neighbourhood is which network cards claimed which addresses by ARP, and the redirects of ICMP.
type neighbourhood struct {
	owners    map[netip.Addr]*owner
	redirects map[netip.Addr]int // the first one that each host received
}

// An owner is the network card that last claimed an address.
type owner struct {
	mac     net.HardwareAddr
	first   int   // the packet of the first claim
	packets []int // of claims by another card than the one before
	changes int
}

// packet takes the next packet.
func (n *neighbourhood) packet(p *capture.Packet) {
	switch {
	case p.ARP != nil && p.ARP.SenderIP.IsValid():
		n.claim(p)
	case p.ICMP != nil && (p.ICMP.Type == redirect || p.ICMP.Type == redirectV6) && len(n.redirects) < maxOwners:
		if _, known := n.redirects[p.IP.Dst]; !known {
			n.redirects[p.IP.Dst] = p.Number
		}
	}
}

// claim takes a message of ARP, in which the sender claims its address.
func (n *neighbourhood) claim(p *capture.Packet) {
	o := n.owners[p.ARP.SenderIP]
	switch {
	case o == nil && len(n.owners) < maxOwners:
		n.owners[p.ARP.SenderIP] = &owner{mac: bytes.Clone(p.ARP.SenderMAC), first: p.Number}
	case o != nil && !bytes.Equal(o.mac, p.ARP.SenderMAC):
		o.mac, o.changes, o.packets = bytes.Clone(p.ARP.SenderMAC), o.changes+1, appendSome(o.packets, p.Number)
	}
}

var noDetoursRule = Rule{
	Name: "no-detours", Theme: "beside the session",
	Says:     "Each address on a link belongs to one network card, nobody redirects the packets of the two hosts, and a question for the address of one has one answer.",
	Source:   "RFC 826; RFC 5227, 2.4 (address conflicts); RFC 792 (redirect); RFC 5452 (forged answers of DNS); MITRE ATT&CK, T1557.002 (ARP cache poisoning)",
	Example:  "two network cards that claim 192.0.2.21 in turn, by ARP",
	Severity: Odd, sign: 2,
	Matters:  "A host that answers for another one receives its packets, with the passwords in them.",
	Innocent: "a second server or router takes the place of the first, a router knows a shorter way, or a name has several servers.",
	look:     atTheEnd(detours),
}

// detours finds conflicts about the addresses of hosts with a session, and redirects that these
// hosts received.
func detours(e *Evidence) (found []breach) {
	var hosts []netip.Addr
	for pair := range e.served {
		hosts = append(hosts, pair.client, pair.server)
	}
	slices.SortFunc(hosts, netip.Addr.Compare)
	for _, host := range slices.Compact(hosts) {
		if o := e.watch.neighbours.owners[host]; o != nil && o.changes > 0 {
			b := breach{packets: o.packets, observed: fmt.Sprintf("by ARP, %s went over to another network card %s, the last time to %s", host, plural(o.changes, "time", "times"), o.mac)}
			if o.changes >= manyChanges {
				b.severity = Violation
			}
			found = append(found, b)
		}
		if packet := e.watch.neighbours.redirects[host]; packet > 0 {
			found = append(found, breach{packets: []int{packet}, observed: fmt.Sprintf("a redirect of ICMP led packets of %s another way", host)})
		}
	}
	return slices.Concat(found, e.sharedCards(), e.falseNames())
}

// sharedCards finds network cards that claim the addresses of both hosts of a session.
func (e *Evidence) sharedCards() (found []breach) {
	for hosts := range e.served {
		a, b := e.watch.neighbours.owners[hosts.client], e.watch.neighbours.owners[hosts.server]
		if a != nil && b != nil && a != b && bytes.Equal(a.mac, b.mac) {
			found = append(found, breach{hosts: hosts, packets: []int{a.first, b.first},
				observed: fmt.Sprintf("%s claims the addresses of %s and %s, by ARP", a.mac, hosts.client, hosts.server)})
		}
	}
	slices.SortFunc(found, func(a, b breach) int { return slices.Compare(a.packets, b.packets) })
	return found
}
