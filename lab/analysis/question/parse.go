// From the text of a section to questions.

package question

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"ftplab/lab/analysis/expect"
	"ftplab/lab/analysis/measure"
	"ftplab/lab/scenario"
)

// A Kind is a kind of answer.
type Kind string

// The kinds of answer.
const (
	Frame  Kind = "frame"
	Port   Kind = "port"
	Time   Kind = "time"
	Number Kind = "count"
	Text   Kind = "text"
	Choice Kind = "choice"
)

var kinds = []Kind{Frame, Port, Time, Number, Text, Choice}

// defaultTolerance is how far an answer of a time may be off, as a share of it.
const defaultTolerance = 0.05

// An Option is one of the answers that a question of the kind Choice offers.
type Option struct {
	Word string `json:"word"` // as the expression gives it
	Text string `json:"text"` // as it is shown
}

// A Question is one question.
type Question struct {
	Line    int      `json:"line"` // of the scenario's file
	Text    string   `json:"text"`
	Kind    Kind     `json:"kind"`
	Options []Option `json:"options,omitempty"`
	Reason  string   `json:"reason,omitempty"` // why the answer is what it is
	Bytes   bool     `json:"bytes,omitempty"`  // of the kind Number: it is one of bytes

	answerLine int
	expression string
	label      string // of the want; "" if quantity says what is asked for
	quantity   measure.Quantity
	compare    string  // "most" or "least": which of two captures has more or less of the quantity
	ofTwin     bool    // the quantity is that of the second capture
	tolerance  float64 // of the answer; a share of it if relative
	relative   bool
}

// A Set is the questions of a scenario.
type Set struct {
	file      string
	Questions []Question
}

// Parse parses the text of a section; first is the number of its first line in
// file. The error is of type [scenario.Errors] and has all mistakes. With the error, the Set has the
// questions without a mistake.
func Parse(file string, first int, text string) (*Set, error) {
	set := &Set{file: file}
	var mistakes scenario.Errors
	mistake := func(line int, format string, args ...any) {
		mistakes = append(mistakes, &scenario.Error{File: file, Line: line, Msg: fmt.Sprintf(format, args...)})
	}
	var words []string // of the question that has no answer yet
	begin := 0
	for i, line := range strings.Split(text, "\n") {
		trimmed := strings.TrimSpace(line)
		switch {
		case trimmed == "" || trimmed[0] == '#':
		case line[0] != ' ' && line[0] != '\t' && looksLikeAnswer(trimmed):
			mistake(first+i, "%q stands at the margin, where it would be a part of the question: an answer is indented", trimmed)
			words = nil
		case line[0] != ' ' && line[0] != '\t':
			if len(words) == 0 {
				begin = first + i
			}
			words = append(words, trimmed)
		case len(words) == 0:
			mistake(first+i, "an answer without a question: the question stands above it, at the margin")
		default:
			q := Question{Line: begin, Text: strings.Join(words, " "), answerLine: first + i}
			if err := q.parseAnswer(trimmed); err != nil {
				mistake(q.answerLine, "%v", err)
			} else {
				set.Questions = append(set.Questions, q)
			}
			words = nil
		}
	}
	if len(words) > 0 {
		mistake(begin, "the question %q has no answer: an indented line such as `port = data.port.client` says how to compute it", strings.Join(words, " "))
	}
	if len(set.Questions)+len(mistakes) == 0 {
		mistake(first, "there is no question in the section; `ftplab help questions` shows how one is written")
	}
	if len(mistakes) > 0 {
		return set, mistakes
	}
	return set, nil
}

// looksLikeAnswer reports whether a line has the form of an answer, KIND OPTIONS = EXPRESSION, with a known kind or
// a known expression.
func looksLikeAnswer(line string) bool {
	line, _ = cut(line, "#")
	head, expression, ok := strings.Cut(line, "=")
	kind, options, several := strings.Cut(strings.TrimSpace(head), " ")
	switch {
	case !ok:
		return false
	case several:
		return strings.EqualFold(kind, string(Choice)) && strings.Contains(options, "|")
	case slices.Contains(kinds, Kind(strings.ToLower(kind))):
		return true
	}
	expression, _ = cut(expression, "±")
	_, err := measure.ParseQuantity(expression)
	return err == nil || strings.HasPrefix(expression, "@")
}

