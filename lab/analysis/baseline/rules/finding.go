// Findings: what differs from what is normal, and how much it matters.

package rules

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

// MaxPackets is how many frames a finding lists.
const MaxPackets = 40
