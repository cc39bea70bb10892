// Bits that a client hides in how it writes its commands.

package rules

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/baseline/internal/wording"
	"ftplab/lab/analysis/ftp"
)

// A client writes a command in one or two ways. Capital and small letters in manyWays may carry data. They do so if all
// commands together have bitsOfWays ways more than the two that are usual for each.
const (
	manyWays   = 4
	usualWays  = 2
	bitsOfWays = 6
)

// manySpellings judges how a client writes its commands.
func manySpellings(s *session) (b breach, ok bool) {
	if !slices.ContainsFunc(s.Exchanges, writtenOddly) {
		return b, false
	}
	spelled := map[string]map[string]int{} // by command and spelling, with the packet
	for _, x := range s.Exchanges {
		verb, _, _ := strings.Cut(x.Line.Text, " ")
		if evidence.IsKnown(x.Command) && !s.MayBeRest(x.Line) && s.Readable(x.Packet) && len(verb) == len(x.Command) {
			noteFirst(spelled, x.Command, verb, x.Packet)
		}
	}
	most, spare := "", 0
	for command, ways := range spelled {
		spare += max(0, len(ways)-usualWays)
		if len(ways) > len(spelled[most]) || len(ways) == len(spelled[most]) && command < most {
			most = command
		}
	}
	ways := spelled[most]
	if len(ways) < manyWays && spare < bitsOfWays {
		return b, false
	}
	b = breach{severity: Odd, sign: 2, packets: firstPackets(ways)}
	if spare >= bitsOfWays {
		b.severity = Violation
	}
	b.observed = fmt.Sprintf("%s is written in %d ways, such as %s", most, len(ways), wording.Quote(lastOf(ways)))
	if all := spare - (len(ways) - usualWays); all > 0 {
		b.observed += fmt.Sprintf(", and other commands in more than %d ways", usualWays)
	}
	return b, true
}

// lastOf returns what a table has with the last packet. Of several in one packet, it is the greatest string.
func lastOf(table map[string]int) string {
	return slices.MaxFunc(slices.Collect(maps.Keys(table)), func(a, b string) int {
		return cmp.Or(cmp.Compare(table[a], table[b]), cmp.Compare(a, b))
	})
}

// writtenOddly reports whether a command is not in capital letters.
func writtenOddly(x *ftp.Exchange) bool { return !strings.HasPrefix(x.Line.Text, x.Command) }

// manyBlankWays is how many different sequences of spaces and tabs a client writes if they carry data.
const manyBlankWays = 8

// manyBlanks judges the spaces and tabs between a command and its argument, and at the end of the line. Programs
// pad names with spaces, so spaces alone behind an argument do not count.
func manyBlanks(s *session) (b breach, ok bool) {
	ways := map[string]int{}
	for _, x := range s.Exchanges {
		rest := x.Line.Text[min(len(x.Command), len(x.Line.Text)):]
		if !evidence.IsKnown(x.Command) || s.MayBeRest(x.Line) || !s.Readable(x.Packet) || strings.TrimLeft(rest, " \t") == rest {
			continue
		}
		text := strings.Trim(rest, " \t")
		front, tail, _ := strings.Cut(rest, text)
		if text == "" {
			front, tail = rest, ""
		}
		if strings.Trim(tail, " ") == "" {
			tail = ""
		}
		noteIn(ways, front+"x"+tail, x.Packet)
	}
	if len(ways) < manyBlankWays {
		return b, false
	}
	return breach{packets: firstPackets(ways), observed: fmt.Sprintf("commands are followed by %d different sequences of spaces and tabs", len(ways))}, true
}
