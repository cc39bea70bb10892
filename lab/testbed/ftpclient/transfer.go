package ftpclient

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"

	"ftplab/lab/testbed/content"
	"ftplab/lab/testbed/network"
)

// Download implements [Client].
func (c *Scripted) Download(ctx context.Context, d Download) (Transfer, error) {
	return c.transfer(ctx, request{d.Verb, d.Argument, d.Offset, d.Begun}, func(conn network.Conn, t *Transfer, e *exchange) error {
		digest := content.NewDigester()
		defer func() { t.Wire = digest.Digest() }()
		var to io.Writer = digest
		if d.To != nil {
			to = io.MultiWriter(digest, d.To)
		}
		if d.AbortAfter > 0 {
			return e.abort(ctx, d, conn, to, t)
		}
		if c, ok := conn.(network.LowWaterReader); ok {
			// A reader that is woken for each segment holds the connection
			// while the next ones arrive, and on a busy machine the kernel
			// then takes several as one and acknowledges them together.
			if err := c.SetReadLowWater(pieceSize / 8); err != nil {
				return err
			}
		}
		piece := pieces.Get().(*[pieceSize]byte)
		defer pieces.Put(piece)
		if _, err := io.CopyBuffer(to, onlyReader{conn}, piece[:]); err != nil {
			return err
		}
		return linger(ctx, c.host, c.config)
	})
}

// pieceSize is what is read from a data connection at a time, bytes.
const pieceSize = 256 << 10

// pieces are reused: to allocate one takes longer than a small transfer.
var pieces = sync.Pool{New: func() any { return new([pieceSize]byte) }}

// onlyReader hides a connection's WriteTo, which would ignore the buffer.
type onlyReader struct{ io.Reader }

// abort takes d.AbortAfter bytes, sends ABOR, and takes what comes until the server closes
// the data connection.
func (e *exchange) abort(ctx context.Context, d Download, conn network.Conn, to io.Writer, t *Transfer) error {
	if got, err := io.CopyN(to, conn, d.AbortAfter); errors.Is(err, io.EOF) {
		return fmt.Errorf("it ended after %d bytes, so there was nothing to abort after %d", got, d.AbortAfter)
	} else if err != nil {
		return err
	}
	if d.Telnet {
		if err := e.addTelnet(ctx); err != nil {
			return err
		}
	}
	var err error
	if t.aborting, err = e.control.send(ctx, "ABOR"); err != nil {
		return err
	}
	t.Aborted = true
	_, err = io.Copy(to, conn)
	return err
}

// Upload implements [Client].
func (c *Scripted) Upload(ctx context.Context, u Upload) (Transfer, error) {
	return c.transfer(ctx, request{u.Verb, u.Argument, u.Offset, u.Begun}, func(conn network.Conn, t *Transfer, e *exchange) error {
		digest := content.NewDigester()
		defer func() { t.Wire = digest.Digest() }()
		from := u.From
		if t.ASCII {
			from = content.ToNVT(from)
		}
		if err := BeginData(conn); err != nil {
			return err
		}
		piece := pieces.Get().(*[pieceSize]byte)
		defer pieces.Put(piece)
		if _, err := io.CopyBuffer(io.MultiWriter(conn, digest), from, piece[:]); err != nil {
			return err
		}
		if err := linger(ctx, c.host, c.config); err != nil {
			return err
		}
		if err := conn.CloseWrite(); err != nil { // this FIN is the end of the file
			return err
		}
		return drainUpload(ctx, c.host.Clock(), conn, e.complete)
	})
}

// BeginData begins what is sent on a data connection. In TLS that is the handshake, which an
// empty file needs, too: without close_notify the server cannot know that it is whole.
func BeginData(conn network.Conn) error {
	_, err := conn.Write(nil)
	return err
}

// A request is the command and the offset of a transfer.
type request struct {
	verb, argument string
	offset         int64
	begun          func() // may be nil
}

