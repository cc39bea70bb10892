// Probes by UDP, ICMP and other protocols, and anonymous logins without a transfer.

package rules

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/baseline/internal/bounded"
	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/packet"
)

// Types of messages of ICMP and ICMPv6 (RFC 792, RFC 4443).
const (
	echoRequest, echoReply     = 8, 0
	echoRequestV6, echoReplyV6 = 128, 129
)

// Limits of other scans: the number of hosts of a network that do not answer an echo request,
// and the number of system ports of one server, each probed by a client that probed nothing else.
const (
	sweptHosts   = 16
	lookedFor    = 32 // by ARP, or with echo requests
	crowdedPorts = 30
	// Telephony and games use ports above the system ports, so a scan has more of them.
	someUserPorts    = 15
	manyUserPorts    = 100
	scannedProtocols = 8
)

// answered stands for the packet of a probe that was answered.
const answered = 0

// datagrams are probes by UDP, ICMP and other protocols of IP, each with its packet, or with answered.
type datagrams struct {
	ports     map[evidence.PairOfHosts]map[uint16]question // that a client sent datagrams to
	protocols map[evidence.PairOfHosts]map[int]int         // of IP, other than TCP, UDP and ICMP
	echoes    map[netip.Addr]map[netip.Addr]int            // the hosts that a client asked for an echo
	addresses map[netip.Addr]map[netip.Addr]int            // that a client looked for by ARP
	broadcast map[[2]uint16]bool                           // the ports of datagrams to all hosts: from which, and to which
	n         int                                          // of all
	ledger    *bounded.Ledger
}

// everybody is the address of all hosts of a network (RFC 919).
var everybody = netip.AddrFrom4([4]byte{255, 255, 255, 255})

// A question is the datagrams to a port.
type question struct{ packet, n int32 }

// conversation is the number of datagrams to a port from which they are not a probe.
const conversation = 20

// packet takes the next packet.
func (d *datagrams) packet(p *capture.Packet) {
	switch {
	case p.UDP != nil:
		d.datagram(p)
	case p.ICMP != nil:
		d.echo(p)
	case p.ARP != nil:
		d.arp(p)
	case p.IP != nil && p.TCP == nil && p.Copy == nil && !p.IP.Fragment:
		note(d, d.protocols, evidence.Between(p.IP.Src, p.IP.Dst), p.IP.Protocol, p.Number)
	}
}

func (d *datagrams) datagram(p *capture.Packet) {
	if asked := d.ports[evidence.Between(p.IP.Dst, p.IP.Src)]; asked != nil {
		if q, known := asked[p.UDP.SrcPort]; known {
			q.packet = answered
			asked[p.UDP.SrcPort] = q
			return
		}
	}
	if p.IP.Dst == everybody {
		if d.broadcast[[2]uint16{p.UDP.DstPort, p.UDP.SrcPort}] {
			return // it answers one
		}
		if ports := [2]uint16{p.UDP.SrcPort, p.UDP.DstPort}; bounded.Takes(d.ledger, maxProbes, d.broadcast, ports) {
			d.broadcast[ports] = true
		}
	}
	hosts, port := evidence.Between(p.IP.Src, p.IP.Dst), p.UDP.DstPort
	q, known := d.ports[hosts][port]
	answers := port >= packet.FirstUserPort && p.UDP.SrcPort < packet.FirstUserPort
	switch {
	case answers || isTrace(port) || p.IP.Dst.IsMulticast() || !known && !d.ledger.Room(maxProbes, d.n):
		return
	case !known:
		d.n++
		q.packet = int32(p.Number)
	}
	if d.ports[hosts] == nil {
		d.ports[hosts] = map[uint16]question{}
	}
	q.n++
	d.ports[hosts][port] = q
}

// isTrace reports whether a port is one of those that traceroute sends to.
func isTrace(port uint16) bool { return 33434 <= port && port < 33434+3*255 }

func (d *datagrams) echo(p *capture.Packet) {
	switch p.ICMP.Type {
	case echoRequest, echoRequestV6:
		note(d, d.echoes, p.IP.Src, p.IP.Dst, p.Number)
	case echoReply, echoReplyV6:
		if _, known := d.echoes[p.IP.Dst][p.IP.Src]; known {
			d.echoes[p.IP.Dst][p.IP.Src] = answered
		}
	}
}

func (d *datagrams) arp(p *capture.Packet) {
	from, to := p.ARP.SenderIP, p.ARP.TargetIP
	switch {
	case p.ARP.IsAnswer():
		if _, known := d.addresses[to][from]; known {
			d.addresses[to][from] = answered
		}
	case from != to:
		note(d, d.addresses, from, to, p.Number)
	}
}

