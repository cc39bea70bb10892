package wire

import (
	"golang.org/x/sys/unix"
)

// prioritize makes the kernel wake the calling thread on time, as far as it
// does that for anybody: no power is needed for any of it.
//
// The path works for microseconds and then sleeps. A short slice tells Linux so
// (from 6.12 on): a thread that wakes with one runs before those that compute,
// instead of after the milliseconds of their slice. And timers of the thread
// are not put off to coincide with others. What fails here costs precision on
// a busy machine, and nothing on another.
func prioritize() {
	const slice = 100_000 // nanoseconds, the shortest there is
	unix.SchedSetAttr(0, &unix.SchedAttr{Policy: unix.SCHED_NORMAL, Runtime: slice}, 0)
	unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0)
}
