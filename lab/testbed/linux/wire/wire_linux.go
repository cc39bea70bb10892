package wire

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"

	"golang.org/x/sys/unix"

	"ftplab/lab/pcapng"
	"ftplab/lab/scenario"
	"ftplab/lab/testbed/cell"
	"ftplab/lab/testbed/network"
	"ftplab/lab/testbed/path"
)

// processHost is the host that is in the namespace of the whole process.
const processHost = "server"

// wire is the network.
type wire struct {
	ctx       context.Context // when it is cancelled, Close waits for nothing
	hosts     []*host
	own       *cell.Namespace // of the path
	forwarder *forwarder
	procs     int // that Go had before

	closing sync.Once
	closed  error // what Close returns
}

// New makes the network that the plan describes, and begins to record it. The
// error says which host or link cannot be as planned, and why. When ctx is
// cancelled, Close does not wait for what is under way.
//
// The host named "server" is in the namespace of the whole process, since
// servers make sockets on goroutines of their own. So there can be one network
// at a time in a process, and the process must be one in a cell.
func New(ctx context.Context, plan scenario.Network, w *pcapng.Writer) (network.Network, error) {
	n := &wire{ctx: ctx}
	if err := n.build(plan, w); err != nil {
		n.tearDown()
		return nil, fmt.Errorf("wire: %w", err)
	}
	// The path's thread must not wait for a turn among goroutines: it gets a
	// processor of Go's beside theirs, and whoever returns from a system call
	// meanwhile one more.
	n.procs = runtime.GOMAXPROCS(0)
	runtime.GOMAXPROCS(n.procs + 2)
	go n.forwarder.run()
	return n, nil
}

// build makes the hosts and the path between them. What it made before an error
// is for tearDown.
func (n *wire) build(plan scenario.Network, w *pcapng.Writer) (err error) {
	f := &forwarder{
		writer:    w,
		clock:     newClock(),
		wake:      -1,
		quit:      make(chan struct{}),
		done:      make(chan struct{}),
		questions: make(chan chan report, 1),
	}
	if f.path, err = path.New(plan, f.record); err != nil {
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
		h := &host{End: e, number: i, lossless: plan.Loss == 0 && plan.Queue == 0, ports: network.NewPorts(e.Host)}
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

// slots is for how many frames a port's ring has room, of a scenario that moves
// volume bytes in all, or nobody knows how many. It need not hold more than a
// few connections have under way at once; see mostUnderWay.
func slots(volume int64) int {
	const least, most, unknown = 256, 4096, 2048
	if volume == 0 {
		return unknown
	}
	return int(min(max(volume/512, least), most))
}

// Host returns the host of that name.
func (n *wire) Host(name string) network.Host {
	for _, h := range n.hosts {
		if h.Host.Name == name {
			return h
		}
	}
	panic(fmt.Sprintf("wire: there is no host %q", name))
}

// Clock is the system's: what the kernels of the hosts go by.
func (n *wire) Clock() network.Clock { return network.WallClock }

// Close waits until all that is under way has arrived, and takes the network
// down. Closing again does nothing, and returns the same.
func (n *wire) Close() error {
	n.closing.Do(func() {
		err := n.quiesce(n.ctx)
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

// finish ends the capture. Its error says what the network itself lost.
func (n *wire) finish() error {
	lost, err := n.losses()
	if err == nil && lost.total() > 0 {
		err = fmt.Errorf("frames were lost, and not on the path: %v", lost)
	}
	stats := pcapng.Stats{Received: n.forwarder.frames + lost.ring, Dropped: lost.ring}
	return errors.Join(err, n.forwarder.writer.Close(stats))
}

// tearDown lets go of all there is. Namespaces end with what is in them, and
// links with either end's.
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
