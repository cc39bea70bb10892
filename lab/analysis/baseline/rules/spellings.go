// Bits that somebody hides in how he writes commands and replies.

package rules

import (
	"bytes"
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
		if evidence.IsKnown(x.Command) && !s.MayBeRest(x.Line) && s.Readable(x.Packet) && strings.EqualFold(verb, x.Command) {
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

// spelledBits judges a command that a client writes in one of two ways each time.
func spelledBits(s *session) (b breach, ok bool) {
	if !slices.ContainsFunc(s.Exchanges, writtenOddly) {
		return b, false
	}
	rows := map[string]*choices{}
	for _, x := range s.Exchanges {
		verb, _, _ := strings.Cut(x.Line.Text, " ")
		if evidence.IsKnown(x.Command) && !s.MayBeRest(x.Line) && s.Readable(x.Packet) && strings.EqualFold(verb, x.Command) && s.Commands[x.Command] >= codedLeast {
			choose(rows, x.Command, verb, x.Packet)
		}
	}
	return judgeChoices(rows, func(command string) string {
		return fmt.Sprintf("the letters of %d times %s are small or capital in two ways", rows[command].n, command)
	})
}

// choices are a row of two ways to write the same.
type choices struct {
	bitRow
	first   []bool // the first ones, mostChoices at most
	ways    []string
	packets []int
}

// mostChoices is how many choices are read as a text.
const mostChoices = 8 * 32

// choose adds the next way to the row of what is written. A third way ends the row: it is no choice of two.
func choose(rows map[string]*choices, what, way string, packet int) {
	row := rows[what]
	if row == nil {
		if len(rows) >= maxNames {
			return
		}
		row = &choices{}
		rows[strings.Clone(what)] = row
	}
	at := slices.Index(row.ways, way)
	if at < 0 {
		at, row.ways = len(row.ways), append(row.ways, strings.Clone(way))
	}
	if len(row.ways) <= 2 {
		row.add(at == 1)
		if len(row.first) < mostChoices {
			row.first = append(row.first, at == 1)
		}
		row.packets = appendSome(row.packets, packet)
	}
}

// judge says of a row of choices that it carries data: a text, or what is in no order. Said is what the choices are.
func (c *choices) judge(said string) (b breach, ok bool) {
	if !c.carriesData() {
		return b, false
	}
	b = breach{severity: Odd, sign: 2, packets: c.packets, observed: said + ", in no order, as if they were bits"}
	if text := textOf(c.first); text != "" {
		b.severity = Violation
		b.observed = said + ", and spell a text, bit by bit: " + wording.Quote(text)
	}
	return b, true
}

// judgeChoices finds the gravest row that carries data.
func judgeChoices(rows map[string]*choices, said func(what string) string) (worst breach, ok bool) {
	for _, what := range slices.Sorted(maps.Keys(rows)) {
		if b, found := rows[what].judge(said(what)); found && (!ok || b.outweighs(worst)) {
			worst, ok = b, true
		}
	}
	return worst, ok
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

// linesHideNothing judges the blanks and tabs at the ends of the last lines of replies, and the data ports.
func linesHideNothing(e *Evidence, s *session) []breach {
	e.watch.spellers.announces(s)
	ends := map[string]int{}
	for _, l := range s.Lines {
		text := []byte(l.Text)
		if l.From != ftp.Server || !l.Complete || !beginsLikeReply(text) || text[3] != ' ' {
			continue
		}
		if end := text[len(bytes.TrimRight(text, " \t")):]; len(end) > 0 {
			noteIn(ends, string(end), l.Packet)
		}
	}
	if len(ends) >= fieldsOdd {
		return []breach{{packets: firstPackets(ends), observed: fmt.Sprintf("replies end with %d different rows of blanks and tabs", len(ends))}}
	}
	if b, ok := blankBits(s); ok && len(ends) > 0 {
		return []breach{b}
	}
	return nil
}

// blankBits judges replies that are the same but for the blanks at their ends, of which each has one of two.
func blankBits(s *session) (b breach, ok bool) {
	rows := map[string]*choices{}
	for _, x := range s.Exchanges {
		if len(x.Replies) != 1 || s.Commands[x.Command] < codedLeast || !s.Readable(x.Packet) {
			continue
		}
		lines := x.Replies[0].Lines
		if l := lines[len(lines)-1]; l.Complete {
			text := strings.TrimRight(l.Text, " \t")
			choose(rows, x.Command+" "+text, l.Text[len(text):], l.Packet)
		}
	}
	return judgeChoices(rows, func(what string) string {
		return fmt.Sprintf("the same reply, %d times, ends with one of two rows of blanks", rows[what].n)
	})
}
