// Where something came that a line wants, if not in the line's place, and what the line may
// have meant.

package expect

import (
	"fmt"
	"strings"

	"ftplab/lab/analysis/ftp"
	"ftplab/lab/scenario"
)

// A sighting is where something came that a line wants elsewhere.
type sighting struct {
	not   string // where it did not come: "here", "from server"
	where string // where it came
}

// missing is the message about a line that matched nothing.
func (s sighting) missing() string { return fmt.Sprintf("this did not come %s: %s", s.not, s.where) }

// elsewhere finds what the line of a step wants: earlier or later, from the other side, or on
// another connection. What other lines describe does not count.
func (t *track) elsewhere(s step) (sighting, bool) {
	l := s.line
	if l.kind == kindACK && !l.distinct() {
		return sighting{}, false
	}
	it := "such a packet"
	if l.kind == kindText {
		it = "it"
	}
	back := *l
	back.fromA = !l.fromA
	i, frame := t.find(l, s.first)
	switch {
	case frame == 0:
	case s.kind == stepDifferent && s.first <= i && i <= s.last:
		return sighting{}, false // it is here, but not whole
	case l.kind == kindText && !t.texts[t.elements[i].dir()][t.elements[i].start].Complete:
		return sighting{"whole", fmt.Sprintf("only its beginning is in the capture, in frame %d", frame)}, true
	case i < s.first:
		return sighting{"here", fmt.Sprintf("%s came before, in frame %d, and what follows there has other lines or none", it, frame)}, true
	default:
		return sighting{"here", fmt.Sprintf("%s came later, in frame %d", it, frame)}, true
	}
	if l.kind != kindDatagram {
		if _, frame := t.find(&back, s.first); frame > 0 {
			return sighting{"from " + t.end(l.fromA), fmt.Sprintf("%s sent %s, in frame %d", t.end(!l.fromA), it, frame)}, true
		}
	}
	for _, other := range t.judge.tracks {
		if other == t || other.proto != t.proto || !l.distinct() {
			continue
		}
		there := l
		if t.proto == "tcp" && t.side(l.fromA) != other.side(l.fromA) {
			there = &back
		}
		if _, frame := other.find(there, 0); frame > 0 {
			return sighting{"here", fmt.Sprintf("%s came on %s, in frame %d", it, other.name, frame)}, true
		}
	}
	return sighting{}, false
}

// misplaced pairs the missing lines among some steps with the unwanted elements that they want: such a packet came, but
// before or after its place. By the index of either step it returns that of the other.
func (t *track) misplaced(steps []step) map[int]int {
	pairs := map[int]int{}
	for i, s := range steps {
		if s.kind != stepMissing {
			continue
		}
		k, frame := t.find(s.line, s.first)
		for other, u := range steps {
			if _, taken := pairs[other]; frame > 0 && !taken && u.kind == stepUnwanted && u.first <= k && k <= u.last && t.isWhole(s.line, u) {
				pairs[i], pairs[other] = other, i
				break
			}
		}
	}
	return pairs
}

// isWhole reports whether the elements of a step are all that a line describes.
func (t *track) isWhole(l *line, s step) bool {
	e := &t.elements[s.last]
	if l.kind != kindText {
		return s.first == s.last
	}
	text := t.texts[e.dir()][t.elements[s.first].start]
	return text != nil && text.Complete && text.End == e.end
}

// distinct reports whether a line describes its packet so well that one like it on another
// connection is perhaps the one that is meant.
func (l *line) distinct() bool {
	for _, n := range []number{l.seq.start, l.seq.end, l.ack, l.length} {
		if n.set && !n.any && n.value > 1 {
			return true
		}
	}
	return l.kind == kindText || l.kind == kindRST || l.kind == kindDatagram || l.content != nil && !l.isOfNothing() || l.win.set
}

// find returns, of the elements that match the line and that no other line claims, the one
// nearest to element near, with the number of its packet, which is 0 if there is none.
func (t *track) find(l *line, near int) (i, frame int) {
	if t.claimed == nil {
		t.findClaimed()
	}
	for away := range max(near+1, len(t.elements)-near) {
		for _, k := range []int{near - away, near + away} {
			if k < 0 || k >= len(t.elements) || t.claimed[k] {
				continue
			}
			if e := &t.elements[k]; e.kind != elementGap && t.isAt(l, k) {
				return k, t.capture.frames[e.frame].Number
			}
		}
	}
	return 0, 0
}

// findClaimed finds the elements that lines claim.
func (t *track) findClaimed() {
	t.claimed = make([]bool, len(t.elements))
	for _, s := range t.steps {
		for i := s.first; s.kind == stepMatched && i <= s.last; i++ {
			t.claimed[i] = true
		}
	}
}

// isAt reports whether a line matches an element, or the text that begins with it.
func (t *track) isAt(l *line, i int) bool {
	e := &t.elements[i]
	if l.fromA != e.fromA {
		return false
	}
	if l.kind == kindText {
		text := t.texts[e.dir()][e.start]
		return e.kind == elementBytes && text != nil && l.words.matches(text.Text)
	}
	c := t.compare(l, state{at: int32(i), pending: [2]int32{-1, -1}})
	return c.alike && len(c.what) == 0
}

// meant returns a hint at the command that a text may have meant: one that came with other
// capital letters, or the most similar command of FTP.
func (t *track) meant(l *line) string {
	if l.kind != kindText {
		return ""
	}
	word, _, whole := strings.Cut(l.words[0], " ")
	for i := range t.elements {
		e := &t.elements[i]
		text := t.texts[e.dir()][e.start]
		if e.kind != elementBytes || e.fromA != l.fromA || text == nil {
			continue
		}
		switch frame := t.capture.frames[e.frame].Number; {
		case l.words.differsInCase(text.Text):
			return fmt.Sprintf("did you mean %s, as in frame %d? Capital letters matter", quote(text.Text), frame)
		case len(l.words) == 1 && strings.HasPrefix(text.Text, l.words[0]+" "):
			return fmt.Sprintf(`a text is the whole line: write "%s *" for %s, in frame %d`, escape(l.words[0]), quote(text.Text), frame)
		}
	}
	if meant := scenario.MeantCommand(word); meant != "" && (whole || len(l.words) == 1) && t.side(l.fromA) == ftp.Client {
		return "FTP has no such command" + meant
	}
	return ""
}

// differsInCase reports whether the pattern matches the text, or begins with its first word,
// in other capital letters only.
func (p pattern) differsInCase(text string) bool {
	var upper pattern
	for _, part := range p {
		upper = append(upper, strings.ToUpper(part))
	}
	word, _, whole := strings.Cut(p[0], " ")
	first, _, _ := strings.Cut(text, " ")
	return !p.matches(text) && upper.matches(strings.ToUpper(text)) || whole && word != first && strings.EqualFold(word, first)
}
