// What a check finds, and the verdict that follows from it.

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
	// Odd is what ordinary clients and servers seldom do, or never did where
	// the profile was learned.
	Odd Severity = "unusual"
	// Note is what looks wrong and is not.
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
)

// A Finding is one difference between a capture and what is normal.
type Finding struct {
	// Rule is the name of the rule, or of the distribution of the profile.
	Rule     string   `json:"rule"`
	Severity Severity `json:"severity"`
	// Packets are the frames that show it, in rising order; of a crowd, the
	// first few.
	Packets []int `json:"packets"`
	// Expected is what is normal, Observed what the capture shows.
	Expected string `json:"expected"`
	Observed string `json:"observed"`
	// Why says why it matters, and what the innocent explanation would be.
	Why string `json:"why"`
	// Filter is a display filter of Wireshark that shows it.
	Filter string `json:"filter"`

	others int // findings of the same kind that are counted in this one
}

// maxPackets is how many frames a finding lists at most.
const maxPackets = 40

// An Assessment is the result of a check.
type Assessment struct {
	Verdict Verdict `json:"verdict"`
	// Findings are ranked: the worst first, and among equals in the order of
	// their first frames.
	Findings []Finding `json:"findings"`
}

// assess ranks findings and draws the verdict.
func assess(findings []Finding) *Assessment {
	a := &Assessment{Verdict: IsNormal, Findings: []Finding{}}
	for _, f := range findings {
		slices.Sort(f.Packets)
		f.Packets = slices.Compact(f.Packets)
		f.Packets = f.Packets[:min(len(f.Packets), maxPackets)]
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
		case f.Severity == Odd && a.Verdict == IsNormal:
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

// frames is a display filter for the given frames.
func frames(packets ...int) string {
	packets = slices.Clone(packets)
	slices.Sort(packets)
	packets = slices.Compact(packets)
	packets = packets[:min(len(packets), maxPackets)]
	if len(packets) == 1 {
		return fmt.Sprintf("frame.number == %d", packets[0])
	}
	words := make([]string, len(packets))
	for i, p := range packets {
		words[i] = fmt.Sprint(p)
	}
	return "frame.number in {" + strings.Join(words, ", ") + "}"
}

// stream is a display filter for one connection.
func stream(id int) string { return fmt.Sprintf("tcp.stream == %d", id) }
