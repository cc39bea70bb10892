package runner

import (
	"context"
	"time"
)

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

// watchForStalls watches until it is asked for what it found, or ctx ends.
func watchForStalls(ctx context.Context) (found func() []Stall) {
	ctx, cancel := context.WithCancel(ctx)
	begin := time.Now()
	w := &stallWatch{begin: begin, last: begin}
	done := make(chan struct{})
	go func() {
		defer close(done)
		ticker := time.NewTicker(lookAtClock)
		defer ticker.Stop()
		for ctx.Err() == nil {
			select {
			case <-ticker.C:
			case <-ctx.Done():
			}
			w.look(time.Now())
		}
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
