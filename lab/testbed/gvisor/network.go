// Package gvisor builds a network in user space: its hosts use gVisor's TCP, in
// this process and in virtual time. It needs no namespace, no privilege and no
// Linux, and every run of a scenario on it gives the same capture, byte for
// byte, on every system.
//
// Package path simulates what is between the hosts, as it does for Linux's TCP.
// A host's link ([link]) connects the two, and gives gVisor's TCP the
// properties that the scenario sets.
package gvisor

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/google/gopacket"

	"ftplab/lab/pcapng"
	"ftplab/lab/scenario"
	"ftplab/lab/testbed/network"
	"ftplab/lab/testbed/path"
)

// A Builder builds networks in user space. It implements the runner's Builder.
type Builder struct {
	Seed  uint64    // of everything random: sequence numbers, ports, timestamps
	Start time.Time // when the network's time begins

	// Frame takes each frame, with its time in nanoseconds since 1970, in the place of the
	// capture, which then has none. It may be nil.
	Frame func(at int64, frame []byte)
}

// Describe adds the recorded interface, and whose TCP it is. The capture names
// no system: it is the same on all.
func (b Builder) Describe(n scenario.Network, info *pcapng.Info) {
	info.Interface, info.Others, info.System = n.Capture, n.AlsoAt, "gVisor's TCP in virtual time"
	if n.Kind == scenario.Loopback {
		info.Interface = "lo"
	}
}

// Build builds a network; see [New]. A failure of the recorder is the error of
// the network's Close.
func (b Builder) Build(ctx context.Context, n scenario.Network, w *pcapng.Writer, _ func(error)) (network.Network, error) {
	return New(ctx, n, w, b)
}

// Network is a network in user space. It implements [network.Network].
type Network struct {
	clock   *clock
	hosts   []*host
	writer  *pcapng.Writer
	frame   func(at int64, frame []byte) // takes the frames in the writer's place; may be nil
	medium  medium
	leave   func()
	closing sync.Once
	closed  error

	mu   sync.Mutex // of what follows, and of the medium
	keys int        // that turns were given
	over bool       // nothing is sent or recorded any more
	sent uint64     // frames recorded

	waiting []recorded // frames that are not written yet
}

// A recorded frame passed the place of capture at a time.
type recorded struct {
	at      int64
	place   int
	frame   []byte
	secrets string // that were new then
}

var _ network.Network = (*Network)(nil)

// A medium is what lies between the hosts. Its caller holds the network's mu.
type medium interface {
	// quiet reports that nothing is on its way.
	quiet() bool
	// unacknowledged names a stream of which a host has not acknowledged
	// everything yet, or returns "".
	unacknowledged() string
	// unmet returns the rules that no packet has met.
	unmet() []network.UnmetRule
}

// one is the network that there is in this process: Go's processors are
// [rest]'s to count on, and the goroutines that it waits for are all there are.
var one = make(chan struct{}, 1)

// New makes the network of a scenario and begins to record it. There is one
// network at a time in a process: New waits until the one before is closed, or
// ctx ends. The error says which setting gVisor's TCP does not have.
func New(ctx context.Context, s scenario.Network, w *pcapng.Writer, b Builder) (*Network, error) {
	select {
	case one <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	undo := alone()
	n := &Network{writer: w, frame: b.Frame, leave: func() {
		undo()
		<-one
	}}
	n.clock = newClock(b.Start, n.write)
	var err error
	if s.Kind == scenario.Loopback {
		err = n.buildLoopback(s, seeds(b.Seed))
	} else {
		err = n.buildWire(s, seeds(b.Seed))
	}
	if err != nil {
		n.closeStacks()
		n.leave()
		return nil, fmt.Errorf("gvisor: %w", err)
	}
	go n.clock.run()
	return n, nil
}

// seeds is the source of the hosts' random numbers.
func seeds(seed uint64) *rand.ChaCha8 {
	var key [32]byte
	binary.LittleEndian.PutUint64(key[:], seed)
	return rand.NewChaCha8(key)
}

// nextKey returns the next key for a connection's or a socket's turns.
func (n *Network) nextKey() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.keys += keysOfConn
	return n.keys
}

// Host implements [network.Network].
func (n *Network) Host(name string) network.Host {
	for _, h := range n.hosts {
		switch name {
		case h.plan.Name:
			return h
		case h.alias.Name:
			same := *h
			same.plan.Name, same.plan.Addr, same.alias = h.alias.Name, h.alias.Addr, h.plan
			return &same
		}
	}
	panic("gvisor: there is no host " + name)
}

