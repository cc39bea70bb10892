// The parser of the section `figures`.

package measure

import (
	"fmt"
	"strconv"
	"strings"

	"ftplab/lab/analysis/expect"
	"ftplab/lab/scenario"
)

// Figures is the parsed section `figures` of a scenario.
type Figures struct {
	file string
	list []*figure
}

// A figure is one line.
type figure struct {
	line    int
	text    string // without its comment
	comment string
	name    string // as written
	subject subject
	op      string
	value   value
	// tolerance is in the base of the value's unit.
	tolerance float64
	// written and around are the value and the tolerance as written.
	written, around string
}

// A subject is the meaning of a name: a measurement and its arguments, such as a
// connection and a side.
type subject struct {
	measurement *measurement
	connection  string // the NAME at its start
	args        []string
	from, to    string // labels
}

// wanted returns the operator, the value and the tolerance of the figure as written.
func (g *figure) wanted() string {
	if g.around == "" {
		return g.op + " " + g.written
	}
	return g.op + " " + g.written + " ± " + g.around
}

// operators, the longer ones first.
var operators = []string{"!=", "<=", ">=", "=", "<", ">"}

// Parse parses the text of figures; first is the number of its first line in
// file. The error is of type [scenario.Errors] and has all mistakes. With the error, the Figures
// have the lines without a mistake.
func Parse(file string, first int, text string) (*Figures, error) {
	f := &Figures{file: file}
	var mistakes scenario.Errors
	for i, line := range strings.Split(text, "\n") {
		text, comment := cutComment(line)
		if text == "" {
			continue
		}
		g := &figure{line: first + i, text: text, comment: comment}
		if err := g.parse(); err != nil {
			mistakes = append(mistakes, &scenario.Error{File: file, Line: first + i, Msg: err.Error()})
			continue
		}
		f.list = append(f.list, g)
	}
	if len(mistakes) > 0 {
		return f, mistakes
	}
	return f, nil
}

// cutComment splits a line at its #, which in a text in quotes begins no comment. A quote inside
// a word is one of its letters.
func cutComment(line string) (text, comment string) {
	for i := 0; i < len(line); i++ {
		switch {
		case line[i] == '"' && i > 0 && strings.IndexByte(" \t=", line[i-1]) >= 0:
			_, rest, err := scenario.CutQuoted(line[i:])
			if err != nil {
				return strings.TrimSpace(line), ""
			}
			i = len(line) - len(rest) - 1
		case line[i] == '#':
			return strings.TrimSpace(line[:i]), strings.TrimSpace(line[i+1:])
		}
	}
	return strings.TrimSpace(line), ""
}

// parse parses NAME OP VALUE ± TOLERANCE.
func (g *figure) parse() error {
	name, op, rest := cutOperator(g.text)
	if op == "" {
		return fmt.Errorf("%q: a figure is NAME = VALUE, with = or one of != < <= > >=", g.text)
	}
	if rest, double := strings.CutPrefix(rest, "="); double && op == "=" {
		return fmt.Errorf("%s: for equal values write =, as in %s = %s", name, name, strings.TrimSpace(rest))
	}
	g.name, g.op = name, op
	var err error
	if g.subject, err = parseSubject(name); err != nil {
		return err
	}
	want, tolerance, toleranceIsThere := cutTolerance(rest)
	u := g.subject.measurement.unit
	if g.value, err = u.parse(want); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	g.written = want
	if g.value.words, err = g.subject.measurement.readWord(g.value.words); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	switch {
	case toleranceIsThere && op != "=":
		return fmt.Errorf("%s: only = takes a tolerance; with %s the value is the limit", name, op)
	case toleranceIsThere:
		if g.tolerance, err = u.parseTolerance(tolerance, g.value); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		g.around = tolerance
	case (op == "=" || op == "!=") && u.measured() && g.value.words == "":
		return fmt.Errorf("%s is measured, not counted, and never quite equal: a tolerance was expected, such as = %s ± 5%%", name, want)
	}
	if g.value.words != "" && op != "=" && op != "!=" {
		return fmt.Errorf("%s: %s %s: words can only be = or !=", name, op, want)
	}
	return nil
}

// cutOperator splits a figure at its operator. Spaces around it are optional; the > of
// -> is not an operator.
func cutOperator(s string) (name, op, rest string) {
	for i := range s {
		for _, op := range operators {
			if strings.HasPrefix(s[i:], op) && !(op == ">" && i > 0 && s[i-1] == '-') {
				return strings.TrimSpace(s[:i]), op, strings.TrimSpace(s[i+len(op):])
			}
		}
	}
	return s, "", ""
}

