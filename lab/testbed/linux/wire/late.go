package wire

import (
	"fmt"
	"strings"

	"ftplab/lab/testbed/network"
)

// tcpFlags are the flags of a TCP segment, in tcpdump's letters and by their
// bits (RFC 9293, 3.1; RFC 3168, 23.2).
var tcpFlags = map[rune]byte{
	'F': 0x01, 'S': 0x02, 'R': 0x04, 'P': 0x08, '.': 0x10, 'U': 0x20, 'E': 0x40, 'W': 0x80,
}

// A laggard is one rule of the plan's Late: which segments it is about, and
// how many of them are still to come.
type laggard struct {
	rule  network.Late
	flags byte // that a segment has
	mask  byte // of the flags that count
	left  int
}

// CheckLate says why the flags of a rule are none.
func CheckLate(rule network.Late) error {
	if _, err := newLaggard(rule); err != nil {
		return fmt.Errorf("late: %w", err)
	}
	return nil
}

// newLaggard reads the rule's flags. PSH counts only where it is written, as
// in a scenario's want.
func newLaggard(rule network.Late) (*laggard, error) {
	l := &laggard{rule: rule, left: max(1, rule.Count)}
	if rule.Flags == "" {
		return l, nil
	}
	inner, opened := strings.CutPrefix(rule.Flags, "[")
	inner, closed := strings.CutSuffix(inner, "]")
	if !opened || !closed || inner == "" {
		return nil, fmt.Errorf("%q is not how tcpdump prints flags, as [S] or [F.] or [P.]", rule.Flags)
	}
	l.mask = 0xff &^ tcpFlags['P']
	for _, letter := range inner {
		bit, ok := tcpFlags[letter]
		if !ok {
			return nil, fmt.Errorf("%q in %s is no flag; the flags are F S R P . U E W", letter, rule.Flags)
		}
		l.flags |= bit
		l.mask |= bit
	}
	return l, nil
}

// claims says whether the rule is about the segment, and counts it if so.
func (l *laggard) claims(s segment) bool {
	r := l.rule
	if l.left == 0 || s.flags&l.mask != l.flags ||
		r.FromPort != 0 && r.FromPort != s.from.Port() ||
		r.ToPort != 0 && r.ToPort != s.to.Port() ||
		r.Length >= 0 && r.Length != s.length {
		return false
	}
	l.left--
	return true
}
