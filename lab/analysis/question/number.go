// Numbers as people write them.

package question

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// number is a number with what people write around it: words in front, as in "frame no. 12" or
// "tcp/21", and a unit after.
var number = regexp.MustCompile(`^((?:\pL+\.?|[#/:=~≈ ])*)([-−+]?[.,]?[0-9][0-9.,'’ \x{00a0}\x{202f}]*)([^0-9]*)$`)

// approximately are words in front of what was measured or counted.
var approximately = []string{"about", "approximately", "approx", "roughly", "circa", "ca", "exactly"}

// leads are the words that may stand in front of a number.
var leads = map[Kind][]string{
	Frame:  {"frame", "packet", "pkt", "number", "no", "nr"},
	Port:   {"tcp", "port", "number", "no", "nr"},
	Time:   approximately,
	Number: approximately,
}

// times are what units of times are worth, in seconds.
var times = map[string]float64{
	"s": 1, "sec": 1, "secs": 1, "second": 1, "seconds": 1,
	"ms": 1e-3, "msec": 1e-3, "millisecond": 1e-3, "milliseconds": 1e-3,
	"us": 1e-6, "µs": 1e-6, "μs": 1e-6, "usec": 1e-6, "microsecond": 1e-6, "microseconds": 1e-6,
	"ns": 1e-9, "min": 60, "minute": 60, "minutes": 60,
}

// sizes are what units of sizes are worth, in bytes.
var sizes = map[string]float64{
	"": 1, "b": 1, "byte": 1, "bytes": 1, "kb": 1e3, "mb": 1e6, "gb": 1e9, "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30,
}

// readings are the numbers that an answer may mean: none if it is not a number, or has a unit of
// something else. Only a time without a unit may mean two.
func (a *Answer) readings(text string) []float64 {
	m := number.FindStringSubmatch(strings.TrimSpace(text))
	if m == nil || !a.mayLead(m[1]) {
		return nil
	}
	unit := strings.ToLower(strings.Trim(m[3], " ."))
	if a.Kind == Time && unit == "" {
		n, ok := numeral(m[2], false)
		return finite(ok, n, n*times["ms"]) // as Wireshark shows times, and as people write them
	}
	factor, ok := a.factor(unit)
	if !ok {
		return nil
	}
	n, ok := numeral(m[2], a.Kind != Time && factor == 1)
	return finite(ok, n*factor)
}

func finite(ok bool, values ...float64) []float64 {
	if !ok {
		return nil
	}
	return values
}

// mayLead reports whether some words may stand in front of a number: "packet no.", and not "not".
func (a *Answer) mayLead(text string) bool {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) })
	return !slices.ContainsFunc(words, func(word string) bool { return !slices.Contains(leads[a.Kind], word) })
}

// factor is what the unit after a number is worth. The unit of a count is what is counted.
func (a *Answer) factor(unit string) (factor float64, ok bool) {
	switch {
	case a.Kind == Time:
		factor, ok = times[unit]
	case a.Kind == Port:
		factor, ok = 1, unit == "" || unit == "tcp" || unit == "/tcp"
	case a.Kind == Number && a.Bytes:
		factor, ok = sizes[unit]
	case a.Kind == Number:
		factor, ok = 1, unit == "" || a.counts(unit)
	default:
		factor, ok = 1, unit == ""
	}
	return factor, ok
}

// counted are the words after "How many", up to the first plural: "TCP connections".
var counted = regexp.MustCompile(`(?i)\bhow many ((?:\pL+ )*?(\pL+s))\b`)

// samePackets are words for what a count of packets counts.
var samePackets = []string{"frames", "packets", "segments"}

// counts reports whether a noun is what the question counts: one of "segments", "segment" and
// "packets" if it asks how many segments there are.
func (a *Answer) counts(noun string) bool {
	m := counted.FindStringSubmatch(strings.ToLower(a.Text))
	if m == nil {
		return false
	}
	nouns := []string{m[1], m[2]}
	if slices.Contains(samePackets, m[2]) {
		nouns = append(nouns, samePackets...)
	}
	return slices.ContainsFunc(nouns, func(n string) bool { return noun == n || noun == strings.TrimSuffix(n, "s") })
}

// groups is a number with separators between groups of three digits.
var groups = regexp.MustCompile(`^[-+]?[1-9][0-9]{0,2}([.,][0-9]{3})+$`)

// spaced is a number with spaces or apostrophes between its thousands, and space one of these.
var (
	spaced = regexp.MustCompile(`^[-+]?[0-9]{1,3}(['’ \x{00a0}\x{202f}][0-9]{3})+([.,][0-9]*)?$`)
	space  = regexp.MustCompile(`['’ \x{00a0}\x{202f}]`)
)

// numeral reads digits with points and commas. A point or a comma is the decimal sign, whichever
// the writer is used to: 4,124 s is 4.124 s. It groups digits if it stands there more than once,
// if another sign comes later, or if the number is whole, where 44,448 has no decimals.
func numeral(s string, whole bool) (n float64, ok bool) {
	s = strings.TrimRight(strings.TrimSpace(strings.ReplaceAll(s, "−", "-")), ".,")
	if spaced.MatchString(s) {
		s = space.ReplaceAllString(s, "")
	}
	decimals := ""
	last := strings.LastIndexAny(s, ".,")
	if last >= 0 && strings.Count(s, s[last:last+1]) == 1 && !(whole && groups.MatchString(s)) {
		s, decimals = s[:last], "."+s[last+1:]
	}
	if strings.ContainsAny(s, ".,") {
		if !groups.MatchString(s) || strings.Contains(s, ".") && strings.Contains(s, ",") {
			return 0, false
		}
		s = strings.NewReplacer(",", "", ".", "").Replace(s)
	}
	n, err := strconv.ParseFloat(s+decimals, 64)
	return n, err == nil
}
