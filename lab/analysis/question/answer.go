// The right answers, from a capture.

package question

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/expect"
	"ftplab/lab/analysis/measure"
	"ftplab/lab/analysis/packet"
	"ftplab/lab/scenario"
)

// An Answer is the right answer to a question about one capture.
type Answer struct {
	Question
	Right     string  `json:"right"`            // for a person; of a choice the option's text
	Number    float64 `json:"number,omitempty"` // of all kinds but Text and Choice; seconds
	Tolerance float64 `json:"tolerance,omitempty"`
	Frames    []int   `json:"frames,omitempty"` // the numbers of packets that prove it
	First     int     `json:"first,omitempty"`  // of the kind Frame: any packet from First to Number is right
	Any       bool    `json:"any,omitempty"`    // of the kind Frame: any of Frames is right
}

// A Twin is the second capture of a scenario, and where the scenario's own stands among the
// two.
type Twin struct {
	Capture *capture.Capture
	Own     string // First or Second
}

// Answer answers the questions from a capture. The verdict on it says which packet
// each label is, and which connection each name. A question for one of two captures needs
// the twin, which is nil otherwise. The error says which question is not answered.
func (s *Set) Answer(c *capture.Capture, v *expect.Verdict, twin *Twin) ([]Answer, error) {
	own, err := s.measure(c, v, func(q *Question) bool { return q.label == "" && !q.ofTwin })
	if err != nil {
		return nil, err
	}
	var other map[int]measure.Value
	if twin != nil {
		if other, err = s.measure(twin.Capture, nil, (*Question).ofTwins); err != nil {
			return nil, err
		}
	}
	var answers []Answer
	for i, q := range s.Questions {
		a := Answer{Question: q}
		switch {
		case q.label != "":
			err = a.ofLabel(c, v)
		case q.ofTwins() && twin == nil:
			err = fmt.Errorf("%s: there is one capture only", q.expression)
		case q.Compares():
			err = a.ofTwins(own[i], other[i], twin)
		case q.ofTwin:
			err = a.ofValue(other[i])
		default:
			err = a.ofValue(own[i])
		}
		if err != nil {
			return nil, &scenario.Error{File: s.file, Line: q.Line, Msg: err.Error()}
		}
		a.Tolerance = q.toleranceOf(a.Number)
		answers = append(answers, a)
	}
	return answers, nil
}

// toleranceOf is how far an answer may be off a number, which may be negative.
func (q *Question) toleranceOf(n float64) float64 {
	if q.relative {
		return q.tolerance * math.Abs(n)
	}
	return q.tolerance
}

// Unanswered returns the questions about the scenario's own capture that this capture, which is as
// wanted, does not answer: those with a mistake, and those that are unjudged because the capture lacks
// something.
func (s *Set) Unanswered(c *capture.Capture, v *expect.Verdict) (mistakes, unjudged scenario.Errors) {
	for _, q := range s.Questions {
		if q.ofTwins() {
			continue
		}
		one := &Set{file: s.file, Questions: []Question{q}}
		if _, err := one.Answer(c, v, nil); err != nil {
			text := strings.TrimPrefix(err.Error(), fmt.Sprintf("%s:%d: ", s.file, q.answerLine))
			if m, ok := errors.AsType[*scenario.Error](err); ok {
				text = m.Msg
			}
			e := &scenario.Error{File: s.file, Line: q.answerLine, Msg: text}
			if measure.IsUnjudged(err) {
				unjudged = append(unjudged, e)
			} else {
				mistakes = append(mistakes, e)
			}
		}
	}
	return mistakes, unjudged
}

// measure measures what some questions ask for, and returns the values by the place of the
// question.
func (s *Set) measure(c *capture.Capture, v *expect.Verdict, asked func(*Question) bool) (map[int]measure.Value, error) {
	var places []int
	var quantities []measure.Quantity
	for i := range s.Questions {
		if q := &s.Questions[i]; asked(q) {
			places, quantities = append(places, i), append(quantities, q.quantity)
		}
	}
	values, err := measure.Values(c, v, quantities)
	if e, ok := errors.AsType[*measure.QuantityError](err); ok {
		return nil, fmt.Errorf("%s:%d: %w", s.file, s.Questions[places[e.Index]].answerLine, err)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.file, err)
	}
	byPlace := map[int]measure.Value{}
	for i, v := range values {
		byPlace[places[i]] = v
	}
	return byPlace, nil
}

