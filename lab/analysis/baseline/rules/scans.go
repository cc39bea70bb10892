// Rules about scans: connections that look for servers.

package rules

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/baseline/internal/bounded"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/packet"
)

var connectionsAreMeantRule = Rule{
	Name: "calls-are-meant", Theme: "beside the session",
	Says:     "A client that connects to the FTP port uses the connection, and lets the server send. Nobody floods the hosts of a session with packets of many senders, or with errors about connections that do not exist.",
	Source:   "RFC 4987 (SYN flooding); RFC 9293, 3.8.6.1 (closed windows), and CVE-2008-4609; RFC 959, 8; RFC 5927 (ICMP attacks against TCP)",
	Example:  "sixty connections to port 21 without a command",
	Severity: Violation,
	Matters:  "Many connections at once that carry nothing, or whose client lets the server send nothing, keep a server busy.",
	Innocent: "the server is down, and many clients try again and again.",
	look:     connectionsAreMeant,
}

// In a flood, one server gets at least muteConnections connections that carry nothing within muteMoment.
const (
	muteConnections = 50
	strayPackets    = 500
	muteMoment      = 10 * time.Second
)

func connectionsAreMeant() look {
	idle, half, stray := floodedServers{}, floodedServers{}, floodedServers{}
	closed := closers{}
	holds := held{by: map[evidence.PairOfHosts][]holding{}, idle: map[evidence.PairOfHosts][]holding{}, turned: map[netip.Addr][]holding{}}
	return look{
		connection: func(e *Evidence, c *ftp.Connection) []breach {
			closed.add(e, c)
			delete(e.watch.crowds.errors, [2]netip.AddrPort{c.Client, c.Server})
			delete(e.watch.crowds.errors, [2]netip.AddrPort{c.Server, c.Client})
			if c.Server.Port() == ftpPort && c.OpenedBy == ftp.Client && c.ClientFlow.Packets > 0 && c.ClientFlow.Bytes == 0 && c.Missing() == 0 && !lacksServer(c) {
				idle.of(c).add(c, c.FirstFIN == ftp.Server)
			}
			if isStray(c) {
				stray.of(c).add(c, false)
			}
			return nil
		},
		session: func(e *Evidence, s *session) []breach {
			holds.add(s, e.watch.last)
			if s.staysOpen() {
				half.of(s.Control).add(s.Control, false)
			}
			return nil
		},
		end: func(e *Evidence) []breach {
			found := half.judge(muteConnections, "%s received %d connections within %v that did not log in, and stayed open or were reset by their clients")
			found = append(found, stray.judge(strayPackets, "%s received %d acknowledgments within %v that belong to no connection")...)
			found = append(found, idle.judge(muteConnections, "%s received %d connections within %v that carried nothing")...)
			if found == nil {
				found = holds.judge()
			}
			found = append(found, closed.judge()...)
			found = append(found, e.watch.crowds.judge(e)...)
			sortByFrame(found)
			return found
		},
	}
}

// isStray reports whether a connection is a single acknowledgment to the FTP port.
func isStray(c *ftp.Connection) bool {
	f := c.ClientFlow
	return c.Server.Port() == ftpPort && f.Packets == 1 && f.Bytes == 0 && f.SYN+f.FIN+f.RST == 0 && c.ServerFlow.Bytes == 0 && c.ServerFlow.SYN == 0
}

// staysOpen reports whether a client said something, did not log in, and left the connection open, or reset it and did not
// wait for the answer.
func (s *session) staysOpen() bool {
	c := s.Control
	closed := c.ClientFlow.FIN+c.ServerFlow.FIN+c.ServerFlow.RST > 0
	hasty := c.ResetBy == ftp.Client && len(s.Exchanges) > 0 && len(s.Exchanges[len(s.Exchanges)-1].Replies) == 0
	return s.Whole && c.OpenedBy == ftp.Client && c.ClientFlow.Bytes > 0 && !s.Said("PASS") && !s.Said("QUIT") && !s.Said("AUTH") &&
		!closed && (c.ClientFlow.RST == 0 && len(s.Logins) == 0 || hasty)
}

