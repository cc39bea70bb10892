// The rule about programs that are fetched, run, and report.

package baseline

import (
	"fmt"
	"net/netip"
	"time"

	"ftplab/lab/analysis/baseline/content"
	"ftplab/lab/analysis/ftp"
)

var programsDoNotReportRule = Rule{
	Name: "programs-do-not-report", Theme: "transfers",
	Says:     "After a client has fetched a program, it does not connect to a new host at an unusual port, send a form, or store a file in a new session, all within a minute.",
	Source:   "MITRE ATT&CK, T1105 (ingress tool transfer) and T1071 (a program reports to its master)",
	Example:  "> RETR a.exe, and the client connects to 203.0.113.66.4444",
	Severity: Note, sign: 1,
	Matters:  "A loader fetches a program, runs it, and the program reports where it is.",
	Innocent: "the user goes on working in the meantime.",
	look:     reports,
}

// reportTime is the longest time between the download of a program and its report.
const reportTime = time.Minute

// Bounds of what is remembered: first connections, and programs.
const (
	maxAttempts = 1 << 15
	maxLoadings = 1 << 10
)

// A loading is a program that a client fetched.
type loading struct {
	hosts  pairOfHosts
	packet int
	time   int64
}

// An attempt is a client with an address that it connected to.
type attempt struct {
	client netip.Addr
	to     netip.AddrPort
}

// loaders are the programs that clients fetched, and the connections that may be their reports.
type loaders struct {
	tried    map[attempt]bool
	first    []loading // connections to unusual ports, and forms
	loadings []loading
	found    []breach
}

func reports() look {
	all := &loaders{tried: map[attempt]bool{}}
	return look{
		connection: func(e *Evidence, c *ftp.Connection) []breach {
			all.connection(e, c)
			return nil
		},
		session: func(e *Evidence, s *session) []breach {
			all.session(e, s)
			return nil
		},
		end: func(*Evidence) []breach {
			for _, c := range all.first {
				all.report(c, "connected to "+c.hosts.server.String()+" for the first time", func(l loading) bool { return l.hosts.client == c.hosts.client })
			}
			sortBy(all.found, func(b breach) int64 { return int64(b.packets[1]) })
			return all.found
		},
	}
}

// connection takes the next connection.
func (all *loaders) connection(e *Evidence, c *ftp.Connection) {
	if c.Role != ftp.Other || c.OpenedBy == "" || c.ClientFlow.Bytes == 0 || len(all.tried) >= maxAttempts {
		return
	}
	who := attempt{c.Addr(c.OpenedBy).Addr().Unmap(), c.Addr(c.OpenedBy.Other())}
	if all.tried[who] {
		return
	}
	all.tried[who] = true
	what, _ := e.watch.shown(c.ID)
	if what.Kind == content.Form || !wellKnown(&c.Identity) && what.Kind != content.Service {
		all.first = append(all.first, loading{pairOfHosts{who.client, who.to.Addr().Unmap()}, c.FirstPacket, c.FirstTime})
	}
}

// session takes the next session.
func (all *loaders) session(e *Evidence, s *session) {
	for _, x := range s.Exchanges {
		switch {
		case !completed(x):
		case x.Sender() == ftp.Client:
			stored := loading{s.hosts(), x.Packet, x.Time}
			all.report(stored, "stored "+show(x.Argument)+" in a new session", func(l loading) bool {
				return l.hosts == s.hosts() && l.time < s.Control.FirstTime
			})
		case x.Command == "RETR" && len(all.loadings) < maxLoadings:
			if what, packet := e.programIn(s, x); what != "" {
				all.loadings = append(all.loadings, loading{s.hosts(), packet, x.Replies[len(x.Replies)-1].Time})
			}
		}
	}
}

// report takes what may be the report of a program, and looks for one that fits.
func (all *loaders) report(r loading, how string, fits func(loading) bool) {
	for _, l := range all.loadings {
		if l.time < r.time && r.time-l.time <= int64(reportTime) && fits(l) {
			all.found = append(all.found, breach{hosts: l.hosts, packets: []int{l.packet, r.packet},
				observed: fmt.Sprintf("%s fetched a program in frame %d, and %s in frame %d", l.hosts.client, l.packet, how, r.packet)})
			return
		}
	}
}
