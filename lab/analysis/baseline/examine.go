// All rules, and a profile, are held against a capture at the same time.

package baseline

import (
	"math"

	"ftplab/lab/analysis/ftp"
)

// An examination is one check of a capture.
type examination struct {
	e         *Evidence
	rules     []ruleCheck
	outliers  []outlier // none without a profile
	strangers *strangers
}

// A ruleCheck is a rule while it is held against a capture.
type ruleCheck struct {
	Rule
	look     look
	breaches []breach
}

func newExamination(e *Evidence, normal *Profile) *examination {
	x := &examination{e: e}
	for _, r := range Rules() {
		x.rules = append(x.rules, ruleCheck{Rule: r, look: r.look()})
	}
	if normal != nil {
		x.outliers, x.strangers = normal.outliers(), newStrangers(normal)
	}
	return x
}

func (r *ruleCheck) add(place int, found []breach) {
	for _, b := range found {
		b.place = place
		r.breaches = append(r.breaches, b)
	}
}

func (x *examination) connection(c *ftp.Connection) {
	for i := range x.rules {
		if r := &x.rules[i]; r.look.connection != nil {
			r.add(c.ID, r.look.connection(x.e, c))
		}
	}
	for i := range x.outliers {
		if o := &x.outliers[i]; o.connection != nil {
			o.connection(c, o.add)
		}
	}
}

func (x *examination) session(s *session) {
	for i := range x.rules {
		if r := &x.rules[i]; r.look.session != nil {
			r.add(s.Control.ID, r.look.session(x.e, s))
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
	for i := range x.rules {
		if r := &x.rules[i]; r.look.data != nil {
			r.add(c.ID, r.look.data(x.e, s, c))
		}
	}
}

// assess makes an assessment of what was found.
func (x *examination) assess() *Assessment {
	var findings []Finding
	for i := range x.rules {
		r := &x.rules[i]
		if r.look.end != nil {
			r.add(math.MaxInt, r.look.end(x.e))
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
	return assess(findings)
}
