package loopback

import (
	"os"
	"strconv"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"ftplab/lab/testbed/linux/ring"
)

// A brake prevents a transfer from being faster than its recorder.
//
// Data crosses lo at several GB a second, and a disk may write a tenth of that.
// When an eighth of the ring waits to be written, the brake limits the rate at
// which this process's sockets send (SO_MAX_PACING_RATE); when little waits, it
// removes the limit. The capture shows a slower sender: no window closes, and
// no segment is retransmitted.
//
// The brake does not slow programs that a host started.
type brake struct {
	ring    *ring.Ring
	over    atomic.Bool
	stopped chan struct{}
}

const (
	brakeAbove   = 0.125 // of the ring
	releaseBelow = 0.06
	brakeEvery   = 2 * time.Millisecond // lo carries a few MiB in this time
	brakedRate   = 32 << 20             // bytes a second, for each socket
	fullRate     = ^uint32(0)           // the kernel's value for no limit
)

// startBrake watches the ring until stop, on any of the given processors.
func startBrake(ring *ring.Ring, processors unix.CPUSet) *brake {
	b := &brake{ring: ring, stopped: make(chan struct{})}
	go func() {
		unpin(processors)
		hurry()
		b.run()
		close(b.stopped)
	}()
	return b
}

// stop ends the brake. A nil brake needs no stop.
func (b *brake) stop() {
	if b != nil {
		b.over.Store(true)
		<-b.stopped
	}
}

func (b *brake) run() {
	pause := unix.NsecToTimespec(brakeEvery.Nanoseconds())
	for braked := false; !b.over.Load(); {
		// Sleep in the kernel, which wakes this thread on time. Go's timers
		// could wait for the very threads that need braking.
		unix.Nanosleep(&pause, nil)
		switch backlog := b.ring.Backlog(); {
		case backlog > brakeAbove:
			braked = true
			pace(brakedRate) // each time, because there may be new sockets
		case backlog < releaseBelow && braked:
			braked = false
			pace(fullRate)
		}
	}
}

// pace limits the rate at which each of this process's sockets sends. It has no
// effect on other descriptors.
func pace(bytesPerSecond uint32) {
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return
	}
	for _, file := range files {
		if fd, err := strconv.Atoi(file.Name()); err == nil {
			unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_MAX_PACING_RATE, int(bytesPerSecond))
		}
	}
}
