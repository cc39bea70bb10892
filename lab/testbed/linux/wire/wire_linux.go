package wire

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"ftplab/lab/pcapng"
	"ftplab/lab/scenario"
	"ftplab/lab/testbed/cell"
	"ftplab/lab/testbed/network"
	"ftplab/lab/testbed/path"
)

// processHost is the host that uses the namespace of the whole process.
const processHost = "server"

// wire is the network.
type wire struct {
	ctx       context.Context // when it is cancelled, Close does not wait
	hosts     []*host
	own       *cell.Namespace // of the path
	forwarder *forwarder
	procs     int                   // GOMAXPROCS before
	waits     func(until time.Time) // is called once if Close waits long for a frame on its way; may be nil

	closing sync.Once
	closed  error // what Close returns
}

// New makes the network that the plan describes, and starts to record it. If Close waits long for a frame on its way, it
// calls waits once with the time when it arrives; waits may be nil. The
// error names the host or link that cannot be as planned, and says why. When
// ctx is cancelled, Close does not wait for frames that are under way.
//
// The host named "server" uses the namespace of the whole process, because
// servers open sockets on several goroutines. So a process can have one such
// network at a time, and it must be the process of a cell.
func New(ctx context.Context, plan scenario.Network, w *pcapng.Writer, waits func(until time.Time)) (network.Network, error) {
	n := &wire{ctx: ctx, waits: waits}
	if err := n.build(plan, w); err != nil {
		n.tearDown()
		return nil, fmt.Errorf("wire: %w", err)
	}
	// The forwarder's thread must not wait for other goroutines, so GOMAXPROCS
	// is one more for it, and one more for a goroutine that returns from a
	// system call meanwhile.
	n.procs = runtime.GOMAXPROCS(0)
	runtime.GOMAXPROCS(n.procs + 2)
	go n.forwarder.run()
	return n, nil
}

// build makes the hosts and the path between them. After an error, tearDown
// removes what was made.
func (n *wire) build(plan scenario.Network, w *pcapng.Writer) (err error) {
	f := &forwarder{
		recorder:  recorder{writer: w},
		clock:     newClock(),
		wake:      -1,
		quit:      make(chan struct{}),
		done:      make(chan struct{}),
		questions: make(chan chan report, 1),
	}
	if f.path, err = path.New(plan, f.recorder.add); err != nil {
		return err
	}
	if n.own, err = cell.NewNamespace(); err != nil {
		return err
	}
	n.forwarder = f
	if f.wake, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		return fmt.Errorf("making an eventfd: %w", err)
	}
	for i, e := range f.path.Ends {
		h := &host{End: e, number: i, lossless: !plan.Loses(), ports: network.NewPorts(e.Host), forwarder: f}
		n.hosts = append(n.hosts, h)
		end, err := n.attach(h, slots(plan.Volume))
		if err != nil {
			return h.in(err)
		}
		f.ends = append(f.ends, end)
	}
	return nil
}

// attach makes a host's namespace and link, and opens the path's end of it.
func (n *wire) attach(h *host, slots int) (*end, error) {
	var err error
	if h.Host.Name == processHost {
		h.namespace, err = cell.Own()
	} else {
		h.namespace, err = cell.NewNamespace()
	}
	if err != nil {
		return nil, err
	}
	index, err := connect(n.own, h)
	if err != nil {
		return nil, err
	}
	e := &end{End: h.End}
	err = n.own.Do(func() error {
		e.port, err = openPort(index, h.MTU, slots)
		return err
	})
	return e, err
}

// slots returns the number of frames for which a port's ring has room, in a
// scenario that transfers volume bytes; 0 is unknown. More than a few
// connections have in flight is not needed; see mostUnderWay.
func slots(volume int64) int {
	const least, most, unknown = 256, 4096, 2048
	if volume == 0 {
		return unknown
	}
	return int(min(max(volume/512, least), most))
}

// Host returns the host with that name.
func (n *wire) Host(name string) network.Host {
	for _, h := range n.hosts {
		switch name {
		case h.Host.Name:
			return h
		case h.Other.Name:
			return h.other()
		}
	}
	panic(fmt.Sprintf("wire: there is no host %q", name))
}

// Clock is the system's, which the hosts' kernels use too.
func (n *wire) Clock() network.Clock { return network.WallClock }

// Close implements [network.Network]. When the context of New is cancelled, it
// does not wait.
// Another call does nothing and returns the same error.
func (n *wire) Close(silence time.Duration) error {
	n.closing.Do(func() {
		err := n.quiesce(n.ctx, silence)
		close(n.forwarder.quit)
		n.forwarder.rouse()
		<-n.forwarder.done
		runtime.GOMAXPROCS(n.procs)
		if err = errors.Join(err, n.finish()); err != nil {
			n.closed = fmt.Errorf("wire: %w", err)
		}
		n.tearDown()
	})
	return n.closed
}

// UnmetRules implements [network.Network]. The forwarder has ended.
func (n *wire) UnmetRules() []network.UnmetRule { return n.forwarder.path.Unmet() }

// finish ends the capture. Its error counts the frames that the network itself
// lost.
func (n *wire) finish() error {
	lost, err := n.losses()
	if err == nil && lost.total() > 0 {
		err = fmt.Errorf("frames were lost outside the path: %v; set a lower rate, such as rate=100Mbit, %s", lost, network.LessWork)
	}
	if err != nil {
		err = fmt.Errorf("%w: %w", network.ErrIncomplete, err)
	}
	stats := pcapng.Stats{Received: n.forwarder.recorder.frames + lost.ring, Dropped: lost.ring}
	return errors.Join(err, n.forwarder.recorder.writer.Close(stats))
}

// tearDown closes and removes everything. A namespace ends with what is in it,
// and a link with either of its ends.
func (n *wire) tearDown() {
	if n.forwarder != nil {
		for _, e := range n.forwarder.ends {
			if e.port != nil {
				e.port.close()
			}
		}
		if n.forwarder.wake >= 0 {
			unix.Close(n.forwarder.wake)
		}
	}
	for _, h := range n.hosts {
		if h.namespace != nil {
			h.disconnect()
			h.namespace.Close()
		}
	}
	if n.own != nil {
		n.own.Close()
	}
}
