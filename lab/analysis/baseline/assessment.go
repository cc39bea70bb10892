// The verdict that follows from findings.

package baseline

import (
	"fmt"
	"slices"
	"strings"

	"ftplab/lab/analysis/baseline/rules"
)

// A Verdict sums up a check.
type Verdict string

const (
	// IsNormal: nothing, or only notes.
	IsNormal Verdict = "normal"
	// IsUnusual: something is odd, and nothing a violation.
	IsUnusual Verdict = "unusual"
	// NotNormal: at least one violation.
	NotNormal Verdict = "not normal FTP"
	// CannotJudge: nothing differs, and nothing of a session could be judged. The capture
	// has no FTP, a packet or two of it, or all of it protected, as by TLS, so that it cannot be read. Or it has so
	// many hosts, or files, or whatever else the check remembers, that some were left out.
	CannotJudge Verdict = "cannot be judged"
)

// rank orders severities, the worst first.
var rank = map[rules.Severity]int{rules.Violation: 0, rules.Odd: 1, rules.Note: 2}

// longestFilter is how many characters the filter of a finding has at most.
const longestFilter = 300

// An Assessment is the result of a check.
type Assessment struct {
	Verdict Verdict `json:"verdict"`
	// Judged says how much of the capture could be judged.
	Judged Judged `json:"judged"`
	// Findings are ranked: the worst first, and among equals in the order of
	// their first frames.
	Findings []rules.Finding `json:"findings"`
}

// assess ranks findings and derives the verdict.
func assess(findings []rules.Finding, judged Judged) *Assessment {
	a := &Assessment{Verdict: IsNormal, Judged: judged, Findings: []rules.Finding{}}
	if !judged.enough() {
		a.Verdict = CannotJudge
	}
	for _, f := range findings {
		slices.Sort(f.Packets)
		f.Packets = slices.Compact(f.Packets)
		f.Packets = slices.Clip(f.Packets[:min(len(f.Packets), rules.MaxPackets)])
		f.Filter = frames(f.Packets)
		for len(f.Filter) > longestFilter {
			f.Packets = slices.Clip(f.Packets[:len(f.Packets)-1])
			f.Filter = frames(f.Packets)
		}
		a.Findings = append(a.Findings, f)
	}
	slices.SortStableFunc(a.Findings, func(a, b rules.Finding) int {
		if d := rank[a.Severity] - rank[b.Severity]; d != 0 {
			return d
		}
		return first(a.Packets) - first(b.Packets)
	})
	for _, f := range a.Findings {
		switch {
		case f.Severity == rules.Violation:
			a.Verdict = NotNormal
		case f.Severity == rules.Odd && a.Verdict != NotNormal:
			a.Verdict = IsUnusual
		}
	}
	return a
}

func first(packets []int) int {
	if len(packets) == 0 {
		return 0
	}
	return packets[0]
}

// frames is a display filter that selects the given frames, which rise.
func frames(packets []int) string {
	var words []string
	for i := 0; i < len(packets); {
		j := i
		for j+1 < len(packets) && packets[j+1] == packets[j]+1 {
			j++
		}
		word := fmt.Sprint(packets[i])
		if j > i {
			word += fmt.Sprintf("..%d", packets[j])
		}
		words = append(words, word)
		i = j + 1
	}
	if len(packets) == 1 {
		return "frame.number == " + words[0]
	}
	return "frame.number in {" + strings.Join(words, ", ") + "}"
}
