package wire

import (
	"math"
	"net/netip"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// A path is all that lies between the hosts: their gateways, the distance, and
// the recorder. One thread runs it; see run.
type path struct {
	ends     []*end
	byAddr   map[netip.Addr]*end
	captured *end
	record   recorder
	clock    clock
	store    store
	ledger   ledger
	rate     int64 // of every link, bits a second; 0 is unlimited
	queue    int64 // bytes that wait for a link at most; 0 is unlimited

	batch   [][]byte
	spent   []*chunk      // of frames that left the path, until the recorder is through with them
	sources []unix.PollFd // what ends the path's sleep

	crossed   uint64           // frames received and delivered
	wake      int              // eventfd: look at quit and questions
	quit      chan struct{}    // closed to end run
	done      chan struct{}    // closed by run when it has
	questions chan chan report // how is it going?
}

// A report is how things stand on the path.
type report struct {
	quiet   bool   // nothing is on its way, and no host had sent anything
	crossed uint64 // frames received and delivered so far
	open    string // a stream that is not acknowledged yet, or ""
}

// An end is where a host's link meets the path.
type end struct {
	place
	name string
	mtu  int
	mss  int // the largest segment that a SYN of the host may announce
	port *port

	to       map[*end]*direction
	gateway  *direction          // what the host's own gateway says to it
	inbound  []*direction        // all that lead here
	laggards map[*end][]*laggard // by the end they are sent to
	free     int64               // when the link to the host has carried what it was given
	ready    int64               // when the next frame is handed to the host at the earliest
	handover handover
}

// A handover is the last time that frames were handed to a host: when they
// had arrived by the time of the path, and when it was done.
type handover struct {
	arrival      int64
	began, ended int64
	frames       int64
}

// kernelAnswers is how long a kernel works on a frame until it has answered, at
// most, in nanoseconds. What takes longer is the machine's other work.
const kernelAnswers = 50_000

// timeOf returns when, by the time of the path, the host sent the frame that
// its kernel sent at the time at. See the package's documentation on time.
func (h handover) timeOf(at int64) int64 {
	if at < h.began || at > h.ended {
		return at
	}
	return min(at, h.arrival+min(at-h.began, h.frames*kernelAnswers))
}

const (
	never    = math.MaxInt64    // a time that does not come
	catchUp  = 4                // times the rate of a link, at which it carries what is late
	atOnce   = 250_000          // nanoseconds in which the frames of one batch arrive
	takeMost = 4 * batch        // frames from one port before all else has its turn
	idle     = 10 * time.Second // between two looks at ports that say nothing
)

// run forwards frames until quit. It has a thread to itself: what arrives is
// picked up at once, and what is due leaves on time.
func (p *path) run() {
	defer close(p.done)
	runtime.LockOSThread() // never unlocked: its priority ends with it
	prioritize()
	for {
		p.clock.compare()
		quiet := true
		for _, e := range p.ends {
			quiet = p.take(e) && quiet
		}
		next := int64(never)
		for _, e := range p.ends {
			next = min(next, p.deliver(e))
		}
		p.settle()
		select {
		case answer := <-p.questions:
			answer <- report{quiet && next == never, p.crossed, p.ledger.open()}
		case <-p.quit:
			return
		default:
			if quiet {
				p.wait(next)
			}
		}
	}
}

// take receives frames from the host, and reports whether there were none.
func (p *path) take(e *end) (quiet bool) {
	for n := range takeMost {
		raw, at := e.port.receive()
		if raw == nil {
			return n == 0
		}
		p.crossed++
		f := frame(raw)
		if !f.wellFormed() || f.housekeeping() {
			continue
		}
		at = e.handover.timeOf(p.clock.fromKernel(at))
		f.clampMSS(e.mss)
		f.zeroChecksum()
		if e == p.captured {
			p.record.frame(at, f)
		}
		p.route(e, f, at)
	}
	return false
}

// route sends a frame that a host sent at the time at on its way.
func (p *path) route(from *end, f frame, at int64) {
	if answer := from.answerNeighbor(f); answer != nil {
		from.hear(answer, at)
		return
	}
	if !f.isIP() || mac(f[:6]) != from.gateMAC {
		return
	}
	to := p.byAddr[f.destination()]
	if to == nil || to == from {
		from.hear(from.noRoute(f), at)
		return
	}
	if f.hopLimit() <= 1 {
		from.hear(from.timeExceeded(f), at)
		return
	}
	if s, ok := f.segment(); ok {
		p.ledger.enter(s)
	}
	switch {
	case len(f.packet()) <= to.mtu:
		p.forward(from, to, f, at)
	case f.mayFragment():
		for _, piece := range f.fragments(to.mtu) {
			p.forward(from, to, piece, at)
		}
	default:
		p.refuse(from, to, f, at)
	}
}

// hear has the host get what its own gateway says at the time at, if it does.
func (e *end) hear(word frame, at int64) {
	if word != nil {
		e.gateway.queue.add(flight{due: at, frame: word})
	}
}

// refuse tells the sender of a frame that the link to the receiver is too
// narrow for it. The gateway there does, so its word takes the whole way back.
func (p *path) refuse(from, to *end, f frame, at int64) {
	word := to.tooBig(f, to.mtu)
	if word == nil {
		return
	}
	word.address(from.gateMAC, from.mac)
	back := to.to[from]
	back.setApart(flight{due: at + from.to[to].delay + back.delay, frame: word})
}

// forward puts a copy of the frame, as the receiver gets it, on its way, unless
// it is to be lost.
func (p *path) forward(from, to *end, f frame, at int64) {
	d := from.to[to]
	if d.loses() {
		return
	}
	kept, home := p.store.keep(f)
	kept.address(to.gateMAC, to.mac)
	kept.pass()
	way := flight{due: at + d.delay, frame: kept, home: home}
	for _, l := range from.laggards[to] {
		if s, ok := kept.segment(); ok && l.claims(s) {
			d.hold(way, int64(l.rule.By))
			return
		}
	}
	way.overtake = len(d.apart) > 0 && d.overtakes(kept)
	d.queue.add(way)
}

// deliver hands the host what has arrived, and returns when to come again.
func (p *path) deliver(e *end) (next int64) {
	now := p.clock.now()
	var first, last int64 // arrivals of the batch
	p.batch, next = p.batch[:0], never
	for len(p.batch) < batch {
		d := e.nearest()
		if d == nil {
			break
		}
		f := d.first()
		carrying := p.transmission(f.frame)
		arrival := max(f.due, e.free) + carrying
		if e == p.captured {
			arrival = max(arrival, p.record.last)
		}
		if next = max(arrival, e.ready); next > now {
			break
		}
		// The host's answers are counted from the batch's last arrival, so what
		// arrived at different times is handed over apart, however late it is.
		if len(p.batch) > 0 && arrival > first+atOnce {
			break
		}
		taken := d.take()
		if taken.home != nil {
			p.spent = append(p.spent, taken.home)
		}
		if p.overflows(e, taken) {
			continue
		}
		if e.free, last = arrival, arrival; len(p.batch) == 0 {
			first = arrival
		}
		e.ready = now + carrying/catchUp
		if taken.overtake {
			d.overtaken(taken.frame, now)
		}
		if e == p.captured {
			p.record.frame(arrival, taken.frame)
		}
		p.batch = append(p.batch, taken.frame)
	}
	if len(p.batch) == 0 {
		return next
	}
	p.crossed += uint64(len(p.batch))
	e.handover = handover{arrival: last, began: p.clock.now(), frames: int64(len(p.batch))}
	e.port.send(p.batch)
	e.handover.ended = p.clock.now()
	return 0 // there may be more, and the host may have answered already
}

// nearest returns the direction whose first frame reaches the end's link
// first, or nil when nothing is on its way to it.
func (e *end) nearest() *direction {
	var nearest *direction
	due := int64(never)
	for _, d := range e.inbound {
		if f := d.first(); f != nil && f.due < due {
			nearest, due = d, f.due
		}
	}
	return nearest
}

// transmission is how long a link takes to carry the frame, in nanoseconds.
func (p *path) transmission(f frame) int64 {
	if p.rate == 0 {
		return 0
	}
	return int64(len(f)) * 8 * 1e9 / p.rate
}

// overflows says that too much waited for the link when the frame came there.
func (p *path) overflows(e *end, f flight) bool {
	if p.queue == 0 || p.rate == 0 || e.free <= f.due {
		return false
	}
	waiting := float64(e.free-f.due) / 1e9 * float64(p.rate) / 8
	return int64(waiting)+int64(len(f.frame)) > p.queue
}

// settle ends a round: what was recorded is written, and the memory of frames
// is free again.
func (p *path) settle() {
	p.record.flush()
	for _, c := range p.spent {
		p.store.free(c)
	}
	p.spent = p.spent[:0]
	for _, e := range p.ends {
		e.port.giveBack()
	}
}

// wait sleeps until a frame arrives, or the time next.
func (p *path) wait(next int64) {
	sleep := int64(idle)
	if next != never {
		sleep = next - p.clock.now()
	}
	if sleep <= 0 {
		return
	}
	p.sources = append(p.sources[:0], unix.PollFd{Fd: int32(p.wake), Events: unix.POLLIN})
	for _, e := range p.ends {
		p.sources = append(p.sources, unix.PollFd{Fd: int32(e.port.fd), Events: unix.POLLIN})
	}
	timeout := unix.NsecToTimespec(sleep)
	unix.Ppoll(p.sources, &timeout, nil)
	if p.sources[0].Revents != 0 {
		var count [8]byte
		unix.Read(p.wake, count[:])
	}
}

// ask wakes the path and asks it how things stand.
func (p *path) ask() report {
	answer := make(chan report, 1)
	p.questions <- answer
	p.rouse()
	return <-answer
}

// rouse wakes the path if it sleeps.
func (p *path) rouse() {
	unix.Write(p.wake, []byte{1, 0, 0, 0, 0, 0, 0, 0})
}
