// Bits that somebody hides in the choice between two values.

package rules

import (
	"fmt"

	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/baseline/internal/wording"
	"ftplab/lab/analysis/ftp"
)

// A bitRow is a row of choices between two values.
type bitRow struct {
	n, ones  int
	unbroken int                   // how many there are since some were not recorded
	before   uint16                // the last ones
	alike    [longestCycle + 1]int // how many are the same as the one so many places before
	compared [longestCycle + 1]int // how many there are of which that one is known
}

// longestCycle is how many choices a program makes, at most, before it begins again.
const longestCycle = 8

func (r *bitRow) add(one bool) {
	bit := uint16(0)
	if one {
		bit = 1
		r.ones++
	}
	for back := 1; back <= min(longestCycle, r.unbroken); back++ {
		r.compared[back]++
		if r.before>>(back-1)&1 == bit {
			r.alike[back]++
		}
	}
	r.before = r.before<<1 | bit
	r.n++
	r.unbroken++
}

// breakOff is called where the capture lacks choices.
func (r *bitRow) breakOff() { r.unbroken = 0 }

// carriesData reports whether a row is long enough, has both values often, and has no order. A program that repeats a
// cycle has an order.
func (r *bitRow) carriesData() bool {
	if r.n < codedLeast || r.ones < r.n/5 || r.n-r.ones < r.n/5 {
		return false
	}
	for back := 1; back <= longestCycle; back++ {
		if r.alike[back]*10 > 9*r.compared[back] || r.compared[back] == 0 {
			return false
		}
	}
	return true
}

// textOf is the text that choices spell, eight of them a letter, "" for none. Nobody knows which of the values is one, and
// which end of a letter comes first.
func textOf(choices []bool) string {
	for _, one := range []bool{true, false} {
		text, turned := make([]byte, len(choices)/8), make([]byte, len(choices)/8)
		for i, bit := range choices[:len(text)*8] {
			if bit == one {
				text[i/8] |= 0x80 >> (i % 8)
				turned[i/8] |= 1 << (i % 8)
			}
		}
		for _, text := range [][]byte{text, turned} {
			if isWords(text) {
				return string(text)
			}
		}
	}
	return ""
}

// codedTypes finds rows of TYPE whose arguments are in no order, while nothing is transferred. A client that keeps a
// session alive waits for longer between two of them.
func codedTypes(s *session) (found []breach) {
	if !s.Whole || s.Commands["TYPE"] < codedLeast {
		return nil
	}
	var row bitRow
	var packets []int
	var last int64
	end := func() {
		if row.carriesData() {
			found = append(found, breach{packets: packets, observed: fmt.Sprintf("the arguments of %d TYPEs, which no transfer used, are in no order, as if they were bits", row.n)})
		}
		row, packets = bitRow{}, nil
	}
	for _, x := range s.Exchanges {
		if evidence.IsTransfer(x) {
			end()
		}
		if x.Command != "TYPE" || !s.Readable(x.Packet) {
			continue
		}
		if x.Time-last >= int64(keepAlivePause) {
			end()
		}
		row.add(x.Argument == "A")
		packets, last = appendSome(packets, x.Packet), x.Time
	}
	end()
	return found
}

// manyDistances is how many times to live the packets of a side have at most: so many ways of different lengths lead to
// no host.
const manyDistances = 8

// hops judges the times to live of the packets of a side with data. Where some are missing, their order is not known.
func (s *side) hops(name ftp.Side, lacks bool) (b breach, ok bool) {
	ways := len(s.odd.detours) + 1
	b.packets = []int{int(s.first.first)}
	for _, d := range s.odd.detours {
		b.packets = appendSome(b.packets, int(d.first))
	}
	switch {
	case ways >= manyDistances:
		b.observed = fmt.Sprintf("packets of the %s have %d different times to live, as if they carried data, or looked for the routers on the way", name, ways)
	case !lacks && s.odd.ttls.carriesData():
		b.observed = fmt.Sprintf("%s of the %s with data have one or the other time to live, in no order, as if they were bits", wording.Plural(s.odd.ttls.n, "packet", "packets"), name)
	default:
		return b, false
	}
	return b, true
}
