// The comparison of one capture with all rules and a profile, in one pass.

package baseline

import (
	"fmt"

	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/baseline/internal/bounded"
	"ftplab/lab/analysis/baseline/profile"
	"ftplab/lab/analysis/baseline/rules"
	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
)

// A Capture is a capture whose packets have been read, and whose sessions can be checked and
// learned from.
type Capture struct {
	*capture.Capture
	sessions *evidence.Sessions
	rules    *rules.Evidence
	packets  *profile.Packets
}

// Gather reads the packets of a capture for [Capture.Check] and [Capture.Learn]. The capture
// must stay open for these.
func Gather(c *capture.Capture) (*Capture, error) { return gatherOf(c, evidence.NewSessions(c)) }

func gatherOf(c *capture.Capture, s *evidence.Sessions) (*Capture, error) {
	g := &Capture{c, s, rules.NewEvidence(s), profile.NewPackets()}
	for p := range c.Packets() {
		dropped := s.Packet(p)
		g.rules.Packet(p, dropped)
		g.packets.Packet(p, dropped)
	}
	return g, c.Err()
}

// Open opens a capture file and gathers what it shows. The caller must close it.
func Open(name string) (*Capture, error) {
	c, err := capture.Open(name, capture.Options{NoHash: true})
	if err != nil {
		return nil, err
	}
	g, err := Gather(c)
	if err != nil {
		c.Close()
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return g, nil
}

// Check reads a capture and compares it with the rules and, unless it is nil, the profile.
func Check(name string, normal *profile.Profile) (*Assessment, error) {
	c, err := Open(name)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return c.Check(normal)
}

// Check compares the capture with the rules and, unless it is nil, the profile.
func (c *Capture) Check(normal *profile.Profile) (*Assessment, error) {
	x := newExamination(c, normal)
	if err := c.sessions.Visit(evidence.Visitor{Connection: x.connection, Session: x.session, Data: x.rules.Data}); err != nil {
		return nil, err
	}
	return x.assess(), nil
}

// Learn returns the profile of the capture. The name says where it comes from.
func (c *Capture) Learn(name string) (*profile.Profile, error) {
	return profile.Learn(c.sessions, c.packets, name)
}

// An examination is one check of a capture.
type examination struct {
	judged    Judged
	ledger    *bounded.Ledger
	rules     *rules.Check
	outliers  []outlier // none without a profile
	strangers *strangers
}

func newExamination(c *Capture, normal *profile.Profile) *examination {
	x := &examination{rules: rules.NewCheck(c.rules), ledger: c.sessions.Ledger, judged: Judged{
		Dropped: c.Dropped, CutShort: c.Truncated, cut: c.Cut != "", packets: c.Size, connections: c.NumConnections(),
	}}
	if normal != nil {
		x.outliers, x.strangers = outliersOf(normal), newStrangers(normal)
	}
	return x
}

func (x *examination) connection(c *ftp.Connection) {
	x.rules.Connection(c)
	for i := range x.outliers {
		if o := &x.outliers[i]; o.Connection != nil {
			o.Connection(c, o.add)
		}
	}
}

func (x *examination) session(s *evidence.Session) {
	x.judged.add(s)
	x.rules.Session(s)
	for i := range x.outliers {
		if o := &x.outliers[i]; o.Session != nil {
			o.Session(s, o.add)
		}
	}
	if x.strangers != nil {
		x.strangers.add(s)
	}
}

// assess makes an assessment of what was found.
func (x *examination) assess() *Assessment {
	findings := x.rules.Findings()
	for i := range x.outliers {
		if f, ok := x.outliers[i].finding(); ok {
			findings = append(findings, f)
		}
	}
	if x.strangers != nil {
		findings = append(findings, x.strangers.findings()...)
	}
	x.judged.Full = x.ledger.Full()
	return assess(findings, x.judged)
}
