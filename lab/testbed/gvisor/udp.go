package gvisor

import (
	"bytes"
	"net"
	"sync"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/waiter"
)

// A packetConn is a UDP socket of a host. It implements [net.PacketConn].
type packetConn struct {
	host      *host
	endpoint  tcpip.Endpoint
	queue     *waiter.Queue
	key       int
	read      deadline
	readable  chan struct{} // has something when a datagram may be there
	entry     waiter.Entry
	closeOnce sync.Once
	closed    chan struct{}
}

var _ net.PacketConn = (*packetConn)(nil)

// ReadFrom implements [net.PacketConn].
func (s *packetConn) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		s.host.network.clock.turn(0, s.key+toRead)
		if err := s.read.check(s.closed); err != nil {
			return 0, nil, s.failed("read", err)
		}
		w := tcpip.SliceWriter(b)
		result, err := s.endpoint.Read(&w, tcpip.ReadOptions{NeedRemoteAddr: true})
		switch err.(type) {
		case nil:
			return result.Count, net.UDPAddrFromAddrPort(addrPort(result.RemoteAddr)), nil
		case *tcpip.ErrWouldBlock:
			s.read.wait(s.readable, s.closed)
		default:
			return 0, nil, s.failed("read", stackError(err))
		}
	}
}

// WriteTo implements [net.PacketConn].
func (s *packetConn) WriteTo(b []byte, to net.Addr) (int, error) {
	s.host.network.clock.turn(programTime, s.key+toWrite)
	if isClosed(s.closed) {
		return 0, s.failed("write", net.ErrClosed)
	}
	address := fullAddress(to.(*net.UDPAddr).AddrPort())
	n, err := s.endpoint.Write(bytes.NewReader(b), tcpip.WriteOptions{To: &address})
	if err != nil {
		return int(n), s.failed("write", stackError(err))
	}
	return int(n), nil
}

// Close implements [net.PacketConn].
func (s *packetConn) Close() error {
	err := s.failed("close", net.ErrClosed)
	s.closeOnce.Do(func() {
		err = nil
		close(s.closed)
		s.host.network.clock.turn(0, s.key+toWrite)
		s.queue.EventUnregister(&s.entry)
		s.endpoint.Close()
	})
	return err
}

// LocalAddr implements [net.PacketConn].
func (s *packetConn) LocalAddr() net.Addr {
	a, _ := s.endpoint.GetLocalAddress()
	return net.UDPAddrFromAddrPort(addrPort(a))
}

// SetDeadline implements [net.PacketConn]. Writing never waits.
func (s *packetConn) SetDeadline(t time.Time) error { return s.SetReadDeadline(t) }

// SetReadDeadline implements [net.PacketConn].
func (s *packetConn) SetReadDeadline(t time.Time) error {
	s.read.set(t)
	return nil
}

// SetWriteDeadline implements [net.PacketConn]. Writing never waits.
func (s *packetConn) SetWriteDeadline(time.Time) error { return nil }

func (s *packetConn) failed(what string, err error) error {
	return &net.OpError{Op: what, Net: "udp", Source: s.LocalAddr(), Err: err}
}
