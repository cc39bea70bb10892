// Rules about connections beside a session: third ports and refused connections.

package rules

import (
	"cmp"
	"fmt"
	"net/netip"
	"time"

	"ftplab/lab/analysis/baseline/content"
	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/baseline/internal/bounded"
	"ftplab/lab/analysis/baseline/internal/wording"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/packet"
)

// services are the ports of services that run beside FTP.
var services = ports(22, 23, 25, 53, 80, 88, 110, 111, 113, 123, 135, 137, 138, 139, 143, 161, 389, 443, 445, 465, 512, 513, 514, 515, 548,
	554, 587, 631, 636, 873, 989, 990, 993, 995, 1433, 1521, 1723, 1883, 2049, 3128, 3306, 3389, 5060, 5222, 5432, 5900, 5901, 5985,
	6000, 6379, 8000, 8008, 8080, 8081, 8443, 8888, 9090, 9100, 9200, 27017)

// forTLS are those of them at which TLS begins at once.
var forTLS = ports(443, 465, 636, 989, 990, 993, 995, 8443)

func ports(list ...uint16) map[uint16]bool {
	set := map[uint16]bool{}
	for _, p := range list {
		set[p] = true
	}
	return set
}

// wellKnown reports whether a connection is to a service that runs beside FTP, or to FTP.
func wellKnown(i *ftp.Identity) bool {
	for _, port := range []uint16{i.Client.Port(), i.Server.Port()} {
		if services[port] || port == 20 || port == ftpPort {
			return true
		}
	}
	return false
}

var noThirdPortsRule = Rule{
	Name: "no-third-ports", Theme: "beside the session",
	Says:     "Two hosts with an FTP session have no conversation at other ports than those of the session and of well-known services, and neither has a shell with another host, or at another time.",
	Source:   "RFC 959, 2.3; CVE-2011-2523 (the back door of vsftpd 2.3.4 at port 6200)",
	Example:  "after > USER ada:) a conversation at the server's port 6200",
	Severity: Odd, sign: 2,
	Matters:  "An exploit or a back door often opens a shell at another port after the login.",
	Innocent: "the two hosts run another application between them.",
	look:     thirdPorts,
}

// backdoorPort is where the vsftpd of CVE-2011-2523 offers a shell.
const backdoorPort = 6200

// afterSession is how long after a session a connection may have to do with it.
const afterSession = time.Minute

// A thirdPort is a conversation between two hosts at a port that is none of FTP.
type thirdPort struct {
	id, packet     int
	first, last    int64 // the times of its first and last packet
	opened         bool  // by from; else the capture does not show who opened it
	from           netip.Addr
	to             netip.AddrPort
	sent, received int64 // bytes, by from
	tls            bool
}

func (p thirdPort) String() string {
	verb := "has"
	if p.opened {
		verb = "opened"
	}
	return fmt.Sprintf("%s %s a connection to %s", p.from, verb, p.to)
}

// dynamicPorts are the ports from which systems choose, also for services such as remote
// procedure calls, which do not begin with TLS.
const dynamicPorts = 32768

// handedOver reports whether who opened the connection sends what a shell prints, or gets commands for one. Nobody does
// that at the port of a service: there who opens a connection asks.
func (what shownContent) handedOver(c *ftp.Connection) bool {
	return what.Kind == content.Shell && c.OpenedBy != "" && (what.What == content.ShellPrints) == (what.from == c.Addr(c.OpenedBy).Addr().Unmap())
}

