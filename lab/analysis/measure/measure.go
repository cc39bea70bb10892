// The measurements, by name, and how figures are measured.

package measure

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/expect"
	"ftplab/lab/analysis/ftp"
)

// A measurement is one value that can be measured. Its name is the one in the manual;
// words in capitals are arguments.
type measurement struct {
	name string
	unit unit
	of   func(s *scope) (value, error)
}

// A scope is the part of a capture that a measurement uses.
type scope struct {
	capture *survey
	verdict *expect.Verdict
	subject
	// conn is the connection that the subject names, and frames are its packets.
	conn   *ftp.Connection
	frames []*expect.Frame
	// doubt is that of the connection, or of any if the subject names none.
	doubt string
}

// side returns the first argument of a subject whose first argument is a side.
func (s *scope) side() ftp.Side { return ftp.Side(s.args[0]) }

// between is the time between two labels, the only measurement without a name.
var between = measurement{"@a -> @b", seconds, func(s *scope) (value, error) {
	from, err := s.label(s.from)
	if err != nil {
		return value{}, err
	}
	to, err := s.label(s.to)
	if err != nil {
		return value{}, err
	}
	if err := s.capture.samePlace(from.Packet, to.Packet); err != nil {
		return value{}, err
	}
	return value{number: (to.Time - from.Time).Seconds()}, nil
}}

// label returns the packet that matched the line of the want with this label.
func (s *scope) label(name string) (expect.Match, error) {
	if s.verdict != nil {
		if m, ok := s.verdict.Label(name); ok {
			switch {
			case m.Unsure:
				return m, unjudgedError{fmt.Errorf("line %d, which has the label @%s, may mean a packet that the capture lacks", m.Line, name)}
			case m.Packet > 0:
				return m, nil
			}
			if s.cannotBeJudged(m.Line) {
				return m, unjudgedError{fmt.Errorf("line %d, which has the label @%s, cannot be judged", m.Line, name)}
			}
			return m, fmt.Errorf("the line labelled @%s matched no packet", name)
		}
	}
	return expect.Match{}, fmt.Errorf("no line of the want has the label @%s", name)
}

// cannotBeJudged reports whether a line of the want cannot be judged.
func (s *scope) cannotBeJudged(line int) bool {
	return slices.ContainsFunc(s.verdict.Unjudged, func(u expect.Unjudged) bool { return slices.Contains(u.Lines, line) })
}

var errNothing = errors.New("nothing of the kind was seen")

// Measure measures the figures in a capture. The verdict of its scenario's want
// says which connection each name means and which packet each label; it may be
// nil for figures of the capture alone. The error is that of reading the capture.
func (f *Figures) Measure(c *capture.Capture, v *expect.Verdict) ([]Result, error) {
	var subjects []subject
	for _, g := range f.list {
		subjects = append(subjects, g.subject)
	}
	s, err := read(c, v, subjects)
	if err != nil {
		return nil, err
	}
	return f.measure(s, v), nil
}

func (f *Figures) measure(c *survey, v *expect.Verdict) []Result {
	results := []Result{}
	for _, g := range f.list {
		s := &scope{capture: c, verdict: v, subject: g.subject, doubt: c.clocks}
		if v != nil {
			s.doubt = cmp.Or(v.Doubt, c.clocks)
		}
		r := Result{Line: g.line, Text: g.text, Comment: g.comment, Name: g.name, Wanted: g.wanted()}
		got, err := s.measure()
		if err != nil {
			r.Why = err.Error()
			r.Unjudged = IsUnjudged(err)
		} else {
			r.Measured = g.subject.measurement.unit.print(got, g.written)
			r.OK = g.holds(got)
			if !r.OK {
				r.Hint = s.hint()
			}
		}
		if why := s.lacksPackets(err); why != "" && !r.Unjudged && s.mayChange(g, got, err) {
			r.OK, r.Measured, r.Why, r.Hint, r.Unjudged = false, "", why, "", true
		}
		results = append(results, r)
	}
	return results
}

// hint returns a likely reason why the value is not as wanted, or "".
func (s *scope) hint() string {
	if s.subject.measurement.name == "NAME.rtt" {
		return s.nearRecorder()
	}
	return ""
}

func (s *scope) measure() (value, error) {
	if s.connection != "" {
		if s.verdict == nil {
			return value{}, fmt.Errorf("no connection %s is declared", s.connection)
		}
		c, ok := s.verdict.Connection(s.connection)
		switch {
		case !ok:
			return value{}, fmt.Errorf("no connection %s is declared", s.connection)
		case c.Proto != "tcp":
			return value{}, fmt.Errorf("%s is not a TCP connection", s.connection)
		case c.Facts == nil && s.cannotBeJudged(c.Line):
			return value{}, unjudgedError{fmt.Errorf("line %d, which declares %s, cannot be judged", c.Line, s.connection)}
		case c.Facts == nil:
			return value{}, fmt.Errorf("the capture has no connection %s", s.connection)
		}
		s.conn, s.frames, s.doubt = c.Facts, s.capture.frames[c.ID], c.Doubt
	}
	if err := s.unknownSides(); err != nil {
		return value{}, err
	}
	return s.subject.measurement.of(s)
}

// number makes a value of a number of any kind.
func number[N int | int64 | float64 | uint16](n N) (value, error) {
	return value{number: float64(n)}, nil
}

func yesNo(b bool) (value, error) {
	if b {
		return value{words: "yes"}, nil
	}
	return value{words: "no"}, nil
}
