package wire

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"sync"

	"golang.org/x/sys/unix"

	"ftplab/lab/pcapng"
	"ftplab/lab/scenario"
	"ftplab/lab/testbed/cell"
	"ftplab/lab/testbed/network"
)

// Sizes of packets, in bytes.
const (
	usualMTU   = 1500  // of an Ethernet
	largestMTU = 65535 // of a veth
)

// processHost is the host that is in the namespace of the whole process.
const processHost = "server"

// wire is the network.
type wire struct {
	ctx   context.Context // when it is cancelled, Close waits for nothing
	hosts []*host
	own   *cell.Namespace // of the path
	path  *path
	procs int // that Go had before

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
	go n.path.run()
	return n, nil
}

// build makes the hosts and the path between them. What it made before an error
// is for tearDown.
func (n *wire) build(plan scenario.Network, w *pcapng.Writer) (err error) {
	if n.hosts, err = newHosts(plan); err != nil {
		return err
	}
	if n.own, err = cell.NewNamespace(); err != nil {
		return err
	}
	n.path = &path{
		byAddr:    map[netip.Addr]*end{},
		record:    recorder{writer: w},
		clock:     newClock(),
		ledger:    ledger{},
		rate:      plan.Rate,
		queue:     int64(plan.Queue),
		wake:      -1,
		quit:      make(chan struct{}),
		done:      make(chan struct{}),
		questions: make(chan chan report, 1),
	}
	if n.path.wake, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		return fmt.Errorf("making an eventfd: %w", err)
	}
	for _, h := range n.hosts {
		e, err := n.attach(h, slots(plan.Volume))
		if err != nil {
			return h.in(err)
		}
		n.path.ends = append(n.path.ends, e)
		n.path.byAddr[h.addr] = e
		if h.plan.Name == capturedHost(plan) {
			n.path.captured = e
		}
	}
	if n.path.captured == nil {
		return fmt.Errorf("the capture is to be taken at %q, and there is no such host", capturedHost(plan))
	}
	return n.lay(plan)
}

// newHosts finds each host its place and its kernel's namespace.
func newHosts(plan scenario.Network) ([]*host, error) {
	places, err := locate(plan.Hosts)
	if err != nil {
		return nil, err
	}
	var hosts []*host
	for i, p := range plan.Hosts {
		h := &host{
			place:    places[i],
			plan:     p,
			number:   i,
			mtu:      cmp.Or(p.MTU, plan.MTU, usualMTU),
			lossless: plan.Loss == 0 && plan.Queue == 0,
			ports:    ports{ranges: p.Ports},
			// Of what the others ask, the captured end would see only that it
			// delays what they send.
			knowsGateway: plan.ARP == scenario.ARPCached || p.Name != capturedHost(plan),
		}
		if least := leastMTU(p.Addr); h.mtu < least || h.mtu > largestMTU {
			return nil, h.in(fmt.Errorf("its link cannot have an MTU of %d bytes, but of %d to %d", h.mtu, least, largestMTU))
		}
		hosts = append(hosts, h)
	}
	return hosts, nil
}

// leastMTU is what every link must carry (RFC 791, 3.2; RFC 8200, 5).
func leastMTU(addr netip.Addr) int {
	if addr.Is4() {
		return 68
	}
	return 1280
}

// capturedHost is the host at whose end the capture is taken.
func capturedHost(plan scenario.Network) string {
	if plan.Capture == "" {
		return "client"
	}
	return plan.Capture
}

// attach makes a host's namespace and link, and opens the path's end of it.
func (n *wire) attach(h *host, slots int) (*end, error) {
	var err error
	if h.plan.Name == processHost {
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
	e := &end{
		place:    h.place,
		name:     h.plan.Name,
		mtu:      h.mtu,
		mss:      h.mtu - headers(h.plan),
		to:       map[*end]*direction{},
		gateway:  &direction{},
		laggards: map[*end][]*laggard{},
	}
	e.inbound = append(e.inbound, e.gateway)
	err = n.own.Do(func() error {
		e.port, err = openPort(index, h.mtu, slots)
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

// lay lays the path between every two hosts.
func (n *wire) lay(plan scenario.Network) error {
	ends := n.path.ends
	for i, from := range ends {
		for j, to := range ends {
			if i == j {
				continue
			}
			d := &direction{
				delay: int64(plan.Hosts[i].RTT+plan.Hosts[j].RTT) / 2,
				loss:  plan.Loss,
				dice:  rand.New(rand.NewPCG(plan.Seed, uint64(i*len(ends)+j))),
			}
			from.to[to] = d
			to.inbound = append(to.inbound, d)
		}
	}
	for _, rule := range plan.Late {
		from, to := n.named(rule.From), n.named(rule.To)
		if from == nil || to == nil || from == to {
			return fmt.Errorf("late: there is no path from %q to %q", rule.From, rule.To)
		}
		from.laggards[to] = append(from.laggards[to], newLaggard(rule))
	}
	return nil
}

// named returns the end of the host of that name, or nil.
func (n *wire) named(name string) *end {
	for _, e := range n.path.ends {
		if e.name == name {
			return e
		}
	}
	return nil
}

// Host returns the host of that name.
func (n *wire) Host(name string) network.Host {
	for _, h := range n.hosts {
		if h.plan.Name == name {
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
		close(n.path.quit)
		n.path.rouse()
		<-n.path.done
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
	record := &n.path.record
	if err == nil && lost.total() > 0 {
		err = fmt.Errorf("frames were lost, and not on the path: %v", lost)
	}
	stats := pcapng.Stats{Received: record.frames + lost.ring, Dropped: lost.ring}
	return errors.Join(err, record.writer.Close(stats))
}

// tearDown lets go of all there is. Namespaces end with what is in them, and
// links with either end's.
func (n *wire) tearDown() {
	if n.path != nil {
		for _, e := range n.path.ends {
			if e.port != nil {
				e.port.close()
			}
		}
		if n.path.wake >= 0 {
			unix.Close(n.path.wake)
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
