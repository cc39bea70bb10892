// The right answers, from a capture.

package question

import (
	"fmt"
	"strconv"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/expect"
	"ftplab/lab/analysis/measure"
)

// An Answer is the right answer to a question about one capture.
type Answer struct {
	Question
	Right     string  `json:"right"`            // for a person; of a choice the option's text
	Number    float64 `json:"number,omitempty"` // of all kinds but Text and Choice; seconds
	Tolerance float64 `json:"tolerance,omitempty"`
	Frames    []int   `json:"frames,omitempty"` // the numbers of packets that prove it
	First     int     `json:"first,omitempty"`  // of the kind Frame: any packet from First to Number is right
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
	var quantities []measure.Quantity
	for _, q := range s.Questions {
		if q.label == "" {
			quantities = append(quantities, q.quantity)
		}
	}
	values, err := measure.Values(c, v, quantities)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.file, err)
	}
	var answers []Answer
	for _, q := range s.Questions {
		a := Answer{Question: q}
		if q.label != "" {
			err = a.ofLabel(v)
		} else {
			if q.compare != "" {
				err = a.ofTwins(values[0], twin)
			} else {
				err = a.ofValue(values[0])
			}
			values = values[1:]
		}
		if err != nil {
			return nil, &expect.Error{File: s.file, Line: q.Line, Msg: err.Error()}
		}
		if a.Tolerance = q.tolerance; q.relative {
			a.Tolerance *= a.Number
		}
		answers = append(answers, a)
	}
	return answers, nil
}

// ofLabel answers a question about the packet with a label.
func (a *Answer) ofLabel(v *expect.Verdict) error {
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
	return nil
}

// ofTwins answers a question for one of two captures.
func (a *Answer) ofTwins(own measure.Value, twin *Twin) error {
	if twin == nil {
		return fmt.Errorf("%s: there is one capture only; a section twin makes a second one in an exercise", a.expression)
	}
	values, err := measure.Values(twin.Capture, nil, []measure.Quantity{a.quantity})
	if err != nil {
		return err
	}
	other := values[0]
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
		for _, o := range a.Options {
			if o.Word == a.Right {
				a.Right, a.Number = o.Text, 0
				return nil
			}
		}
		return fmt.Errorf("%s is %s, which is none of the choices", a.expression, a.Right)
	case Port, Number:
		if v.Words != "" {
			return fmt.Errorf("%s is %s, and no number", a.expression, v.Words)
		}
	}
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