// parseAnswer parses KIND OPTIONS = EXPRESSION ± TOLERANCE # REASON.
func (q *Question) parseAnswer(line string) error {
	line, q.Reason = cut(line, "#")
	head, expression, ok := strings.Cut(line, "=")
	kind, options, _ := strings.Cut(strings.TrimSpace(head), " ")
	if q.Kind = Kind(kind); !ok || !slices.Contains(kinds, q.Kind) {
		return fmt.Errorf("%q: KIND = EXPRESSION was expected, where KIND is one of %s%s", line, strings.Join(kindNames(), ", "), unknownKind(kind))
	}
	if err := q.parseOptions(options); err != nil {
		return err
	}
	expression, tolerance, hasTolerance := strings.Cut(strings.ReplaceAll(expression, "+-", "±"), "±")
	if err := q.parseExpression(strings.TrimSpace(expression)); err != nil {
		return err
	}
	if err := q.checkOptions(); err != nil {
		return err
	}
	if hasTolerance {
		return q.parseTolerance(strings.TrimSpace(tolerance))
	}
	if q.Kind == Time {
		q.tolerance, q.relative = defaultTolerance, true
	}
	return nil
}

// checkOptions refuses a choice that cannot have the right answer among its options, as far
// as the expression says what that can be.
func (q *Question) checkOptions() error {
	if q.Kind != Choice || q.compare != "" {
		return nil
	}
	var words []string
	isNumber := func(s string) bool { _, err := strconv.ParseFloat(s, 64); return err == nil }
	for _, o := range q.Options {
		words = append(words, o.Word)
	}
	if q.quantity.Kind() != measure.Words && !slices.ContainsFunc(words, isNumber) {
		return fmt.Errorf("%s is a number, and none of the choices is one", q.expression)
	}
	can := q.quantity.Words()
	if len(can) == 0 {
		return nil
	}
	lacking := slices.DeleteFunc(slices.Clone(can), func(word string) bool { return slices.Contains(words, word) })
	if meant := misspelt(words, lacking); len(meant) > 0 {
		return fmt.Errorf("%s is %s; did you mean %s?", q.expression, strings.Join(can, " or "), strings.Join(meant, " and "))
	}
	if len(lacking) == len(can) || len(can) == 2 && len(lacking) == 1 {
		return fmt.Errorf("%s is %s, and the choices lack %s", q.expression, strings.Join(can, " or "), strings.Join(lacking, " and "))
	}
	return nil
}

// misspelt says what choices may be misspelt words of those that they lack: "server instead of
// sever".
func misspelt(choices, lacking []string) (meant []string) {
	for _, word := range choices {
		if m := scenario.Nearest(strings.ToLower(word), lacking); m != "" {
			meant = append(meant, m+" instead of "+word)
		}
	}
	return meant
}

func cut(s, separator string) (before, after string) {
	before, after, _ = strings.Cut(s, separator)
	return strings.TrimSpace(before), strings.TrimSpace(after)
}

func kindNames() []string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = string(k)
	}
	return names
}

// unknownKind is the end of a message about a word that is almost a kind, or "".
func unknownKind(word string) string {
	if slices.Contains(kindNames(), word) {
		return ""
	}
	return scenario.DidYouMean(strings.ToLower(word), kindNames())
}

// parseOptions parses WORD | WORD: explanation.
func (q *Question) parseOptions(text string) error {
	switch {
	case q.Kind != Choice && text != "":
		return fmt.Errorf("%q: only a choice has words in front of =", text)
	case q.Kind != Choice:
		return nil
	}
	for _, option := range strings.Split(text, "|") {
		word, explanation := cut(option, ":")
		if word == "" {
			return fmt.Errorf("%q: the words of a choice stand between bars, such as client | server", text)
		}
		if explanation == "" {
			explanation = word
		}
		if slices.ContainsFunc(q.Options, func(o Option) bool { return o.Word == word }) {
			return fmt.Errorf("the choice %q appears twice", word)
		}
		o := Option{word, explanation}
		for _, other := range q.Options {
			if name := o.alsoNames(other); name != "" {
				return fmt.Errorf("the answer %q would mean two choices, %s and %s: give each a text of its own", name, other.Word, o.Word)
			}
		}
		q.Options = append(q.Options, o)
	}
	if n := len(q.Options); n < 2 || n > 26 {
		return fmt.Errorf("a choice has 2 to 26 words, and this one has %d", n)
	}
	return nil
}

