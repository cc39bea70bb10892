package path

import "ftplab/lab/scenario"

// A delayRule is one rule of the plan's Late: which segments it applies to, and
// how many of them are still to come.
type delayRule struct {
	rule scenario.Late
	left int
}

func newDelayRule(rule scenario.Late) *delayRule {
	return &delayRule{rule: rule, left: max(1, rule.Count)}
}

// claims reports whether the rule applies to the segment, and counts it if so.
func (l *delayRule) claims(s segment) bool {
	r := l.rule
	if l.left == 0 || !r.Flags.Match(s.flags) ||
		r.FromPort != 0 && r.FromPort != s.from.Port() ||
		r.ToPort != 0 && r.ToPort != s.to.Port() ||
		r.Length >= 0 && r.Length != s.length {
		return false
	}
	l.left--
	return true
}