// cutTolerance splits VALUE ± TOLERANCE. A text in quotes has none.
func cutTolerance(s string) (value, tolerance string, ok bool) {
	if strings.HasPrefix(s, `"`) {
		return s, "", false
	}
	for _, sign := range []string{"±", "+-", "+/-"} {
		if value, tolerance, ok = strings.Cut(s, sign); ok {
			return strings.TrimSpace(value), strings.TrimSpace(tolerance), true
		}
	}
	return s, "", false
}

// parseSubject parses a name such as ctl.rtt.
func parseSubject(name string) (subject, error) {
	if from, to, ok := strings.Cut(name, "->"); ok {
		from, to = strings.TrimSpace(from), strings.TrimSpace(to)
		if len(from) < 2 || len(to) < 2 || from[0] != '@' || to[0] != '@' {
			return subject{}, fmt.Errorf("%q: two labels of the want were expected, such as @list -> @done", name)
		}
		return subject{measurement: &between, from: from[1:], to: to[1:]}, nil
	}
	if strings.ContainsAny(name, " \t") {
		return subject{}, fmt.Errorf("%q: one name without spaces was expected, such as ctl.rtt", name)
	}
	for i := range measurements {
		m := &measurements[i]
		if s, ok := m.means(name); ok {
			return s, s.check(name)
		}
	}
	return subject{}, fmt.Errorf("there is no figure %q; %s", name, suggestName(name))
}

// means matches a name with the pattern of a measurement, such as
// NAME.bytes.SIDE.
func (m *measurement) means(name string) (subject, bool) {
	pattern, words := strings.Split(m.name, "."), strings.Split(name, ".")
	if len(pattern) != len(words) {
		return subject{}, false
	}
	s := subject{measurement: m}
	for i, p := range pattern {
		switch {
		case words[i] == "":
			return subject{}, false
		case p == "NAME":
			s.connection = words[i]
		case p == "SIDE":
			if words[i] != "client" && words[i] != "server" {
				return subject{}, false
			}
			s.args = append(s.args, words[i])
		case p == "COMMAND":
			s.args = append(s.args, strings.ToUpper(words[i])) // as in FTP, list is LIST
		case isArgument(p):
			s.args = append(s.args, words[i])
		case p != words[i]:
			return subject{}, false
		}
	}
	return s, s.connection != "capture"
}

// check checks the arguments that are numbers.
func (s subject) check(name string) error {
	switch s.measurement.name {
	case "capture.port.N":
		if n, err := strconv.Atoi(s.args[0]); err != nil || n < 0 || n > 65535 {
			return fmt.Errorf("%s: a port from 0 to 65535 was expected", name)
		}
	case "lengths.LOW-HIGH":
		if low, high, ok := bounds(s.args[0]); !ok || low > high {
			return fmt.Errorf("%s: two lengths were expected, such as lengths.1280-2559", name)
		}
	}
	return nil
}

// bounds reads "1280-2559".
func bounds(s string) (low, high int, ok bool) {
	a, b, _ := strings.Cut(s, "-")
	low, err := strconv.Atoi(a)
	high, err2 := strconv.Atoi(b)
	return low, high, err == nil && err2 == nil
}

// Check returns an error if the connection or a label of a figure is not in the want. A nil
// want has none. The error is of type [scenario.Errors] and names all such figures.
func (f *Figures) Check(w *expect.Want) error {
	var mistakes scenario.Errors
	for _, g := range f.list {
		if err := g.subject.checkWant(w); err != nil {
			mistakes = append(mistakes, &scenario.Error{File: f.file, Line: g.line, Msg: err.Error()})
		}
	}
	if len(mistakes) > 0 {
		return mistakes
	}
	return nil
}

// checkWant returns an error for a connection or a label that is not in the want.
func (s subject) checkWant(w *expect.Want) error {
	if s.connection != "" && (w == nil || !w.HasConnection(s.connection)) {
		return fmt.Errorf("%s: no connection of that name is declared in the want%s", s.connection, scenario.DidYouMean(s.connection, append(w.Connections(), "capture")))
	}
	for _, label := range []string{s.from, s.to} {
		if label != "" && (w == nil || !w.HasLabel(label)) {
			return fmt.Errorf("@%s: no line of the want has this label%s", label, scenario.DidYouMean(label, w.Labels()))
		}
	}
	return nil
}