// A mover moves the data of a transfer over its data connection, within the
// exchange of the transfer's command.
type mover func(network.Conn, *Transfer, *exchange) error

// transfer arranges a data connection, sends the command, moves the data and
// reads the replies.
func (c *Scripted) transfer(ctx context.Context, r request, move mover) (Transfer, error) {
	t := c.state.transfer(r.argument)
	data := c.ready
	if c.ready = nil; data == nil {
		var err error
		if data, err = c.arrange(ctx, &t); err != nil || data == nil {
			return t, err
		}
	}
	defer data.close()
	if r.offset > 0 {
		reply, err := c.Command(ctx, "REST", fmt.Sprint(r.offset))
		t.Replies = append(t.Replies, reply)
		if err != nil || !reply.accepted() {
			return t, err
		}
	}
	e, reply, err := c.begin(ctx, join(r.verb, r.argument), data)
	if e != nil {
		defer e.end()
	}
	if err != nil {
		return t, err
	}
	t.Replies = append(t.Replies, reply)
	if r.begun != nil {
		r.begun()
	}
	switch {
	case reply.Complete():
		return t, fmt.Errorf("%w%s", unannounced(reply), c.control.tooMany(reply))
	case !reply.Preliminary():
		if data.conn != nil && reply.Refused() {
			t.ends(data.conn)
		}
		return t, nil
	}
	err = c.move(ctx, e, data, &t, move)
	return t, err
}

// ErrUnannounced is the error of a transfer that the server says is complete, although it has not
// announced it. Most clients take that for a failure.
var ErrUnannounced = errors.New("the client did not use the data connection")

// unannounced returns the error of a transfer with this final reply and none before it.
func unannounced(reply Reply) error {
	return fmt.Errorf("the server said %q without 125 or 150 before it (RFC 959, 5.4), so %w", reply, ErrUnannounced)
}

// announcement is the first reply to the command of a transfer, for messages.
const announcement = "125 or 150"

// begin sends the command of a transfer, connects to a passive port before or
// after it, and returns the first reply.
func (c *Scripted) begin(ctx context.Context, command string, data *expectedConn) (*exchange, Reply, error) {
	passive := data.listener == nil
	if passive && !c.config.CommandFirst {
		if err := data.connect(ctx, c, command); err != nil {
			return nil, Reply{}, err
		}
	}
	e, err := c.control.send(ctx, command)
	if err != nil {
		return nil, Reply{}, err
	}
	e.awaits = announcement
	var refused error
	if passive && c.config.CommandFirst {
		refused = data.connect(ctx, c, command)
	}
	reply, err := e.reply(ctx)
	if err == nil && reply.Preliminary() {
		err = refused // and else the reply says why there is nobody to connect to
	}
	return e, reply, err
}

// move moves the data of a transfer that has begun, closes the data connection
// and reads the final reply. If that is a refusal, it is the result, because it
// says more than a broken data connection.
func (c *Scripted) move(ctx context.Context, e *exchange, data *expectedConn, t *Transfer, move mover) error {
	connecting, giveUp := context.WithCancel(ctx)
	defer giveUp()
	final := make(chan error, 1)
	e.complete = make(chan struct{})
	go func() {
		reply, err := e.final(ctx)
		if err == nil {
			t.Replies = append(t.Replies, reply)
			close(e.complete)
		}
		if err != nil || reply.Refused() {
			giveUp() // a server that has not called yet will not
		}
		final <- err
	}()
	begun := c.now()
	broke := data.connect(connecting, c, e.command)
	if broke == nil {
		t.ends(data.conn)
		stop := network.Within(ctx, data.conn.SetDeadline)
		data.conn = c.Secure(data.conn)
		if err := move(data.conn, t, e); err != nil {
			broke = waited(ctx, e.command, "its data", c.now().Sub(begun), err)
		}
		stop()
	}
	data.close()
	err := <-final
	if t.Aborted {
		defer t.aborting.end()
	}
	if err != nil {
		return errors.Join(broke, err)
	}
	if t.Aborted {
		e.end()
		reply, err := t.aborting.final(ctx)
		if err != nil {
			return err
		}
		t.Replies = append(t.Replies, reply)
		return broke
	}
	if t.Reply().Refused() {
		t.Broke = broke
		return nil
	}
	return broke
}

