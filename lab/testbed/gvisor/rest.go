package gvisor

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// rest finds out when all goroutines but the calling one have come to rest:
// when each waits for something. With one processor, which a network keeps Go
// to, none runs while this one does, so it is enough that none is ready to.
//
// Two kinds of goroutines are neither ready nor at rest. One that is in a system
// call: whoever makes one, and then acts on the network, holds the network's
// clock meanwhile; see [network.Hold]. And one that waits for the garbage
// collector: so that runs only here, when all are at rest; see [alone].
type rest struct {
	heap  uint64 // bytes, after the last collection
	waits int
}

const (
	readyGoroutines = "/sched/goroutines/runnable:goroutines"
	heapObjects     = "/memory/classes/heap/objects:bytes"

	lookAtHeap = 1024     // waits, from one look to the next
	mostHeap   = 64 << 20 // bytes by which it grows until garbage is collected
)

// alone prepares Go for a network, and returns what undoes it: there is one
// processor, and garbage is collected when rest says. A collection that is going
// on ends first.
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
	for read(readyGoroutines) > 0 {
		runtime.Gosched()
	}
	if r.waits++; r.waits%lookAtHeap == 0 {
		r.collect()
	}
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