func thirdPorts() look {
	found := map[evidence.PairOfHosts][]thirdPort{}
	sessions := map[evidence.PairOfHosts]*timeRanges{}
	return look{
		connection: func(e *Evidence, c *ftp.Connection) []breach {
			if c.Role != ftp.Other {
				return nil
			}
			talks := c.OpenedBy != "" && c.ClientFlow.Bytes > 0 && c.ServerFlow.Bytes > 0
			what, shown := e.shown(c.ID) // which one side shows, and the middle of a conversation
			shell := shown && what.Kind == content.Shell
			if !talks && !shell {
				return nil
			}
			if pair := hostsOf(c).Ordered(); (what.handedOver(c) || !wellKnown(&c.Identity)) && bounded.Takes(e.Ledger, maxPairs, found, pair) {
				by := cmp.Or(c.OpenedBy, ftp.Client)
				to, from := c.Addr(by.Other()), c.Addr(by)
				if !shell && to.Port() >= dynamicPorts && c.TLS == nil || !e.Ledger.Room(maxThirdPorts, len(found[pair])) {
					return nil
				}
				found[pair] = append(found[pair], thirdPort{c.ID, c.FirstPacket, c.FirstTime, c.LastTime, c.OpenedBy != "", from.Addr().Unmap(), to,
					c.Flow(by).Bytes, c.Flow(by.Other()).Bytes, c.TLS != nil})
			}
			return nil
		},
		session: func(_ *Evidence, s *session) []breach {
			if len(found) == 0 {
				return nil
			}
			pair := s.Hosts().Ordered()
			if found[pair] == nil {
				return nil
			}
			if sessions[pair] == nil {
				sessions[pair] = &timeRanges{hosts: s.Hosts(), served: map[netip.AddrPort]bool{}}
			}
			sessions[pair].add(s)
			return nil
		},
		end: func(e *Evidence) []breach {
			if len(found) == 0 {
				return nil
			}
			var breaches []breach
			served := e.sessionsOf()
			for pair, list := range found {
				for _, p := range list {
					b, ok := e.judgeThirdPort(p, sessions[pair])
					if !ok {
						b, ok = e.judgeShell(p, sessions[pair], served)
					}
					if ok {
						breaches = append(breaches, b)
					}
				}
			}
			sortByFrame(breaches)
			return breaches
		},
	}
}

// timeRanges are when two hosts had sessions.
type timeRanges struct {
	hosts  evidence.PairOfHosts
	served map[netip.AddrPort]bool // where the server speaks FTP
	ranges []timeRange
}

// A timeRange is the time of a session and a little more; of a hidden one the ports that it
// announced are not known.
type timeRange struct {
	from, to int64
	hidden   bool
}

func (r *timeRanges) add(s *session) {
	r.served[s.Control.Server] = true
	x := timeRange{s.Control.FirstTime, s.Control.LastTime + int64(afterSession), s.Secret()}
	if n := len(r.ranges); n > 0 && x.from <= r.ranges[n-1].to {
		last := &r.ranges[n-1]
		last.to, last.hidden = max(last.to, x.to), last.hidden || x.hidden
		return
	}
	r.ranges = append(r.ranges, x)
}

// near is the first range that a conversation began in, nil if there is none. A shell may begin earlier, if it goes on
// into the range, or ends at most afterSession before it: then the session may be its work.
func (r *timeRanges) near(p thirdPort, shell bool) *timeRange {
	until := p.first
	if shell {
		until = p.last + int64(afterSession)
	}
	for i := range r.ranges {
		if x := &r.ranges[i]; x.from <= until && p.first <= x.to {
			return x
		}
	}
	return nil
}

// judgeThirdPort judges a conversation beside the sessions of two hosts, nil if they have none.
func (e *Evidence) judgeThirdPort(p thirdPort, beside *timeRanges) (b breach, ok bool) {
	what, shown := e.shown(p.id)
	if beside == nil || shown && what.Kind == content.Service && p.from == beside.hosts.Client() {
		return b, false // the client uses the server for more than FTP
	}
	shown = shown && what.Kind == content.Shell
	at := beside.near(p, shown)
	system := p.from == beside.hosts.Client() && p.to.Port() < packet.FirstUserPort // IANA gave it to a service (RFC 6335, 6)
	common := system || p.from == p.to.Addr().Unmap() || p.to.Port() >= dynamicPorts && !p.tls
	if at == nil || (at.hidden || common || beside.served[p.to]) && !shown {
		return b, false
	}
	b = breach{
		place: p.id, hosts: beside.hosts, packets: []int{p.packet},
		observed: fmt.Sprintf("%s, which the control connection had not announced: %s sent, %d received", p, wording.Plural(int(p.sent), "byte", "bytes"), p.received),
	}
	switch {
	case shown:
		b.severity, b.packets = Violation, append(b.packets, what.packet)
		b.observed += "; frame " + fmt.Sprint(what.packet) + " shows a shell"
	case p.to.Port() == backdoorPort:
		b.severity = Violation
		b.observed += "; this is the port of the back door of vsftpd 2.3.4 (CVE-2011-2523)"
	}
	return b, true
}

