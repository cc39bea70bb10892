package network

import (
	"context"
	"time"
)

// A Clock is the clock of a network. Servers and clients on its hosts use no other
// clock to measure, to wait and to set deadlines. On a network of the kernel it is the
// system's clock; see [WallClock]. A network in user space has virtual time.
type Clock interface {
	// Now returns the current time.
	Now() time.Time

	// AfterFunc calls f after d has passed. The goroutine that calls f runs other
	// timers too, so f must not block. Stop prevents the call and reports whether it
	// came in time.
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
// does for the system's clock. Stop releases the timer.
func After(c Clock, d time.Duration) (passed <-chan struct{}, stop func()) {
	channel := make(chan struct{})
	cancel := c.AfterFunc(d, func() { close(channel) })
	return channel, func() { cancel() }
}

// Sleep waits until d has passed or ctx ends. In the second case it returns the
// error of ctx.
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

// Within sets the deadline of an operation to that of ctx, and interrupts the
// operation when ctx ends. SetDeadline is a method of a connection or a listener. The
// caller must call done after the operation.
func Within(ctx context.Context, setDeadline func(time.Time) error) (done func() bool) {
	deadline, _ := ctx.Deadline() // the zero time is none
	setDeadline(deadline)
	return context.AfterFunc(ctx, func() { setDeadline(time.Unix(1, 0)) })
}

// WithTimeout returns a context that ends when d has passed on the clock, as
// [context.WithTimeout] does for the system's. Its deadline is a time of that
// clock, as are the deadlines of the network's connections.
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

// timeout is a context whose deadline is a time of another clock than the
// system's.
type timeout struct {
	context.Context
	deadline time.Time
}

func (t timeout) Deadline() (time.Time, bool) { return t.deadline, true }

// Err distinguishes an expired deadline from a cancelled context.
func (t timeout) Err() error {
	if context.Cause(t.Context) == context.DeadlineExceeded {
		return context.DeadlineExceeded
	}
	return t.Context.Err()
}

// A Holder is a [Clock] that can be stopped while a program waits for something
// outside the network, such as the operating system.
type Holder interface {
	Hold() (release func())
	HoldInCalls() (release func())
}

// Hold stops the clock until release is called, if it is a [Holder]. The
// program must not use the network in between.
func Hold(c Clock) (release func()) {
	if h, ok := c.(Holder); ok {
		return h.Hold()
	}
	return func() {}
}

// HoldInCalls stops the clock, if it is a [Holder], whenever a goroutine of this
// process is in a system call that began after HoldInCalls, until release is called.
// It is for code that does not call Hold itself. A call that takes longer than a
// second waits for something, such as a process, and does not stop the clock any more.
func HoldInCalls(c Clock) (release func()) {
	if h, ok := c.(Holder); ok {
		return h.HoldInCalls()
	}
	return func() {}
}
