package network

import (
	"errors"
	"io"
	"net"
	"time"
)

// A Conn is a TCP connection of a host. Its deadlines are times of the network's
// [Clock]. [Corker], [LowWaterReader], [UrgentInliner] and the interfaces after them
// are features that connections have on some networks only.
type Conn interface {
	net.Conn

	// CloseWrite closes the sending side: the FIN follows the data.
	CloseWrite() error
}

// A Listener accepts the connections to one port of a host.
type Listener interface {
	Accept() (Conn, error)
	Close() error
	Addr() net.Addr

	// SetDeadline sets the time, on the network's clock, at which Accept fails.
	// The zero time means never.
	SetDeadline(time.Time) error
}

// A Corker is a [Conn] that can hold back data until it fills a segment or the
// connection is closed (TCP_CORK).
type Corker interface{ SetCork(on bool) error }

// A LowWaterReader is a [Conn] whose Read can wait until that many bytes or the
// end of the stream have arrived (SO_RCVLOWAT).
type LowWaterReader interface{ SetReadLowWater(bytes int) error }

// An UrgentInliner is a [Conn] that can keep the last byte of urgent data in
// the stream (SO_OOBINLINE). By default that byte is taken out.
type UrgentInliner interface{ SetUrgentInline() error }

// A Delayer is a [Conn] that can hold back a small segment while earlier data
// is not acknowledged (Nagle's algorithm, RFC 896). It is off by default.
type Delayer interface{ SetNoDelay(noDelay bool) error }

// A KeepAliver is a [Conn] that can probe its peer after a time of silence, and
// again after each such time (RFC 9293, 3.8.4). It is off by default.
type KeepAliver interface {
	KeepAlive(every time.Duration) error
}

// A QueueCloser is a [Listener] that can accept and close the connections in
// its queue, so that each ends with a FIN. Closing a listener resets them.
type QueueCloser interface{ CloseQueue() }

// A Queuer is a [Listener] that knows whether a connection is in its queue.
type Queuer interface{ Queued() bool }

// A Resetter is a [Conn] that can end with an RST.
type Resetter interface{ Reset() error }

// An Urgenter is a [Conn] that can send urgent data (RFC 9293, 3.8.5).
type Urgenter interface {
	WriteUrgent(p []byte) (int, error)
}

// ErrNoUrgent says that a network's TCP cannot send urgent data.
var ErrNoUrgent = errors.New("sending urgent data is not possible on this system's TCP")

// WriteUrgent sends urgent data; see [Urgenter].
func WriteUrgent(conn Conn, p []byte) (int, error) {
	if c, ok := conn.(Urgenter); ok {
		return c.WriteUrgent(p)
	}
	return 0, ErrNoUrgent
}

// ErrNoReset says that a network's TCP cannot end a connection with an RST.
var ErrNoReset = errors.New("ending a connection with a reset is not possible on this system's TCP")

// Reset ends a connection with an RST (RFC 9293, 3.10.5), even if there is data
// left to send or to read.
func Reset(conn Conn) error {
	if c, ok := conn.(Resetter); ok {
		return c.Reset()
	}
	return ErrNoReset
}

// ErrNoCork says that a network's TCP cannot hold data back.
var ErrNoCork = errors.New("holding data back until it fills a segment (TCP_CORK) is not possible on this system's TCP")

// SetCork starts or stops holding back data on a connection; see [Corker].
func SetCork(conn Conn, on bool) error {
	if c, ok := conn.(Corker); ok {
		return c.SetCork(on)
	}
	return ErrNoCork
}

// kernelConn is a connection of the kernel.
type kernelConn struct {
	*net.TCPConn
	full func() bool // see [Machine.SendUnless]; nil if nothing holds it back
}

// KernelConn turns a connection of the kernel into a [Conn].
func KernelConn(conn *net.TCPConn) Conn { return kernelConn{conn, nil} }

const (
	sendAtOnce = 256 << 10 // bytes that a connection sends before it asks again
	askAgain   = time.Millisecond
)

// Write implements [net.Conn].
func (c kernelConn) Write(p []byte) (n int, err error) {
	if c.full == nil {
		return c.TCPConn.Write(p)
	}
	for {
		if err := c.waitForRoom(); err != nil {
			return n, err
		}
		part := p[n:min(len(p), n+sendAtOnce)]
		sent, err := c.TCPConn.Write(part)
		n += sent
		if err != nil || n == len(p) {
			return n, err
		}
	}
}

// waitForRoom waits while nothing may be sent. It ends early when the connection is closed,
// or at its deadline.
func (c kernelConn) waitForRoom() error {
	for c.full() {
		if _, err := c.TCPConn.Write(nil); err != nil {
			return err
		}
		time.Sleep(askAgain)
	}
	return nil
}

// ReadFrom implements [io.ReaderFrom].
func (c kernelConn) ReadFrom(r io.Reader) (int64, error) {
	if c.full == nil {
		return c.TCPConn.ReadFrom(r)
	}
	return io.Copy(struct{ io.Writer }{c}, r)
}

// KeepAlive implements [KeepAliver].
func (c kernelConn) KeepAlive(every time.Duration) error {
	return c.SetKeepAliveConfig(net.KeepAliveConfig{Enable: true, Idle: every, Interval: every})
}

// Reset implements [Resetter].
func (c kernelConn) Reset() error {
	if err := c.SetLinger(0); err != nil {
		return err
	}
	return c.Close()
}

// kernelListener is a listener of the kernel.
type kernelListener struct {
	*net.TCPListener
	full func() bool
}

// KernelListener turns a listener of the kernel into a [Listener].
func KernelListener(listener *net.TCPListener) Listener { return kernelListener{listener, nil} }

// Accept implements [Listener].
func (l kernelListener) Accept() (Conn, error) {
	conn, err := l.TCPListener.AcceptTCP()
	if err != nil {
		return nil, err
	}
	return kernelConn{conn, l.full}, nil
}
