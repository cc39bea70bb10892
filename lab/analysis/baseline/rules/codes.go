// The rule about numbers that spell a text: pauses and sizes.

package rules

import (
	"fmt"
	"slices"
	"time"

	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/baseline/internal/wording"
	"ftplab/lab/analysis/ftp"
)

var numbersAreNoCodeRule = Rule{
	Name: "numbers-are-no-code", Theme: "requests",
	Says:     "The pauses between commands, the types of files and their sizes come from the work. They do not spell a text.",
	Source:   "MITRE ATT&CK, T1029 (scheduled transfer) and T1048.003 (exfiltration over FTP); DoD 5200.28-STD, 8.0 (covert timing channels)",
	Example:  "> NOOP sixty times, with pauses of one second and of two seconds, in no order",
	Severity: Violation,
	Matters:  "Data that is hidden in pauses, types or sizes passes every sensor that looks at commands and files.",
	Innocent: "a program tests how fast the server answers.",
	look:     eachSession(codedNumbers),
}

func codedNumbers(e *Evidence, s *session) []breach {
	return slices.Concat(codedPauses(s), codedTypes(s), codedSizes(e, s))
}

// Limits of pauses that carry data: so many pauses between commands that do nothing, each shorter than a pause that
// keeps a session alive, of two lengths that differ at least by pauseRatio and hardly vary.
const (
	codedLeast  = 30
	shortPause  = 15 * time.Second
	pauseRatio  = 1.3
	pauseSpread = 0.1
)

// codedPauses finds rows of NOOP whose pauses have two lengths, in no order. A program that repeats a cycle has an order.
// Pauses in which the capture lacks commands do not count.
func codedPauses(s *session) (found []breach) {
	if s.Commands["NOOP"] <= codedLeast {
		return nil
	}
	row := []*ftp.Exchange{}
	end := func() {
		if b, ok := judgePauses(row); ok {
			found = append(found, b)
		}
		row = row[:0]
	}
	for _, x := range s.Exchanges {
		if x.Command != "NOOP" {
			end()
			continue
		}
		if n := len(row); n > 0 && time.Duration(x.Time-row[n-1].Time) >= shortPause {
			end()
		}
		row = append(row, x)
	}
	end()
	return found
}

func judgePauses(row []*ftp.Exchange) (b breach, ok bool) {
	if len(row) <= codedLeast {
		return b, false
	}
	var pauses []float64 // in seconds
	for i, x := range row[1:] {
		if !x.AfterGap {
			pauses = append(pauses, time.Duration(x.Time-row[i].Time).Seconds())
		}
	}
	if len(pauses) < codedLeast {
		return b, false
	}
	sorted := slices.Sorted(slices.Values(pauses))
	split := 1 // where the longer pauses begin
	for i := range sorted[1:] {
		if sorted[i+1]-sorted[i] > sorted[split]-sorted[split-1] {
			split = i + 1
		}
	}
	short, long := sorted[:split], sorted[split:]
	if !isNarrow(short) || !isNarrow(long) || long[0] < pauseRatio*short[len(short)-1] {
		return b, false
	}
	var bits bitRow
	for i, x := range row[1:] {
		if x.AfterGap {
			bits.breakOff()
		} else {
			bits.add(time.Duration(x.Time-row[i].Time).Seconds() >= long[0])
		}
	}
	if !bits.carriesData() {
		return b, false
	}
	for _, x := range row {
		b.packets = appendSome(b.packets, x.Packet)
	}
	b.observed = fmt.Sprintf("the pauses between %d NOOPs have two lengths, %.1f s and %.1f s, in no order, as if they were bits", len(row), short[len(short)/2], long[len(long)/2])
	return b, true
}

// isNarrow reports whether sorted pauses hardly vary.
func isNarrow(sorted []float64) bool {
	middle := sorted[len(sorted)/2]
	return sorted[len(sorted)-1]-sorted[0] <= pauseSpread*middle
}

// How many files have sizes that are codes of letters, and how many different ones. Those of a text are letters mostly.
const (
	codedFiles  = 16
	codedSorts  = 6
	lettersPart = 0.8
)

// codedSizes judges the sizes of files that say nothing else: all of their bytes are the same, or they were removed at once.
// Something may be added to each code.
func codedSizes(e *Evidence, s *session) []breach {
	if s.Commands["STOR"] < codedFiles {
		return nil
	}
	var blank, codes []int64 // sizes of files of one byte again and again, and sizes that are codes as they are
	var packets, small []int
	for i, x := range s.Exchanges {
		data := s.DataOf(x.Data)
		if x.Command != "STOR" || !evidence.Completed(x) || len(data) != 1 {
			continue
		}
		size := data[0].ClientFlow.Bytes
		same := size > 0 && e.storesBlank(s, x)
		if same {
			blank, packets = append(blank, size), appendSome(packets, x.Packet)
		}
		removed := i+1 < len(s.Exchanges) && s.Exchanges[i+1].Command == "DELE" && s.Exchanges[i+1].Argument == x.Argument
		if (same || removed) && ' ' <= size && size <= '~' {
			codes, small = append(codes, size), appendSome(small, x.Packet)
		}
	}
	if text := lettersOf(codes, 0); isCodedText(text, s) {
		return []breach{{packets: small, observed: fmt.Sprintf("the sizes of %d files with no content are the codes of letters: %s", len(text), wording.Quote(string(text)))}}
	}
	if len(blank) == 0 {
		return nil
	}
	least := slices.Min(blank)
	for c := int64(' '); c <= '~'; c++ {
		if text := lettersOf(blank, least-c); isCodedText(text, s) && isProse(text) {
			return []breach{{packets: packets, observed: fmt.Sprintf("the sizes of %d files with no content are the codes of letters and %d: %s", len(text), least-c, wording.Quote(string(text)))}}
		}
	}
	return nil
}

// lettersOf are the letters whose codes are sizes, to which something was added; nil if one is no letter's.
func lettersOf(sizes []int64, added int64) (text []byte) {
	for _, size := range sizes {
		if size-added < ' ' || size-added > '~' {
			return nil
		}
		text = append(text, byte(size-added))
	}
	return text
}

// isCodedText reports whether the codes of files are mostly letters, and those of most files that the session stored.
func isCodedText(text []byte, s *session) bool {
	sorts, letters := map[byte]bool{}, 0
	for _, c := range text {
		if c == ' ' || '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' {
			letters++
		}
		sorts[c] = true
	}
	n := len(text)
	return n >= codedFiles && len(sorts) >= codedSorts && float64(letters) >= lettersPart*float64(n) && n*3 >= s.Commands["STOR"]*2
}
