package gvisor

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os/exec"
	"sync"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv6"
	"gvisor.dev/gvisor/pkg/tcpip/ports"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"
	"gvisor.dev/gvisor/pkg/waiter"

	"ftplab/lab/scenario"
	"ftplab/lab/testbed/network"
)

// A host is one machine. On a wire it has a stack of gVisor's to itself, on
// loopback all have one together.
type host struct {
	network *Network
	plan    scenario.Host
	alias   scenario.Host // its other address, if it has one
	key     int           // of its turns
	ports   *network.Ports
	stack   *stack.Stack

	disguise *disguise // between the stack and the link
}

var _ network.Host = (*host)(nil)

// Name implements [network.Host].
func (h *host) Name() string { return h.plan.Name }

// Addr implements [network.Host].
func (h *host) Addr() netip.Addr { return h.plan.Addr }

// Clock implements [network.Host].
func (h *host) Clock() network.Clock { return h.network.clock }

// NextPort implements [network.Host].
func (h *host) NextPort() (uint16, error) { return h.ports.Next() }

// Start implements [network.Host]. Programs have the kernel's sockets.
func (h *host) Start(cmd *exec.Cmd) error {
	return errors.New("programs need Linux's TCP: run it with --tcp linux, on Linux")
}

// localFor returns the host's address from which it connects to a remote one.
func (h *host) localFor(remote netip.Addr) netip.Addr {
	if h.alias.Addr.IsValid() && remote.Is6() == h.alias.Addr.Is6() {
		return h.alias.Addr
	}
	return h.plan.Addr
}

// protocolOf is the network protocol of an address.
func protocolOf(addr netip.Addr) tcpip.NetworkProtocolNumber {
	if addr.Is6() {
		return ipv6.ProtocolNumber
	}
	return ipv4.ProtocolNumber
}

// endpoint makes a socket that is bound to a port of an address, or any port if that is 0.
func (h *host) endpoint(transport tcpip.TransportProtocolNumber, addr netip.Addr, port uint16) (tcpip.Endpoint, *waiter.Queue, error) {
	queue := new(waiter.Queue)
	endpoint, err := h.stack.NewEndpoint(transport, protocolOf(addr), queue)
	if err != nil {
		return nil, nil, stackError(err)
	}
	endpoint.SocketOptions().SetReuseAddress(true) // an earlier connection may be in TIME-WAIT
	if err := endpoint.Bind(fullAddress(netip.AddrPortFrom(addr, port))); err != nil {
		endpoint.Close()
		return nil, nil, stackError(err)
	}
	return endpoint, queue, nil
}

// DialTCP implements [network.Host].
func (h *host) DialTCP(ctx context.Context, local uint16, remote netip.AddrPort) (network.Conn, error) {
	h.network.clock.turn(programTime, h.key)
	failed := func(err error) (network.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Addr: net.TCPAddrFromAddrPort(remote), Err: err}
	}
	endpoint, queue, err := h.endpoint(tcp.ProtocolNumber, h.localFor(remote.Addr()), local)
	if err != nil {
		return failed(err)
	}
	h.reusePair(netip.AddrPortFrom(h.localFor(remote.Addr()), local), remote)
	entry, connected := waiter.NewChannelEntry(waiter.WritableEvents | waiter.EventHUp | waiter.EventErr)
	queue.EventRegister(&entry)
	defer queue.EventUnregister(&entry)
	connecting := endpoint.Connect(fullAddress(remote))
	if _, ok := connecting.(*tcpip.ErrConnectStarted); ok {
		select {
		case <-connected:
			h.network.clock.turn(0, h.key)
			connecting = endpoint.LastError()
		case <-ctx.Done():
			h.network.clock.turn(0, h.key)
			endpoint.Close()
			return failed(ctx.Err())
		}
	}
	if connecting != nil {
		endpoint.Close()
		return failed(stackError(connecting))
	}
	return newConn(h, endpoint, queue), nil
}

// reusePair lets a new connection have the ports of one in TIME-WAIT, as Linux does: the old one
// gets no more packets. Its peer has ended, too.
func (h *host) reusePair(local, remote netip.AddrPort) {
	from, to := fullAddress(local), fullAddress(remote)
	id := stack.TransportEndpointID{LocalAddress: from.Addr, LocalPort: from.Port, RemoteAddress: to.Addr, RemotePort: to.Port}
	protocol := protocolOf(remote.Addr())
	old := h.stack.FindTransportEndpoint(protocol, tcp.ProtocolNumber, id, nic)
	if e, ok := old.(tcpip.Endpoint); ok && tcp.EndpointState(e.State()) == tcp.StateTimeWait {
		reuse := ports.Flags{TupleOnly: true} // what SetReuseAddress sets
		h.stack.UnregisterTransportEndpoint([]tcpip.NetworkProtocolNumber{protocol}, tcp.ProtocolNumber, id, old, reuse, 0)
	}
}

