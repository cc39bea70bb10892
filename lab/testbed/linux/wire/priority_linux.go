package wire

import (
	"golang.org/x/sys/unix"
)

// prioritize makes the kernel wake the calling thread on time. It needs no
// privilege.
//
// The forwarder works for microseconds and then sleeps. With a short time slice
// (Linux 6.12 or later), a thread that wakes runs before threads that compute,
// instead of milliseconds later. The thread's timers are exact instead of
// grouped with others. If this fails, the path is less precise on a busy
// machine.
func prioritize() {
	const slice = 100_000 // nanoseconds, the shortest there is
	unix.SchedSetAttr(0, &unix.SchedAttr{Policy: unix.SCHED_NORMAL, Runtime: slice}, 0)
	unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0)
}
