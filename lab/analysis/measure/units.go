// The units of figures: how values are read and written.

package measure

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"ftplab/lab/scenario"
)

// A value is a number in the base of its unit (bytes, seconds, bits per second, a share
// from 0 to 1), or words.
type value struct {
	number float64
	words  string
}

// A unit is a kind of value.
type unit int

const (
	count unit = iota
	bytes
	seconds
	share
	rate
	ratio
	words
)

// A suffix stands after a number, such as ms. The number is multiplied by its factor.
type suffix struct {
	text   string
	factor float64
}

// suffixes are those of each unit; examples use the first.
var suffixes = map[unit][]suffix{
	count:   {{"", 1}},
	ratio:   {{"", 1}},
	bytes:   {{"", 1}, {"B", 1}, {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"kB", 1e3}, {"MB", 1e6}, {"GB", 1e9}},
	seconds: {{"ms", 1e-3}, {"s", 1}, {"us", 1e-6}, {"µs", 1e-6}, {"ns", 1e-9}, {"min", 60}},
	share:   {{"%", 1e-2}},
	rate: {{"Mbit/s", 1e6}, {"kbit/s", 1e3}, {"Gbit/s", 1e9}, {"bit/s", 1},
		{"MB/s", 8e6}, {"kB/s", 8e3}, {"GB/s", 8e9}, {"B/s", 8}},
}

// expected describes a value of each unit.
var expected = map[unit]string{
	count: "a number such as 2, or none", ratio: "a number such as 0.98", bytes: "a number of bytes such as 164 or 10MiB",
	seconds: "a time such as 107ms or 1.5s", share: "a share such as 66%", rate: "a rate such as 8Mbit/s or 1MB/s",
	words: `a word such as yes, no or a digest, or a text in quotes such as "my file.txt"`,
}

// measured reports whether values of the unit are measured rather than counted.
func (u unit) measured() bool { return u == seconds || u == share || u == rate || u == ratio }

var numberThenUnit = regexp.MustCompile(`^(-?[0-9]+(?:\.[0-9]+)?) ?([^0-9. ]*)$`)

// parse reads a value.
func (u unit) parse(s string) (value, error) {
	if u == words && strings.HasPrefix(s, `"`) {
		text, rest, err := scenario.CutQuoted(s)
		if err != nil {
			return value{}, err
		}
		if text == "" || rest != "" {
			return value{}, fmt.Errorf("%s: %s was expected", s, expected[u])
		}
		return value{words: text}, nil
	}
	if u == words || u == count && s == "none" {
		if s == "" || strings.ContainsAny(s, " \t") {
			return value{}, fmt.Errorf("%q: %s was expected", s, expected[u])
		}
		return value{words: s}, nil
	}
	m := numberThenUnit.FindStringSubmatch(s)
	if m == nil {
		return value{}, fmt.Errorf("%q: %s was expected", s, expected[u])
	}
	for _, x := range suffixes[u] {
		if x.text != m[2] {
			continue
		}
		n, err := strconv.ParseFloat(m[1], 64)
		n *= x.factor
		if err != nil || !u.measured() && n != math.Trunc(n) {
			break
		}
		return value{number: n}, nil
	}
	return value{}, fmt.Errorf("%q: %s was expected", s, expected[u])
}

// ParseTolerance reads how far a count, a number of bytes or a time may be off: a value of the
// kind, with its unit, or a percentage. The latter is returned as a share, and relative.
func ParseTolerance(kind Kind, s string) (tolerance float64, relative bool, err error) {
	if percent, ok := strings.CutSuffix(s, "%"); ok {
		tolerance, err = parsePercentage(percent)
		return tolerance, true, err
	}
	u, such := bytes, "2"
	if kind == Time {
		u, such = seconds, "3ms"
	}
	v, err := u.parse(s)
	if err != nil || v.number < 0 {
		return 0, false, fmt.Errorf("± %s: a %s or a percentage was expected, such as %s or 5%%", s, kind, such)
	}
	return v.number, false, nil
}

// parsePercentage reads the number in front of a % and returns the share.
func parsePercentage(s string) (float64, error) {
	n, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil || !(n >= 0 && n <= 100) { // NaN is neither
		return 0, fmt.Errorf("± %s%%: a percentage from 0 to 100 was expected", s)
	}
	return n / 100, nil
}

// parseTolerance reads a tolerance: in the unit, or in per cent of the value. The
// tolerance of a share is always in percentage points.
func (u unit) parseTolerance(s string, of value) (float64, error) {
	if of.words != "" {
		return 0, fmt.Errorf("± %s: words have no tolerance", s)
	}
	percent, relative := strings.CutSuffix(s, "%")
	if relative && u != share {
		tolerance, err := parsePercentage(percent)
		return math.Abs(of.number) * tolerance, err
	}
	t, err := u.parse(s)
	if err != nil || t.number < 0 {
		return 0, fmt.Errorf("± %s: a tolerance in the unit of the value was expected, or one in per cent of it", s)
	}
	return t.number, nil
}

// print writes a value with the same suffix as the written value, so that a reader can
// compare the two. If the value is too small for that, it has a suffix that fits.
func (u unit) print(v value, written string) string {
	if v.words != "" && strings.HasPrefix(written, `"`) {
		return strconv.Quote(v.words)
	}
	if v.words != "" {
		return v.words
	}
	if u == count || u == bytes {
		return strconv.FormatFloat(v.number, 'f', -1, 64)
	}
	x := suffixes[u][0]
	if m := numberThenUnit.FindStringSubmatch(written); m != nil {
		for _, candidate := range suffixes[u] {
			if candidate.text == m[2] {
				x = candidate
			}
		}
	}
	const least = 1e-3
	if n := math.Abs(v.number) / x.factor; n > 0 && n < least {
		x = u.fitting(v.number, x)
	}
	n := v.number / x.factor
	digits := 4 - int(math.Floor(math.Log10(max(math.Abs(n), 1e-9))))
	if n == 0 || math.Abs(n) >= least {
		digits = min(digits, 6)
	}
	text := strconv.FormatFloat(n, 'f', max(digits, 0), 64)
	if math.Abs(n) < 1 && strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text + x.text
}

// fitting returns the suffix with the largest factor that a number is not below. Bits and bytes
// per second stay what they are.
func (u unit) fitting(number float64, written suffix) suffix {
	number, fits := math.Abs(number), written
	for _, x := range suffixes[u] {
		alike := strings.HasSuffix(x.text, "bit/s") == strings.HasSuffix(written.text, "bit/s")
		if alike && (x.factor < fits.factor && number < fits.factor || x.factor > fits.factor && number >= x.factor) {
			fits = x
		}
	}
	return fits
}

// holds reports whether a measured value satisfies the figure.
func (g *figure) holds(got value) bool {
	want := g.value
	if want.words != "" || got.words != "" {
		return (want.words == got.words) == (g.op == "=")
	}
	slack := g.tolerance + 1e-9*math.Abs(want.number) // of floating point
	switch g.op {
	case "=":
		return math.Abs(got.number-want.number) <= slack
	case "!=":
		return got.number != want.number
	case "<":
		return got.number < want.number
	case "<=":
		return got.number <= want.number
	case ">":
		return got.number > want.number
	}
	return got.number >= want.number
}
