package chart

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Columns is how many strokes fit side by side in a plot; what falls into one
// column is drawn as one stroke, whose ends are the extremes.
const Columns = 1250

// Bars are vertical strokes on two axes.
type Bars struct {
	X, Y Axis

	b                   strings.Builder
	column, bottom, top int // of the stroke that may still grow
	growing             bool
}

// Add draws a stroke at x, from low to high.
func (p *Bars) Add(x, low, high float64) {
	column, bottom, top := column(p.X.At(x)), row(p.Y.At(low)), row(p.Y.At(high))
	if p.growing && column == p.column && top <= p.bottom+1 && bottom >= p.top-1 {
		p.bottom, p.top = max(p.bottom, bottom), min(p.top, top)
		return
	}
	p.flush()
	p.column, p.bottom, p.top, p.growing = column, bottom, top, true
}

func (p *Bars) flush() {
	if p.growing {
		fmt.Fprintf(&p.b, "M%d %dV%d", p.column, p.bottom, p.top)
		p.growing = false
	}
}

// String is the path as SVG writes it.
func (p *Bars) String() string {
	p.flush()
	return p.b.String()
}

// Steps are stairs on two axes: a value that holds until the next one.
type Steps struct {
	X, Y Axis

	b                         strings.Builder
	column, last, lowest, top int // of the column that may still change
	y                         int // where the pen is
	begun                     bool
}

// Add goes on to y at x: along x first, then along y.
func (p *Steps) Add(x, y float64) {
	column, row := column(p.X.At(x)), row(p.Y.At(y))
	if p.begun && column == p.column {
		p.last, p.lowest, p.top = row, max(p.lowest, row), min(p.top, row)
		return
	}
	if !p.begun {
		fmt.Fprintf(&p.b, "M%d %d", column, row)
		p.y, p.begun = row, true
	} else {
		p.flush()
		p.b.WriteString("H" + strconv.Itoa(column))
	}
	p.column, p.last, p.lowest, p.top = column, row, row, row
}

// flush draws all of the column: to both its extremes, then to its last value.
func (p *Steps) flush() {
	for _, row := range []int{p.lowest, p.top, p.last} {
		if row != p.y {
			p.b.WriteString("V" + strconv.Itoa(row))
			p.y = row
		}
	}
}

// String is the path as SVG writes it; the last value holds to the right edge.
func (p *Steps) String() string {
	if !p.begun {
		return ""
	}
	p.flush()
	return p.b.String() + "H" + strconv.Itoa(max(Grid, p.column))
}

// column turns a place on the x axis into units of the plot. What is far
// outside the picture is brought near it.
func column(at float64) int {
	const width = Grid / Columns
	return width * int(math.Round(Columns*min(max(at, -1), 2)))
}

// row turns a place on the y axis into units of the plot, which run downwards.
func row(at float64) int {
	return Grid - int(math.Round(Grid*min(max(at, -1), 2)))
}

// Boxes are rectangles on two axes.
type Boxes struct {
	X, Y Axis

	b strings.Builder
}

// Add draws a rectangle between two values of each axis; none that lies outside.
func (p *Boxes) Add(left, right, low, high float64) {
	if right < p.X.Min || left > p.X.Max {
		return
	}
	fmt.Fprintf(&p.b, "M%d %dH%dV%dH%dZ", column(p.X.At(left)), row(p.Y.At(low)), column(p.X.At(right)), row(p.Y.At(high)), column(p.X.At(left)))
}

// String is the path as SVG writes it.
func (p *Boxes) String() string { return p.b.String() }
