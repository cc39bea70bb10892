package wire

import (
	"math"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"ftplab/lab/testbed/path"
)

// A forwarder carries along the path what the hosts' kernels send. One thread
// runs it; see run.
type forwarder struct {
	path     *path.Path
	ends     []*end
	recorder recorder
	clock    clock

	batch   [][]byte
	sources []unix.PollFd // what ends the forwarder's sleep

	crossed   uint64           // frames received and delivered
	wake      int              // eventfd: wakes the forwarder for quit and questions
	quit      chan struct{}    // closed to end run
	done      chan struct{}    // closed at the end of run
	questions chan chan report // requests for a report
	arriving  sync.RWMutex     // locked while frames are handed to hosts; see stopArrivals
}

// A report is the state of the path.
type report struct {
	quiet   bool          // no frame is on its way, and no host has sent one since the last report
	crossed uint64        // frames received and delivered so far
	open    string        // a stream that is not acknowledged completely, or ""
	arrives time.Duration // until the next frame that is on its way arrives; 0 for none
}

// An end is the kernel's side of the place where a host's link meets the path.
type end struct {
	*path.End
	port     *port
	ready    int64 // the earliest time to hand the next frame to the host
	delivery delivery
}

// A delivery is the last time that frames were handed to a host: when they had
// arrived in the path's time, and when the call was done.
type delivery struct {
	arrival      int64
	began, ended int64
	frames       int64
}

// kernelAnswers is the longest time, in nanoseconds, that a kernel needs to
// answer a frame. What takes longer is other work of the machine.
const kernelAnswers = 50_000

// timeOf returns when, in the path's time, the host sent the frame that its
// kernel sent at the time at. See the section Time of the package
// documentation.
func (h delivery) timeOf(at int64) int64 {
	if at < h.began || at > h.ended {
		return at
	}
	return min(at, h.arrival+min(at-h.began, h.frames*kernelAnswers))
}

const (
	never    = math.MaxInt64    // a time that is never reached
	catchUp  = 4                // times a link's rate: the rate at which frames that are late are carried
	atOnce   = 250_000          // nanoseconds within which the frames of one batch arrive
	takeMost = 4 * batch        // frames from one port before the others have their turn
	idle     = 10 * time.Second // between two looks at ports that are silent
)

// run forwards frames until quit. It has a thread to itself, so that it
// receives and delivers frames on time.
//
// A frame that the captured host sends is recorded with the time at which its
// kernel sent it. A frame that the host receives is recorded with the time at
// which it arrived by the schedule of the path; see the section Time of the
// package documentation. Each round first takes everything that the hosts have
// sent so far, and then hands over what has arrived. A host's answer to an arrival
// is taken in a later round, so causes are recorded before their effects.
func (f *forwarder) run() {
	defer close(f.done)
	runtime.LockOSThread() // never unlocked: the thread's priority ends with it
	prioritize()
	for {
		f.clock.compare()
		quiet := true
		for _, e := range f.ends {
			quiet = f.take(e) && quiet
		}
		f.write(f.nextArrival())
		next := int64(never)
		for _, e := range f.ends {
			next = min(next, f.deliver(e))
		}
		f.settle()
		select {
		case answer := <-f.questions:
			answer <- report{quiet && next == never, f.crossed, f.path.Unacknowledged(), f.until(next)}
		case <-f.quit:
			f.write(never)
			return
		default:
			if quiet {
				f.wait(next)
			}
		}
	}
}

// until is how long it is until the time next; 0 if that is never.
func (f *forwarder) until(next int64) time.Duration {
	if next == never {
		return 0
	}
	return time.Duration(next - f.clock.now())
}

// nextArrival returns when the next frame arrives at any host.
func (f *forwarder) nextArrival() int64 {
	next := int64(never)
	for _, e := range f.ends {
		if arrival, _, ok := e.Next(); ok {
			next = min(next, arrival)
		}
	}
	return next
}

// write writes to the capture what passed until a time: before the next arrival, no
// host answers one.
func (f *forwarder) write(until int64) {
	if last := f.recorder.write(until); last != 0 {
		f.path.RecordFrom(last)
	}
}

// take receives frames from the host, and reports whether there were none.
func (f *forwarder) take(e *end) (quiet bool) {
	for n := range takeMost {
		raw, at := e.port.receive()
		if raw == nil {
			return n == 0
		}
		f.crossed++
		f.path.Send(e.End, raw, e.delivery.timeOf(f.clock.fromKernel(at)))
	}
	return false
}

// deliver hands over to the host what has arrived, and returns when to call it
// next.
func (f *forwarder) deliver(e *end) (next int64) {
	now := f.clock.now()
	var first, last int64 // arrivals of the batch
	f.batch, next = f.batch[:0], never
	for len(f.batch) < batch {
		arrival, carrying, ok := e.Next()
		if !ok {
			break
		}
		if next = max(arrival, e.ready); next > now {
			break
		}
		// The host's answers are counted from the last arrival in the batch. So
		// frames that arrived at different times are handed over separately,
		// however late they are.
		if len(f.batch) > 0 && arrival > first+atOnce {
			break
		}
		frame := e.Take(now)
		if frame == nil {
			continue
		}
		if last = arrival; len(f.batch) == 0 {
			first = arrival
		}
		e.ready = now + carrying/catchUp
		f.batch = append(f.batch, frame)
	}
	if len(f.batch) == 0 {
		return next
	}
	f.arriving.Lock()
	defer f.arriving.Unlock()
	f.crossed += uint64(len(f.batch))
	e.delivery = delivery{arrival: last, began: f.clock.now(), frames: int64(len(f.batch))}
	e.port.send(f.batch)
	e.delivery.ended = f.clock.now()
	return 0 // there may be more frames, and answers of the host
}

// longestStop is the longest time that no frame arrives: a program that waits for an
// arrival in that time does not wait forever.
const longestStop = time.Second

// stopArrivals lets no frame arrive at any host until release is called. The forwarder
// waits when it has one; the times in the capture do not depend on when it goes on.
func (f *forwarder) stopArrivals() (release func()) {
	f.arriving.RLock()
	goOn := sync.OnceFunc(f.arriving.RUnlock)
	limit := time.AfterFunc(longestStop, goOn)
	return func() {
		limit.Stop()
		goOn()
	}
}

// settle ends a round: it frees the memory of the frames.
func (f *forwarder) settle() {
	f.path.Release()
	for _, e := range f.ends {
		e.port.giveBack()
	}
}

// wait sleeps until a frame arrives, or until next.
func (f *forwarder) wait(next int64) {
	sleep := int64(idle)
	if next != never {
		sleep = next - f.clock.now()
	}
	if sleep <= 0 {
		return
	}
	f.sources = append(f.sources[:0], unix.PollFd{Fd: int32(f.wake), Events: unix.POLLIN})
	for _, e := range f.ends {
		f.sources = append(f.sources, unix.PollFd{Fd: int32(e.port.fd), Events: unix.POLLIN})
	}
	timeout := unix.NsecToTimespec(sleep)
	unix.Ppoll(f.sources, &timeout, nil)
	if f.sources[0].Revents != 0 {
		var count [8]byte
		unix.Read(f.wake, count[:])
	}
}

// ask wakes the forwarder and asks for a report.
func (f *forwarder) ask() report {
	answer := make(chan report, 1)
	f.questions <- answer
	f.rouse()
	return <-answer
}

// rouse wakes the forwarder if it sleeps.
func (f *forwarder) rouse() {
	unix.Write(f.wake, []byte{1, 0, 0, 0, 0, 0, 0, 0})
}
