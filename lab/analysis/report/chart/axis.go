// Package chart draws measurements on axes with units, as SVG inside a page.
//
// The charts need no script and take their colours from the page's style sheet.
// Their text has the same size at any width of the screen: positions along x
// are in percent, and only the curves are scaled.
package chart

import (
	"math"
	"strconv"
	"strings"
)

// A Unit is what an axis counts in.
type Unit int

// The units that are drawn.
const (
	Nanoseconds Unit = iota // written in µs, ms or s
	Bytes                   // written in bytes, kB or MB (powers of ten)
)

// An Axis maps the values from Min to Max onto a line.
type Axis struct {
	Min, Max float64
	Unit     Unit
	Title    string // what is counted, without the unit
}

// A Tick is a labelled place on an axis.
type Tick struct {
	At    float64 // 0 is the axis's Min, 1 its Max
	Label string
}

// At returns the place of v on the axis: 0 is Min, 1 is Max.
func (a Axis) At(v float64) float64 {
	if a.Max <= a.Min {
		return 0
	}
	return (v - a.Min) / (a.Max - a.Min)
}

// Ticks returns round values on the axis, at most n+1 of them, with labels
// that have as many decimals as tell them apart.
func (a Axis) Ticks(n int) []Tick {
	if a.Max <= a.Min {
		return nil
	}
	step := niceStep((a.Max - a.Min) / float64(n))
	_, size := a.unit(step)
	decimals := max(0, -int(math.Floor(math.Log10(step/size)+1e-9)))
	var ticks []Tick
	// Adding 0 to -0 makes 0.
	for i := math.Ceil(a.Min/step-1e-9) + 0; i*step <= a.Max+step*1e-9; i++ {
		label := strconv.FormatFloat(i*step/size, 'f', decimals, 64)
		ticks = append(ticks, Tick{a.At(i * step), groupDigits(label)})
	}
	return ticks
}

// UnitName is the unit that the labels of Ticks(n) are in.
func (a Axis) UnitName(n int) string {
	name, _ := a.unit(niceStep((a.Max - a.Min) / float64(n)))
	return name
}

// unit chooses the unit of labels that are step apart, and its size.
func (a Axis) unit(step float64) (name string, size float64) {
	if a.Unit == Nanoseconds {
		switch {
		case a.Max >= 1e9:
			return "s", 1e9
		case a.Max >= 1e6:
			return "ms", 1e6
		}
		return "µs", 1e3
	}
	switch {
	case step >= 1e6:
		return "MB", 1e6
	case step >= 1e5:
		return "kB", 1e3
	}
	return "bytes", 1
}

// niceStep returns the smallest of 1, 2, 5 times a power of ten that is at
// least step.
func niceStep(step float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(step)))
	for _, m := range []float64{1, 2, 5} {
		if m*power >= step*(1-1e-9) {
			return m * power
		}
	}
	return 10 * power
}

// groupDigits puts commas between the thousands of a decimal number.
func groupDigits(number string) string {
	whole, fraction, _ := strings.Cut(number, ".")
	sign := ""
	if strings.HasPrefix(whole, "-") {
		sign, whole = "-", whole[1:]
	}
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if fraction != "" {
		whole += "." + fraction
	}
	return sign + whole
}