// note notes a packet in one of the tables, if it is the first in its place and there is room for it.
func note[K, L comparable](d *datagrams, table map[K]map[L]int, row K, column L, packet int) {
	if _, known := table[row][column]; !known && d.ledger.Room(maxProbes, d.n) {
		noteFirst(table, row, column, packet)
		d.n++
	}
}

// judge names the clients that sent datagrams to many ports, or echo requests to many hosts,
// and got no answers.
func (d *datagrams) judge() (found []breach) {
	for hosts, ports := range d.ports {
		open := silent(ports)
		b := breach{hosts: hosts, packets: firstPackets(open),
			observed: fmt.Sprintf("%s sent datagrams to %d UDP ports of %s, and no port answered", hosts.Client(), len(open), hosts.Server())}
		switch {
		case len(below1024(open)) >= scannedPorts, len(open) >= manyUserPorts:
			found = append(found, b)
		case len(open) >= someUserPorts:
			b.severity, b.sign = Odd, 2
			found = append(found, b)
		}
	}
	for hosts, protocols := range d.protocols {
		if len(protocols) >= scannedProtocols {
			found = append(found, breach{hosts: hosts, packets: firstPackets(protocols),
				observed: fmt.Sprintf("%s sent %s packets of %d protocols of IP", hosts.Client(), hosts.Server(), len(protocols))})
		}
	}
	for client, hosts := range d.echoes {
		if open := unanswered(hosts); neighbours(open) >= sweptHosts {
			found = append(found, breach{severity: Odd, hosts: evidence.Between(client, netip.Addr{}), packets: firstPackets(open),
				observed: fmt.Sprintf("%s sent echo requests to %d hosts that did not answer", client, len(open))})
		}
	}
	sortByFrame(found)
	return found
}

// silent are the ports that nobody answered from, with their packets.
func silent(ports map[uint16]question) map[uint16]int {
	open := map[uint16]int{}
	for port, q := range ports {
		if q.packet != answered && q.n < conversation {
			open[port] = int(q.packet)
		}
	}
	return open
}

// nowhere are the addresses that a client looked for, by ARP or with echo requests, and nobody claimed.
func (d *datagrams) nowhere(client netip.Addr) map[netip.Addr]int {
	open := unanswered(d.addresses[client])
	maps.Copy(open, unanswered(d.echoes[client]))
	return open
}

func unanswered[K comparable](asked map[K]int) map[K]int {
	open := map[K]int{}
	for k, packet := range asked {
		if packet != answered {
			open[k] = packet
		}
	}
	return open
}

// crowds names the servers whose ports many clients probed, each client once.
func (s *scanners) crowds() (found []breach) {
	servers := map[netip.Addr]map[uint16]int{}
	s.once.each(func(p probe) {
		if server := p.server.Unmap(); p.port < packet.FirstUserPort && !noteFirst(servers, server, p.port, p.packet) {
			servers[server][p.port] = min(servers[server][p.port], p.packet)
		}
	})
	for server, ports := range servers {
		if len(ports) >= crowdedPorts {
			found = append(found, breach{severity: Odd, hosts: evidence.Between(netip.Addr{}, server), packets: firstPackets(ports),
				observed: fmt.Sprintf("%d system ports of %s were probed, each by another client", len(ports), server)})
		}
	}
	sortByFrame(found)
	return found
}

// visits are the servers at which each client logged in as a public user, such as anonymous, and
// transferred nothing, with the first packet of each visit.
type visits map[netip.Addr]map[netip.Addr]int

func (v visits) add(s *session) {
	if !s.public() || slices.ContainsFunc(s.Exchanges, evidence.IsTransfer) || !bounded.Takes(s.ledger, maxHosts, v, s.Client()) {
		return
	}
	noteFirst(v, s.Client(), s.Server(), s.Control.FirstPacket)
}

// user is the name of the last login that the server accepted, "" for none.
func (s *session) user() string {
	for _, l := range slices.Backward(s.Logins) {
		if l.Succeeded() {
			return l.User
		}
	}
	return ""
}

// public reports whether the last login of the session is that of a public user.
func (s *session) public() bool { return isPublic(strings.ToLower(s.user())) }

// private reports whether the last login of the session is that of a user with an account. If the capture does not have
// it, that is not known.
func (s *session) private() bool { return s.user() != "" && !s.public() }

// judge names the clients that visited many servers. An inventory of cameras or printers does that,
// too. A search of a network also connects to hosts without a server, which the other rules of scans count.
func (v visits) judge() (found []breach) {
	for client, servers := range v {
		if len(servers) >= sprayedServers {
			found = append(found, breach{severity: Odd, hosts: evidence.Between(client, netip.Addr{}), packets: firstPackets(servers),
				observed: fmt.Sprintf("%s logged in at %d servers as an anonymous user, and transferred nothing", client, len(servers))})
		}
	}
	sortByFrame(found)
	return found
}
