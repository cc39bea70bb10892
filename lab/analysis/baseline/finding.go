// Findings, and the verdict that follows from them.

package baseline

import (
	"fmt"
	"slices"
	"strings"
)

// A Severity is the weight of a finding.
type Severity string

const (
	// Violation is what no ordinary client and server do.
	Violation Severity = "violation"
	// Odd is what ordinary clients and servers seldom do, or what the captures of the
	// profile do not contain.
	Odd Severity = "unusual"
	// Note is what only looks wrong, or a sign that is weak alone.
	Note Severity = "note"
)

// rank orders severities, the worst first.
var rank = map[Severity]int{Violation: 0, Odd: 1, Note: 2}

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
	// has no FTP, a packet or two of it, or all of it in TLS that cannot be read.
	CannotJudge Verdict = "cannot be judged"
)

// A Finding is one difference between a capture and what is normal.
type Finding struct {
	// Rule is the name of the rule, or of the distribution of the profile.
	Rule     string   `json:"rule"`
	Severity Severity `json:"severity"`
	// Packets are the frames that show it, in rising order. Of many frames they are the
	// first ones.
	Packets []int `json:"packets"`
	// Expected is what is normal, Observed is what the capture has.
	Expected string `json:"expected"`
	Observed string `json:"observed"`
	// Why says why it matters, and what a harmless reason would be.
	Why string `json:"why"`
	// Filter is a display filter of Wireshark that selects exactly these frames.
	Filter string `json:"filter"`

	others int // findings of the same kind that are counted in this one
}

// A finding lists at most maxPackets frames, and so many that its filter has at most
// longestFilter characters.
const (
	maxPackets    = 40
	longestFilter = 300
)

// An Assessment is the result of a check.
type Assessment struct {
	Verdict Verdict `json:"verdict"`
	// Judged says how much of the capture could be judged.
	Judged Judged `json:"judged"`
	// Findings are ranked: the worst first, and among equals in the order of
	// their first frames.
	Findings []Finding `json:"findings"`
}

// assess ranks findings and derives the verdict.
func assess(findings []Finding, judged Judged) *Assessment {
	a := &Assessment{Verdict: IsNormal, Judged: judged, Findings: []Finding{}}
	if !judged.any() {
		a.Verdict = CannotJudge
	}
	for _, f := range findings {
		slices.Sort(f.Packets)
		f.Packets = slices.Compact(f.Packets)
		f.Packets = slices.Clip(f.Packets[:min(len(f.Packets), maxPackets)])
		f.Filter = frames(f.Packets)
		for len(f.Filter) > longestFilter {
			f.Packets = slices.Clip(f.Packets[:len(f.Packets)-1])
			f.Filter = frames(f.Packets)
		}
		a.Findings = append(a.Findings, f)
	}
	slices.SortStableFunc(a.Findings, func(a, b Finding) int {
		if d := rank[a.Severity] - rank[b.Severity]; d != 0 {
			return d
		}
		return first(a.Packets) - first(b.Packets)
	})
	for _, f := range a.Findings {
		switch {
		case f.Severity == Violation:
			a.Verdict = NotNormal
		case f.Severity == Odd && a.Verdict != NotNormal:
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