// lacksServer reports whether the client acknowledged what the server sent, and the capture has nothing of that.
func lacksServer(c *ftp.Connection) bool {
	return c.ServerFlow.Packets == 0 && strings.Contains(c.History, "A")
}

// floodedServers are servers and the connections to them that carried nothing.
type floodedServers map[netip.Addr]*floodedServer

// of is the server of a connection.
func (all floodedServers) of(c *ftp.Connection) *floodedServer {
	s := all[c.Server.Addr()]
	if s == nil {
		s = &floodedServer{}
		all[c.Server.Addr()] = s
	}
	return s
}

// judge finds the servers with so many connections within a moment. The format has the server, their number and the moment.
func (all floodedServers) judge(most int, format string) (found []breach) {
	for server, s := range all {
		if s.densest >= most {
			found = append(found, breach{packets: s.packets, observed: fmt.Sprintf(format, server, s.densest, muteMoment)})
		}
	}
	return found
}

// A floodedServer collects the connections to a server that carried nothing.
type floodedServer struct {
	packets []int    // of the first ones
	moment  []idling // the last ones, which lie within a moment
	closed  int      // how many of these the server closed first
	densest int      // the largest number within a moment
}

// An idling is the beginning of a connection that carried nothing, and whether the server closed it first.
type idling struct {
	time   int64
	closed bool
}

// add takes the next connection. A server that is full turns clients away. These count only beside as many others
// that it did not turn away.
func (s *floodedServer) add(c *ftp.Connection, closed bool) {
	s.packets = appendSome(s.packets, c.FirstPacket)
	s.moment = append(s.moment, idling{c.FirstTime, closed})
	if closed {
		s.closed++
	}
	i := 0
	for ; time.Duration(c.FirstTime-s.moment[i].time) > muteMoment; i++ {
		if s.moment[i].closed {
			s.closed--
		}
	}
	s.moment = s.moment[i:]
	held := len(s.moment) - s.closed
	s.densest = max(s.densest, held+min(held, s.closed))
}

var noScansRule = Rule{
	Name: "no-scans", Theme: "beside the session",
	Says:     "A client connects to the ports of services that it uses.",
	Source:   "RFC 9293, 3.10.7 (how a port answers); MITRE ATT&CK, T1046",
	Example:  "a RST in answer to twelve SYNs, each to another port of a server",
	Severity: Violation, sign: 3,
	Matters:  "Connections to one port after another, or to one host after another, that carry nothing look for services to attack, at any pace.",
	Innocent: "the owner of the network scans it, or a monitor checks whether servers are up.",
	look:     scans,
}

// A scan tries at least so many ports of one server, or the same port of so many servers, without
// an answer and at any pace.
const (
	scannedPorts   = 10
	scannedServers = 8
	// and so many system ports of one server that lie close together, as nobody mistypes one port after the other,
	// or so many ports of several servers in all, of each so many
	closePorts, closeTogether = 6, 12
	portsOfAll, portsOfEach   = 15, 5
	// A client that looked for many addresses of its network by ARP tries only the servers that it found.
	foundServers = 3
)

// handshakeSegments is the number of segments that a client sends in a session in TLS if it leaves after the handshake: its
// hello, the end of the handshake, and an alert.
const handshakeSegments = 3

const identPort = 113 // RFC 1413

