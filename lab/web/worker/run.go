package worker

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"ftplab/lab"
	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/expect"
	"ftplab/lab/analysis/replay"
	"ftplab/lab/analysis/report"
	"ftplab/lab/oserror"
	"ftplab/lab/scenario"
	"ftplab/scenarios"
)

// mostMoments is how many packets of a session the player can show.
const mostMoments = 5000

// A mistake is a mistake in the text of a scenario.
type mistake struct {
	Line    int    `json:"line"` // 0 for none in particular
	Message string `json:"message"`
}

// A session is the result of a scenario: either its mistakes, or all other fields.
type session struct {
	Mistakes []mistake `json:"mistakes,omitempty"`

	Name     string      `json:"name"`
	Title    string      `json:"title"`
	Story    []string    `json:"story"`
	Outcome  lab.Outcome `json:"outcome"`
	Said     string      `json:"said"`  // the outcome in words
	Class    string      `json:"class"` // and its CSS class
	Frames   int         `json:"frames"`
	SHA256   string      `json:"sha256"`   // of the capture
	Capture  string      `json:"capture"`  // the path of the file
	Hosts    string      `json:"hosts"`    // HTML
	Ladder   string      `json:"ladder"`   // HTML
	Failures []mistake   `json:"failures"` // what client and server reported during the session

	Figures     []difference    `json:"figures"`     // the capture's figures that are not as wanted
	Differences []difference    `json:"differences"` // what else is not
	Matches     []match         `json:"matches"`
	Moments     []replay.Moment `json:"moments"`
}

// A difference is a mismatch of the capture and the want, or of a figure.
type difference struct {
	Line   int    `json:"line"`
	What   string `json:"what"`
	Want   string `json:"want,omitempty"`
	Got    string `json:"got,omitempty"`
	Packet int    `json:"packet,omitempty"`
}

// A match is a line of the want and the packet that it describes.
type match struct {
	Line   int `json:"line"`
	Packet int `json:"packet"`
}

// run runs a scenario, and judges its capture. An unchanged scenario of the course
// makes the same capture as the command does.
func (w *Worker) run(of struct {
	Name, Source string
	Pages        bool // write the walkthrough, too
}) (*session, error) {
	s, err := parse(of.Name, of.Source)
	if err != nil {
		return mistaken(err), nil
	}
	if len(s.Steps) == 0 {
		return &session{Mistakes: []mistake{{1, lab.NoSteps}}}, nil
	}
	result, err := lab.Run(context.Background(), s, lab.Options{Results: w.results, TCP: scenario.GVisorTCP, NoWalkthrough: !of.Pages})
	if err != nil {
		return mistaken(err), nil
	}
	return newSession(s, result)
}

// parse parses a scenario. An unchanged scenario of the course keeps its name.
func parse(name, source string) (*scenario.Scenario, error) {
	if s, err := scenarios.Load(name); err == nil && string(s.Source) == source {
		return s, nil
	}
	return lab.Parse(name+scenario.Extension, []byte(source))
}

// mistaken returns the session for a scenario with mistakes.
func mistaken(err error) *session {
	var inScenario scenario.Errors
	var one *scenario.Error
	s := &session{}
	switch {
	case errors.As(err, &inScenario):
		for _, e := range inScenario {
			s.Mistakes = append(s.Mistakes, mistake{e.Line, e.Msg})
		}
	case errors.As(err, &one):
		s.Mistakes = []mistake{{one.Line, one.Msg}}
	default:
		s.Mistakes = []mistake{{0, oserror.Text(err)}}
	}
	return s
}

func newSession(s *scenario.Scenario, result *lab.Result) (*session, error) {
	data, err := os.ReadFile(result.Capture)
	if err != nil {
		return nil, err
	}
	v := &session{
		Name: s.Name, Title: s.Title, Story: paragraphs(s.Story),
		Outcome: result.Term(), Said: result.Term().Marked() + ": " + result.Term().Meaning(), Class: result.Term().Class(), Frames: result.Frames,
		Capture: result.Capture, SHA256: fmt.Sprintf("%x", sha256.Sum256(data)),
	}
	v.judged(result.Verdict)
	c, err := capture.Read(bytes.NewReader(data), capture.Options{NoHash: true, ControlPorts: expect.ControlPorts(s)})
	if err != nil {
		return nil, err
	}
	defer c.Close()
	r, err := report.New(c, result.Verdict.Want)
	if err != nil {
		return nil, err
	}
	r.Scenario = s
	var hosts, ladder strings.Builder
	if err := r.Draw(&hosts, &ladder); err != nil {
		return nil, err
	}
	v.Hosts, v.Ladder = hosts.String(), ladder.String()
	v.Moments = slices.Collect(replay.Moments(c, mostMoments))
	return v, c.Err()
}

// judged adds the results of the verdict.
func (v *session) judged(verdict *lab.Verdict) {
	for _, f := range verdict.Failures {
		v.Failures = append(v.Failures, mistake{f.Line, f.Message})
	}
	for _, f := range verdict.Figures {
		if !f.OK {
			v.Figures = append(v.Figures, difference{Line: f.Line, What: f.Name, Want: f.Wanted, Got: f.Measured + f.Why})
		}
	}
	if verdict.Want == nil {
		return
	}
	for _, m := range verdict.Want.Mismatches {
		d := difference{m.Line, m.What, m.Want, m.Got, m.Packet}
		if m.Connection != "" {
			d.What = m.Connection + ": " + m.What
		}
		v.Differences = append(v.Differences, d)
	}
	for _, m := range verdict.Want.Lines {
		if m.Packet > 0 {
			v.Matches = append(v.Matches, match{m.Line, m.Packet})
		}
	}
}

// paragraphs returns the paragraphs of a story, each in one line.
func paragraphs(story string) []string {
	var list []string
	for p := range strings.SplitSeq(story, "\n\n") {
		if p = strings.Join(strings.Fields(p), " "); p != "" {
			list = append(list, p)
		}
	}
	return list
}
