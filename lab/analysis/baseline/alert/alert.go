// Package alert writes the findings of a baseline check for a SIEM: as CSV, as Suricata's
// EVE JSON, or as Zeek's notice.log.
//
// A finding names frames. [Locate] looks them up in the capture, so that an [Alert] also
// has the time, the addresses and the ports. [Suppressions] remove findings that somebody
// has looked at and accepted.
package alert

import (
	"fmt"
	"net/netip"
	"slices"

	"ftplab/lab/analysis/baseline"
	"ftplab/lab/analysis/baseline/rules"
	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
)

// An Alert is a finding with what its first frame shows. A finding without a frame is
// about the capture as a whole: then only Time is set, to the start of the capture.
type Alert struct {
	rules.Finding
	// Time is in nanoseconds since 1970.
	Time int64
	// Src and Dst are the addresses of the first frame.
	Src, Dst netip.AddrPort
	// Orig is the side that opened the connection and Resp the other, as Zeek has them.
	Orig, Resp netip.AddrPort
	// Client and Server are the FTP roles, From the one that sent the frame, Role what the
	// connection is for.
	Client, Server netip.AddrPort
	From           ftp.Side
	Role           ftp.Role
	// ConnectionStart is the number of the connection's first frame, 0 for none.
	ConnectionStart int
	// Hosts are all addresses of its frames, Connections the IDs of their connections.
	Hosts       []netip.Addr
	Connections []int
}

// A Report is the alerts of one capture.
type Report struct {
	// Name is the name of the capture's file.
	Name       string
	Assessment *baseline.Assessment
	// Start is the stamp of the first packet, of the capture or of the session, in nanoseconds since 1970.
	Start int64
	// Alerts are in the order of their first frames.
	Alerts []Alert
	// Suppressed counts the findings that were removed.
	Suppressed int
	// Session says that the report is of one session of a capture that grows.
	Session bool
	// LeftOut says what was not kept of that session; "" for nothing.
	LeftOut string
}

// What lines for a SIEM have in place of a rule and a severity if nothing could be judged.
const (
	Unjudged         = "cannot-be-judged"
	severityUnjudged = rules.Severity("unjudged")
)

// events returns the alerts. If the verdict is that nothing can be judged, one more says so: a SIEM takes a capture
// without a line for a normal one.
func (r *Report) events() []Alert {
	if r.Assessment.Verdict != baseline.CannotJudge {
		return r.Alerts
	}
	unjudged := rules.Finding{Rule: Unjudged, Severity: severityUnjudged, Observed: r.Assessment.Judged.String(), Expected: "sessions of FTP that can be judged"}
	return append(slices.Clip(r.Alerts), Alert{Finding: unjudged, Time: r.Start})
}

// Locate makes alerts of findings, in the order of their first frames. It reads the
// capture once, up to the last frame of the findings.
func Locate(c *capture.Capture, findings []rules.Finding) ([]Alert, error) {
	alerts := make([]Alert, len(findings))
	at := map[int][]*Alert{} // by frame
	last := 0
	for i, f := range findings {
		alerts[i] = Alert{Finding: f, Time: c.Start}
		for _, n := range f.Packets {
			at[n] = append(at[n], &alerts[i])
			last = max(last, n)
		}
	}
	if last > 0 {
		for p := range c.Packets() {
			for _, a := range at[p.Number] {
				a.add(p)
			}
			if p.Number >= last {
				break
			}
		}
	}
	slices.SortStableFunc(alerts, func(a, b Alert) int { return a.first() - b.first() })
	return alerts, c.Err()
}

// first is the first frame, 0 for none.
func (a *Alert) first() int {
	if len(a.Packets) == 0 {
		return 0
	}
	return a.Packets[0]
}

// add takes a frame of the finding.
func (a *Alert) add(p *capture.Packet) {
	if p.IP == nil {
		return
	}
	for _, host := range []netip.Addr{p.IP.Src, p.IP.Dst} {
		if host = host.Unmap(); !slices.Contains(a.Hosts, host) {
			a.Hosts = append(a.Hosts, host)
		}
	}
	if p.Connection != nil && !slices.Contains(a.Connections, p.Connection.ID) {
		a.Connections = append(a.Connections, p.Connection.ID)
	}
	if p.Number != a.first() {
		return
	}
	a.Time = p.Time
	a.Src, a.Dst = netip.AddrPortFrom(p.IP.Src, 0), netip.AddrPortFrom(p.IP.Dst, 0)
	if p.Connection == nil {
		return
	}
	x := p.Connection
	a.Client, a.Server, a.From, a.Role, a.ConnectionStart = x.Client, x.Server, p.From, x.Role, x.FirstPacket
	a.Src, a.Dst = x.Addr(p.From), x.Addr(p.From.Other())
	a.Orig, a.Resp = x.Client, x.Server
	if x.Mode == ftp.Active {
		a.Orig, a.Resp = x.Server, x.Client
	}
}

// Keep removes the findings without a frame of a connection for which own returns true, and
// draws the verdict again.
func (r *Report) Keep(own func(id int) bool) {
	r.remove(func(a *Alert) bool { return !slices.ContainsFunc(a.Connections, own) })
}

// remove removes findings, and returns how many.
func (r *Report) remove(drop func(*Alert) bool) int {
	var kept []Alert
	dropped := map[string]bool{}
	for _, a := range r.Alerts {
		if drop(&a) {
			dropped[key(a.Finding)] = true
			continue
		}
		kept = append(kept, a)
	}
	r.Alerts = kept
	return r.Assessment.Without(func(f rules.Finding) bool { return dropped[key(f)] })
}

// key tells findings of one assessment apart.
func key(f rules.Finding) string { return fmt.Sprint(f.Rule, f.Severity, f.Packets, f.Observed) }