// judgeShell judges a shell that a host with a session has open with a host that takes no part in it, or with the other
// host of its sessions at another time. If the host that opened the connection prints what a shell prints, it obeys the
// other one.
func (e *Evidence) judgeShell(p thirdPort, own *timeRanges, sessions map[netip.Addr]evidence.PairOfHosts) (b breach, ok bool) {
	what, _ := e.shown(p.id)
	hosts, has := sessions[p.from]
	if !has {
		hosts, has = sessions[p.to.Addr().Unmap()]
	}
	if own != nil {
		hosts, has = own.hosts, true
	}
	if what.Kind != content.Shell || what.What != content.ShellPrints || !has {
		return b, false
	}
	b = breach{severity: Odd, sign: 2, hosts: hosts, packets: []int{p.packet, what.packet},
		observed: fmt.Sprintf("%s, and frame %d shows a shell", p, what.packet)}
	if p.opened && what.from == p.from {
		b.severity = Violation
		b.observed += fmt.Sprintf(", which %s hands over", p.from)
	}
	return b, true
}

// sessionsOf is a client and a server with a session for each host that has one.
func (e *Evidence) sessionsOf() map[netip.Addr]evidence.PairOfHosts {
	all := map[netip.Addr]evidence.PairOfHosts{}
	for pair := range e.Served {
		for _, host := range []netip.Addr{pair.Client(), pair.Server()} {
			before, known := all[host]
			if !known || cmp.Or(pair.Client().Compare(before.Client()), pair.Server().Compare(before.Server())) < 0 {
				all[host] = pair
			}
		}
	}
	return all
}

var connectionsAreAcceptedRule = Rule{
	Name: "calls-are-answered", Theme: "beside the session",
	Says:     "A connection to the FTP port is accepted, and so is one to a port that PORT or PASV announced.",
	Source:   "RFC 9293, 3.10.7.1 (a RST answers a SYN to a closed port)",
	Example:  "a SYN to port 21 and a RST in answer to it",
	Severity: Note,
	Matters:  "A refused connection finds no server: the server is down, or the client looks for one.",
	Innocent: "the server was not running at that moment.",
	look:     refusedConnections,
}

// refusedOften is how many times one server refuses one client, and has no session with it, if it is down for long.
const refusedOften = 10

// refusedConnections reports all refused data connections in one finding, and all refused connections to port 21 in
// another one, which counts if a server is down.
func refusedConnections() look {
	var control, data counted
	times := map[evidence.PairOfHosts]int{}
	return look{
		connection: func(e *Evidence, c *ftp.Connection) []breach {
			if !c.Refused() || c.HandshakeSeen {
				return nil
			}
			if c.Role == ftp.Data {
				data.add(c.Flow(c.ResetBy).RST)
			}
			if c.Server.Port() == ftpPort && c.ResetBy == ftp.Server {
				control.add(c.ServerFlow.RST)
				if hosts := evidence.Between(c.Client.Addr().Unmap(), c.Server.Addr().Unmap()); bounded.Takes(e.Ledger, maxPairs, times, hosts) {
					times[hosts]++
				}
			}
			return nil
		},
		end: func(e *Evidence) (found []breach) {
			if data.n > 0 {
				found = []breach{{packets: data.packets, observed: wording.Plural(data.n, "data connection was", "data connections were") + " refused with a RST"}}
			}
			if control.n == 0 {
				return found
			}
			found = append(found, breach{packets: control.packets, observed: wording.Plural(control.n, "connection to port 21 was", "connections to port 21 were") + " refused with a RST"})
			for hosts, n := range times {
				if n >= refusedOften && !e.Served[hosts] {
					found[len(found)-1].severity = Odd
				}
			}
			return found
		},
	}
}
