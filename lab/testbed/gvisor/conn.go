package gvisor

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/waiter"

	"ftplab/lab/testbed/network"
)

// A conn is a TCP connection of a host. It implements [network.Conn] and
// [network.Corker].
type conn struct {
	host      *host
	endpoint  tcpip.Endpoint
	queue     *waiter.Queue
	key       int // of its turns
	read      deadline
	write     deadline
	readable  chan struct{} // has something when there may be something to read
	writable  chan struct{}
	entries   [2]waiter.Entry
	closeOnce sync.Once
	closed    chan struct{}

	cork sync.Mutex
	tail []byte // that waits until it fills a segment; nil while the connection is not corked
}

func newConn(h *host, endpoint tcpip.Endpoint, queue *waiter.Queue) *conn {
	endpoint.SocketOptions().SetDelayOption(false) // TCP_NODELAY, as Go's connections have it
	c := &conn{
		host: h, endpoint: endpoint, queue: queue, key: h.network.nextKey(),
		read: deadline{clock: h.network.clock}, write: deadline{clock: h.network.clock},
		closed: make(chan struct{}),
	}
	c.entries[0], c.readable = waiter.NewChannelEntry(waiter.ReadableEvents | waiter.EventHUp | waiter.EventErr)
	c.entries[1], c.writable = waiter.NewChannelEntry(waiter.WritableEvents | waiter.EventHUp | waiter.EventErr)
	queue.EventRegister(&c.entries[0])
	queue.EventRegister(&c.entries[1])
	return c
}

// programTime is how long a program computes before it acts on the network. The
// host's TCP takes no time.
const programTime = 20 * time.Microsecond

// Keys of the turns at a connection, by what the turn is for.
const (
	toRead = iota
	toWrite
	keysOfConn
)

// Read implements [net.Conn].
func (c *conn) Read(b []byte) (int, error) {
	for {
		c.host.network.clock.turn(0, c.key+toRead)
		if err := c.read.check(c.closed); err != nil {
			return 0, c.failed("read", err)
		}
		w := tcpip.SliceWriter(b)
		result, err := c.endpoint.Read(&w, tcpip.ReadOptions{})
		switch err.(type) {
		case nil:
			return result.Count, nil
		case *tcpip.ErrWouldBlock:
			c.read.wait(c.readable, c.closed)
		case *tcpip.ErrClosedForReceive:
			return 0, io.EOF
		default:
			return 0, c.failed("read", stackError(err))
		}
	}
}

// Write implements [net.Conn].
func (c *conn) Write(b []byte) (written int, err error) {
	c.cork.Lock()
	defer c.cork.Unlock()
	if c.tail == nil {
		return c.send(b)
	}
	// gVisor's own cork cuts a segment where a Write ends.
	c.tail = append(c.tail, b...)
	full := len(c.tail) / c.segmentSize() * c.segmentSize()
	if _, err := c.send(c.tail[:full]); err != nil {
		return 0, err
	}
	c.tail = append(c.tail[:0], c.tail[full:]...)
	return len(b), nil
}

// segmentSize is how much data a full segment has, bytes.
func (c *conn) segmentSize() int {
	n := c.host.network
	n.mu.Lock()
	defer n.mu.Unlock()
	return c.known().segmentSize()
}

// known returns the disguise's state of the connection. The caller holds the
// network's mu.
func (c *conn) known() *connection {
	return c.host.disguise.of(c.LocalAddr().(*net.TCPAddr).AddrPort(), c.RemoteAddr().(*net.TCPAddr).AddrPort())
}

// send hands bytes to the host's TCP.
func (c *conn) send(b []byte) (written int, err error) {
	work := programTime
	r := bytes.NewReader(b)
	for r.Len() > 0 {
		c.host.network.clock.turn(work, c.key+toWrite)
		work = 0
		if err := c.write.check(c.closed); err != nil {
			return written, c.failed("write", err)
		}
		n, err := c.endpoint.Write(r, tcpip.WriteOptions{})
		written += int(n)
		switch err.(type) {
		case nil:
		case *tcpip.ErrWouldBlock:
			c.write.wait(c.writable, c.closed)
		default:
			return written, c.failed("write", stackError(err))
		}
	}
	return written, nil
}

