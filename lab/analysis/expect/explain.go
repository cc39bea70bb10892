// The verdict in words.

package expect

import (
	"cmp"
	"fmt"
	"slices"
)

// verdict collects the results of the judge.
func (j *judge) verdict() *Verdict {
	v := &Verdict{File: j.want.file, Connections: []Connection{}, Lines: []Match{}, Mismatches: []Mismatch{}}
	for _, b := range j.bindings {
		v.Connections = append(v.Connections, b.connection())
		if u, ok := j.lacking(b); ok {
			v.Unjudged = append(v.Unjudged, u)
		} else if m, ok := j.misbound(b); ok {
			v.Mismatches = append(v.Mismatches, m)
		} else if u, ok := j.hosts.unknownRoles(b); ok {
			v.Unjudged = append(v.Unjudged, u)
		}
	}
	for _, l := range j.want.lines {
		v.Lines = append(v.Lines, j.match(l))
		if !j.inOrder(l) {
			v.Mismatches = append(v.Mismatches, j.tooEarly(l))
		}
	}
	for _, t := range j.tracks {
		mismatches, inTLS := t.mismatches()
		v.Mismatches = append(v.Mismatches, mismatches...)
		hidden := t.hidden()
		if hidden == nil && len(mismatches) == 0 {
			hidden = t.unwantedSYN()
		}
		for _, u := range []*Unjudged{inTLS, hidden} {
			if u != nil {
				v.Unjudged = append(v.Unjudged, *u)
			}
		}
	}
	j.addUnordered(v)
	j.noteAfter(v)
	if j.capture.isCut() && len(v.Unjudged)+len(v.Mismatches)+len(j.strays.list) == 0 {
		u := Unjudged{Unrecorded: true, Lines: []int{}} // more may come than the lines want
		u.From, u.Why = j.capture.whyLacking()
		v.Unjudged = append(v.Unjudged, u)
	}
	slices.SortStableFunc(v.Mismatches, func(x, y Mismatch) int { return cmp.Compare(x.shown, y.shown) })
	v.Mismatches = append(v.Mismatches, j.strays.mismatches(j.want)...)
	j.setDoubtsApart(v)
	v.Pass = len(v.Mismatches)+len(v.Unjudged) == 0
	return v
}

// noteAfter notes of lines that matched that the packet which they should come after did not come, or
// is perhaps one that the capture lacks.
func (j *judge) noteAfter(v *Verdict) {
	notes := map[stepKind]string{stepMissing: "@%s, which it should come after, did not come", stepHidden: "whether it came after @%s cannot be judged"}
	note := map[*line]string{}
	for _, t := range j.tracks {
		for _, s := range t.steps {
			if s.line != nil && notes[s.kind] != "" {
				note[s.line] = fmt.Sprintf(notes[s.kind], s.line.label)
			}
		}
	}
	for n, l := range j.want.lines {
		if m := &v.Lines[n]; l.after != nil && m.Packet > 0 {
			m.Note = cmp.Or(m.Note, note[l.after])
		}
	}
}

func (b *binding) connection() Connection {
	c := Connection{Name: b.name, Line: b.line, Proto: b.proto, Lossy: b.declaration.lossy, A: b.declaration.a.String(), B: b.declaration.b.String(), ID: -1}
	if b.conn != nil {
		c.ID, c.Facts = b.conn.ID, b.conn
	}
	return c
}

func (j *judge) match(l *line) Match {
	m := Match{
		Line: l.number, Text: l.text, Connection: l.conn.name, From: l.from, To: l.to,
		Joined: l.joined, Label: l.label, Comment: l.comment,
	}
	if l.after != nil {
		m.After = l.after.label
	}
	found, ok := j.matched[l]
	if !ok {
		return m
	}
	f := &j.capture.frames[found.frame]
	m.Unsure = j.unsure[l]
	m.Packet, m.First, m.Packets, m.Time = f.Number, j.capture.frames[found.first].Number, found.packets, f.Time
	if found.late {
		m.Note = "arrived out of order"
	}
	return m
}

// at sets the packet of a mismatch.
func (j *judge) at(m *Mismatch, frame int) {
	f := &j.capture.frames[frame]
	m.Packet, m.Time, m.shown = f.Number, f.Time, f.Number
}

