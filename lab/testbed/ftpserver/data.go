package ftpserver

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"ftplab/lab/testbed/ftps"
	"ftplab/lab/testbed/network"
)

// dataTimeout is how long the server waits for a data connection to open.
const dataTimeout = 30 * time.Second

// A dataListener is where the library gets its next data connection.
type dataListener interface {
	net.Listener
	connect() (*dataConn, error) // waits for the data connection, or opens it
	refuse()                     // ends it: the transfer was refused, so nobody takes its connection
}

// WrapPassiveListener puts a listener of this server's host in the place of
// the library's, which listens on every address.
func (s *session) WrapPassiveListener(library net.Listener) (net.Listener, error) {
	vacate(library)
	s.goOn()
	s.mu.Lock()
	port := s.dataPort
	s.mu.Unlock()

	listener, err := s.newDataListener(library, port)
	if err != nil {
		s.closeHeld(library)
		return nil, err
	}
	s.mu.Lock()
	s.data = listener // the library closes the one before
	s.mu.Unlock()
	return listener, nil
}

// newDataListener makes what accepts or opens the data connection: active if the client
// has a data port, else passive.
func (s *session) newDataListener(library net.Listener, port *dataPort) (dataListener, error) {
	if port == nil {
		return newPassive(s, library)
	}
	a := newActive(s, library, port.addr)
	if s.server.config.DialFirst {
		var err error
		if a.conn, err = a.dial(); err != nil {
			s.refuse(Reply{425, "No data connection: " + err.Error()})
			return nil, err
		}
	}
	return a, nil
}

// setDataPort sets what WrapPassiveListener finds.
func (s *session) setDataPort(a *dataPort) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dataPort = a
}

// replied is called before the last line of each reply is sent. When a transfer
// is refused, a data connection that waits for it is closed. The library would
// keep it for the rest of the session.
func (s *session) replied(code int) {
	if code < 400 {
		return
	}
	switch s.context.GetLastCommand() {
	case "LIST", "NLST", "MLSD", "RETR", "STOR", "APPE":
		s.refuseData()
	}
}

// dropData closes what is left of the last PASV, EPSV, PORT or EPRT.
func (s *session) dropData() {
	s.mu.Lock()
	listener := s.data
	s.data = nil
	s.mu.Unlock()
	if listener != nil {
		listener.Close()
	}
}

var errNoConnection = errors.New("nobody connected in time")

// A passive listens for one data connection of its session's client. It accepts
// the connection at once, and refuses those of other hosts. So no other host can
// take the client's place, and a connection that is never used is closed in order
// and not reset.
type passive struct {
	network.Listener
	session *session
	library net.Listener // whose place it takes; the library sets its deadlines
	port    uint16       // of the server's data ports, or the host's; 0 is any
	conns   chan network.Conn
	taken   bool // its connection, which has the port now
	once    sync.Once
}

func newPassive(s *session, library net.Listener) (*passive, error) {
	host := s.listensAt()
	port, err := s.server.ports.take(host)
	if err != nil {
		return nil, err
	}
	listener, err := host.ListenTCP(port)
	if err != nil {
		s.server.ports.giveBack(port)
		return nil, err
	}
	p := &passive{Listener: listener, session: s, library: library, port: port, conns: make(chan network.Conn, 1)}
	s.server.enter(p)
	go p.accept()
	return p, nil
}

// accept takes the client's first connection and listens no more.
func (p *passive) accept() {
	defer close(p.conns)
	defer p.Listener.Close()
	for {
		conn, err := p.Listener.Accept()
		if errors.Is(err, os.ErrDeadlineExceeded) {
			if l, ok := p.Listener.(network.QueueCloser); ok {
				l.CloseQueue()
			}
			return
		}
		if err != nil {
			network.Sleep(context.Background(), p.session.server.host.Clock(), time.Millisecond)
			continue
		}
		if !p.session.server.config.ThirdParty && conn.RemoteAddr().(*net.TCPAddr).AddrPort().Addr().Unmap() != p.session.peer {
			conn.Close()
			continue
		}
		p.conns <- conn
		return
	}
}

// Accept waits for the client's connection.
func (p *passive) Accept() (net.Conn, error) { return accept(p.session, p) }

// accept returns what the library has for a data connection.
func accept(s *session, l dataListener) (net.Conn, error) {
	if conn := s.staged(); conn != nil {
		return conn, nil
	}
	conn, err := l.connect()
	if err != nil {
		return nil, err
	}
	return conn, nil
}

