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
	values := a.readings(unmarked(given))
	if len(values) == 0 {
		return false, fmt.Sprintf("%q is not %s; %s", Beginning(given), a.wanted(), a.is())
	}
	for _, n := range values {
		if a.covers(n) {
			return true, ""
		}
	}
	return false, a.is()
}

// wanted says what kind of answer is expected.
func (a *Answer) wanted() string {
	if a.Kind == Number && a.Bytes {
		return "a number of bytes"
	}
	return "a " + string(a.Kind)
}

// mostFrames is how many right frames are named.
const mostFrames = 5

// is says what is right.
func (a *Answer) is() string {
	if !a.Any {
		return "it is " + a.Right
	}
	var frames []string
	for _, n := range a.Frames[:min(mostFrames, len(a.Frames))] {
		frames = append(frames, strconv.Itoa(n))
	}
	if more := len(a.Frames) - mostFrames; more > 0 {
		frames = append(frames, fmt.Sprintf("one of %d more", more))
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
		return n >= float64(a.First) && n <= a.Number && n == math.Trunc(n)
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
	return false, fmt.Sprintf("%q is none of the choices; %s", Beginning(given), a.is())
}

// lettered is the letter of an option, alone or as people and the sheet mark it, and
// perhaps the option: a, (a), a: or * a) the client.
var lettered = regexp.MustCompile(`^(?:\* *)?\(?([a-z])(?:[).:]+ *(.*))?$`)

// picks reports whether an answer means an option.
func picks(given string, letter rune, o Option) bool {
	m := lettered.FindStringSubmatch(plain(given))
	return o.isNamed(given) || m != nil && m[1] == string(letter) && (m[2] == "" || o.isNamed(m[2]))
}

// isNamed reports whether a text is the word or the explanation of an option, with an article or without.
func (o Option) isNamed(s string) bool {
	name := func(s string) string { return strings.TrimPrefix(plain(s), "the ") }
	return name(s) == name(o.Word) || name(s) == name(o.Text)
}

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
	return strings.ToLower(strings.Join(strings.Fields(strings.Trim(unmarked(s), aroundAnswers+".")), " "))
}

// marks are quotation marks, and Markdown's for code. Bold is a bold text in Markdown.
var (
	marks = strings.NewReplacer(`"`, "", "`", "", "“", "", "”", "", "„", "", "«", "", "»", "", "「", "", "」", "")
	bold  = regexp.MustCompile(`\*\*([^*]+)\*\*`)
)

// aroundAnswers are marks that count only inside an answer, as in 44'448 and a_b.
const aroundAnswers = " \t'‘’*_"

// unmarked is an answer without marks around it or a part of it, in characters of the usual width.
func unmarked(s string) string {
	return strings.Trim(bold.ReplaceAllString(marks.Replace(strings.Map(usualWidth, s)), "$1"), aroundAnswers)
}

// usualWidth is the ASCII character for one of the full width that Chinese and Japanese keyboards type.
func usualWidth(r rune) rune {
	switch {
	case r >= '！' && r <= '～':
		return r - '！' + '!'
	case r == '\u3000':
		return ' '
	case r == '。':
		return '.'
	}
	return r
}

// Beginning is a given answer, or as much of it as a message shows.
func Beginning(given string) string {
	const most = 80 // characters
	if r := []rune(given); len(r) > most {
		return string(r[:most]) + "…"
	}
	return given
}
