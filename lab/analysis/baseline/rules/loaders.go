// The rule about programs that are fetched, run, and report.

package rules

import (
	"cmp"
	"fmt"
	"net/netip"
	"path"
	"slices"
	"strings"
	"time"

	"ftplab/lab/analysis/baseline/content"
	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/baseline/internal/bounded"
	"ftplab/lab/analysis/baseline/internal/wording"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/internal/pattern"
)

var programsDoNotReportRule = Rule{
	Name: "programs-do-not-report", Theme: "transfers",
	Says:     "After a client has fetched a program, it does not connect to a new host at an unusual port, send a form, or store a file in a new session, all within a minute. After a client has stored a program, the server does not connect to a new host at an unusual port, or to a service of the client, and the client does not look at the screen of the server, which it never did before.",
	Source:   "MITRE ATT&CK, T1105 (ingress tool transfer) and T1071 (a program reports to its master)",
	Example:  "> RETR a.exe, and the client connects to 203.0.113.66.4444",
	Severity: Note, sign: 1,
	Matters:  "A loader fetches a program, runs it, and the program reports where it is.",
	Innocent: "the user, or the server, goes on working in the meantime.",
	look:     reports,
}

// reportTime is the longest time between the download of a program and its report.
const reportTime = time.Minute

// runTime is the longest time between the order to make a program executable at a server and its report.
const runTime = 10 * time.Minute

// A loading is a program that a client fetched, or that it stored.
type loading struct {
	hosts   evidence.PairOfHosts
	packet  int
	time    int64
	stored  bool
	runs    bool // the client made it executable
	unusual bool // of a connection: its port is that of no known service, or its bytes are not those of the service
}

// A firstConnection is the first one that a host opens to another host and port.
type firstConnection struct {
	loading
	to netip.AddrPort
	content.Content
	packetShown int
}

// An attempt is a client with an address that it connected to.
type attempt struct {
	client netip.Addr
	to     netip.AddrPort
}

// loaders are the programs that clients fetched, and the connections that may be their reports.
type loaders struct {
	tried    map[attempt]bool
	first    []firstConnection        // to unusual ports, those with a form, and those that show who is at the other end
	loadings map[netip.Addr][]loading // by the host that may run them, who fetched a program or at whom it was stored, in the order of their times
	n        int                      // of all loadings
	found    []breach
}

func reports() look {
	all := &loaders{tried: map[attempt]bool{}, loadings: map[netip.Addr][]loading{}}
	return look{
		connection: func(e *Evidence, c *ftp.Connection) []breach {
			all.connection(e, c)
			return nil
		},
		session: func(e *Evidence, s *session) []breach {
			all.session(e, s)
			return nil
		},
		end: func(e *Evidence) []breach {
			for _, c := range all.first {
				all.judge(e, c)
			}
			slices.SortStableFunc(all.found, func(a, b breach) int { return cmp.Compare(a.packets[1], b.packets[1]) })
			return all.found
		},
	}
}

// connection takes the next connection.
func (all *loaders) connection(e *Evidence, c *ftp.Connection) {
	if c.Role != ftp.Other || c.OpenedBy == "" || c.ClientFlow.Bytes+c.ServerFlow.Bytes == 0 {
		return
	}
	who := attempt{c.Addr(c.OpenedBy).Addr().Unmap(), c.Addr(c.OpenedBy.Other())}
	if all.tried[who] || !bounded.Takes(e.Ledger, maxTriedPorts, all.tried, who) {
		return
	}
	all.tried[who] = true
	shown, known := e.shown(c.ID)
	unusual := (!wellKnown(&c.Identity) || shown.Kind == content.NotTLS) && shown.Kind != content.Service
	if unusual || known || callsBack(e, who) {
		hosts := evidence.Between(who.client, who.to.Addr().Unmap())
		all.first = append(all.first, firstConnection{loading{hosts: hosts, packet: c.FirstPacket, time: c.FirstTime, unusual: unusual}, who.to, shown.Content, shown.packet})
	}
}

// callsBack reports whether a server connects to a service of its own client, which is no data port.
func callsBack(e *Evidence, who attempt) bool {
	port := who.to.Port()
	return services[port] && port != identPort && e.Served[evidence.Between(who.to.Addr().Unmap(), who.client)]
}

// judge looks for a program that may have opened a connection, at a client or at a server.
func (all *loaders) judge(e *Evidence, c firstConnection) {
	if c.unusual || c.Kind == content.Form {
		all.report(c.loading, "connected to "+c.hosts.Server().String()+" for the first time", func(l loading) bool { return !l.stored && l.hosts.Client() == c.hosts.Client() })
	}
	if c.Kind == content.Service && c.What == "VNC" {
		all.newScreen(c)
		return
	}
	obeys := c.Kind == content.Shell || c.Kind == content.Service && c.What == "IRC"
	back := callsBack(e, attempt{c.hosts.Client(), c.to})
	if !back && (!c.unusual && !obeys || e.Served[c.hosts.Reversed()]) {
		return // a usual service, or the data port of a client whose session cannot be read
	}
	for _, l := range slices.Backward(all.within(c.hosts.Client(), c.time-int64(runTime), c.time+1)) {
		time := c.time - l.time
		if !l.stored || time > int64(reportTime) && !l.runs {
			continue
		}
		b := breach{severity: Odd, sign: 2, hosts: l.hosts, packets: []int{l.packet, c.packet},
			observed: fmt.Sprintf("%s stored a program in frame %d, and the server connected to %s for the first time in frame %d", l.hosts.Client(), l.packet, c.to, c.packet)}
		switch {
		case obeys:
			b.severity, b.packets = Violation, append(b.packets, c.packetShown)
			b.observed += fmt.Sprintf("; frame %d shows that it takes orders from there", c.packetShown)
		case areNear(c.hosts.Client(), c.hosts.Server()):
			b.severity, b.sign = Note, 1
		case l.runs:
			b.severity = Violation
			b.observed += "; the client had made the program executable"
		}
		all.found = append(all.found, b)
		return
	}
}

