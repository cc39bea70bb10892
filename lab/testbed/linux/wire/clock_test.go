package wire

import (
	"testing"
	"time"
)

func TestClockFollowsTheSystems(t *testing.T) {
	const ms = int64(time.Millisecond)
	c := newClock()
	for _, step := range []struct {
		what                  string
		before, system, after int64
		want                  int64 // of a stamp of 0
	}{
		{"the system's clock is right", 10 * ms, 10 * ms, 10 * ms, 0},
		{"it was set back by 5 ms", 20 * ms, 15 * ms, 20 * ms, 5 * ms},
		{"the thread was interrupted before it read its own", 30 * ms, 25 * ms, 33 * ms, 5 * ms},
		{"the thread was interrupted before it read the system's", 40 * ms, 38 * ms, 43 * ms, 5 * ms},
		{"the system's clock was set right", 50 * ms, 50 * ms, 50*ms + 100, 100},
	} {
		c.learn(step.before, step.system, step.after)
		if got := c.fromKernel(0); got != step.want {
			t.Errorf("%s: got %d ns, want %d", step.what, got, step.want)
		}
	}
}
