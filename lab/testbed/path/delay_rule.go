package path

import "ftplab/lab/scenario"

// A delayRule is one rule of the plan's Late: which segments it applies to, and
// how many of them are still to come.
type delayRule struct {
	condition
	ipv6      bool  // it is about IPv6 addresses
	by        int64 // how much later they arrive, nanoseconds
	overtaken bool  // a later segment must arrive before them
	left      int
}

func newDelayRule(rule scenario.Late) *delayRule {
	return &delayRule{condition: condition{PathRule: rule.PathRule()}, by: int64(rule.By), overtaken: rule.Overtaken, left: max(1, rule.Count)}
}

// claims reports whether the rule applies to the segment, and counts it if so.
func (l *delayRule) claims(s segment) bool {
	if l.left == 0 || s.from.Addr().Is6() != l.ipv6 || !l.meets(s, nil, false) {
		return false
	}
	l.left--
	return true
}

// delayed returns the first rule that applies to a frame for another end, or nil.
func (e *End) delayed(f frame, to *End) (first *delayRule) {
	for _, r := range e.rules[to] {
		switch s, ok := f.segment(); {
		case !ok:
			return nil
		case first == nil && r.claims(s):
			first = r
		case first != nil && s.from.Addr().Is6() == r.ipv6:
			r.misses(s)
		}
	}
	return first
}
