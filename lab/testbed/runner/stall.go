package runner

import (
	"context"
	"time"

	"ftplab/lab/testbed/network"
)

// A Stall is a time in which this program did not run, because the machine was busy or,
// as a virtual machine, was stopped. Packets waited that the program would have sent or
// forwarded in this time.
type Stall struct {
	At      float64 `json:"at"`      // seconds since the session began
	Seconds float64 `json:"seconds"` // that it lasted
}

// A stallWatch looks at the clock often. A long time between two looks is a stall.
type stallWatch struct {
	begin, last time.Time
	found       []Stall
}

const (
	// lookAtClock is the time between two looks.
	lookAtClock = 20 * time.Millisecond
	// longestWait is how long a program may wait for its turn on a machine that is only
	// busy. Sessions and the tolerances of figures allow for that.
	longestWait = 200 * time.Millisecond
)

// watchForStalls watches until found is called or ctx ends. It finds nothing on a
// network with virtual time, because that time stops together with the machine.
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