// CloseWrite implements [network.Conn].
func (c *conn) CloseWrite() error {
	if isClosed(c.closed) {
		return c.failed("close", net.ErrClosed)
	}
	if err := c.SetCork(false); err != nil {
		return err
	}
	c.host.network.clock.turn(programTime, c.key+toWrite)
	if err := c.endpoint.Shutdown(tcpip.ShutdownWrite); err != nil {
		return c.failed("close", stackError(err))
	}
	return nil
}

// Close implements [net.Conn]. What is held back leaves together with the FIN.
func (c *conn) Close() error {
	err := c.failed("close", net.ErrClosed)
	c.closeOnce.Do(func() {
		err = nil
		close(c.closed) // a goroutine that writes gives up, and releases the cork's lock
		c.cork.Lock()
		defer c.cork.Unlock()
		c.host.network.clock.turn(programTime, c.key+toWrite)
		if len(c.tail) > 0 {
			c.joinTailAndFIN()
			err = c.sendTail()
		}
		c.queue.EventUnregister(&c.entries[0])
		c.queue.EventUnregister(&c.entries[1])
		c.endpoint.Close()
	})
	return err
}

// Reset implements [network.Resetter].
func (c *conn) Reset() error {
	err := c.failed("reset", net.ErrClosed)
	c.closeOnce.Do(func() {
		err = nil
		close(c.closed)
		c.host.network.clock.turn(programTime, c.key+toWrite)
		c.queue.EventUnregister(&c.entries[0])
		c.queue.EventUnregister(&c.entries[1])
		c.endpoint.Abort()
	})
	return err
}

// WriteUrgent implements [network.Urgenter]. gVisor sends no urgent data, so the
// host's disguise marks it.
func (c *conn) WriteUrgent(b []byte) (int, error) {
	n := c.host.network
	n.mu.Lock()
	c.known().urgent = len(b)
	n.mu.Unlock()
	return c.Write(b)
}

// KeepAlive implements [network.KeepAliver].
func (c *conn) KeepAlive(every time.Duration) error {
	idle, interval := tcpip.KeepaliveIdleOption(every), tcpip.KeepaliveIntervalOption(every)
	c.endpoint.SocketOptions().SetKeepAlive(true)
	return errors.Join(errorOf(c.endpoint.SetSockOpt(&idle)), errorOf(c.endpoint.SetSockOpt(&interval)))
}

// SetNoDelay implements [network.Delayer].
func (c *conn) SetNoDelay(noDelay bool) error {
	c.endpoint.SocketOptions().SetDelayOption(!noDelay)
	return nil
}

// sendTail sends the data that is held back, when the stack has room for it.
func (c *conn) sendTail() error {
	for r := bytes.NewReader(c.tail); r.Len() > 0; {
		_, err := c.endpoint.Write(r, tcpip.WriteOptions{})
		switch err.(type) {
		case nil:
		case *tcpip.ErrWouldBlock:
			c.write.wait(c.writable, nil)
			c.host.network.clock.turn(0, c.key+toWrite)
			if isClosed(c.write.channel()) {
				return c.failed("close", os.ErrDeadlineExceeded)
			}
		default:
			return c.failed("close", stackError(err))
		}
	}
	return nil
}

// joinTailAndFIN makes the disguise send the last data and the FIN in one segment.
func (c *conn) joinTailAndFIN() {
	n := c.host.network
	n.mu.Lock()
	defer n.mu.Unlock()
	c.known().closing = true
}

// SetCork implements [network.Corker]. Data that does not fill a segment waits
// while the connection is corked.
func (c *conn) SetCork(on bool) error {
	c.cork.Lock()
	defer c.cork.Unlock()
	if on {
		c.tail = []byte{}
		return nil
	}
	tail := c.tail
	c.tail = nil
	_, err := c.send(tail)
	return err
}

