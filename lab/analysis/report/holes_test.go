package report

import (
	"fmt"
	"slices"
	"testing"

	"github.com/chromedp/chromedp"

	"ftplab/lab/internal/forge"
	"ftplab/lab/internal/pagetest"
)

// A hole begins when a later byte comes, and ends when its own come, perhaps in pieces.
func TestHoles(t *testing.T) {
	segment := func(time, seq, end int64) point { return point{time: time, seq: seq, end: end} }
	for _, test := range []struct {
		name   string
		points []point
		want   string
	}{
		{"none", []point{{syn: true}, segment(1, 1, 101), segment(2, 101, 201)}, "[]"},
		{"the capture begins in the middle", []point{segment(1, 5000, 5100)}, "[]"},
		{"filled", []point{{syn: true}, segment(1, 101, 201), segment(5, 1, 101)}, "[{1 101 1 5 false}]"},
		{"in pieces", []point{{syn: true}, segment(1, 301, 401), segment(5, 101, 201), segment(6, 1, 101), segment(7, 201, 401)},
			"[{1 101 1 6 false} {101 201 1 5 false} {201 301 1 7 false}]"},
		{"never", []point{{syn: true}, segment(1, 101, 201), segment(9, 201, 301)}, "[{1 101 1 9 true}]"},
	} {
		var h holes
		for _, p := range test.points {
			h.add(p)
		}
		if got := fmt.Sprint(h.all()); got != test.want && !(len(h.all()) == 0 && test.want == "[]") {
			t.Errorf("%s: got %s, want %s", test.name, got, test.want)
		}
	}
}

// overtaken is a download in which eight segments come before the one in front of them.
func overtaken(f *forge.Capture) {
	download(f, 100_000)
	i := 60 + slices.IndexFunc(f.Frames[60:], func(f forge.Frame) bool { return f.Len() > 1000 })
	for ; i < 70; i++ {
		f.Frames[i], f.Frames[i+1] = f.Frames[i+1], f.Frames[i]
		f.Frames[i].At, f.Frames[i+1].At = f.Frames[i+1].At, f.Frames[i].At
	}
}

// The graph shows the hole, the enlarged part begins at it, and the keyboard moves it.
func TestZoomByKeyboard(t *testing.T) {
	r := read(t, overtaken)
	tab := pagetest.Open(t, html(t, r), pagetest.Desktop)
	path := func(class string) string {
		return pagetest.Eval[string](tab, `document.querySelector("#graph1-zoom .`+class+`").getAttribute("d")`)
	}
	if len(r.sequences()[0].Holes) == 0 || path("hole") == "" {
		t.Errorf("got holes %v, and drawn %q", r.sequences()[0].Holes, path("hole"))
	}
	width := `parseFloat(document.querySelector("rect.zoom").getAttribute("width"))`
	at := `parseFloat(document.querySelector("rect.zoom").getAttribute("x"))`
	press := func(key string) (w, x float64) {
		tab.Do(chromedp.Focus(chromedp.CSS(".zoomed")), chromedp.KeyEvent(key))
		return pagetest.Eval[float64](tab, width), pagetest.Eval[float64](tab, at)
	}
	w0, x0 := pagetest.Eval[float64](tab, width), pagetest.Eval[float64](tab, at)
	w1, _ := press("+")
	_, x1 := press("ArrowRight")
	w2, _ := press("0")
	if w1 >= w0 || x1 <= x0 || w2 < 99.9 {
		t.Errorf("the keys + → 0 make the part %g %% wide, move it from %g to %g, and make it %g %% wide; it was %g", w1, x0, x1, w2, w0)
	}
	silent(t, tab)
}

// The window's edge takes a seventh of the picture at most.
func TestExtent(t *testing.T) {
	r := read(t, func(f *forge.Capture) { download(f, 20_000) })
	r.prepare()
	v := newSequenceView(r.sequences()[0], r.Trace.Start)
	low, high := v.extent(v.from, v.to)
	if share := float64(high-20_001) / float64(high-low); share > 0.2 {
		t.Errorf("the picture goes from %d to %d: %.0f %% are above the data", low, high, 100*share)
	}
}
