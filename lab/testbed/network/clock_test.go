package network_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"ftplab/lab/testbed/network"
)

// A handClock is moved by hand. It is for one goroutine.
type handClock struct {
	now    time.Time
	timers []*handTimer
}

type handTimer struct {
	at time.Time
	f  func()
}

func (c *handClock) Now() time.Time { return c.now }

func (c *handClock) AfterFunc(d time.Duration, f func()) (stop func() bool) {
	t := &handTimer{c.now.Add(d), f}
	c.timers = append(c.timers, t)
	return func() bool {
		inTime := t.f != nil
		t.f = nil
		return inTime
	}
}

func (c *handClock) advance(d time.Duration) {
	c.now = c.now.Add(d)
	for _, t := range c.timers {
		if t.f != nil && !t.at.After(c.now) {
			t.f()
			t.f = nil
		}
	}
}

// The context ends by the network's clock, however little time has passed by
// the system's.
func TestWithTimeout(t *testing.T) {
	clock := &handClock{now: time.Date(1985, time.October, 1, 0, 0, 0, 0, time.UTC)}
	ctx, cancel := network.WithTimeout(t.Context(), clock, time.Hour)
	defer cancel()
	if got, ok := ctx.Deadline(); !ok || got != clock.now.Add(time.Hour) {
		t.Errorf("got the deadline %v, want %v", got, clock.now.Add(time.Hour))
	}
	child, cancelChild := network.WithTimeout(ctx, clock, 2*time.Hour)
	defer cancelChild()
	if got, _ := child.Deadline(); got != clock.now.Add(time.Hour) {
		t.Errorf("a child with more time: got the deadline %v, want its parent's, %v", got, clock.now.Add(time.Hour))
	}
	clock.advance(time.Hour - time.Nanosecond)
	if err := ctx.Err(); err != nil {
		t.Errorf("a nanosecond before: got %v, want nil", err)
	}
	clock.advance(time.Nanosecond)
	for name, c := range map[string]context.Context{"the context": ctx, "its child": child} {
		<-c.Done()
		if err := c.Err(); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: got %v, want %v", name, err, context.DeadlineExceeded)
		}
	}
}

func TestWithTimeoutCancelled(t *testing.T) {
	clock := &handClock{}
	ctx, cancel := network.WithTimeout(t.Context(), clock, time.Hour)
	cancel()
	if err := ctx.Err(); err != context.Canceled {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	clock.advance(time.Hour)
	if err := ctx.Err(); err != context.Canceled {
		t.Errorf("an hour later: got %v, want %v", err, context.Canceled)
	}
}

func TestSleep(t *testing.T) {
	clock := &handClock{}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := network.Sleep(ctx, clock, time.Hour); err != context.Canceled {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	if err := network.Sleep(t.Context(), network.WallClock, time.Nanosecond); err != nil {
		t.Errorf("got %v, want nil", err)
	}
}