// An expectedConn is a data connection that the two sides have agreed on.
type expectedConn struct {
	listener network.Listener // at which the server connects; nil in passive mode
	addr     netip.AddrPort   // to which the client connects in passive mode
	conn     network.Conn     // once it is open
}

// arrange sends the command of the client's mode. It returns nil if the server
// refuses.
func (c *Scripted) arrange(ctx context.Context, t *Transfer) (*expectedConn, error) {
	if c.mode.Active() {
		return c.arrangeActive(ctx, t)
	}
	reply, err := c.Command(ctx, string(c.mode), "")
	if err != nil {
		return nil, err
	}
	t.Replies = append(t.Replies, reply)
	if !reply.accepted() {
		return nil, nil
	}
	addr, err := parsePassive(c.mode, reply, c.config)
	if err != nil {
		return nil, fmt.Errorf("%w%s", err, c.control.tooMany(reply))
	}
	return &expectedConn{addr: addr}, nil
}

func (c *Scripted) arrangeActive(ctx context.Context, t *Transfer) (*expectedConn, error) {
	port, err := localPort(c.host, &c.port)
	if err != nil {
		return nil, err
	}
	listener, err := c.host.ListenTCP(port)
	if err != nil {
		return nil, fmt.Errorf("%s: port %d for the data connection: %w", c.mode, port, err)
	}
	addr := netip.AddrPortFrom(c.host.Addr(), uint16(listener.Addr().(*net.TCPAddr).Port))
	reply, err := c.Command(ctx, string(c.mode), formatActive(c.mode, addr))
	if err != nil {
		listener.Close()
		return nil, err
	}
	t.Replies = append(t.Replies, reply)
	if !reply.Complete() {
		listener.Close()
		return nil, nil
	}
	return &expectedConn{listener: listener}, nil
}

// connect opens the data connection, or waits until the server has, if that
// has not been done yet.
func (a *expectedConn) connect(ctx context.Context, c *Scripted, command string) (err error) {
	if a.conn != nil {
		return nil
	}
	begun := c.now()
	if a.listener == nil {
		port, err := c.host.NextPort()
		if err != nil {
			return err
		}
		a.conn, err = c.host.DialTCP(ctx, port, a.addr)
		if err != nil {
			return waited(ctx, command, fmt.Sprintf("a data connection to %s", a.addr), c.now().Sub(begun), err)
		}
		return nil
	}
	a.conn, err = accept(ctx, a.listener, c.config.Server.Addr())
	if err != nil {
		return waited(ctx, command, "the server to open the data connection", c.now().Sub(begun), err)
	}
	return nil
}

// accept waits for a connection from peer, and closes others.
func accept(ctx context.Context, listener network.Listener, peer netip.Addr) (network.Conn, error) {
	defer network.Within(ctx, listener.SetDeadline)()
	for {
		conn, err := listener.Accept()
		if err != nil {
			return nil, err
		}
		if conn.RemoteAddr().(*net.TCPAddr).AddrPort().Addr().Unmap() == peer.Unmap() {
			return conn, nil
		}
		conn.Close()
	}
}

// close closes what is open of the data connection.
func (a *expectedConn) close() {
	if a.listener != nil {
		a.listener.Close()
	}
	if a.conn != nil {
		a.conn.Close()
	}
}

// linger waits for as long as the client's [Config] says, or until ctx ends.
func linger(ctx context.Context, host network.Host, config Config) error {
	if config.Linger == 0 {
		return nil
	}
	return network.Sleep(ctx, host.Clock(), config.Linger)
}
