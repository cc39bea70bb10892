// The comparison of one capture with all rules and a profile, in one pass.

package baseline

import (
	"ftplab/lab/analysis/ftp"
)

// An examination is one check of a capture.
type examination struct {
	e         *Evidence
	judged    Judged
	rules     []ruleCheck
	signs     signs
	outliers  []outlier // none without a profile
	strangers *strangers
}

// A ruleCheck is a rule with its state while a capture is checked.
type ruleCheck struct {
	Rule
	look     look
	breaches []breach
}

func newExamination(e *Evidence, normal *Profile) *examination {
	x := &examination{e: e, signs: signs{}, judged: Judged{
		Dropped: e.Dropped, CutShort: e.Truncated, cut: e.Cut != "", packets: e.Size, connections: e.NumConnections(),
	}}
	for _, r := range Rules() {
		x.rules = append(x.rules, ruleCheck{Rule: r, look: r.look()})
	}
	if normal != nil {
		x.outliers, x.strangers = normal.outliers(), newStrangers(normal)
	}
	return x
}

// add adds breaches of a rule, found at a place between two hosts.
func (x *examination) add(r *ruleCheck, place int, hosts pairOfHosts, found []breach) {
	for _, b := range found {
		if place != atEnd || b.place == 0 {
			b.place = place
		}
		if hosts != (pairOfHosts{}) {
			b.hosts = hosts
		}
		r.breaches = append(r.breaches, b)
		x.signs.add(r.Rule, b)
	}
}

func (x *examination) connection(c *ftp.Connection) {
	for i := range x.rules {
		if r := &x.rules[i]; r.look.connection != nil {
			x.add(r, c.ID, pairOfHosts{c.Client.Addr().Unmap(), c.Server.Addr().Unmap()}, r.look.connection(x.e, c))
		}
	}
	for i := range x.outliers {
		if o := &x.outliers[i]; o.connection != nil {
			o.connection(c, o.add)
		}
	}
}

func (x *examination) session(s *session) {
	x.judged.add(s)
	for i := range x.rules {
		if r := &x.rules[i]; r.look.session != nil {
			x.add(r, s.Control.ID, s.hosts(), r.look.session(x.e, s))
		}
	}
	for i := range x.outliers {
		if o := &x.outliers[i]; o.session != nil {
			o.session(s, o.add)
		}
	}
	if x.strangers != nil {
		x.strangers.add(s)
	}
}

func (x *examination) data(s *session, c *ftp.Connection) {
	var hosts pairOfHosts
	if s != nil {
		hosts = s.hosts()
	}
	for i := range x.rules {
		if r := &x.rules[i]; r.look.data != nil {
			x.add(r, c.ID, hosts, r.look.data(x.e, s, c))
		}
	}
}

// assess makes an assessment of what was found.
func (x *examination) assess() *Assessment {
	var findings []Finding
	for i := range x.rules {
		r := &x.rules[i]
		if r.look.end != nil {
			x.add(r, atEnd, pairOfHosts{}, r.look.end(x.e))
		}
	}
	for i := range x.rules {
		r := &x.rules[i]
		if r.Name == noSignsAgreeRule.Name {
			r.breaches = x.signs.judge()
		}
		findings = append(findings, r.findings(r.breaches)...)
	}
	for i := range x.outliers {
		if f, ok := x.outliers[i].finding(); ok {
			findings = append(findings, f)
		}
	}
	if x.strangers != nil {
		findings = append(findings, x.strangers.findings()...)
	}
	return assess(findings, x.judged)
}
