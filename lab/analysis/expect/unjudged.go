// What cannot be judged, because it is in TLS that cannot be read, or not in the capture.

package expect

import (
	"fmt"
	"slices"

	"ftplab/lab/analysis/ftp"
)

// An Unjudged is a part of a connection that cannot be compared with the want, because it
// is in TLS and there are no keys for it, or because the capture lacks it.
type Unjudged struct {
	// Connection is the name of the connection, "" for what belongs to none that is declared.
	Connection string `json:"connection"`
	// From is the packet of the first record that cannot be decrypted, or the first packet
	// in or before which bytes are missing. It is the number after the last packet if the
	// file is cut off there.
	From int `json:"from"`
	// Lines are the lines of the want that may match what cannot be read.
	Lines []int `json:"lines"`
	// Why is the reason, half a sentence: "there are no keys for it".
	Why string `json:"why"`
	// Unrecorded says that the capture lacks it. Else it is in TLS.
	Unrecorded bool `json:"unrecorded,omitempty"`
	// LacksKeys says that keys would help, which they do not if a hello is missing.
	LacksKeys bool `json:"lacks_keys,omitempty"`
}

// Message says what cannot be judged and why, in the form of a compiler's error.
func (u *Unjudged) Message(file string) string {
	place := file
	if len(u.Lines) > 0 {
		place += fmt.Sprintf(":%d", u.Lines[0])
	}
	what := "the packets that no line wants"
	if n := len(u.Lines); n > 0 {
		what = "lines " + lineRanges(u.Lines)
		if n == 1 {
			what = fmt.Sprintf("line %d", u.Lines[0])
		}
	}
	if u.Connection != "" {
		place += ": " + u.Connection
	}
	if u.Unrecorded {
		return fmt.Sprintf("%s: from frame %d on, bytes are missing in the capture (%s), so %s cannot be judged\n",
			place, u.From, u.Why, what)
	}
	hint := ""
	if u.LacksKeys {
		hint = "; --keylog FILE reads a file with the keys"
	}
	return fmt.Sprintf("%s: from frame %d on it is in TLS that cannot be read (%s), so %s cannot be judged%s\n",
		place, u.From, u.Why, what, hint)
}

// A hiddenRange is the packets, from one to another, in which one side says something that
// cannot be read. The zero value is for a side of which everything can be read.
type hiddenRange struct{ from, to int }

// hiddenRanges are what cannot be read of the dialogue of a track, by the direction of its
// elements.
func (t *track) hiddenRanges() (ranges [2]hiddenRange, layer *ftp.TLSLayer) {
	if t.conn == nil {
		return ranges, nil
	}
	s := t.capture.sessions[t.conn.ID]
	if s == nil || s.Layer == nil || !s.Layer.Hidden() {
		return ranges, nil
	}
	for dir, side := range []ftp.Side{t.a.Other(), t.a} {
		f := s.Layer.Flow(side)
		ranges[dir] = hiddenRange{f.HiddenFrom, f.HiddenTo}
	}
	return ranges, s.Layer
}

// setApart splits the steps of a track into those that are mismatches and those that cannot
// be judged because of TLS. The second result is nil if all of them can be judged.
func (t *track) setApart() (judged []step, u *Unjudged) {
	ranges, layer := t.hiddenRanges()
	if layer == nil {
		return t.steps, nil
	}
	hidden := false
	var lines []int
	for i, s := range t.steps {
		switch {
		case !t.mayBeHidden(i, ranges):
			judged = append(judged, s)
			continue
		case s.line != nil:
			lines = append(lines, s.line.number)
		}
		hidden = true
	}
	if !hidden && t.whole {
		return judged, nil
	}
	side := t.a
	if ranges[1].from == 0 || ranges[0].from > 0 && ranges[0].from < ranges[1].from {
		side = side.Other()
	}
	slices.Sort(lines)
	return judged, &Unjudged{
		Connection: t.name, From: layer.HiddenFrom(), Lines: lines,
		Why: layer.WhyHidden(side), LacksKeys: layer.LacksKeys(side),
	}
}

// mayBeHidden reports whether a step is not a mismatch for somebody who can read the ranges: a
// text that may be in one of them, or bytes of one that no other line wants.
func (t *track) mayBeHidden(i int, ranges [2]hiddenRange) bool {
	s := &t.steps[i]
	switch s.kind {
	case stepUnwanted:
		return t.isHidden(s, ranges)
	case stepDifferent:
		return s.line.kind == kindText && t.textOf(s) == nil && t.fits(i, ranges)
	case stepMissing:
		return s.line.kind == kindText && t.fits(i, ranges)
	}
	return false
}

// isHidden reports whether the elements of a step are bytes that cannot be read.
func (t *track) isHidden(s *step, ranges [2]hiddenRange) bool {
	e := &t.elements[s.last]
	r := ranges[e.dir()]
	packet := t.capture.frames[e.frame].Number
	return e.kind == elementBytes && t.textOf(s) == nil && r.from > 0 && r.from <= packet
}

// textOf is the line of the dialogue that begins with the first element of a step, nil for
// none.
func (t *track) textOf(s *step) *ftp.Line {
	e := &t.elements[s.first]
	return t.texts[e.dir()][e.start]
}

// fits reports whether the text of a step can be in the range of its direction: no line
// before it matched a packet after the range, and none after it one before the range.
func (t *track) fits(i int, ranges [2]hiddenRange) bool {
	r := ranges[0]
	if t.steps[i].line.fromA {
		r = ranges[1]
	}
	if r.from == 0 {
		return false
	}
	for k, s := range t.steps {
		if s.kind != stepMatched {
			continue
		}
		packet := t.capture.frames[t.elements[s.last].frame].Number
		if k < i && packet > r.to || k > i && packet < r.from {
			return false
		}
	}
	return true
}
