package wire

import "time"

// A clock is the time in nanoseconds since 1970. It is set once and then runs
// evenly, even if the system's clock is set: that must change no delay.
type clock struct {
	start time.Time
	epoch int64
	skew  int64 // this clock minus the system's
}

func newClock() clock {
	now := time.Now()
	return clock{start: now, epoch: now.UnixNano()}
}

// now returns the current time.
func (c *clock) now() int64 {
	return c.epoch + int64(time.Since(c.start))
}

// compare measures the difference to the system's clock.
func (c *clock) compare() {
	before := c.now()
	now := time.Now() // reads the system's clock, and then ours
	c.learn(before, now.UnixNano(), c.epoch+int64(now.Sub(c.start)))
}

// learn takes a reading of the system's clock between two readings of this one.
// If those are far apart, the thread was interrupted. The reading says nothing
// about the clocks then, and is ignored.
func (c *clock) learn(before, system, after int64) {
	const uninterrupted = 10_000 // nanoseconds
	if after-before < uninterrupted {
		c.skew = after - system
	}
}

// fromKernel converts a frame's time stamp, which is a time of the system's
// clock, to a time of this clock.
func (c *clock) fromKernel(stamp int64) int64 { return stamp + c.skew }