func scans() look {
	s := scanners{once: newProbes(), asked: map[netip.Addr]bool{}, often: map[netip.Addr]*scanner{}, served: map[netip.AddrPort]int{}, sessions: map[evidence.PairOfHosts]dialogueAt{}, unread: map[evidence.PairOfHosts]bool{}}
	v, unasked, late := visits{}, unaskedAnswers{}, leftovers{serves: map[netip.AddrPort]bool{}}
	return look{
		connection: func(e *Evidence, c *ftp.Connection) []breach {
			late.note(e.Ledger, c)
			s.answers(c)
			switch {
			case isProbe(c) && c.OpenedBy == "" && late.add(e.Ledger, c):
			case isProbe(c):
				s.add(e.Ledger, &c.Identity)
				s.comes(c)
			case unasked.add(e.Ledger, c):
			case c.Role == ftp.Other && c.Server.Port() == ftpPort && len(s.unread) < maxUnread:
				s.unread[hostsOf(c)] = true
			}
			return nil
		},
		session: func(_ *Evidence, x *session) []breach {
			v.add(x)
			x.pair.sight.add(x)
			if at := x.Control.Client.Addr(); onlyAsksForTLS(x) && bounded.Takes(x.ledger, maxHosts, s.asked, at) {
				s.asked[at] = true
				s.add(x.ledger, &x.Control.Identity)
			}
			if at, known := s.sessions[x.Hosts()]; s.often[x.Client()] != nil {
				if !known {
					at.packet = x.Control.FirstPacket
				}
				at.hidden = at.hidden || x.Hidden || x.SecuredAt > 0
				if !x.Whole {
					at.lost += x.PortsLost()
				}
				s.sessions[x.Hosts()] = at
			}
			return nil
		},
		end: func(e *Evidence) []breach {
			late.probes(func(id *ftp.Identity) { s.add(e.Ledger, id) })
			found := s.judge(&e.watch.datagrams)
			return slices.Concat(found, e.watch.strange.judge(found), s.crowds(), unasked.judge(), e.watch.datagrams.judge(), v.judge(), judgeSights(e.pairs), e.flooded(maxProbes))
		},
	}
}

// isProbe reports whether a connection asks whether a port is open and has no other use. A
// port answers with a RST or not at all; one that is open is left at once.
func isProbe(c *ftp.Connection) bool {
	if c.Role == ftp.Data || c.ClientFlow.Bytes > 0 || c.Missing() > 0 {
		return false
	}
	if c.Server.Port() == ftpPort { // a sweep leaves after the greeting
		return c.OpenedBy == ftp.Client && c.ClientFlow.Packets > 0
	}
	silent := c.ClientFlow.Segments+c.ServerFlow.Segments == 0 && c.ServerFlow.FIN == 0
	switch c.OpenedBy {
	case ftp.Client:
		refused := c.ServerFlow.SYN == 0 && c.ClientFlow.FIN == 0
		halfOpen := c.ResetBy == ftp.Client && c.ClientFlow.FIN == 0
		return silent && (refused || halfOpen)
	case "": // a probe with other flags than SYN
		if c.History == "" { // no flags at all
			return silent && c.ServerFlow.Packets == 0
		}
		n := c.ClientFlow.Packets // a recorder at two places has each packet twice
		closed := c.ResetBy == ftp.Server && c.ServerFlow.Packets == n
		filtered := c.ServerFlow.Packets == 0 && c.Server.Port() < packet.FirstUserPort
		return silent && 0 < n && n <= 2 && c.ClientFlow.RST == 0 && (closed || filtered)
	}
	return false
}

// onlyAsksForTLS reports whether a client left a session after the handshake of TLS, or after the server refused TLS, as
// those do that look for servers and read their certificates. A login is longer, even if nobody can read it.
func onlyAsksForTLS(s *session) bool {
	c := s.Control
	refused := s.Said("AUTH") && !s.Said("QUIT") && s.Whole
	asks := s.TLS || s.Hidden || s.SecuredAt > 0 && !s.MayBeClear
	if !asks && !refused || s.Said("USER") || len(s.DataByID) > 0 || !s.Ended() || !s.BothSides() || c.Missing() > 0 {
		return false
	}
	return c.OpenedBy == ftp.Client && c.ClientFlow.Segments-c.ClientFlow.Retransmissions-len(s.Exchanges) <= handshakeSegments
}

