package chart

import (
	"fmt"
	"html"
	"html/template"
	"strings"
)

// Grid is the number of units that a plot is wide and high inside: the
// coordinates of its paths run from 0 to Grid, y upwards.
const Grid = 10000

// The most steps between ticks, so that labels stay apart on a phone.
const (
	ticksX = 6 // every other one has no label there
	ticksY = 5
)

// A Plot is a picture of curves on two axes.
type Plot struct {
	ID     string // of its element; unique in the page
	Class  string
	Title  string // what it shows, for those who do not see it
	Text   string // what there is to see in it, likewise
	X, Y   Axis
	Height int // pixels
	Curves []Curve
}

// A Curve is one path of a plot: Bars or Steps. Its class says how it looks.
type Curve struct {
	Class string
	Path  fmt.Stringer
}

// SVG draws the plot.
func (p Plot) SVG() template.HTML {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="plot %s" id="%s" height="%d" role="img" aria-labelledby="%s-title %s-text">`,
		p.Class, p.ID, p.Height, p.ID, p.ID)
	fmt.Fprintf(&b, `<title id="%s-title">%s</title><desc id="%s-text">%s</desc>`,
		p.ID, html.EscapeString(p.Title), p.ID, html.EscapeString(p.Text))
	p.axes(&b)
	fmt.Fprintf(&b, `<svg class="curves" width="100%%" height="%d" viewBox="0 0 %d %d" preserveAspectRatio="none">`,
		p.Height, Grid, Grid)
	for _, c := range p.Curves {
		fmt.Fprintf(&b, `<path class="%s" d="%s"/>`, c.Class, c.Path)
	}
	b.WriteString("</svg></svg>")
	return template.HTML(b.String())
}

// axes draws the grid, the labels and the titles of both axes. They are
// beside and below the picture's own area, which overflows.
func (p Plot) axes(b *strings.Builder) {
	b.WriteString(`<g class="axes" aria-hidden="true">`)
	for _, t := range p.Y.Ticks(ticksY) {
		y := float64(p.Height) * (1 - t.At)
		fmt.Fprintf(b, `<line x1="0" x2="100%%" y1="%.1f" y2="%.1f"/><text class="y" x="-8" y="%.1f">%s</text>`,
			y, y, y+4, html.EscapeString(t.Label))
	}
	b.WriteString(`<g class="x">`)
	for _, t := range p.X.Ticks(ticksX) {
		fmt.Fprintf(b, `<line x1="%.2f%%" x2="%.2f%%" y1="%d" y2="%d"/><text class="x" x="%.2f%%" y="%d">%s</text>`,
			100*t.At, 100*t.At, p.Height, p.Height+5, 100*t.At, p.Height+20, html.EscapeString(t.Label))
	}
	b.WriteString(`</g>`)
	fmt.Fprintf(b, `<text class="title y" x="-8" y="-14">%s</text>`, axisTitle(p.Y, ticksY))
	fmt.Fprintf(b, `<text class="title x" x="100%%" y="%d">%s</text></g>`, p.Height+38, axisTitle(p.X, ticksX))
}

func axisTitle(a Axis, ticks int) string {
	return html.EscapeString(a.Title + ", " + a.UnitName(ticks))
}
