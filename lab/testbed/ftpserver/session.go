package ftpserver

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"

	ftpserverlib "github.com/fclairamb/ftpserverlib"

	"ftplab/lab/testbed/network"
)

// A session serves one client. It is the library's driver, and has a library
// server of its own, because the library asks its driver for listeners without
// naming the client.
type session struct {
	server  *Server
	control *controlConn
	peer    netip.Addr                 // the only address that may open data connections
	context ftpserverlib.ClientContext // set before the first command is read
	worded  map[int]int                // how often this session used its own words for a code
	life    context.Context            // ends when the session must
	kill    context.CancelFunc         // ends life
	unique  string                     // name that a STOU got

	epsvOnly bool // the client has said EPSV ALL

	letIn  atomic.Bool // a rule lets the client in
	silent atomic.Bool // a rule has ended what the server says
	over   atomic.Bool // the library has ended the session

	protection protection
	refusal    Reply // under mu: sent in place of the library's next refusal; its code is 0 for none

	mu       sync.Mutex
	last     saidCommand  // by the client
	moves    saidCommand  // the last one with a data connection
	user     string       // that the client named
	binary   bool         // TYPE I
	dataPort *dataPort    // by the command that is being executed
	data     dataListener // made by the last PASV, EPSV, PORT or EPRT
	moving   *dataConn    // that is open; nil is none
	run      *ruleRun     // the rule that is being followed; nil is none
	release  func()       // of the network's clock, which is held; or nil
}

// A heldPort is the port at which the library listens for data connections: any. The library
// asks for it just before it opens the listener, which is a socket of the system. The
// network's clock is held from then on, until the listener is open; see [network.Hold]. It is
// not held before: during a transfer, the library first waits for the end of the transfer.
type heldPort struct{ session *session }

// NumberAttempts implements ftpserverlib.PasvPortGetter.
func (heldPort) NumberAttempts() int { return 1 }

// FetchNext implements ftpserverlib.PasvPortGetter.
func (p heldPort) FetchNext() (exposed, listened int, ok bool) {
	s := p.session
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.release != nil { // the library asks again, for another try
		return 0, 0, false
	}
	s.release = network.Hold(s.server.host.Clock())
	return 0, 0, true
}

// goOn lets the network's clock go on.
func (s *session) goOn() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.release != nil {
		s.release()
		s.release = nil
	}
}

// closeHeld closes a listener of the library's while the network's clock is held.
func (s *session) closeHeld(library net.Listener) error {
	defer network.Hold(s.server.host.Clock())()
	return library.Close()
}

// serve begins a session on a control connection that was just accepted.
func (s *Server) serve(conn network.Conn) {
	peer := conn.RemoteAddr().(*net.TCPAddr).AddrPort().Addr().Unmap()
	if c, ok := conn.(network.UrgentInliner); ok {
		// A client that follows RFC 959, 4.1.3, sends its ABOR as urgent data,
		// of which the kernel would take the last byte aside: the end of the line.
		c.SetUrgentInline()
	}
	session := &session{server: s, peer: peer, worded: make(map[int]int)}
	if c, ok := conn.(network.Delayer); ok && s.config.Nagle {
		c.SetNoDelay(false)
	}
	session.control = newControlConn(conn, session)
	s.enter(session.control)

	if s.config.TLS.Implicit {
		go session.begin(true)
		return
	}
	session.begin(false)
}

// begin begins the dialogue, in TLS or in clear.
func (s *session) begin(inTLS bool) {
	if inTLS {
		s.control.enterTLS(false)
		if s.control.failed != nil {
			s.control.abandon()
			s.server.leave(s.control)
			return
		}
		s.protection.pbsz, s.protection.data = true, true // as every implicit server has it
	}
	library := ftpserverlib.NewFtpServer(s)
	if err := library.Listen(); err != nil {
		panic(err) // it opens nothing and is given everything
	}
	library.Serve() // returns when it has started the session
}

// onlyConn is a listener that has accepted its only connection already.
type onlyConn struct {
	addr net.Addr
	conn net.Conn // nil when accepted
}

func (l *onlyConn) Accept() (net.Conn, error) {
	if l.conn == nil {
		return nil, &net.OpError{Op: "accept", Net: "tcp", Err: net.ErrClosed}
	}
	conn := l.conn
	l.conn = nil
	return conn, nil
}

func (l *onlyConn) Close() error   { return nil }
func (l *onlyConn) Addr() net.Addr { return l.addr }

// GetSettings gives the library its only client, and leaves to this package
// what it does better: idle clients, ports, third parties.
func (s *session) GetSettings() (*ftpserverlib.Settings, error) {
	peers := ftpserverlib.IPMatchRequired
	if s.server.config.ThirdParty {
		peers = ftpserverlib.IPMatchDisabled
	}
	return &ftpserverlib.Settings{
		Listener:               &onlyConn{addr: s.control.LocalAddr(), conn: s.control},
		ListenAddr:             s.server.Addr().String(),
		Banner:                 "ftplab",
		IdleTimeout:            -1, // none: controlConn watches the clock
		DisableSite:            true,
		ActiveConnectionsCheck: ftpserverlib.IPMatchRequired,
		PasvConnectionsCheck:   peers,

		PassiveTransferPortRange: heldPort{s},
	}, nil
}

// ClientConnected returns the greeting.
func (s *session) ClientConnected(context ftpserverlib.ClientContext) (string, error) {
	s.context = context
	s.greet()
	return "FTP server ready.", nil
}

// ClientDisconnected ends the session. If a data connection is being opened, it fails without
// a reply, because the client is gone.
func (s *session) ClientDisconnected(ftpserverlib.ClientContext) {
	s.over.Store(true)
	s.dropData()
	s.control.end()
}

var errLogin = errors.New("wrong name or password")

// AuthUser lets a user in to the one tree that all users share.
func (s *session) AuthUser(_ ftpserverlib.ClientContext, name, password string) (ftpserverlib.ClientDriver, error) {
	if s.letIn.Load() {
		return s.server.tree, nil
	}
	known := false
	for _, user := range s.server.config.Users {
		if user.Name == name && user.Password == password {
			return s.server.tree, nil
		}
		known = known || user.Name == name
	}
	if name == "anonymous" && !known {
		return s.server.tree, nil
	}
	return nil, errLogin
}

var errNoTLS = errors.New("this server has no certificate")

// GetTLSConfig says whether there is TLS, so that FEAT names it. The library never
// uses it: see secure. Without TLS, a nil configuration and no error would make the
// library accept AUTH TLS and then fail.
func (s *session) GetTLSConfig() (*tls.Config, error) {
	if config := s.server.config.TLS.Config; config != nil {
		return config, nil
	}
	return nil, errNoTLS
}

// QuitMessage returns the text of the 221 reply.
func (s *session) QuitMessage() string { return "Goodbye." }