// LocalAddr implements [net.Conn].
func (c *conn) LocalAddr() net.Addr {
	a, _ := c.endpoint.GetLocalAddress()
	return net.TCPAddrFromAddrPort(addrPort(a))
}

// RemoteAddr implements [net.Conn].
func (c *conn) RemoteAddr() net.Addr {
	a, err := c.endpoint.GetRemoteAddress()
	if err != nil {
		return &net.TCPAddr{}
	}
	return net.TCPAddrFromAddrPort(addrPort(a))
}

// SetDeadline implements [net.Conn].
func (c *conn) SetDeadline(t time.Time) error {
	c.read.set(t)
	c.write.set(t)
	return nil
}

// SetReadDeadline implements [net.Conn].
func (c *conn) SetReadDeadline(t time.Time) error {
	c.read.set(t)
	return nil
}

// SetWriteDeadline implements [net.Conn].
func (c *conn) SetWriteDeadline(t time.Time) error {
	c.write.set(t)
	return nil
}

func (c *conn) failed(what string, err error) error {
	return &net.OpError{Op: what, Net: "tcp", Source: c.LocalAddr(), Addr: c.RemoteAddr(), Err: err}
}

var (
	_ network.Conn   = (*conn)(nil)
	_ network.Corker = (*conn)(nil)
)

// A deadline is a time of a clock at which reads or writes give up.
type deadline struct {
	clock *clock

	mu     sync.Mutex
	passed chan struct{} // closed at the deadline; nil before it was first needed
	event  *event
}

// channel returns a channel that is closed at the deadline. If the deadline is
// moved afterwards, the channel may never be closed.
func (d *deadline) channel() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.passed == nil {
		d.passed = make(chan struct{})
	}
	return d.passed
}

// set moves the deadline. The zero time is none.
func (d *deadline) set(t time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.clock.cancel(d.event)
	d.event = nil
	if d.passed == nil || isClosed(d.passed) {
		d.passed = make(chan struct{})
	}
	switch left := t.Sub(d.clock.Now()); {
	case t.IsZero():
	case left <= 0:
		close(d.passed)
	default:
		var e *event
		e = d.clock.schedule(left, 0, func() { d.pass(&e) })
		d.event = e
	}
}

// pass closes the channel, unless the deadline was moved at the last moment.
func (d *deadline) pass(e **event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.event == *e && !isClosed(d.passed) {
		close(d.passed)
	}
}

// check returns an error if the deadline has passed or the connection is closed.
func (d *deadline) check(closed <-chan struct{}) error {
	switch {
	case isClosed(closed):
		return net.ErrClosed
	case isClosed(d.channel()):
		return os.ErrDeadlineExceeded
	}
	return nil
}

// wait waits until something is ready, or check returns an error.
func (d *deadline) wait(ready, closed <-chan struct{}) {
	select {
	case <-ready:
	case <-d.channel():
	case <-closed:
	}
}

func isClosed(channel <-chan struct{}) bool {
	select {
	case <-channel:
		return true
	default:
		return false
	}
}

// stackError converts an error of gVisor. Programs get the system's errors where
// they look for them, such as ECONNRESET.
func stackError(err tcpip.Error) error {
	switch err.(type) {
	case *tcpip.ErrConnectionReset:
		return syscall.ECONNRESET
	case *tcpip.ErrConnectionRefused:
		return syscall.ECONNREFUSED
	case *tcpip.ErrHostUnreachable:
		return syscall.EHOSTUNREACH
	case *tcpip.ErrNetworkUnreachable:
		return syscall.ENETUNREACH
	case *tcpip.ErrTimeout:
		return syscall.ETIMEDOUT
	}
	return errors.New(err.String())
}

func fullAddress(a netip.AddrPort) tcpip.FullAddress {
	return tcpip.FullAddress{Addr: tcpip.AddrFromSlice(a.Addr().Unmap().AsSlice()), Port: a.Port()}
}

func addrPort(a tcpip.FullAddress) netip.AddrPort {
	ip, _ := netip.AddrFromSlice(a.Addr.AsSlice())
	return netip.AddrPortFrom(ip, a.Port)
}
