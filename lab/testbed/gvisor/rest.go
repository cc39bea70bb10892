package gvisor

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"sync/atomic"
	"time"
)

// rest finds out when all goroutines except the calling one are at rest: when
// each waits for something. A network limits Go to one processor, so no other
// goroutine runs while this one does, and it is enough that none is ready to run.
//
// Two kinds of goroutines are neither ready nor at rest. The first is in a system
// call. Code that makes one and then acts on the network holds the network's clock
// until then, see [network.Hold], or its calls are watched, see [network.HoldInCalls].
// The second waits for the garbage collector. So the collector runs only here, when
// all are at rest; see [alone].
type rest struct {
	heap  uint64 // bytes, after the last collection
	waits int

	watched atomic.Int32  // programs of which the system calls are waited for
	lasting atomic.Uint64 // goroutines in system calls that are not waited for
	since   time.Time     // the first look that found more of them
}

const (
	readyGoroutines   = "/sched/goroutines/runnable:goroutines"
	callingGoroutines = "/sched/goroutines/not-in-go:goroutines"
	heapObjects       = "/memory/classes/heap/objects:bytes"

	lookAtHeap = 1024     // waits, from one look to the next
	mostHeap   = 64 << 20 // bytes by which it grows until garbage is collected

	longestCall = time.Second // for which rest waits
	lookAtCalls = 50 * time.Microsecond
)

// alone limits Go to one processor, and to garbage collections that rest starts.
// It returns a function that undoes this. A collection that is under way ends
// first.
func alone() (undo func()) {
	time.Now().Zone() // which reads the system's time zone, once, and not in the middle of a session
	percent := debug.SetGCPercent(-1)
	processors := runtime.GOMAXPROCS(1)
	return func() {
		runtime.GOMAXPROCS(processors)
		debug.SetGCPercent(percent)
	}
}

// wait returns when all others are at rest.
func (r *rest) wait() {
	runtime.Gosched() // everybody else first
	for read(readyGoroutines) > 0 || r.watched.Load() > 0 && r.inCalls() {
		runtime.Gosched()
	}
	if r.waits++; r.waits%lookAtHeap == 0 {
		r.collect()
	}
}

// watchCalls makes wait wait for system calls that begin from now on, until unwatch is
// called.
func (r *rest) watchCalls() (unwatch func()) {
	if r.watched.Add(1) == 1 {
		r.lasting.Store(read(callingGoroutines))
	}
	return sync.OnceFunc(func() { r.watched.Add(-1) })
}

// inCalls reports whether goroutines are in system calls that may soon return. It gives
// them a moment for that.
func (r *rest) inCalls() bool {
	calling := read(callingGoroutines)
	if calling > r.lasting.Load() {
		if r.since.IsZero() {
			r.since = time.Now()
		}
		if time.Since(r.since) < longestCall {
			time.Sleep(lookAtCalls)
			return true
		}
	}
	r.lasting.Store(calling)
	r.since = time.Time{}
	return false
}

// collect collects garbage if there may be much.
func (r *rest) collect() {
	live := read(heapObjects)
	if r.heap == 0 {
		r.heap = live
	}
	if live > r.heap+mostHeap {
		runtime.GC()
		r.heap = read(heapObjects)
	}
}

// read reads one of Go's metrics. One that this Go does not have is 0.
func read(name string) uint64 {
	sample := [1]metrics.Sample{{Name: name}}
	metrics.Read(sample[:])
	if sample[0].Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return sample[0].Value.Uint64()
}
