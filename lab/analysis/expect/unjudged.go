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
	if len(u.Lines) > 0 {
		what = linesText(u.Lines)
	}
	if u.Connection != "" {
		place += ": " + u.Connection
	}
	if u.Unrecorded {
		return fmt.Sprintf("%s: from frame %d on, the capture is incomplete (%s), so %s cannot be judged\n",
			place, u.From, u.Why, what)
	}
	hint := ""
	if u.LacksKeys {
		hint = "; ftplab check --keylog FILE reads a file with the keys"
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
	for _, s := range t.steps {
		switch {
		case s.kind != stepUnread && !(s.kind == stepUnwanted && t.isUnread(s.first, s.last)):
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

// addUnordered adds the lines that matched a packet, but come after a line that cannot be read and
// may mean a later packet.
func (j *judge) addUnordered(v *Verdict) {
	after := map[*declaration][]int{} // lines, by the connection of the line that they come after
	for n, l := range j.want.lines {
		if l.after != nil {
			after[l.after.conn] = append(after[l.after.conn], n)
		}
	}
	for _, t := range j.tracks {
		for _, n := range after[t.declaration] {
			l := j.want.lines[n]
			this, ok := j.matched[l]
			if _, known := j.matched[l.after]; !ok || known {
				continue
			}
			i := slices.IndexFunc(v.Unjudged, func(u Unjudged) bool { return !u.Unrecorded && slices.Contains(u.Lines, l.after.number) })
			if i < 0 || !t.fitsElsewhere(l.after, bound{this.frame + 1, len(j.capture.frames)}) {
				continue
			}
			v.Lines[n].Note = "whether it came after @" + l.after.label + " cannot be judged"
			v.Unjudged[i].Lines = append(v.Unjudged[i].Lines, l.number)
			slices.Sort(v.Unjudged[i].Lines)
		}
	}
}

// isUnread reports whether some elements are bytes in TLS that cannot be read.
func (a *aligner) isUnread(first, last int) bool {
	e := &a.elements[last]
	r := a.unread[e.dir()]
	return e.kind == elementBytes && r.from > 0 && r.from <= a.capture.frames[e.frame].Number &&
		a.texts[e.dir()][a.elements[first].start] == nil
}

// mayBeUnread reports whether a line that matches no element may be a text before element at that
// cannot be read.
func (a *aligner) mayBeUnread(l *line, at int) bool {
	r := a.unread[l.dir()]
	if l.kind != kindText || r.from == 0 {
		return false
	}
	number := func(i int) int { return a.capture.frames[min(i, len(a.capture.frames)-1)].Number }
	if b, ok := a.bounds[l]; ok && (b.to < b.from || number(b.from) > r.to || number(b.to) < r.from) {
		return false
	}
	return (at == 0 || number(a.elements[at-1].place()) <= r.to) && (at == len(a.elements) || number(a.elements[at].place()) >= r.from)
}