// newScreen judges a client that looks at the screen of a server after it stored a program there, which may show it.
func (all *loaders) newScreen(c firstConnection) {
	for _, l := range slices.Backward(all.within(c.hosts.Server(), c.time-int64(reportTime), c.time+1)) {
		if l.stored && l.hosts == c.hosts {
			b := breach{severity: Odd, sign: 2, hosts: l.hosts, packets: []int{l.packet, c.packet, c.packetShown},
				observed: fmt.Sprintf("%s stored a program in frame %d, and looked at the screen of the server by %s in frame %d, for the first time", l.hosts.Client(), l.packet, c.What, c.packet)}
			if areNear(c.hosts.Client(), c.hosts.Server()) {
				b.severity, b.sign = Note, 1
			}
			all.found = append(all.found, b)
			return
		}
	}
}

// areNear reports whether two hosts are in networks of one owner, as a server and its scanner for viruses are.
func areNear(a, b netip.Addr) bool {
	return isPrivate(a) && isPrivate(b) || neighbours(map[netip.Addr]int{a: 0, b: 0}) == 2
}

// session takes the next session.
func (all *loaders) session(e *Evidence, s *session) {
	for _, x := range s.Exchanges {
		switch {
		case x.Command == "SITE" && completedNormally(x) && makesExecutable.MatchString(x.Argument): // whatever file it is
			all.load(s, loading{hosts: s.Hosts(), packet: x.Packet, runs: true}, x, true)
		case !evidence.Completed(x):
		case x.Sender() == ftp.Client:
			stored := loading{hosts: s.Hosts(), packet: x.Packet, time: x.Time}
			all.report(stored, "stored "+wording.Quote(x.Argument)+" in a new session", func(l loading) bool {
				return !l.stored && l.hosts == s.Hosts() && l.time < s.Control.FirstTime
			})
			if what, _ := e.programIn(s, x); what != "" || runnable(x.Argument) {
				all.load(s, stored, x, true)
			}
		case x.Command == "RNTO" && runnable(x.Argument):
			all.load(s, loading{hosts: s.Hosts(), packet: x.Packet}, x, true)
		case x.Command == "RETR":
			if what, packet := e.programIn(s, x); what != "" {
				all.load(s, loading{hosts: s.Hosts(), packet: packet}, x, false)
			}
		}
	}
}

// makesExecutable matches an order that makes a file executable.
var makesExecutable = pattern.New(`(?i)^CHMOD +([0-7]{0,3}[1357][0-7]{0,2}|[ugoa]*\+[rws]*x[rws]*) +\S`)

// endings are those of programs of a system and of a web server, and of texts that it runs as programs.
var endings = wording.Set(`.exe .dll .scr .com .pif .bat .cmd .ps1 .vbs .vbe .jse .wsf .hta .msi .cpl .elf .lnk .php .php5 .php7 .phtml .phar
	.asp .aspx .ashx .asa .cer .jsp .jspx .cfm .cgi .sh .pl .py .rb .lua .jar .war`)

// runnable reports whether a file is a program by its name.
func runnable(name string) bool { return endings[strings.ToLower(path.Ext(name))] }

// load remembers a program that a command moved.
func (all *loaders) load(s *session, l loading, x *ftp.Exchange, stored bool) {
	if !s.ledger.Room(maxPrograms, all.n) {
		return
	}
	all.n++
	l.time, l.stored = x.Replies[len(x.Replies)-1].Time, stored
	host := l.hosts.Client()
	if stored {
		host = l.hosts.Server()
	}
	list := all.loadings[host]
	all.loadings[host] = slices.Insert(list, firstAt(list, l.time+1), l)
}

// within are the loadings of a host from a time up to, not including, another one.
func (all *loaders) within(host netip.Addr, from, to int64) []loading {
	list := all.loadings[host]
	return list[firstAt(list, from):firstAt(list, to)]
}

// firstAt is the index of the first loading at a time or after it.
func firstAt(list []loading, time int64) int {
	i, _ := slices.BinarySearchFunc(list, time, func(l loading, time int64) int { return cmp.Compare(l.time, time) })
	return i
}

// report takes what may be the report of a program, and looks for one that fits.
func (all *loaders) report(r loading, how string, fits func(loading) bool) {
	for _, l := range all.within(r.hosts.Client(), r.time-int64(reportTime), r.time) {
		if fits(l) {
			b := breach{hosts: l.hosts, packets: []int{l.packet, r.packet},
				observed: fmt.Sprintf("%s fetched a program in frame %d, and %s in frame %d", l.hosts.Client(), l.packet, how, r.packet)}
			if to := r.hosts.Server(); to != l.hosts.Server() && !isPrivate(to) && !isPrivate(l.hosts.Server()) && !areNear(to, l.hosts.Client()) && r.unusual {
				b.sign = 2
				b.observed += ", at an unusual port of another host"
			}
			all.found = append(all.found, b)
			return
		}
	}
}
