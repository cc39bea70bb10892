package wire

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"

	"ftplab/lab/testbed/cell"
	"ftplab/lab/testbed/network"
	"ftplab/lab/testbed/path"
)

// A host is one machine: a network namespace.
type host struct {
	*path.End
	number    int // of the host in the network, from 0
	lossless  bool
	namespace *cell.Namespace
	ports     *network.Ports
	forwarder *forwarder
}

func (h *host) Name() string     { return h.Host.Name }
func (h *host) Addr() netip.Addr { return h.Host.Addr }

// other returns the host under its other address.
func (h *host) other() *host {
	end := *h.End
	end.Host.Name, end.Host.Addr = h.Other.Name, h.Other.Addr
	end.Other.Name, end.Other.Addr = h.Host.Name, h.Host.Addr
	same := *h
	same.End = &end
	return &same
}

// localFor returns the host's address from which it connects to a remote one.
func (h *host) localFor(remote netip.Addr) netip.Addr {
	if h.Other.Addr.IsValid() && remote.Is6() == h.Other.Addr.Is6() {
		return h.Other.Addr
	}
	return h.Host.Addr
}

// NextPort implements [network.Host].
func (h *host) NextPort() (uint16, error) { return h.ports.Next() }

func (h *host) Clock() network.Clock { return network.WallClock }

// DialTCP opens a connection from the host.
//
// The local port may still be in TIME-WAIT for an earlier connection to another
// port. No keep-alive probes are sent: the path is silent when the programs
// are.
func (h *host) DialTCP(ctx context.Context, local uint16, remote netip.AddrPort) (conn network.Conn, err error) {
	dialer := net.Dialer{
		LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(h.localFor(remote.Addr()), local)),
		KeepAlive: -1,
		Control:   reuseAddress,
	}
	dialer.SetMultipathTCP(false)
	err = h.namespace.Do(func() error {
		c, err := dialer.DialContext(ctx, "tcp", remote.String())
		if err == nil {
			conn = network.KernelConn(c.(*net.TCPConn))
		}
		return err
	})
	return conn, err
}

func (h *host) ListenTCP(port uint16) (listener network.Listener, err error) {
	config := net.ListenConfig{KeepAlive: -1}
	config.SetMultipathTCP(false)
	err = h.namespace.Do(func() error {
		l, err := config.Listen(context.Background(), "tcp", netip.AddrPortFrom(h.Host.Addr, port).String())
		if err == nil {
			listener = network.KernelListener(l.(*net.TCPListener))
		}
		return err
	})
	return listener, err
}

func (h *host) ListenUDP(port uint16) (conn net.PacketConn, err error) {
	err = h.namespace.Do(func() error {
		conn, err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(h.Host.Addr, port)))
		return err
	})
	return conn, err
}

func (h *host) Start(cmd *exec.Cmd) error { return h.namespace.Start(cmd) }

// StopArrivals implements [network.ArrivalStopper].
func (h *host) StopArrivals() (release func()) { return h.forwarder.stopArrivals() }

// reuseAddress lets a socket be bound to a port whose last connection is in
// TIME-WAIT.
func reuseAddress(_, _ string, raw syscall.RawConn) error {
	var err error
	control := func(fd uintptr) {
		err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEADDR, 1)
	}
	if e := raw.Control(control); e != nil {
		return e
	}
	return err
}

// A host is one of the network's.
var (
	_ network.Host           = (*host)(nil)
	_ network.ArrivalStopper = (*host)(nil)
)

// in adds the host's name to an error.
func (h *host) in(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("host %s: %w", h.Host.Name, err)
}
