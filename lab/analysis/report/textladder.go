package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/internal/wrap"
)

// A textLadder draws a ladder with characters: control connections with ───,
// data connections with ═══, everything else with ╌╌╌.
type textLadder struct {
	out   io.Writer
	lanes lanes
	at    []int // columns of the lanes
	width int   // of a line without frame number and time
}

const (
	textMargin = 7  // columns outside the outer lanes, for the ports
	textGap    = 52 // columns between two lanes
	textGaps   = 46 // the same with more than two lanes
	textIndent = 18 // columns of frame and time
	textName   = 39 // columns of a host's name in a line, enough for an address of IPv6
)

func newTextLadder(out io.Writer, ls lanes) *textLadder {
	t := &textLadder{out: out, lanes: ls}
	gap := textGap
	if len(ls) > 2 {
		gap = textGaps
	}
	for i := range ls {
		t.at = append(t.at, textMargin+i*gap)
	}
	t.width = 2*textMargin + max(1, len(ls)-1)*gap
	return t
}

func (t *textLadder) write(l ladder) {
	t.head()
	for _, w := range l.Rows {
		switch {
		case w.Stage != "":
			t.line("", nil)
			t.sentence("* " + w.Stage)
			t.line("", nil)
		case w.Silence != "":
			t.line("", t.blank().put(textMargin+2, "≈ "+w.Silence))
		case w.Fold != "":
			t.line("", t.canvas().put(textMargin+2, "⋮ "+w.Fold))
		default:
			t.packet(w)
		}
	}
}

// head writes the names and addresses of the hosts. A long name is continued in the next line.
func (t *textLadder) head() {
	lines := [][]string{make([]string, len(t.lanes))}
	addresses := make([]string, len(t.lanes))
	for i, l := range t.lanes {
		addresses[i] = l.Address()
		n := 0
		for part := range slices.Chunk([]rune(l.Name), textName) {
			if n == len(lines) {
				lines = append(lines, make([]string, len(t.lanes)))
			}
			lines[n][i] = string(part)
			n++
		}
	}
	when := fmt.Sprintf("%5s %11s", "frame", "seconds")
	for _, texts := range append(lines, addresses) {
		t.line(when, t.captions(texts))
		when = ""
	}
}

// captions returns a line with a text for each lane, centered on it if there is room.
func (t *textLadder) captions(texts []string) canvas {
	c, from := t.blank(), 0
	for i, text := range texts {
		if n := utf8.RuneCountInString(text); n > 0 {
			at := max(from, t.at[i]-n/2)
			c = c.put(at, text)
			from = at + n + 1
		}
	}
	return c
}

// packet draws a packet: the lines of FTP in it, its arrow, its comment.
func (t *textLadder) packet(w *row) {
	for _, text := range w.Dialogue {
		t.line("", t.text(w, text))
	}
	if w.Record != "" {
		for _, text := range wrap.Text(w.Record, textGaps-4, "  ") {
			t.line("", t.text(w, text))
		}
	}
	t.line(fmt.Sprintf("%5d %11s", w.Packet.Number, w.Time), t.arrow(w))
	for _, wanted := range w.Wrong {
		t.sentence("✗ " + wanted)
	}
	if w.Comment != "" {
		t.sentence("# " + w.Comment)
	}
}

// text puts a line of FTP above the arrow, at its sender's end.
func (t *textLadder) text(w *row, text string) canvas {
	c := t.canvas()
	if w.From == 0 {
		return c.put(textMargin+2, text)
	}
	start := t.at[w.From-1] + 2
	if !w.rightwards() {
		start = max(textMargin+2, t.at[w.From-1]-1-utf8.RuneCountInString(text))
	}
	return c.put(start, text)
}

// arrow draws the arrow, with its label on the shaft and ports at its ends. If the
// packet has no arrow, it draws only the label, at its host.
func (t *textLadder) arrow(w *row) canvas {
	c := t.canvas()
	if !w.drawn() {
		at := textMargin
		if w.From > 0 {
			at = t.at[w.From-1]
		}
		return c.put(at+2, w.Label)
	}
	left, right := t.ends(w)
	shaft := map[string]string{string(ftp.Control): "─", string(ftp.Data): "═"}[w.Kind()]
	if shaft == "" {
		shaft = "╌"
	}
	c = c.put(left+1, strings.Repeat(shaft, right-left-1))
	label := " " + w.Label + " "
	if n := utf8.RuneCountInString(label); n < right-left-6 && w.rightwards() {
		c = c.put(left+3, label)
	} else if n < right-left-6 {
		c = c.put(right-2-n, label)
	} else { // after what stands at its end
		c = c.put(right+max(textMargin, 2+utf8.RuneCountInString(w.RightPort())), label)
	}
	if w.rightwards() {
		c = c.put(right-1, "►")
	} else {
		c = c.put(left+1, "◄")
	}
	if p := w.LeftPort(); p != "" {
		c = c.put(left-1-len(p), p)
	}
	if p := w.RightPort(); p != "" {
		c = c.put(right+2, p)
	}
	return c
}

// ends returns the columns between which the arrow is drawn. An arrow with one lane is
// half as long as one with two.
func (t *textLadder) ends(w *row) (left, right int) {
	half := textGaps / 2
	switch {
	case w.From == 0 && w.rightwards():
		return t.at[w.To-1] - half, t.at[w.To-1]
	case w.From == 0:
		return t.at[w.To-1], t.at[w.To-1] + half
	case w.To == 0 && w.rightwards():
		return t.at[w.From-1], t.at[w.From-1] + half
	case w.To == 0:
		return t.at[w.From-1] - half, t.at[w.From-1]
	}
	a, b := t.at[w.From-1], t.at[w.To-1]
	return min(a, b), max(a, b)
}

// sentence writes text below the arrows, in lines of the same width.
func (t *textLadder) sentence(text string) {
	for _, l := range wrap.Text(text, t.width-textMargin, "  ") {
		fmt.Fprintln(t.out, strings.Repeat(" ", textIndent+textMargin+2)+l)
	}
}

func (t *textLadder) line(when string, c canvas) {
	fmt.Fprintln(t.out, strings.TrimRight(fmt.Sprintf("%-*s%s", textIndent, when, string(c)), " "))
}

// A canvas is one line of characters to draw on.
type canvas []rune

func (t *textLadder) blank() canvas {
	return canvas(strings.Repeat(" ", t.width))
}

// canvas returns a line with the lanes on it.
func (t *textLadder) canvas() canvas {
	c := t.blank()
	for _, at := range t.at {
		c[at] = '│'
	}
	return c
}

// put writes text on the line, which grows if necessary, and returns the line.
func (c canvas) put(at int, text string) canvas {
	for i, r := range []rune(text) {
		for at+i >= len(c) {
			c = append(c, ' ')
		}
		if at+i >= 0 {
			c[at+i] = r
		}
	}
	return c
}