func (j *judge) tooEarly(l *line) Mismatch {
	this, that := j.matched[l], j.matched[l.after]
	m := Mismatch{
		Line: l.number, Kind: TooEarly, Connection: l.conn.name, Want: l.text,
		What: fmt.Sprintf("this came before @%s, which is frame %d (line %d)", l.after.label, j.capture.frames[that.frame].Number, l.after.number),
	}
	for _, t := range j.tracks {
		if t.declaration == l.conn {
			m.Got = t.frameLine(this.frame)
		}
		if t.declaration == l.after.conn {
			m.Around = append(m.Around, t.numbered(that.frame))
		}
	}
	j.at(&m, this.frame)
	return m
}

// mismatches returns the mismatches in the steps of the alignment, and what of the
// connection cannot be judged because of TLS, nil for nothing.
func (t *track) mismatches() ([]Mismatch, *Unjudged) {
	var all []Mismatch
	after := t.line // the line of the file after which an unwanted element is reported
	shown := 0
	add := func(m Mismatch) {
		m.shown = shown
		all = append(all, m)
	}
	steps, unjudged := t.setApart()
	if !t.whole && t.capture.lacksPackets() {
		return nil, unjudged // better alignments were not tried
	}
	moved := t.misplaced(steps)
	for i, s := range steps {
		shown = max(shown, t.shownBy(s))
		if s.line != nil {
			after = s.line.number
		}
		other, isMoved := moved[i]
		kind := s.kind
		if kind == stepHidden && s.line == nil && t.hidden() == nil {
			kind = stepUnwanted // no line is about what the capture lacks
		}
		switch {
		case isMoved && s.line == nil: // its line is reported
		case isMoved:
			add(t.misplacedLine(steps, i, other))
		case kind == stepMissing:
			add(t.missingLine(s))
		case kind == stepDifferent:
			add(t.different(s))
		case kind == stepUnwanted:
			add(t.unwantedElement(s, after))
		}
	}
	if !t.whole && unjudged == nil && t.hidden() == nil {
		add(Mismatch{Line: after, Kind: Missing, Connection: t.name,
			What: "from here on too much differs for a comparison line by line"})
	}
	if len(all) > 0 {
		all[0].Hint = cmp.Or(t.hintAtRoles(), t.hintAtSkips(), all[0].Hint)
	}
	return all, unjudged
}

// shownBy returns the number of the packet that shows what a step says: the one that it is
// about or, for a missing line, the one that came instead or the last one of the connection. A
// packet that arrived late has the place of the first one that overtook it.
func (t *track) shownBy(s step) int {
	at := s.last
	if s.kind == stepMissing {
		at = s.first
	}
	if at < len(t.elements) && t.elements[at].place() < len(t.capture.frames) {
		return t.capture.frames[t.elements[at].place()].Number
	}
	if len(t.frames) == 0 {
		return 0
	}
	return t.capture.frames[t.frames[len(t.frames)-1]].Number
}

// hintAtRoles returns a hint that client and server seem to be exchanged in the lines,
// if the lines match far better then.
func (t *track) hintAtRoles() string {
	if t.proto != "tcp" {
		return ""
	}
	var exchanged []*line
	for _, l := range t.lines {
		other := *l
		other.fromA = !l.fromA
		exchanged = append(exchanged, &other)
	}
	matched := t.matchedBy(exchanged)
	if matched < 2 {
		return ""
	}
	return fmt.Sprintf("with %s and %s exchanged, %d of the %d lines of %s match", t.end(true), t.end(false), matched, t.wanted(), t.name)
}

// hintAtSkips returns a hint that the bytes of TLS around texts have no line, if the lines match far better with
// "..." beside each text in TLS.
func (t *track) hintAtSkips() string {
	if t.conn == nil || t.capture.sessions[t.conn.ID] == nil || t.capture.sessions[t.conn.ID].Layer == nil {
		return ""
	}
	from := t.capture.sessions[t.conn.ID].Layer.From
	opaque := func(l *line) bool { // a text that is not in clear
		m, ok := t.judge.matched[l]
		return l.isText() && !(ok && t.capture.frames[m.frame].Number < from)
	}
	var skipped []*line
	for i, l := range t.lines {
		skipped = append(skipped, l)
		next := &line{kind: kindSkip, group: -1}
		if i+1 < len(t.lines) {
			next = t.lines[i+1]
		}
		if next.group != l.group && (opaque(l) || opaque(next)) {
			skipped = append(skipped, &line{conn: l.conn, kind: kindSkip, group: -1})
		}
	}
	matched := 0
	if len(skipped) > len(t.lines) {
		matched = t.matchedBy(skipped)
	}
	if matched == 0 {
		return ""
	}
	return fmt.Sprintf("the bytes of TLS around a text need a line, too: with `%s ...` beside each text, %d of the %d lines of %[1]s match", t.name, matched, t.wanted())
}

