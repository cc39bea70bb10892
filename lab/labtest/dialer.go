package labtest

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"ftplab/lab/scenario"
	"ftplab/lab/testbed/network"
)

// untilAskedToEnd is a context that ends when this process is asked to.
func untilAskedToEnd(parent context.Context) (context.Context, context.CancelFunc) {
	return signal.NotifyContext(parent, syscall.SIGTERM)
}

// A dialer is what all Dialers know.
type dialer struct {
	scenario *scenario.Scenario
	host     string // on which it is
	files    string
}

// Files implements [Dialer].
func (d dialer) Files() string { return d.files }

// Server implements [Dialer].
func (d dialer) Server() string {
	addr, _ := d.resolve("server")
	return netip.AddrPortFrom(addr, d.scenario.Server.Port).String()
}

// own is where the host itself is reached, at the control port.
func (d dialer) own() string {
	host, _ := d.scenario.Host(d.host)
	return netip.AddrPortFrom(host.Addr, d.scenario.Server.Port).String()
}

// resolve is the address of a host, by its name or as an address.
func (d dialer) resolve(name string) (netip.Addr, error) {
	if host, ok := d.scenario.Host(name); ok {
		return d.scenario.Network.Address(host, d.host), nil
	}
	for _, n := range d.scenario.Names {
		if n.Name == name {
			return n.Addr, nil
		}
	}
	addr, err := netip.ParseAddr(name)
	if err != nil {
		return addr, fmt.Errorf("labtest: the scenario has no host %q", name)
	}
	return addr, nil
}

// resolvePort is an address and a port from a string such as server:21.
func (d dialer) resolvePort(address string) (netip.AddrPort, error) {
	name, text, err := net.SplitHostPort(address)
	if err != nil {
		return netip.AddrPort{}, err
	}
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("labtest: %s: a port in digits was expected: %w", address, err)
	}
	addr, err := d.resolve(name)
	return netip.AddrPortFrom(addr, uint16(port)), err
}

// portOf is the port of an address to listen at.
func portOf(address string) (uint16, error) {
	_, text, err := net.SplitHostPort(address)
	if err != nil {
		return 0, err
	}
	port, err := strconv.ParseUint(text, 10, 16)
	return uint16(port), err
}

// A listener is that of a server on a host in user space, and its Dialer.
type listener struct {
	hostListener
	Dialer
}

// A kernelListener is that of a server which is on a host with all its sockets.
type kernelListener struct {
	*net.TCPListener
	Dialer
}

// A kernelDialer is the network of a process that is on a host with all its sockets.
type kernelDialer struct{ dialer }

// Dial implements [Dialer].
func (d *kernelDialer) Dial(network, address string) (net.Conn, error) {
	return d.DialContext(context.Background(), network, address)
}

// DialContext implements [Dialer].
func (d *kernelDialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	to, err := d.resolvePort(address)
	if err != nil {
		return nil, err
	}
	return new(net.Dialer).DialContext(ctx, network, to.String())
}

// Listen implements [Dialer].
func (d *kernelDialer) Listen(network, address string) (net.Listener, error) {
	port, err := portOf(address)
	if err != nil {
		return nil, err
	}
	host, _ := d.scenario.Host(d.host)
	return net.Listen(network, netip.AddrPortFrom(host.Addr, port).String())
}

// A hostDialer is the network of a host in user space.
type hostDialer struct {
	dialer
	at network.Host
}

// Dial implements [Dialer].
func (d *hostDialer) Dial(network, address string) (net.Conn, error) {
	return d.DialContext(context.Background(), network, address)
}

// DialContext implements [Dialer].
func (d *hostDialer) DialContext(ctx context.Context, _, address string) (net.Conn, error) {
	to, err := d.resolvePort(address)
	if err != nil {
		return nil, err
	}
	port, err := d.at.NextPort()
	if err != nil {
		return nil, err
	}
	conn, err := d.at.DialTCP(ctx, port, to)
	if err != nil {
		return nil, err
	}
	return hostConn{conn, d.at.Clock()}, nil
}

// Listen implements [Dialer].
func (d *hostDialer) Listen(_, address string) (net.Listener, error) {
	port, err := portOf(address)
	if err != nil {
		return nil, err
	}
	if port == 0 {
		if port, err = d.at.NextPort(); err != nil {
			return nil, err
		}
	}
	l, err := d.at.ListenTCP(port)
	return hostListener{l, d.at.Clock()}, err
}

// A hostListener accepts connections of a host in user space.
type hostListener struct {
	network.Listener
	clock network.Clock
}

// Accept implements [net.Listener].
func (l hostListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return hostConn{conn, l.clock}, nil
}

// SetDeadline sets a time of the system's clock, as servers have it, after which
// Accept fails.
func (l hostListener) SetDeadline(t time.Time) error { return l.Listener.SetDeadline(on(l.clock, t)) }

// A hostConn is a connection of a host in user space. Its deadlines are times of the
// system's clock, as programs have them, and come when as much time of the network
// has passed.
type hostConn struct {
	network.Conn
	clock network.Clock
}

// SetDeadline implements [net.Conn].
func (c hostConn) SetDeadline(t time.Time) error { return c.Conn.SetDeadline(on(c.clock, t)) }

// SetReadDeadline implements [net.Conn].
func (c hostConn) SetReadDeadline(t time.Time) error { return c.Conn.SetReadDeadline(on(c.clock, t)) }

// SetWriteDeadline implements [net.Conn].
func (c hostConn) SetWriteDeadline(t time.Time) error {
	return c.Conn.SetWriteDeadline(on(c.clock, t))
}

// on is a time of the system's clock as one of another clock. The zero time is none.
func on(clock network.Clock, t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return clock.Now().Add(time.Until(t))
}