// scanners are the clients that probed. A flood may come from a million addresses, so a
// client that probed once takes few bytes.
type scanners struct {
	once     probes              // the only probes of clients
	asked    map[netip.Addr]bool // clients that asked for TLS, and left
	often    map[netip.Addr]*scanner
	probes   int
	sessions map[evidence.PairOfHosts]dialogueAt // of clients that probed often
	served   map[netip.AddrPort]int              // connections that clients used, by client and port of the server
	unread   map[evidence.PairOfHosts]bool       // those with a conversation at port 21 that cannot be read
}

// A probe is a connection that only finds out whether a port is open.
type probe struct {
	server netip.Addr
	packet int
	port   uint16
}

// A dialogueAt is where the first session of two hosts begins, whether the data ports of some session are hidden in
// TLS, and how many others may not be known.
type dialogueAt struct {
	packet int
	hidden bool
	lost   int
}

// A scanner is a client that probed more than once.
type scanner struct {
	ports   map[netip.Addr]map[uint16]int // by server, the first packet for each port
	servers map[uint16]map[netip.Addr]int // by port
	came    map[netip.Addr]int            // how often each server greeted it at the FTP port, or never if it once did not
}

// add takes the next probe.
func (s *scanners) add(g *bounded.Ledger, c *ftp.Identity) {
	client := c.Client.Addr()
	p := probe{c.Server.Addr(), c.FirstPacket, c.Server.Port()}
	x := s.often[client]
	if x == nil {
		first, probed := s.once.add(client, p)
		if !probed || first.server == p.server && first.port == p.port { // else a repetition
			return
		}
		x = &scanner{map[netip.Addr]map[uint16]int{}, map[uint16]map[netip.Addr]int{}, map[netip.Addr]int{}}
		s.often[client] = x
		s.note(g, x, first)
	}
	s.note(g, x, p)
}

// note remembers a probe, if there are not too many.
func (s *scanners) note(g *bounded.Ledger, x *scanner, p probe) {
	if !g.Room(maxProbes, s.probes) {
		return
	}
	s.probes++
	server := p.server.Unmap()
	noteFirst(x.ports, server, p.port, p.packet)
	if p.port != identPort { // by which a server asks who its clients are
		noteFirst(x.servers, p.port, server, p.packet)
	}
}

// noteFirst notes a packet in a table, and reports whether it is the first in its place. Later
// ones are not noted.
func noteFirst[K, L comparable](table map[K]map[L]int, row K, column L, packet int) bool {
	if table[row] == nil {
		table[row] = map[L]int{}
	}
	_, known := table[row][column]
	if !known {
		table[row][column] = packet
	}
	return !known
}

// judge names the clients that probed too many ports or servers.
func (s *scanners) judge(others *datagrams) []breach {
	var found []breach
	for client, x := range s.often {
		together := map[netip.Addr]map[uint16]int{} // ports that are few for one server
		for server, ports := range x.ports {
			hosts := evidence.Between(client.Unmap(), server)
			at, known := s.sessions[hosts]
			if low := below1024(ports); known && at.hidden || s.unread[hosts] || at.lost > 0 && len(ports)-at.lost < scannedPorts {
				ports = low // the others may be data ports
			}
			if len(ports) < scannedPorts && !areClose(ports) {
				if len(ports) >= portsOfEach {
					together[server] = ports
				}
				continue
			}
			b := breach{hosts: hosts, packets: firstPackets(ports), observed: fmt.Sprintf("%s probed %d ports of %s: they did not answer, or it sent nothing to them", client, len(ports), server)}
			if known {
				b.packets = append(b.packets[:min(len(b.packets), MaxPackets-1)], at.packet)
				b.observed += fmt.Sprintf("; it has a session there, from frame %d on", at.packet)
			}
			found = append(found, b)
		}
		if b, ok := scannedTogether(client, together); ok {
			found = append(found, b)
		}
		found = append(found, s.sweeps(client, x, others.nowhere(client.Unmap()))...)
	}
	sortByFrame(found)
	return found
}