// ofLabel answers a question about the packet with a label.
func (a *Answer) ofLabel(c *capture.Capture, v *expect.Verdict) error {
	m, ok := v.Label(a.label)
	if !ok || m.Packet == 0 {
		return fmt.Errorf("@%s: the line with this label matched no packet", a.label)
	}
	a.Frames = []int{m.Packet}
	if a.Kind == Time {
		a.Number = m.Time.Seconds()
		a.Right = timeText(a.Number)
		return nil
	}
	a.Number, a.First = float64(m.Packet), m.Packet
	if m.First > 0 {
		a.First = m.First
	}
	a.Right = strconv.Itoa(m.Packet)
	return a.addCopies(c)
}

// addCopies makes the copies of a packet right answers, too: the network may deliver a
// segment twice, and its sender may send it again.
func (a *Answer) addCopies(c *capture.Capture) error {
	type segment struct {
		connection, direction int
		seq                   int64
		length                int
		flags                 uint8
	}
	packets := map[segment][]int{}
	var asked segment
	for p := range c.Packets() {
		if p.Segment == nil || p.Connection == nil {
			continue
		}
		s := segment{p.Connection.ID, p.Segment.Direction, p.Segment.Seq, p.Segment.Length, p.TCP.Flags & (packet.SYN | packet.FIN)}
		packets[s] = append(packets[s], p.Number)
		if p.Number == int(a.Number) {
			asked = s
		}
	}
	copies := packets[asked]
	if len(copies) > 1 && asked.length+int(asked.flags) > 0 {
		a.Frames = copies
		for n := a.First; n < int(a.Number); n++ {
			a.Frames = append(a.Frames, n)
		}
		slices.Sort(a.Frames)
		a.Frames, a.Any = slices.Compact(a.Frames), true
	}
	return c.Err()
}

// ofTwins answers a question for one of two captures.
func (a *Answer) ofTwins(own, other measure.Value, twin *Twin) error {
	if own.Number == other.Number {
		return fmt.Errorf("%s: it is %g in both captures", a.expression, own.Number)
	}
	isOwn := (own.Number > other.Number) == (a.compare == most)
	right := a.Options[0]
	if isOwn != (twin.Own == First) {
		right = a.Options[1]
	}
	a.Right = right.Text
	return nil
}

// ofValue answers a question about what was measured.
func (a *Answer) ofValue(v measure.Value) error {
	a.Frames, a.Number = v.Frames, v.Number
	a.Right = v.Words
	if v.Words == "" {
		a.Right = strconv.FormatFloat(v.Number, 'f', -1, 64)
	}
	switch a.Kind {
	case Time:
		a.Right = timeText(v.Number)
	case Choice:
		return a.choose(strings.Split(a.Right, ","))
	case Frame:
		if len(v.Frames) == 0 {
			return fmt.Errorf("%s: there is no such frame", a.expression)
		}
		a.Any, a.Number, a.Right = true, 0, strconv.Itoa(v.Frames[0])
	case Port, Number:
		if v.Words != "" {
			return fmt.Errorf("%s is %s, and not a number", a.expression, v.Words)
		}
	}
	return nil
}

// choose finds the option for some words. If there are options for several of them, the
// first one stays and the others are left out, so that exactly one option is right.
func (a *Answer) choose(words []string) error {
	var right, offered []Option
	for _, o := range a.Options {
		if slices.Contains(words, o.Word) {
			right = append(right, o)
		}
	}
	if len(right) < len(words) {
		return fmt.Errorf("%s is %s, which is none of the choices", a.expression, a.Right)
	}
	for _, o := range a.Options {
		if o == right[0] || !slices.Contains(words, o.Word) {
			offered = append(offered, o)
		}
	}
	a.Options, a.Right, a.Number = offered, right[0].Text, 0
	return nil
}

// timeText writes a time in the unit that people use for it.
func timeText(seconds float64) string {
	switch {
	case seconds >= 1 || seconds <= -1:
		return strconv.FormatFloat(seconds, 'f', 3, 64) + " s"
	case seconds >= 1e-3 || seconds <= -1e-3:
		return strconv.FormatFloat(seconds*1e3, 'f', 3, 64) + " ms"
	}
	return strconv.FormatFloat(seconds*1e6, 'f', 0, 64) + " µs"
}
