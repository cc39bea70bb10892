package runner

import (
	"context"
	"ftplab/lab/testbed/network"
	"time"
)

// A Stall is a time in which the machine did not let this program run, such as
// one that had other things to do, or was itself a guest that was stopped. In it
// packets waited that would otherwise have been sent, or passed on.
type Stall struct {
	At      float64 `json:"at"`      // seconds since the session began
	Seconds float64 `json:"seconds"` // that it lasted
}

// A stallWatch looks at the clock often, to find out when it could not.
type stallWatch struct {
	begin, last time.Time
	found       []Stall
}

const (
	// lookAtClock is how often it looks.
	lookAtClock = 20 * time.Millisecond
	// longestWait is for how long a program may have to wait for its turn on a
	// machine that is merely busy. Sessions stand that, and figures their part.
	longestWait = 200 * time.Millisecond
)

// watchForStalls watches until it is asked for what it found, or ctx ends. It
// finds nothing on a network that has a time of its own, which stands still
// while the machine does.
func watchForStalls(ctx context.Context, clock network.Clock) (found func() []Stall) {
	if clock != network.WallClock {
		return func() []Stall { return nil }
	}
	ctx, cancel := context.WithCancel(ctx)
	begin := clock.Now()
	w := &stallWatch{begin: begin, last: begin}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for network.Sleep(ctx, clock, lookAtClock) == nil {
			w.look(clock.Now())
		}
		w.look(clock.Now())
	}()
	return func() []Stall {
		cancel()
		<-done
		return w.found
	}
}

// look notes a stall if it is long since the last look.
func (w *stallWatch) look(now time.Time) {
	if wait := now.Sub(w.last); wait > longestWait {
		w.found = append(w.found, Stall{At: w.last.Sub(w.begin).Seconds(), Seconds: wait.Seconds()})
	}
	w.last = now
}
