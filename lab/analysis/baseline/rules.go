// The rules that every normal session keeps.

package baseline

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"ftplab/lab/analysis/ftp"
)

// A Rule is something that every normal session keeps.
type Rule struct {
	// Name is how findings refer to it.
	Name string
	// Theme is the part of a session that it is about.
	Theme string
	// Says is the rule in one sentence.
	Says string
	// Source is where it is written: an RFC and its section, or an article.
	Source string
	// Severity is the weight of a breach that no innocent reason explains.
	Severity Severity
	// Matters says why a breach matters, Innocent what else may be behind it.
	Matters, Innocent string

	sign int // how much a breach counts where several signs agree; 0 if it is none
	look func() look
}

// A look examines a capture piece by piece. What a rule has to remember from one piece to
// the next is in the variables of its functions, each of which may be nil.
type look struct {
	// connection is called for each connection, in the order of their IDs.
	connection func(*Evidence, *ftp.Connection) []breach
	// session is called for each session, in the order of the IDs of their control
	// connections.
	session func(*Evidence, *session) []breach
	// data is called for each data connection, those of a session together; the session
	// is nil if there is none.
	data func(*Evidence, *session, *ftp.Connection) []breach
	// end is called when all have been looked at.
	end func(*Evidence) []breach
}

// A breach is a place where a rule is broken.
type breach struct {
	place int // among the other breaches of the rule: the ID of the connection
	// severity is the rule's own, unless it says otherwise: something innocent
	// is likely, or sure.
	severity Severity
	packets  []int
	// expected is what the rule says, unless it can be said more exactly here.
	expected string
	observed string
	// hosts are those it is about, if it is found at the end.
	hosts pairOfHosts
	sign  int // in the place of the rule's
}

// maxFindings is how many findings of one rule and one weight are made. What more there is
// of them is counted in the last one.
const maxFindings = 5

// findings makes findings of the breaches of the rule: one for all breaches of one weight on
// one connection, and one for all notes.
func (r Rule) findings(breaches []breach) []Finding {
	slices.SortStableFunc(breaches, func(a, b breach) int { return cmp.Compare(a.place, b.place) })
	type group struct {
		Severity
		place int
	}
	var findings []Finding
	groups := map[group]int{} // indexes of findings
	made := map[Severity][]int{}
	for _, b := range breaches {
		f := r.finding(b)
		g := group{f.Severity, b.place}
		if f.Severity == Note {
			g.place = 0
		}
		i, begun := groups[g]
		switch list := made[f.Severity]; {
		case begun && b.place != atEnd:
		case len(list) < maxFindings:
			i = len(findings)
			made[f.Severity] = append(list, i)
			findings = append(findings, f)
			groups[g] = i
			continue
		default:
			i = list[maxFindings-1]
		}
		findings[i].more(f)
	}
	for i := range findings {
		if f := &findings[i]; f.others > 0 {
			f.Observed += fmt.Sprintf("; and %d more like it", f.others)
		}
	}
	return findings
}

// atEnd is the place of breaches that no single connection shows.
const atEnd = math.MaxInt

// finding makes a finding of a breach.
func (r Rule) finding(b breach) Finding {
	f := Finding{
		Rule: r.Name, Severity: r.Severity, Packets: without(b.packets, 0), Expected: r.Says, Observed: b.observed,
		Why: r.Matters + " Harmless if " + r.Innocent + " See " + r.Source + ".",
	}
	if b.severity != "" {
		f.Severity = b.severity
	}
	if b.expected != "" {
		f.Expected = b.expected
	}
	return f
}

// more counts a finding of the same kind in f.
func (f *Finding) more(g Finding) {
	f.others++
	if len(f.Packets) < maxPackets {
		f.Packets = append(f.Packets, g.Packets...)
	}
}

// Rules returns the rules, by theme.
func Rules() []Rule {
	var all []Rule
	for _, theme := range [][]Rule{dialogueRules, faultRules, loginRules, announceRules, dataRules, programRules, attackRules, pathRules, tlsRules, scanRules, besideRules, signRules, tcpRules, looksRules} {
		all = append(all, theme...)
	}
	return all
}

// eachSession is a look at one session after the other. What went on inside TLS cannot be
// seen; what was said before is looked at.
func eachSession(session func(*Evidence, *session) []breach) func() look {
	return func() look { return look{session: session} }
}

// eachData is a look at one data connection after the other.
func eachData(data func(*Evidence, *session, *ftp.Connection) []breach) func() look {
	return func() look { return look{data: data} }
}

// eachConnection is a look at one connection after the other.
func eachConnection(connection func(*Evidence, *ftp.Connection) []breach) func() look {
	return func() look { return look{connection: connection} }
}

// atTheEnd is a look at what is known of the capture as a whole.
func atTheEnd(end func(*Evidence) []breach) func() look {
	return func() look { return look{end: end} }
}