func (p *passive) connect() (*dataConn, error) {
	late, stop := network.After(p.session.server.host.Clock(), dataTimeout)
	defer stop()
	select {
	case conn := <-p.conns:
		if conn == nil {
			return nil, net.ErrClosed
		}
		d, err := newDataConn(p.session, conn)
		if err == nil {
			d.port = p.port
			p.taken = true
		}
		return d, err
	case <-late:
		return nil, errNoConnection
	}
}

// Close stops listening and closes a connection that was not used. While a rule
// moves the data the library closes it too early.
func (p *passive) Close() error {
	if p.session.keeps() {
		return nil
	}
	p.SetDeadline(time.Unix(1, 0)) // accept then closes the listener
	p.session.closeHeld(p.library)
	p.refuse()
	return nil
}

// refuse closes a connection that was not used, now or when it comes: a client
// that sends RETR before it connects may do so after its RETR was refused. One that
// has come is closed before refuse returns: upon the refusal, the client closes its
// side, too.
func (p *passive) refuse() {
	p.once.Do(func() {
		select {
		case conn := <-p.conns:
			p.drop(conn)
		default:
			p.refuseQueued()
		}
	})
}

// refuseQueued closes the connection that accept is about to take, or takes later.
func (p *passive) refuseQueued() {
	if l, ok := p.Listener.(network.Queuer); ok && l.Queued() {
		select {
		case conn := <-p.conns:
			p.drop(conn)
			return
		case <-time.After(time.Second): // it is a stranger's
		}
	}
	go func() { p.drop(<-p.conns) }()
}

// drop closes a connection that was not used, if there is one, and gives its port back.
func (p *passive) drop(conn network.Conn) {
	if conn != nil {
		conn.Close()
	}
	if !p.taken {
		p.session.server.ports.giveBack(p.port)
	}
	p.session.server.leave(p)
}

func (p *passive) abandon() { p.Close() }

// An active opens a data connection to its session's client, from the port
// before the control port (RFC 959, 3.2), when the library asks for it or, with
// DialFirst, before.
type active struct {
	session *session
	library net.Listener // whose place it takes; the library sets its deadlines
	addr    netip.AddrPort
	context context.Context
	cancel  context.CancelFunc

	mu   sync.Mutex
	conn network.Conn // is open, and no transfer has it yet
}

func newActive(s *session, library net.Listener, addr netip.AddrPort) *active {
	ctx, cancel := context.WithCancel(s.life)
	return &active{session: s, library: library, addr: addr, context: ctx, cancel: cancel}
}

// Accept dials.
func (a *active) Accept() (net.Conn, error) { return accept(a.session, a) }

// dial opens the connection.
func (a *active) dial() (network.Conn, error) {
	server := a.session.server
	ctx, cancel := network.WithTimeout(a.context, server.host.Clock(), dataTimeout)
	defer cancel()
	conn, err := server.host.DialTCP(ctx, server.config.ActivePort, a.addr)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", a.addr, reason(err))
	}
	return conn, nil
}

// take returns the connection that is open, for one transfer, or nil.
func (a *active) take() network.Conn {
	a.mu.Lock()
	defer a.mu.Unlock()
	conn := a.conn
	a.conn = nil
	return conn
}

func (a *active) connect() (*dataConn, error) {
	conn := a.take()
	if conn == nil {
		if a.session.server.config.ReplyFirst {
			a.session.control.replyFirst()
		}
		var err error
		if conn, err = a.dial(); err != nil {
			return nil, err
		}
	}
	return newDataConn(a.session, conn)
}

// reason returns why a connection could not be opened, without Go's prefixes.
func reason(err error) error {
	var number syscall.Errno
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("no answer in %v", dataTimeout)
	case errors.Is(err, context.Canceled), errors.Is(err, net.ErrClosed):
		return errors.New("the server has given it up")
	case errors.As(err, &number):
		return number
	}
	return err
}

// Close gives up a connection that is being opened.
func (a *active) Close() error {
	if a.session.keeps() {
		return nil
	}
	a.cancel()
	if conn := a.take(); conn != nil {
		conn.Close()
	}
	return a.session.closeHeld(a.library)
}