// sweeps judges a client that probed the same port of many servers, or of a few among addresses that it looked for and
// nobody claimed.
func (s *scanners) sweeps(client netip.Addr, x *scanner, looked map[netip.Addr]int) (found []breach) {
	for port, servers := range x.servers {
		many := len(servers) >= scannedServers && (port == ftpPort || neighbours(servers) >= scannedServers || s.scattered(client, x, port))
		searched := port == ftpPort && len(servers) >= foundServers && neighbours(looked) >= lookedFor
		if !many && !searched {
			continue
		}
		b := breach{hosts: evidence.Between(client.Unmap(), netip.Addr{}), packets: firstPackets(servers),
			observed: fmt.Sprintf("%s connected to port %d of %d hosts and sent nothing on these connections", client, port, len(servers))}
		if port == ftpPort && x.isMonitor(servers) {
			b.severity, b.sign = Note, noSign
			b.observed += ", but came to each again and again, as a monitor does"
		}
		if s.asked[client] {
			b.observed += ", or left after it asked for TLS"
		}
		if searched {
			b.severity, b.sign = "", 0
			b.packets = append(firstPackets(looked)[:foundServers], b.packets...)
			b.observed += fmt.Sprintf("; it looked for %d addresses that nobody claimed", len(looked))
		}
		found = append(found, b)
	}
	return found
}

// areClose reports whether enough system ports lie close together.
func areClose(ports map[uint16]int) bool {
	list := slices.Sorted(maps.Keys(below1024(ports)))
	for i := closePorts - 1; i < len(list); i++ {
		if list[i]-list[i-closePorts+1] < closeTogether {
			return true
		}
	}
	return false
}

// scannedTogether judges a client that probed several ports of each of several servers.
func scannedTogether(client netip.Addr, servers map[netip.Addr]map[uint16]int) (b breach, ok bool) {
	n := 0
	for _, ports := range servers {
		n += len(ports)
		b.packets = append(b.packets, firstPackets(ports)...)
	}
	if len(servers) < 2 || n < portsOfAll {
		return b, false
	}
	slices.Sort(b.packets)
	b.packets, b.hosts = b.packets[:min(len(b.packets), MaxPackets)], evidence.Between(client.Unmap(), netip.Addr{})
	b.observed = fmt.Sprintf("%s probed %d ports of %d hosts: they did not answer, or it sent nothing to them", client, n, len(servers))
	return b, true
}

func below1024(ports map[uint16]int) map[uint16]int {
	low := map[uint16]int{}
	for p, at := range ports {
		if p < packet.FirstUserPort {
			low[p] = at
		}
	}
	return low
}

// firstPackets are the first few packets of a table, in order.
func firstPackets[K comparable](table map[K]int) []int {
	var packets []int
	for _, p := range table {
		packets = append(packets, p)
	}
	slices.Sort(packets)
	return packets[:min(len(packets), MaxPackets)]
}

// neighbours is the largest number of hosts that are in one network.
func neighbours(servers map[netip.Addr]int) int {
	networks, most := map[netip.Prefix]int{}, 0
	for a := range servers {
		bits := 24
		if a.Is6() {
			bits = 64
		}
		network, _ := a.Prefix(bits)
		networks[network]++
		most = max(most, networks[network])
	}
	return most
}

// counted are packets of which only the first ones are remembered.
type counted struct {
	n       int
	packets []int
}

func (c *counted) add(packet int) { c.n, c.packets = c.n+1, appendSome(c.packets, packet) }

// appendSome appends a packet, unless there are maxPackets.
func appendSome(packets []int, packet int) []int {
	if len(packets) < MaxPackets {
		packets = append(packets, packet)
	}
	return packets
}
