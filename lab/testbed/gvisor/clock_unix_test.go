//go:build unix

package gvisor

import (
	"slices"
	"syscall"
	"testing"
	"time"
)

// A blockingPipe is a pipe whose reader is in a system call until a byte is written.
type blockingPipe [2]int

func newBlockingPipe(t *testing.T) *blockingPipe {
	var p blockingPipe
	if err := syscall.Pipe(p[:]); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		syscall.Close(p[0])
		syscall.Close(p[1])
	})
	return &p
}

func (p *blockingPipe) read()  { syscall.Read(p[0], make([]byte, 1)) }
func (p *blockingPipe) write() { syscall.Write(p[1], make([]byte, 1)) }

// A goroutine that is in a system call is not at rest while the clock is held in
// calls.
func TestHoldInCalls(t *testing.T) {
	pipe := newBlockingPipe(t)
	got := runClock(t, func(c *clock, d *diary) {
		release := c.HoldInCalls()
		c.schedule(time.Hour, 0, func() { d.note("an hour later") })
		time.AfterFunc(50*time.Millisecond, pipe.write)
		go func() {
			pipe.read()
			d.note("the call has returned")
			release()
		}()
	})
	if want := []string{"the call has returned", "an hour later"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// A system call that only an event of the network ends does not stop the clock for
// ever.
func TestHoldInLongCalls(t *testing.T) {
	pipe := newBlockingPipe(t)
	got := runClock(t, func(c *clock, d *diary) {
		t.Cleanup(c.HoldInCalls())
		c.schedule(time.Hour, 0, func() {
			d.note("an hour later")
			pipe.write()
		})
		go pipe.read()
	})
	if want := []string{"an hour later"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
