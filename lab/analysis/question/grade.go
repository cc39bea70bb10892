// Marks for what people answer.

package question

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// resolution is how far a time may be off because a capture, and what shows it,
// rounds to microseconds.
const resolution = 1e-6

// Grade reports whether what a person wrote is the right answer, and says why not.
func (a *Answer) Grade(given string) (right bool, why string) {
	given = strings.TrimSpace(given)
	switch {
	case given == "":
		return false, "there is no answer"
	case a.Kind == Text && plain(given) == plain(a.Right):
		return true, ""
	case a.Kind == Text:
		return false, fmt.Sprintf("it is %q", a.Right)
	case a.Kind == Choice:
		return a.gradeChoice(given)
	}
	values := readings(a.Kind, given)
	if len(values) == 0 {
		return false, fmt.Sprintf("%q is not a %s; %s", given, a.Kind, a.is())
	}
	for _, n := range values {
		if a.covers(n) {
			return true, ""
		}
	}
	return false, a.is()
}

// is says what is right.
func (a *Answer) is() string {
	if !a.Any {
		return "it is " + a.Right
	}
	var frames []string
	for _, n := range a.Frames {
		frames = append(frames, strconv.Itoa(n))
	}
	return "it is " + strings.Join(frames, " or ")
}

// covers reports whether a number is near enough to the right one. What floating-point numbers round is
// no error: much less than the nanosecond of the finest capture, or than one in the largest count.
func (a *Answer) covers(n float64) bool {
	off := math.Abs(n-a.Number) - 1e-12*math.Abs(a.Number)
	switch a.Kind {
	case Frame:
		if a.Any {
			return slices.Contains(a.Frames, int(n)) && n == math.Trunc(n)
		}
		return n >= float64(a.First) && n <= a.Number
	case Time:
		return off <= a.Tolerance+resolution+resolution/2000
	}
	return off <= a.Tolerance
}

// gradeChoice grades a letter, a word or the text of an option.
func (a *Answer) gradeChoice(given string) (right bool, why string) {
	for i, o := range a.Options {
		if !picks(given, rune('a'+i), o) {
			continue
		}
		if o.Text == a.Right {
			return true, ""
		}
		return false, a.is()
	}
	return false, fmt.Sprintf("%q is none of the choices; %s", given, a.is())
}

// lettered is the letter of an option, alone or as people and the sheet mark it, and
// perhaps the option: a, (a), a: or * a) the client.
var lettered = regexp.MustCompile(`^(?:\* *)?\(?([a-z])(?:[).:]+ *(.*))?$`)

// picks reports whether an answer means an option.
func picks(given string, letter rune, o Option) bool {
	m := lettered.FindStringSubmatch(plain(given))
	return o.isNamed(given) || m != nil && m[1] == string(letter) && (m[2] == "" || o.isNamed(m[2]))
}

// isNamed reports whether a text is the word or the explanation of an option.
func (o Option) isNamed(s string) bool { return plain(s) == plain(o.Word) || plain(s) == plain(o.Text) }

// alsoNames returns the word or the explanation of an option that names another one, too; "" for
// none.
func (o Option) alsoNames(other Option) string {
	for _, name := range []string{o.Text, o.Word} {
		if other.isNamed(name) {
			return name
		}
	}
	return ""
}

// plain is a text without what does not matter in an answer.
func plain(s string) string {
	return strings.ToLower(strings.Join(strings.Fields(strings.Trim(s, " \t\"'`.“”„«»")), " "))
}

// number is a number with what people write around it: a word in front, as in
// "frame 12" or "tcp/21", and a unit after.
var number = regexp.MustCompile(`^(?:[a-zA-Z]+\.?)?[ /#:]*([-+]?[.,]?[0-9][0-9.,' \x{00a0}\x{202f}]*)([^0-9]*)$`)

// factors are what units of times and sizes are worth.
var factors = map[Kind]map[string]float64{
	Time: {"s": 1, "sec": 1, "second": 1, "seconds": 1, "ms": 1e-3, "msec": 1e-3, "millisecond": 1e-3, "milliseconds": 1e-3,
		"us": 1e-6, "µs": 1e-6, "μs": 1e-6, "microseconds": 1e-6, "ns": 1e-9, "min": 60, "minutes": 60},
	Number: {"": 1, "b": 1, "byte": 1, "bytes": 1, "kb": 1e3, "mb": 1e6, "gb": 1e9, "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30,
		"packets": 1, "frames": 1, "segments": 1, "connections": 1, "times": 1},
	Port:  {"": 1, "/tcp": 1, "tcp": 1},
	Frame: {"": 1},
}

// readings are the numbers that an answer may mean: none if it is not a number.
func readings(kind Kind, text string) []float64 {
	m := number.FindStringSubmatch(strings.TrimSpace(text))
	if m == nil {
		return nil
	}
	unit := strings.ToLower(strings.Trim(m[2], " ."))
	factors := factors[kind]
	var units []float64
	if f, ok := factors[unit]; ok {
		units = []float64{f}
	} else if unit == "" && kind == Time {
		units = []float64{1, 1e-3} // as Wireshark shows times, and as people write them
	}
	var all []float64
	for _, n := range numerals(m[1]) {
		for _, f := range units {
			all = append(all, n*f)
		}
	}
	return all
}

// thousands is a number with separators between groups of three digits.
var thousands = regexp.MustCompile(`^[-+]?[0-9]{1,3}([.,][0-9]{3})+$`)

// numerals are the numbers that digits with points and commas may mean: 1,024 is one
// thousand or a little more than one.
func numerals(s string) []float64 {
	s = strings.NewReplacer(" ", "", "\u00a0", "", "\u202f", "", "'", "").Replace(s)
	forms := []string{strings.Replace(s, ",", ".", 1)}
	if thousands.MatchString(s) {
		forms = append(forms, strings.NewReplacer(",", "", ".", "").Replace(s))
	}
	var all []float64
	for _, f := range forms {
		if n, err := strconv.ParseFloat(f, 64); err == nil {
			all = append(all, n)
		}
	}
	return all
}
