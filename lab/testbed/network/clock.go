package network

import (
	"context"
	"time"
)

// A Clock tells the time of a network. Programs on its hosts measure, wait and
// set deadlines by it alone. On a network of the kernel's it is the system's
// clock; see [WallClock]. A network in user space has a time of its own.
type Clock interface {
	// Now is the time now.
	Now() time.Time

	// AfterFunc calls f, on a goroutine that f must not keep, when d has
	// passed. Stop keeps it from doing so, and reports whether it came in time.
	AfterFunc(d time.Duration, f func()) (stop func() bool)
}

// WallClock is the system's clock.
var WallClock Clock = wallClock{}

type wallClock struct{}

func (wallClock) Now() time.Time { return time.Now() }

func (wallClock) AfterFunc(d time.Duration, f func()) (stop func() bool) {
	return time.AfterFunc(d, f).Stop
}

// After returns a channel that is closed when d has passed, as [time.After]
// does by the system's clock. Stop gives up waiting.
func After(c Clock, d time.Duration) (passed <-chan struct{}, stop func()) {
	channel := make(chan struct{})
	cancel := c.AfterFunc(d, func() { close(channel) })
	return channel, func() { cancel() }
}

// Sleep waits until d has passed, or ctx ends, whose error it then returns.
func Sleep(ctx context.Context, c Clock, d time.Duration) error {
	passed, stop := After(c, d)
	defer stop()
	select {
	case <-passed:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// WithTimeout returns a context that ends when d has passed by the clock, as
// [context.WithTimeout] does by the system's. Its deadline is the clock's time
// too, as the deadlines of the network's connections are.
func WithTimeout(parent context.Context, c Clock, d time.Duration) (context.Context, context.CancelFunc) {
	if c == WallClock {
		return context.WithTimeout(parent, d)
	}
	ctx, cancel := context.WithCancelCause(parent)
	deadline := c.Now().Add(d)
	if earlier, ok := parent.(timeout); ok && earlier.deadline.Before(deadline) {
		deadline = earlier.deadline
	}
	stop := c.AfterFunc(d, func() { cancel(context.DeadlineExceeded) })
	return timeout{ctx, deadline}, func() {
		stop()
		cancel(nil)
	}
}

// timeout is a context with a deadline by a clock that is not the system's.
type timeout struct {
	context.Context
	deadline time.Time
}

func (t timeout) Deadline() (time.Time, bool) { return t.deadline, true }

// Err tells a deadline that has passed from a context that was cancelled.
func (t timeout) Err() error {
	if context.Cause(t.Context) == context.DeadlineExceeded {
		return context.DeadlineExceeded
	}
	return t.Context.Err()
}

// A Holder is a [Clock] whose time does not pass while a program waits for
// something that the network does not know of, such as the operating system.
type Holder interface{ Hold() (release func()) }

// Hold keeps the time of a clock from passing until release is called, where
// the clock can be kept. Between the two, nothing may be done on the network.
func Hold(c Clock) (release func()) {
	if h, ok := c.(Holder); ok {
		return h.Hold()
	}
	return func() {}
}
