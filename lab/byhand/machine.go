package byhand

import (
	"context"
	"net"
	"net/netip"
	"os/exec"
	"syscall"

	"ftplab/lab/network"
)

// A machine is the one this program runs on, under one of its addresses.
type machine struct{ addr netip.Addr }

var _ network.Host = machine{}

func (m machine) Name() string     { return "server" }
func (m machine) Addr() netip.Addr { return m.addr }
func (m machine) NextPort() uint16 { return 0 }

// noKeepAlive keeps Go from sending what the kernel would not by itself.
const noKeepAlive = -1

// DialTCP implements [network.Host]. A local port may be in TIME-WAIT from an
// earlier connection, as a server's port 20 is after every active transfer.
func (m machine) DialTCP(ctx context.Context, local uint16, remote netip.AddrPort) (*net.TCPConn, error) {
	dialer := net.Dialer{
		LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(m.addr, local)),
		KeepAlive: noKeepAlive,
		Control:   reuseAddress,
	}
	conn, err := dialer.DialContext(ctx, "tcp", remote.String())
	if err != nil {
		return nil, err
	}
	return conn.(*net.TCPConn), nil
}

// reuseAddress lets a socket be bound to a port in TIME-WAIT.
func reuseAddress(_, _ string, c syscall.RawConn) (err error) {
	controlErr := c.Control(func(fd uintptr) { err = setReuseAddress(fd) })
	if err == nil {
		err = controlErr
	}
	return err
}

func (m machine) ListenTCP(port uint16) (*net.TCPListener, error) {
	config := net.ListenConfig{KeepAlive: noKeepAlive}
	config.SetMultipathTCP(false)
	l, err := config.Listen(context.Background(), "tcp", netip.AddrPortFrom(m.addr, port).String())
	if err != nil {
		return nil, err
	}
	return l.(*net.TCPListener), nil
}

func (m machine) ListenUDP(port uint16) (*net.UDPConn, error) {
	return net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(m.addr, port)))
}

func (m machine) Start(cmd *exec.Cmd) error { return cmd.Start() }
