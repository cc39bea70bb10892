package network

import (
	"errors"
	"net"
	"time"
)

// A Conn is a TCP connection of a host. Its deadlines are times of the
// network's [Clock]. What only some networks can do with a connection is in
// [Corker], [LowWaterReader] and [UrgentInliner].
type Conn interface {
	net.Conn

	// CloseWrite ends what this side sends: its FIN follows the data.
	CloseWrite() error
}

// A Listener takes the connections that come to a port of a host.
type Listener interface {
	Accept() (Conn, error)
	Close() error
	Addr() net.Addr

	// SetDeadline sets the time of the network's clock at which Accept gives
	// up. The zero time is never.
	SetDeadline(time.Time) error
}

// A Corker is a [Conn] that can hold back data until it fills a segment or the
// connection is closed (TCP_CORK).
type Corker interface{ SetCork(on bool) error }

// A LowWaterReader is a [Conn] whose reader can sleep until so many bytes have
// come, or the end (SO_RCVLOWAT).
type LowWaterReader interface{ SetReadLowWater(bytes int) error }

// An UrgentInliner is a [Conn] that takes the last byte of urgent data aside
// unless it is told to keep it in the stream (SO_OOBINLINE).
type UrgentInliner interface{ SetUrgentInline() error }

// A Delayer is a [Conn] that can hold a small segment back while what was sent
// before is not acknowledged (RFC 896). Without being asked it does not.
type Delayer interface{ SetNoDelay(noDelay bool) error }

// A QueueCloser is a [Listener] that can accept and close what waits in its
// queue, so that each such connection ends with a FIN. Closing a listener
// resets them.
type QueueCloser interface{ CloseQueue() }

// A Resetter is a [Conn] that can end with a reset.
type Resetter interface{ Reset() error }

// An Urgenter is a [Conn] that can send urgent data (RFC 9293, 3.8.5).
type Urgenter interface {
	WriteUrgent(p []byte) (int, error)
}

// ErrNoUrgent is why urgent data cannot be sent on a network.
var ErrNoUrgent = errors.New("sending urgent data is not possible on this system's TCP")

// WriteUrgent sends urgent data; see [Urgenter].
func WriteUrgent(conn Conn, p []byte) (int, error) {
	if c, ok := conn.(Urgenter); ok {
		return c.WriteUrgent(p)
	}
	return 0, ErrNoUrgent
}

// ErrNoReset is why a connection cannot be ended with a reset on a network.
var ErrNoReset = errors.New("ending a connection with a reset is not possible on this system's TCP")

// Reset ends a connection with a reset (RFC 9293, 3.10.5), whatever is still to
// be sent or read.
func Reset(conn Conn) error {
	if c, ok := conn.(Resetter); ok {
		return c.Reset()
	}
	return ErrNoReset
}

// ErrNoCork is why data cannot be held back on a network.
var ErrNoCork = errors.New("holding data back until it fills a segment (TCP_CORK) is not possible on this system's TCP")

// SetCork has a connection hold back data, or no longer; see [Corker].
func SetCork(conn Conn, on bool) error {
	if c, ok := conn.(Corker); ok {
		return c.SetCork(on)
	}
	return ErrNoCork
}

// kernelConn is a connection of the kernel's.
type kernelConn struct{ *net.TCPConn }

// KernelConn makes a connection of the kernel's a [Conn].
func KernelConn(conn *net.TCPConn) Conn { return kernelConn{conn} }

// Reset implements [Resetter].
func (c kernelConn) Reset() error {
	if err := c.SetLinger(0); err != nil {
		return err
	}
	return c.Close()
}

// kernelListener is a listener of the kernel's.
type kernelListener struct{ *net.TCPListener }

// KernelListener makes a listener of the kernel's a [Listener].
func KernelListener(listener *net.TCPListener) Listener { return kernelListener{listener} }

// Accept implements [Listener].
func (l kernelListener) Accept() (Conn, error) {
	conn, err := l.TCPListener.AcceptTCP()
	if err != nil {
		return nil, err
	}
	return KernelConn(conn), nil
}