// Clock implements [network.Network].
func (n *Network) Clock() network.Clock { return n.clock }

// record takes a frame for the capture. The caller holds mu.
//
// It is written later, when all goroutines are at rest: writing is a system call,
// and virtual time would go on while a goroutine is in it.
func (n *Network) record(at int64, place int, frame []byte) {
	n.sent++
	n.waiting = append(n.waiting, recorded{at, place, append([]byte(nil), frame...), n.writer.TakeSecrets()})
}

// write writes the frames that wait, each after the secrets that were new when it was
// recorded, so that the capture does not depend on when it is written. Secrets that no
// frame has followed yet stay for the next one.
func (n *Network) write() {
	n.mu.Lock()
	waiting := n.waiting
	n.waiting = nil
	n.mu.Unlock()
	if next := n.writer.TakeSecrets(); next != "" {
		defer n.writer.Secrets(next)
	}
	for _, r := range waiting {
		if n.frame != nil {
			n.frame(r.at, r.frame)
			continue
		}
		if r.secrets != "" {
			n.writer.Secrets(r.secrets)
		}
		info := gopacket.CaptureInfo{Timestamp: time.Unix(0, r.at), CaptureLength: len(r.frame), Length: len(r.frame), InterfaceIndex: r.place}
		n.writer.WritePacket(info, r.frame) // the end of the capture returns its error
	}
	n.writer.Flush()
}

// lookEvery is how often Close looks whether the network is at rest, in the
// network's time.
const lookEvery = 10 * time.Millisecond

// Close implements [network.Network]. It waits in virtual time, which takes
// almost no real time.
func (n *Network) Close(silence time.Duration) error {
	n.closing.Do(func() {
		err := n.quiesce(silence)
		n.mu.Lock()
		n.over = true // a stack that is closed resets what is open
		n.mu.Unlock()
		n.clock.stop()
		n.write()
		n.closeStacks()
		n.leave()
		if err = errors.Join(err, n.writer.Close(pcapng.Stats{Received: n.sent, Began: n.clock.start, Ended: n.clock.Now()})); err != nil {
			n.closed = fmt.Errorf("gvisor: %w", err)
		}
	})
	return n.closed
}

// quiesce waits until nothing is under way and everything is acknowledged.
func (n *Network) quiesce(silence time.Duration) error {
	var last uint64
	moved := n.clock.Now()
	for {
		network.Sleep(context.Background(), n.clock, lookEvery)
		n.mu.Lock()
		quiet, open, sent := n.medium.quiet(), n.medium.unacknowledged(), n.sent
		n.mu.Unlock()
		if sent != last || !quiet {
			last, moved = sent, n.clock.Now()
			continue
		}
		if open == "" {
			return nil
		}
		if n.clock.Now().Sub(moved) > silence {
			return fmt.Errorf("%w: no frame was sent for %v after %s", network.ErrUnacknowledged, silence, open)
		}
	}
}

// UnmetRules implements [network.Network].
func (n *Network) UnmetRules() []network.UnmetRule {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.medium.unmet()
}

// closeStacks ends the goroutines of the hosts' stacks.
func (n *Network) closeStacks() {
	for i, h := range n.hosts {
		if h.stack != nil && (i == 0 || h.stack != n.hosts[0].stack) {
			h.stack.Close()
			h.stack.Wait()
		}
	}
}

// buildWire makes the hosts of a wire, each with a stack of its own.
func (n *Network) buildWire(s scenario.Network, seeds *rand.ChaCha8) error {
	p, err := path.New(s, n.record)
	if err != nil {
		return err
	}
	w := &wire{network: n, path: p}
	n.medium = w
	for _, e := range p.Ends {
		h := &host{network: n, plan: e.Host, alias: e.Other, key: n.nextKey(), ports: network.NewPorts(e.Host)}
		l := newLink(w, e)
		h.disguise = l.disguise
		w.links = append(w.links, l)
		n.hosts = append(n.hosts, h)
		if h.stack, err = newWireStack(n.clock, seeds, l); err != nil {
			return fmt.Errorf("host %s: %w", e.Host.Name, err)
		}
	}
	return nil
}

// wire is the medium of a routed path.
type wire struct {
	network *Network
	path    *path.Path
	links   []*link
}

func (w *wire) quiet() bool {
	for _, l := range w.links {
		if l.arrival != nil || l.disguise.holds() {
			return false
		}
	}
	return true
}

func (w *wire) unacknowledged() string { return w.path.Unacknowledged() }

func (w *wire) unmet() []network.UnmetRule { return w.path.Unmet() }
