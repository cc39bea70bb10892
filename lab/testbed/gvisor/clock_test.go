package gvisor

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// A diary is what happened, in order, by any goroutine.
type diary struct {
	mu   sync.Mutex
	what []string
}

func (d *diary) note(what string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.what = append(d.what, what)
}

// runClock has a clock run until everything has happened that prepare plans.
func runClock(t *testing.T, prepare func(c *clock, d *diary)) []string {
	t.Helper()
	one <- struct{}{}
	defer func() { <-one }()
	defer alone()()
	c, d := newClock(begin, func() {}), &diary{}
	prepare(c, d)
	end := make(chan struct{})
	c.schedule(24*time.Hour, 0, func() { close(end) })
	go c.run()
	<-end
	c.stop()
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.what
}

func TestEventsHappenInOrder(t *testing.T) {
	got := runClock(t, func(c *clock, d *diary) {
		c.schedule(2*time.Second, 0, func() { d.note("second") })
		c.schedule(3*time.Second, 7, func() { d.note("fourth") })
		c.schedule(3*time.Second, 5, func() { d.note("third") })
		c.schedule(3*time.Second, 7, func() { d.note("fifth") })
		never := c.schedule(time.Second, 0, func() { d.note("never") })
		c.schedule(time.Second, 0, func() { d.note("first at " + c.Now().Format(time.TimeOnly)) })
		if !c.cancel(never) || c.cancel(never) {
			t.Error("an event can be cancelled once")
		}
	})
	if want := []string{"first at 09:00:01", "second", "third", "fourth", "fifth"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// Goroutines that are ready at the same time act in the order of their keys,
// one after the other, whatever they do between two turns.
func TestTurns(t *testing.T) {
	for range 20 {
		got := runClock(t, func(c *clock, d *diary) {
			for _, name := range []string{"c", "a", "b"} {
				go func() {
					for range 3 {
						c.turn(time.Second, int(name[0]))
						d.note(name)
						for i := range 1000 * int(name[0]) {
							_ = i * i
						}
						d.note(name)
					}
				}()
			}
		})
		if got, want := strings.Join(got, ""), "aabbccaabbccaabbcc"; got != want {
			t.Fatalf("got %s, want %s", got, want)
		}
	}
}

// While somebody holds the clock nothing happens, however long that takes.
func TestHold(t *testing.T) {
	got := runClock(t, func(c *clock, d *diary) {
		release := c.Hold()
		c.schedule(time.Second, 0, func() { d.note("event") })
		go func() {
			time.Sleep(20 * time.Millisecond) // which the network does not know of
			d.note("release")
			release()
			release() // again does nothing
		}()
	})
	if want := []string{"release", "event"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestTimer(t *testing.T) {
	got := runClock(t, func(c *clock, d *diary) {
		timers := stackClock{c}
		stopped := timers.AfterFunc(time.Second, func() { d.note("stopped") })
		moved := timers.AfterFunc(time.Second, func() { d.note("moved to " + c.Now().Format(time.TimeOnly)) })
		stopped.Stop()
		moved.Reset(5 * time.Second)
		if got := timers.NowMonotonic().Milliseconds(); got != 0 {
			t.Errorf("got %d ms since the start, want none", got)
		}
	})
	if want := []string{"moved to 09:00:05"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
