package chart

import (
	"fmt"
	"strings"
	"testing"
)

func TestTicks(t *testing.T) {
	for _, test := range []struct {
		axis Axis
		n    int
		want string
		unit string
	}{
		{Axis{Min: 0, Max: 10_485_761, Unit: Bytes}, 5, "0 5 10", "MB"},
		{Axis{Min: 5_230_000, Max: 5_290_000, Unit: Bytes}, 5, "5,240,000 5,260,000 5,280,000", "bytes"},
		{Axis{Min: 0, Max: 1_048_577, Unit: Bytes}, 5, "0 500 1,000", "kB"},
		{Axis{Min: 6.678e9, Max: 6.679e9, Unit: Nanoseconds}, 6, "6.6780 6.6782 6.6784 6.6786 6.6788 6.6790", "s"},
		{Axis{Min: 0, Max: 84.9e6, Unit: Nanoseconds}, 6, "0 20 40 60 80", "ms"},
		{Axis{Min: 0, Max: 900, Unit: Nanoseconds}, 6, "0.0 0.2 0.4 0.6 0.8", "µs"},
		{Axis{Min: 3, Max: 3, Unit: Bytes}, 5, "", "bytes"},
	} {
		var labels []string
		for _, tick := range test.axis.Ticks(test.n) {
			if tick.At < 0 || tick.At > 1.000001 {
				t.Errorf("%+v: the tick %s is at %g, outside the axis", test.axis, tick.Label, tick.At)
			}
			labels = append(labels, tick.Label)
		}
		if got := strings.Join(labels, " "); got != test.want {
			t.Errorf("%+v: got ticks %s, want %s", test.axis, got, test.want)
		}
		if got := test.axis.UnitName(test.n); test.want != "" && got != test.unit {
			t.Errorf("%+v: got unit %s, want %s", test.axis, got, test.unit)
		}
	}
}

// TestBars asks that strokes in one column which touch become one, and that
// others stay apart.
func TestBars(t *testing.T) {
	x, y := Axis{Max: 1000}, Axis{Max: 100}
	b := &Bars{X: x, Y: y}
	b.Add(0, 0, 10)
	b.Add(0.1, 10, 20) // goes on in the same column
	b.Add(0.2, 80, 90) // same column, elsewhere
	b.Add(500, 20, 30)
	if got, want := b.String(), "M0 10000V8000M0 2000V1000M5000 8000V7000"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestSteps asks that stairs keep the extremes of each column and hold their
// last value up to the right edge.
func TestSteps(t *testing.T) {
	s := &Steps{X: Axis{Max: 1000}, Y: Axis{Max: 100}}
	s.Add(0, 10)
	s.Add(0.1, 90)
	s.Add(0.2, 20)
	s.Add(500, 50)
	if got, want := s.String(), "M0 9000V1000V8000H5000V5000H10000"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := (&Steps{}).String(); got != "" {
		t.Errorf("got %q for no points", got)
	}
}

// TestColumns draws a million points and asks that the path stays small.
func TestColumns(t *testing.T) {
	x, y := Axis{Max: 1e6}, Axis{Max: 1e6}
	bars, steps := &Bars{X: x, Y: y}, &Steps{X: x, Y: y}
	for i := range 1_000_000 {
		v := float64(i)
		bars.Add(v, v, v+1)
		steps.Add(v, v)
	}
	if n := len(bars.String()) + len(steps.String()); n > 40*Columns {
		t.Errorf("got paths of %d bytes, want at most %d", n, 40*Columns)
	}
}

// TestSVG asks that text in a plot cannot become markup, and that both axes
// say their unit.
func TestSVG(t *testing.T) {
	svg := string(Plot{
		ID: "p", Title: `<script>&"`, X: Axis{Max: 2e9, Unit: Nanoseconds, Title: "time"}, Y: Axis{Max: 5000, Unit: Bytes, Title: "sequence number"}, Height: 100,
	}.SVG())
	for _, want := range []string{"&lt;script&gt;&amp;&#34;", "time, s<", "sequence number, bytes<"} {
		if !strings.Contains(svg, want) {
			t.Errorf("got no %q in %s", want, svg)
		}
	}
}

func ExampleAxis_Ticks() {
	axis := Axis{Min: 0, Max: 107e6, Unit: Nanoseconds, Title: "time"}
	for _, tick := range axis.Ticks(3) {
		fmt.Printf("%.2f %s %s\n", tick.At, tick.Label, axis.UnitName(3))
	}
	// Output:
	// 0.00 0 ms
	// 0.47 50 ms
	// 0.93 100 ms
}
