// The check of one capture with all rules, in one pass.

package rules

import (
	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/ftp"
)

// A Check is one check of a capture. It gets all connections, then all sessions, each with its
// data connections.
type Check struct {
	evidence *Evidence
	rules    []ruleCheck
	signs    signs
	session  *session // the one that was checked last
}

// A ruleCheck is a rule with its state while a capture is checked.
type ruleCheck struct {
	Rule
	look     look
	breaches []breach
}

// NewCheck returns a check of a capture.
func NewCheck(e *Evidence) *Check {
	e.pairs = map[evidence.PairOfHosts]*pair{}
	c := &Check{evidence: e, signs: signs{}}
	for _, r := range All() {
		c.rules = append(c.rules, ruleCheck{Rule: r, look: r.look()})
	}
	return c
}

// add adds breaches of a rule, found at a place between two hosts.
func (c *Check) add(r *ruleCheck, place int, hosts evidence.PairOfHosts, found []breach) {
	for _, b := range found {
		if place != atEnd || b.place == 0 {
			b.place = place
		}
		if hosts != (evidence.PairOfHosts{}) {
			b.hosts = hosts
		}
		r.breaches = append(r.breaches, b)
		c.signs.add(r.Rule, b)
	}
}

// hostsOf are the hosts of a connection.
func hostsOf(c *ftp.Connection) evidence.PairOfHosts {
	return evidence.Between(c.Client.Addr().Unmap(), c.Server.Addr().Unmap())
}

// Connection checks a connection of any kind.
func (c *Check) Connection(of *ftp.Connection) {
	hosts := hostsOf(of)
	for i := range c.rules {
		if r := &c.rules[i]; r.look.connection != nil {
			c.add(r, of.ID, hosts, r.look.connection(c.evidence, of))
		}
	}
}

// Session checks a session.
func (c *Check) Session(s *evidence.Session) {
	c.session = &session{Session: s, ledger: c.evidence.Ledger, pair: c.evidence.pairOf(s)}
	hosts := s.Hosts()
	for i := range c.rules {
		if r := &c.rules[i]; r.look.session != nil {
			c.add(r, s.Control.ID, hosts, r.look.session(c.evidence, c.session))
		}
	}
}

// Data checks a data connection of the session that was checked last, or, if s is nil, one that
// belongs to no session.
func (c *Check) Data(s *evidence.Session, data *ftp.Connection) {
	var of *session
	var hosts evidence.PairOfHosts
	if s != nil {
		of, hosts = c.session, s.Hosts()
	}
	for i := range c.rules {
		if r := &c.rules[i]; r.look.data != nil {
			c.add(r, data.ID, hosts, r.look.data(c.evidence, of, data))
		}
	}
}

// Findings ends the check, and returns what was found, by rule.
func (c *Check) Findings() []Finding {
	for i := range c.rules {
		r := &c.rules[i]
		if r.look.end != nil {
			c.add(r, atEnd, evidence.PairOfHosts{}, r.look.end(c.evidence))
		}
	}
	var findings []Finding
	for i := range c.rules {
		r := &c.rules[i]
		if r.Name == noSignsAgreeRule.Name {
			r.breaches = c.signs.judge()
		}
		findings = append(findings, r.findings(r.breaches)...)
	}
	return findings
}