// Addr returns the address from which Accept dials.
func (a *active) Addr() net.Addr {
	server := a.session.server
	return net.TCPAddrFromAddrPort(netip.AddrPortFrom(server.host.Addr(), server.config.ActivePort))
}

func (a *active) refuse() { a.Close() }

// A dataConn is a data connection that is open.
type dataConn struct {
	net.Conn // a network.Conn, whose other methods io.Copy must not find
	session  *session
	tcp      network.Conn
	port     uint16 // of the server's data ports, to be given back; 0 is none
	wrote    atomic.Bool
	once     sync.Once

	secured   *ftps.Conn // nil in clear
	handshake sync.Once  // of TLS
	failed    error      // it has
}

func newDataConn(session *session, conn network.Conn) (*dataConn, error) {
	d := &dataConn{Conn: conn, session: session, tcp: conn}
	if session.server.config.Cork {
		if err := network.SetCork(conn, true); err != nil {
			conn.Close()
			return nil, err
		}
	}
	if session.protection.data {
		d.secured = ftps.Server(conn, session.server.config.TLS.Config)
		d.Conn, d.tcp = d.secured, d.secured
	}
	session.control.transferring(+1)
	session.setMoving(d)
	session.server.enter(d)
	return d, nil
}

func (s *session) setMoving(d *dataConn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.moving = d
}

func (d *dataConn) Write(p []byte) (int, error) {
	d.wrote.Store(true) // also when there is nothing to send: the library says so by writing nothing
	if err := d.secure(); err != nil {
		return 0, err
	}
	return d.Conn.Write(p)
}

// Read reads what the client sends.
func (d *dataConn) Read(p []byte) (int, error) {
	if err := d.secure(); err != nil {
		return 0, err
	}
	return d.Conn.Read(p)
}

// secure begins TLS when the data connection is used first: the client begins it
// when the server has said that the transfer begins.
func (d *dataConn) secure() error {
	if d.secured == nil {
		return nil
	}
	d.handshake.Do(func() {
		server := d.session.server
		d.tcp.SetReadDeadline(server.now().Add(dataTimeout))
		if d.failed = d.secured.Handshake(); d.failed != nil {
			d.session.refuse(Reply{522, "No TLS on the data connection: " + d.failed.Error()})
			return
		}
		d.tcp.SetReadDeadline(time.Time{})
		if server.config.TLS.Reuse && !d.secured.ConnectionState().DidResume {
			d.session.refuse(Reply{522, mustResume(d.secured.ConnectionState().Version)})
			d.failed = errors.New("the TLS session is not resumed")
		}
	})
	return d.failed
}

// mustResume is the reply to a data connection that does not resume a session. In TLS 1.2
// some clients, such as curl, resume only by session ID (RFC 5246, 7.3), which package tls
// does not have.
func mustResume(version uint16) string {
	text := "The data connection must resume the TLS session of the control connection"
	if version == tls.VersionTLS12 {
		text += " by its session ticket"
	}
	return text
}

// Close closes the connection. After a download, it may wait for the client to
// close its end; but not after ABOR, to which the client may want a reply first.
func (d *dataConn) Close() error {
	if d.session.server.config.FINApart {
		network.SetCork(d.tcp, false) // which sends what was held back
	}
	aborted := d.session.context.GetLastCommand() == "ABOR"
	if d.session.server.config.AwaitFIN && d.wrote.Load() && !aborted {
		d.tcp.CloseWrite()
		io.Copy(io.Discard, d.Conn)
	}
	return d.close()
}

func (d *dataConn) close() error {
	if d.secured == nil {
		return d.endWith(d.Conn.Close)
	}
	return d.endWith(func() error {
		err := d.secured.CloseWrite()
		d.session.server.drain(d.secured)
		return err
	})
}

// cut closes the connection, in TLS without close_notify.
func (d *dataConn) cut() error {
	if d.secured == nil {
		return d.endWith(d.Conn.Close)
	}
	return d.endWith(d.secured.Abort)
}

// reset ends the connection with a reset.
func (d *dataConn) reset() error {
	return d.endWith(func() error { return network.Reset(d.tcp) })
}

func (d *dataConn) endWith(end func() error) error {
	err := net.ErrClosed
	d.once.Do(func() {
		err = end()
		d.session.control.transferring(-1)
		d.session.setMoving(nil)
		d.session.server.ports.giveBack(d.port)
		d.session.server.leave(d)
	})
	return err
}

func (d *dataConn) abandon() { d.close() }