// parseExpression finds out what is asked for, and whether it can be of the kind.
func (q *Question) parseExpression(text string) (err error) {
	q.expression = text
	if word, of, ok := strings.Cut(text, " "); ok && (word == most || word == least) {
		return q.parseComparison(word, strings.TrimSpace(of))
	}
	if label, ok := strings.CutPrefix(text, "@"); ok && !strings.Contains(text, "->") {
		q.label = label
		if q.Kind != Frame && q.Kind != Time {
			return fmt.Errorf("%s: a label is a packet; it has a frame and a time, but not a %s", text, q.Kind)
		}
		return nil
	}
	if of, ok := strings.CutPrefix(text, twin+" "); ok {
		q.ofTwin, text = true, strings.TrimSpace(of)
	}
	if q.quantity, err = measure.ParseQuantity(text); err != nil {
		if word, _, several := strings.Cut(text, " "); several {
			err = fmt.Errorf("%w%s", err, scenario.DidYouMean(strings.ToLower(word), []string{most, least, twin}))
		}
		return err
	}
	if q.ofTwin && q.quantity.Check(nil) != nil {
		return fmt.Errorf("%s: the twin has no want; a measurement of the capture was expected, such as capture.resets", q.expression)
	}
	q.Bytes = q.Kind == Number && q.quantity.InBytes()
	if q.Kind == Frame {
		if !q.quantity.CountsFrames() {
			return fmt.Errorf("%s: a frame is that of a label of the want, such as @list, or one that capture.forged counts", text)
		}
		return nil
	}
	wanted := map[Kind]measure.Kind{Port: measure.Count, Number: measure.Count, Time: measure.Time, Text: measure.Words}[q.Kind]
	if got := q.quantity.Kind(); q.Kind != Choice && got != wanted {
		return fmt.Errorf("%s is of the kind %s, not %s", text, got, q.Kind)
	}
	if q.Kind == Port && !q.quantity.IsPort() {
		return fmt.Errorf("%s is not a port; one such as data.port.client was expected", text)
	}
	return nil
}

// What is asked of two captures.
const (
	most  = "most"
	least = "least"
	twin  = "twin"
)

// The words for the two captures of a scenario with a twin.
const (
	First  = "first"
	Second = "second"
)

// parseComparison parses most QUANTITY and least QUANTITY.
func (q *Question) parseComparison(word, quantity string) (err error) {
	q.compare = word
	if q.Kind != Choice || len(q.Options) != 2 || q.Options[0].Word != First || q.Options[1].Word != Second {
		return fmt.Errorf("%s: the answer is one of two captures, so it needs `choice %s | %s`", word, First, Second)
	}
	if q.quantity, err = measure.ParseQuantity(quantity); err != nil {
		return err
	}
	if q.quantity.Check(nil) != nil || q.quantity.Kind() == measure.Words {
		return fmt.Errorf("%s %s: a number that any capture has was expected, such as capture.resets", word, quantity)
	}
	return nil
}

// Compares reports whether the answer is one of two captures.
func (q *Question) Compares() bool { return q.compare != "" }

// ofTwins reports whether the answer needs the capture of the twin.
func (q *Question) ofTwins() bool { return q.ofTwin || q.Compares() }

// parseTolerance parses what stands after the ±, such as 5%, 3ms or 2.
func (q *Question) parseTolerance(text string) (err error) {
	if q.Kind != Time && q.Kind != Number {
		return fmt.Errorf("± %s: a %s has no tolerance", text, q.Kind)
	}
	q.tolerance, q.relative, err = measure.ParseTolerance(measure.Kind(q.Kind), text)
	return err
}

// Check returns an error if a question is about a connection or a label that the want has
// not got, or about a second capture, which only a twin makes. A nil want has no connections.
// The error is of type [scenario.Errors] and names all such questions.
func (s *Set) Check(w *expect.Want, hasTwin bool) error {
	var mistakes scenario.Errors
	for _, q := range s.Questions {
		err := error(nil)
		switch {
		case q.ofTwins() && !hasTwin:
			err = fmt.Errorf("%s: there is one capture only; a section twin makes a second one in an exercise", q.expression)
		case q.label == "":
			err = q.quantity.Check(w)
		case w == nil || !w.HasLabel(q.label):
			err = fmt.Errorf("@%s: no line of the want has this label%s", q.label, scenario.DidYouMean(q.label, w.Labels()))
		}
		if err != nil {
			mistakes = append(mistakes, &scenario.Error{File: s.file, Line: q.answerLine, Msg: err.Error()})
		}
	}
	if len(mistakes) > 0 {
		return mistakes
	}
	return nil
}
