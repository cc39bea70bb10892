package wire

import "time"

// A clock tells the time in nanoseconds since 1970. It is set once and then
// runs evenly, whatever is done to the system's: no delay may change with that.
type clock struct {
	start time.Time
	epoch int64
	skew  int64 // by which the system's clock is behind this one
}

func newClock() clock {
	now := time.Now()
	return clock{start: now, epoch: now.UnixNano()}
}

// now is the time.
func (c *clock) now() int64 {
	return c.epoch + int64(time.Since(c.start))
}

// compare compares the clock with the system's.
func (c *clock) compare() {
	before := c.now()
	now := time.Now() // reads the system's clock, and then ours
	c.learn(before, now.UnixNano(), c.epoch+int64(now.Sub(c.start)))
}

// learn notes what the system's clock said between two readings of this one. If
// the two are apart, the thread was interrupted: then the difference is not the
// clocks', and what is known of them stays.
func (c *clock) learn(before, system, after int64) {
	const uninterrupted = 10_000 // nanoseconds
	if after-before < uninterrupted {
		c.skew = after - system
	}
}

// fromKernel turns a time of the system's clock, by which the kernel stamps
// frames, into one of this clock.
func (c *clock) fromKernel(stamp int64) int64 { return stamp + c.skew }
