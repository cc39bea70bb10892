package wire

import (
	"time"

	"ftplab/lab/capture"
)

// A recorder writes what passes the captured end, in the order of time.
//
// A frame that the host sends carries the moment at which its kernel sent it; a
// frame that it gets, the moment at which it was handed to its kernel. Each
// round of the path first records all that the host has sent so far, and only
// then what is delivered to it, so the two kinds of moments come in order: what
// the host sends in answer is sent after the delivery, and recorded in a later
// round. Only a frame sent within the microseconds between the two halves of a
// round is seen by neither, and would come one round late: it gets the time of
// the frame before it.
type recorder struct {
	writer *capture.Writer
	last   int64
	frames uint64
	err    error
}

// frame records a frame, which stays as it is until flush.
func (r *recorder) frame(at int64, f frame) {
	r.frames++
	r.last = max(r.last, at)
	if err := r.writer.Packet(r.last, f, len(f)); err != nil {
		r.err = err
	}
}

// flush writes what was recorded.
func (r *recorder) flush() {
	if err := r.writer.Flush(); err != nil {
		r.err = err
	}
}

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
	now := time.Now()
	c.skew = c.epoch + int64(now.Sub(c.start)) - now.UnixNano()
}

// fromKernel turns a time of the system's clock, by which the kernel stamps
// frames, into one of this clock.
func (c *clock) fromKernel(stamp int64) int64 { return stamp + c.skew }
