package loopback

import (
	"os"
	"strconv"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"ftplab/lab/testbed/linux/ring"
)

// A brake keeps a transfer from outrunning its recorder.
//
// Data crosses lo at several GB a second, and a disk may take a tenth of that.
// When an eighth of the ring waits to be written the brake lowers the rate at which
// this process's sockets send (SO_MAX_PACING_RATE), and when little waits it
// gives it back. In the capture that is a sender that takes its time: no window
// closes, and nothing is sent twice.
//
// Programs that a host started are not braked.
type brake struct {
	ring    *ring.Ring
	over    atomic.Bool
	stopped chan struct{}
}

const (
	brakeAbove   = 0.125 // of the ring
	releaseBelow = 0.06
	brakeEvery   = 2 * time.Millisecond // in which lo carries a few MiB
	brakedRate   = 32 << 20             // bytes a second, of each socket
	fullRate     = ^uint32(0)           // no limit, as the kernel understands it
)

// startBrake watches the ring until stop, on any of these processors.
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

// stop ends it. No brake needs no stop.
func (b *brake) stop() {
	if b != nil {
		b.over.Store(true)
		<-b.stopped
	}
}

func (b *brake) run() {
	pause := unix.NsecToTimespec(brakeEvery.Nanoseconds())
	for braked := false; !b.over.Load(); {
		// The kernel wakes this thread in time; Go's timers might wait for
		// the very threads that have to be braked.
		unix.Nanosleep(&pause, nil)
		switch backlog := b.ring.Backlog(); {
		case backlog > brakeAbove:
			braked = true
			pace(brakedRate) // anew each time: there may be new sockets
		case backlog < releaseBelow && braked:
			braked = false
			pace(fullRate)
		}
	}
}

// pace limits the rate at which each of this process's sockets sends. On what
// is no socket it has no effect.
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
