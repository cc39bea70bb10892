package runner

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"ftplab/lab/testbed/network"
)

// TestStallWatch looks at a clock that stands still now and then for the one
// who looks.
func TestStallWatch(t *testing.T) {
	begin := time.Now()
	w := &stallWatch{begin: begin, last: begin}
	for _, ms := range []int{20, 40, 240, 260, 1560, 1580, 2080} {
		w.look(begin.Add(time.Duration(ms) * time.Millisecond))
	}
	if want := []Stall{{At: 0.26, Seconds: 1.3}, {At: 1.58, Seconds: 0.5}}; !slices.Equal(w.found, want) {
		t.Errorf("got %v, want %v", w.found, want)
	}
}

// TestNoStall watches, with a clock that is always in time, until it is asked.
func TestNoStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		found := watchForStalls(t.Context(), network.WallClock)
		time.Sleep(time.Hour)
		if got := found(); len(got) > 0 {
			t.Errorf("got %v, want nothing", got)
		}
		watchForStalls(t.Context(), network.WallClock) // ends with the test
	})
}