// wanted is the number of the track's lines except "...".
func (t *track) wanted() (n int) {
	for _, l := range t.lines {
		if l.kind != kindSkip {
			n++
		}
	}
	return n
}

// matchedBy returns how many of other lines would match in place of the track's own, if they match far better; else 0.
func (t *track) matchedBy(lines []*line) (matched int) {
	const farBetter = 3
	d, b := *t.declaration, *t.binding
	d.lines, b.declaration = lines, &d
	found := t.judge.newTrack(&b).search(t.cost / farBetter)
	for _, s := range found.steps {
		if found.whole && s.kind == stepMatched {
			matched++
		}
	}
	return matched
}

func (t *track) missingLine(s step) Mismatch {
	m := Mismatch{Line: s.line.number, Kind: Missing, Connection: t.name, Want: s.line.text, What: "this did not come"}
	if s.line.kind == kindText && len(t.texts[0])+len(t.texts[1]) == 0 {
		m.What = "this did not come: no FTP dialogue was seen on this connection"
	} else if place, there := t.elsewhere(s); there {
		m.What = place.missing()
	}
	m.Hint = t.meant(s.line)
	if len(t.frames) > 0 {
		m.Around = t.around(t.missingAt(s), false)
	}
	return m
}

// missingAt returns the frame at which the line of a step is missing. After ... nothing shows at which element it is
// missing: then it is the packet of the last line before it, or the end of the connection if none of them has one.
func (t *track) missingAt(s step) int {
	skipped := false
	i := slices.Index(t.lines, s.line) - 1
	for ; i >= 0; i-- {
		if _, ok := t.judge.matched[t.lines[i]]; ok {
			break
		}
		skipped = skipped || t.lines[i].kind == kindSkip
	}
	switch {
	case skipped && i >= 0:
		return t.judge.matched[t.lines[i]].frame
	case !skipped && s.first < len(t.elements) && t.elements[s.first].kind != elementGap:
		return t.elements[s.first].frame
	}
	return t.frames[len(t.frames)-1]
}

// misplacedLine is the mismatch of the line of step i, whose packet is the unwanted one of step k.
func (t *track) misplacedLine(steps []step, i, k int) Mismatch {
	l, found := steps[i].line, steps[k]
	m := Mismatch{Line: l.number, Kind: Misplaced, Connection: t.name, Want: l.text, What: "this came before its place", Got: t.render(found, l)}
	if k > i {
		m.What = "this came after its place"
	}
	for _, s := range steps[min(i, k)+1 : max(i, k)] {
		if s.line == nil || s.kind != stepMatched {
			continue
		}
		if k < i {
			m.What = fmt.Sprintf("this came before the packet of line %d", s.line.number)
			break
		}
		m.What = fmt.Sprintf("this came after the packet of line %d", s.line.number)
	}
	t.judge.at(&m, t.elements[found.last].frame)
	m.Around = t.around(t.elements[found.last].frame, true)
	return m
}

func (t *track) different(s step) Mismatch {
	e := t.elements[s.last]
	m := Mismatch{
		Line: s.line.number, Kind: Different, Connection: t.name, Want: s.line.text,
		What: s.what.String(), Got: t.render(s, s.line), Hint: t.meant(s.line),
	}
	if place, there := t.elsewhere(s); there && m.Hint == "" {
		m.Hint = place.where
	}
	t.judge.at(&m, e.frame)
	m.Around = t.around(e.frame, true)
	return m
}

func (t *track) unwantedElement(s step, line int) Mismatch {
	e := t.elements[s.last]
	m := Mismatch{Line: line, Kind: Unwanted, Connection: t.name}
	if e.kind == elementGap {
		m.What = fmt.Sprintf("the capture lacks seq %d:%d of %s", e.start, e.end, t.direction(e.fromA))
		return m
	}
	m.What, m.Got = "no line wants this", t.render(s, nil)
	switch {
	case e.damaged:
		m.What += ": its checksum is wrong, so that its receiver dropped it"
	case e.kind == elementRepeat:
		m.What += ": it is a retransmission"
	case e.kind == elementRST:
		m.What += ": a reset"
	}
	t.judge.at(&m, e.frame)
	m.Around = t.around(e.frame, true)
	return m
}
