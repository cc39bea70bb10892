package wire

import (
	"time"

	"ftplab/lab/pcapng"
)

// A recorder writes what passes the captured end, in the order of time.
//
// A frame that the host sends has the moment at which its kernel sent it, and a
// frame that it gets the moment at which it arrived by the schedule of the path;
// see the package's documentation on time. Each round of the path first records
// all that the host has sent so far, and only then what has arrived. What the
// host sends in answer to an arrival is sent after it, and recorded in a later
// round; so causes stand before their effects.
//
// What was to arrive before the last frame that is recorded already, because the
// path was late, arrives with that one. And a frame that the host sent within
// the microseconds between the two halves of a round has the time of the one
// that was recorded in between.
type recorder struct {
	writer *pcapng.Writer
	last   int64
	frames uint64
}

// frame records a frame, which stays as it is until flush. An error of the
// writer's is its error for good, and told by the end of the capture.
func (r *recorder) frame(at int64, f frame) {
	r.frames++
	r.last = max(r.last, at)
	r.writer.Packet(r.last, f, len(f))
}

// flush writes what was recorded.
func (r *recorder) flush() { r.writer.Flush() }

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
