// Package localhost is a [network.Host] for tests: this machine under one of
// its loopback addresses, with no cell around it and no recorder. Tests of
// whoever speaks FTP on a host run on it anywhere, as any user.
package localhost

import (
	"context"
	"net"
	"net/netip"
	"os/exec"
	"sync"
	"syscall"
)

// Host is 127.0.0.1 or ::1.
type Host struct {
	address netip.Addr

	mu    sync.Mutex
	ports []uint16
}

// New returns the host of that address. NextPort returns ports one after the
// other, and then 0.
func New(address string, ports ...uint16) *Host {
	return &Host{address: netip.MustParseAddr(address), ports: ports}
}

// Name implements [network.Host].
func (h *Host) Name() string { return "localhost" }

// Addr implements [network.Host].
func (h *Host) Addr() netip.Addr { return h.address }

// NextPort implements [network.Host].
func (h *Host) NextPort() uint16 {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.ports) == 0 {
		return 0
	}
	port := h.ports[0]
	h.ports = h.ports[1:]
	return port
}

// DialTCP implements [network.Host].
func (h *Host) DialTCP(ctx context.Context, local uint16, remote netip.AddrPort) (*net.TCPConn, error) {
	dialer := net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(h.address, local))}
	if local != 0 {
		dialer.Control = reuseAddress
	}
	conn, err := dialer.DialContext(ctx, "tcp", remote.String())
	if err != nil {
		return nil, err
	}
	return conn.(*net.TCPConn), nil
}

// reuseAddress lets a connection begin on a port on which another one is in
// TIME_WAIT, as the data connections of a server all do.
func reuseAddress(_, _ string, c syscall.RawConn) (err error) {
	controlErr := c.Control(func(fd uintptr) { err = setReuseAddress(fd) })
	if err == nil {
		err = controlErr
	}
	return err
}

// ListenTCP implements [network.Host].
func (h *Host) ListenTCP(port uint16) (*net.TCPListener, error) {
	return net.ListenTCP("tcp", net.TCPAddrFromAddrPort(netip.AddrPortFrom(h.address, port)))
}

// ListenUDP implements [network.Host].
func (h *Host) ListenUDP(port uint16) (*net.UDPConn, error) {
	return net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(h.address, port)))
}

// Start implements [network.Host].
func (h *Host) Start(cmd *exec.Cmd) error { return cmd.Start() }