// ListenTCP implements [network.Host].
func (h *host) ListenTCP(port uint16) (network.Listener, error) {
	h.network.clock.turn(0, h.key)
	endpoint, queue, err := h.endpoint(tcp.ProtocolNumber, h.plan.Addr, port)
	if err == nil {
		if e := endpoint.Listen(backlog); e != nil {
			endpoint.Close()
			err = stackError(e)
		}
	}
	if err != nil {
		return nil, &net.OpError{Op: "listen", Net: "tcp", Addr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(h.plan.Addr, port)), Err: err}
	}
	l := &listener{host: h, endpoint: endpoint, queue: queue, key: h.network.nextKey(),
		accept: deadline{clock: h.network.clock}, closed: make(chan struct{})}
	l.entry, l.acceptable = waiter.NewChannelEntry(waiter.ReadableEvents)
	queue.EventRegister(&l.entry)
	return l, nil
}

// backlog is how many connections wait in a listener's queue at most.
const backlog = 128

// A listener is a TCP port that connections come to. It implements
// [network.Listener].
type listener struct {
	host       *host
	endpoint   tcpip.Endpoint
	queue      *waiter.Queue
	key        int
	accept     deadline
	acceptable chan struct{} // has something when a connection may be there
	entry      waiter.Entry
	closeOnce  sync.Once
	closed     chan struct{}
}

var (
	_ network.Listener    = (*listener)(nil)
	_ network.QueueCloser = (*listener)(nil)
)

// Accept implements [network.Listener].
func (l *listener) Accept() (network.Conn, error) {
	for {
		l.host.network.clock.turn(0, l.key)
		if err := l.accept.check(l.closed); err != nil {
			return nil, l.failed("accept", err)
		}
		endpoint, queue, err := l.endpoint.Accept(nil)
		switch err.(type) {
		case nil:
			return newConn(l.host, endpoint, queue), nil
		case *tcpip.ErrWouldBlock:
			l.accept.wait(l.acceptable, l.closed)
		default:
			return nil, l.failed("accept", stackError(err))
		}
	}
}

// CloseQueue implements [network.QueueCloser].
func (l *listener) CloseQueue() {
	l.host.network.clock.turn(0, l.key)
	for {
		endpoint, _, err := l.endpoint.Accept(nil)
		if err != nil {
			return
		}
		endpoint.Close()
	}
}

// Close implements [network.Listener].
func (l *listener) Close() error {
	err := l.failed("close", net.ErrClosed)
	l.closeOnce.Do(func() {
		err = nil
		close(l.closed)
		l.host.network.clock.turn(0, l.key)
		l.queue.EventUnregister(&l.entry)
		l.endpoint.Close()
	})
	return err
}

// Addr implements [network.Listener].
func (l *listener) Addr() net.Addr {
	a, _ := l.endpoint.GetLocalAddress()
	return net.TCPAddrFromAddrPort(addrPort(a))
}

// SetDeadline implements [network.Listener].
func (l *listener) SetDeadline(t time.Time) error {
	l.accept.set(t)
	return nil
}

func (l *listener) failed(what string, err error) error {
	return &net.OpError{Op: what, Net: "tcp", Addr: l.Addr(), Err: err}
}

// ListenUDP implements [network.Host].
func (h *host) ListenUDP(port uint16) (net.PacketConn, error) {
	h.network.clock.turn(0, h.key)
	endpoint, queue, err := h.endpoint(udp.ProtocolNumber, h.plan.Addr, port)
	if err != nil {
		return nil, &net.OpError{Op: "listen", Net: "udp", Addr: net.UDPAddrFromAddrPort(netip.AddrPortFrom(h.plan.Addr, port)), Err: err}
	}
	s := &packetConn{host: h, endpoint: endpoint, queue: queue, key: h.network.nextKey(),
		read: deadline{clock: h.network.clock}, closed: make(chan struct{})}
	s.entry, s.readable = waiter.NewChannelEntry(waiter.ReadableEvents)
	queue.EventRegister(&s.entry)
	return s, nil
}
