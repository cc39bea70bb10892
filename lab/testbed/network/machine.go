package network

import (
	"context"
	"net"
	"net/netip"
	"os/exec"
	"syscall"

	"ftplab/lab/scenario"
)

// A Machine is the machine that this program runs on, under one of its
// addresses: a [Host] whose sockets belong to this program. Go's own changes to
// a socket, such as keep-alive, are turned off, so the kernel sends only what
// it would for any program.
type Machine struct {
	name  string
	addr  netip.Addr
	ports *Ports
	full  func() bool
}

// NewMachine returns the machine under the name, the address and the ports of a
// scenario's host.
func NewMachine(p scenario.Host) *Machine {
	return &Machine{name: p.Name, addr: p.Addr, ports: NewPorts(p)}
}

var _ Host = (*Machine)(nil)

// SendUnless makes connections that are opened from now on wait before they send while full
// returns true. Programs that the machine starts do not wait.
func (m *Machine) SendUnless(full func() bool) { m.full = full }

// Name implements [Host].
func (m *Machine) Name() string { return m.name }

// Addr implements [Host].
func (m *Machine) Addr() netip.Addr { return m.addr }

// NextPort implements [Host].
func (m *Machine) NextPort() (uint16, error) { return m.ports.Next() }

// noKeepAlive turns off the keep-alive probes that Go enables.
const noKeepAlive = -1

// DialTCP implements [Host]. The local port may be in TIME-WAIT from an earlier
// connection, as a server's port 20 is after every active transfer.
func (m *Machine) DialTCP(ctx context.Context, local uint16, remote netip.AddrPort) (Conn, error) {
	dialer := net.Dialer{
		LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(m.addr, local)),
		KeepAlive: noKeepAlive,
	}
	if local != 0 {
		dialer.Control = reuseAddress
	}
	dialer.SetMultipathTCP(false)
	conn, err := dialer.DialContext(ctx, "tcp", remote.String())
	if err != nil {
		return nil, err
	}
	return kernelConn{conn.(*net.TCPConn), m.full}, nil
}

// reuseAddress allows a socket to be bound to a port in TIME-WAIT.
func reuseAddress(_, _ string, c syscall.RawConn) (err error) {
	controlErr := c.Control(func(fd uintptr) { err = setReuseAddress(fd) })
	if err == nil {
		err = controlErr
	}
	return err
}

// ListenTCP implements [Host].
func (m *Machine) ListenTCP(port uint16) (Listener, error) {
	config := net.ListenConfig{KeepAlive: noKeepAlive}
	config.SetMultipathTCP(false)
	l, err := config.Listen(context.Background(), "tcp", netip.AddrPortFrom(m.addr, port).String())
	if err != nil {
		return nil, err
	}
	return kernelListener{l.(*net.TCPListener), m.full}, nil
}

// ListenUDP implements [Host].
func (m *Machine) ListenUDP(port uint16) (net.PacketConn, error) {
	return net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(m.addr, port)))
}

// Clock implements [Host]. It returns the system's clock.
func (m *Machine) Clock() Clock { return WallClock }

// Start implements [Host].
func (m *Machine) Start(cmd *exec.Cmd) error { return cmd.Start() }
