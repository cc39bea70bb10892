package gvisor

import (
	"container/heap"
	"sync"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip"

	"ftplab/lab/testbed/network"
)

// A clock is the time of a network, and the queue of its events.
//
// Time passes from event to event: one goroutine, run, takes the next event
// from the heap, sets the clock to its time, and executes it. Before each event
// it waits until all other goroutines are at rest. So a session takes only as
// long as its packets take to compute, and the order of events does not depend
// on the machine.
//
// Before a goroutine of a program acts on the network, it waits for an event of
// its own: see [clock.turn]. When two goroutines are ready at the same time, such
// as those of a server's two connections, the order of their keys decides, and
// not Go's scheduler.
type clock struct {
	start  time.Time
	atRest func() // called by run now and then, while all others are at rest
	rest   rest

	mu     sync.Mutex
	now    int64 // nanoseconds since 1970
	events events
	issued uint64 // events so far
	holds  int    // programs that wait for something outside of the network
	quit   bool
	wake   chan struct{} // has something when run has something to look at
	ended  chan struct{} // closed by run
}

// An event is something that happens at a time.
type event struct {
	at     int64
	key    int    // among events of the same time; see turn
	number uint64 // among those of the same key
	do     func()
	index  int // in the heap; -1 when it is not there
}

func newClock(start time.Time, atRest func()) *clock {
	return &clock{
		start: start, atRest: atRest, now: start.UnixNano(),
		wake: make(chan struct{}, 1), ended: make(chan struct{}),
	}
}

// Now implements [network.Clock].
func (c *clock) Now() time.Time { return time.Unix(0, c.nanoseconds()).UTC() }

func (c *clock) nanoseconds() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// AfterFunc implements [network.Clock].
func (c *clock) AfterFunc(d time.Duration, f func()) (stop func() bool) {
	e := c.schedule(d, 0, f)
	return func() bool { return c.cancel(e) }
}

// Hold implements [network.Holder].
func (c *clock) Hold() (release func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.holds++
	return sync.OnceFunc(func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.holds--
		c.rouse()
	})
}

// HoldInCalls implements [network.Holder].
func (c *clock) HoldInCalls() (release func()) { return c.rest.watchCalls() }

var _ network.Holder = (*clock)(nil)

// schedule adds an event that happens when d has passed.
func (c *clock) schedule(d time.Duration, key int, do func()) *event {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.add(c.now+int64(max(d, 0)), key, do)
}

// scheduleAt adds an event that happens at a time, or now if that is past.
func (c *clock) scheduleAt(at int64, do func()) *event {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.add(max(at, c.now), 0, do)
}

// add adds an event. The caller holds mu.
func (c *clock) add(at int64, key int, do func()) *event {
	c.issued++
	e := &event{at: at, key: key, number: c.issued, do: do}
	heap.Push(&c.events, e)
	c.rouse()
	return e
}

// cancel removes an event. It reports whether the event was still to come.
func (c *clock) cancel(e *event) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e == nil || e.index < 0 {
		return false
	}
	heap.Remove(&c.events, e.index)
	return true
}

// turn waits until the calling goroutine may act on the network: when the time
// work has passed and all others are at rest. Of several goroutines at the same
// time, the one with the lowest key is first.
func (c *clock) turn(work time.Duration, key int) {
	granted := make(chan struct{})
	c.schedule(work, key, func() { close(granted) })
	select {
	case <-granted:
	case <-c.ended: // the network is closed, and nothing happens there any more
	}
}

// rouse wakes run, so that it looks at the events again. The caller holds mu.
func (c *clock) rouse() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// run executes one event after the other, until stop.
func (c *clock) run() {
	defer close(c.ended)
	for happened := 1; ; happened++ {
		c.rest.wait()
		if happened%eventsBetween == 0 {
			c.atRest()
		}
		c.mu.Lock()
		if c.quit {
			c.mu.Unlock()
			return
		}
		if len(c.events) == 0 || c.holds > 0 {
			c.mu.Unlock()
			c.atRest()
			<-c.wake
			continue
		}
		e := heap.Pop(&c.events).(*event)
		c.now = e.at
		c.mu.Unlock()
		e.do()
	}
}

// eventsBetween is how many events happen between two calls of atRest.
const eventsBetween = 1024

// stop ends run. Nothing happens after it.
func (c *clock) stop() {
	c.mu.Lock()
	c.quit = true
	c.rouse()
	c.mu.Unlock()
	<-c.ended
}

// events is a heap, the next event first.
type events []*event

func (e events) Len() int { return len(e) }

func (e events) Less(i, j int) bool {
	a, b := e[i], e[j]
	switch {
	case a.at != b.at:
		return a.at < b.at
	case a.key != b.key:
		return a.key < b.key
	}
	return a.number < b.number
}

func (e events) Swap(i, j int) {
	e[i], e[j] = e[j], e[i]
	e[i].index, e[j].index = i, j
}

func (e *events) Push(x any) {
	added := x.(*event)
	added.index = len(*e)
	*e = append(*e, added)
}

func (e *events) Pop() any {
	last := len(*e) - 1
	popped := (*e)[last]
	(*e)[last] = nil
	*e = (*e)[:last]
	popped.index = -1
	return popped
}

// stackClock is the clock as gVisor's stacks know it.
type stackClock struct{ *clock }

var _ tcpip.Clock = stackClock{}

// NowMonotonic implements [tcpip.Clock].
func (c stackClock) NowMonotonic() tcpip.MonotonicTime {
	return tcpip.MonotonicTime{}.Add(c.Now().Sub(c.start))
}

// AfterFunc implements [tcpip.Clock].
func (c stackClock) AfterFunc(d time.Duration, f func()) tcpip.Timer {
	return &timer{c.clock, f, c.schedule(d, 0, f)}
}

// A timer is one of gVisor's.
type timer struct {
	clock *clock
	do    func()
	event *event
}

// Stop implements [tcpip.Timer].
func (t *timer) Stop() bool { return t.clock.cancel(t.event) }

// Reset implements [tcpip.Timer].
func (t *timer) Reset(d time.Duration) {
	t.clock.cancel(t.event)
	t.event = t.clock.schedule(d, 0, t.do)
}
