// Package ftpserver is the lab's FTP server on a [network.Host]. It is based on
// ftpserverlib and afero.
//
// The library implements the protocol and keeps the state of each client; afero
// holds the files. The types of this package are between the library and the
// network. They correct behaviour of the library that a capture shows: it
// listens on every address, does not close some listeners, accepts a data
// connection from any address, and has fixed texts in its replies.
//
//	controlConn  one command in, one line of a reply out; a server's own wording
//	passive      a data connection that the client opens (PASV, EPSV)
//	active       a data connection that the server opens (PORT, EPRT)
//	dataConn     either of them, once open
//	tree         the files
//
// The server serves only what is in [Config]. It has no access to the machine's
// file system.
package ftpserver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"ftplab/lab/scenario"
	"ftplab/lab/testbed/network"
)

// Config says what a server serves and how it behaves. The zero value is an
// empty server on port 21 that lets anonymous users in.
type Config struct {
	Port  uint16 // of the control connection; 21 when 0. Active data comes from the port before it (RFC 959, 3.2)
	Files []File
	Dirs  []string // directories besides those that the files need
	Users []User   // anonymous may log in with any password unless it is named here

	Replies  []Reply       // the server's own wording
	Wording  string        // of a real server, for what Replies has not: one of [Wordings]; "" is the lab's
	Idle     time.Duration // silence after which the client gets 421 and is closed; 15 minutes when 0
	ReadOnly bool          // refuse every change
	ModTime  time.Time     // of everything that is served; 1 October 1985, the month of RFC 959, when zero

	Rules      []scenario.Rule         // what the server does on purpose
	Slow       time.Duration           // between the bytes of replies, each in a segment of its own; 0 is none
	Nagle      bool                    // of the control connection (RFC 896)
	ThirdParty bool                    // data connections may be with other hosts than the client's
	Addresses  map[string]network.Host // its host under each of its addresses, by their names, if there are two
	DataPorts  []scenario.PortRange    // for passive data connections, each used again when it is free; none are the host's

	ActivePort uint16 // of active data connections; the one before Port when 0 (RFC 959, 3.2)
	TLS        TLS    // none by default

	// Cork holds data back until it fills a segment (TCP_CORK), so that all
	// segments but the last are full and the FIN rides on the last one.
	Cork bool

	// FINApart sends the FIN of a corked download in a packet of its own.
	FINApart bool

	// ReplyFirst sends 150 before the server opens an active data
	// connection. Without it, 150 leaves when the connection is open.
	ReplyFirst bool

	// DialFirst opens an active data connection when PORT or EPRT comes, before the
	// reply 200. Without it, the connection is opened for the transfer.
	DialFirst bool

	// AwaitFIN sends the 226 of a download only when the client has closed
	// its end of the data connection, too. Without it, 226 leaves right
	// after the server's FIN.
	AwaitFIN bool
}

// A User may log in.
type User struct{ Name, Password string }

// Server is a running server.
type Server struct {
	host     network.Host
	config   Config
	wordings map[int][]string
	rules    *rules
	ports    dataPorts
	tree     *tree
	listener network.Listener
	accepts  chan struct{} // closed when the accept loop has ended

	mu      sync.Mutex
	open    map[part]struct{} // what is open on behalf of a client
	changed chan struct{}     // closed, and made anew, when open loses a part
	closing bool
}

// A part is something that is open on behalf of a client, such as a connection.
// Abandon makes the goroutine that waits for it go on, so that the part ends.
type part interface{ abandon() }

// Start starts a server on host. It returns an error if config is wrong or the
// port is not free.
func Start(host network.Host, config Config) (*Server, error) {
	if config.Port == 0 {
		config.Port = 21
	}
	if config.ActivePort == 0 {
		config.ActivePort = config.Port - 1
	}
	if config.Idle == 0 {
		config.Idle = 15 * time.Minute
	}
	if config.ModTime.IsZero() {
		config.ModTime = time.Date(1985, time.October, 1, 0, 0, 0, 0, time.UTC)
	}
	wordings, err := wordingsOf(config.Replies)
	if err != nil {
		return nil, fmt.Errorf("ftpserver: %w", err)
	}
	tree, err := newTree(config)
	if err != nil {
		return nil, fmt.Errorf("ftpserver: %w", err)
	}
	s := &Server{config: config, wordings: wordings, tree: tree, rules: newRules(config.Rules)}
	return s.listen(host)
}

// Also starts the same server on another address of its host: with the same files, users
// and rules. It is waited for and closed by itself.
func (s *Server) Also(host network.Host) (*Server, error) {
	other := &Server{config: s.config, wordings: s.wordings, tree: s.tree, rules: s.rules}
	return other.listen(host)
}

// listen begins to accept connections at host, and returns s.
func (s *Server) listen(host network.Host) (*Server, error) {
	listener, err := host.ListenTCP(s.config.Port)
	if err != nil {
		return nil, fmt.Errorf("the server cannot listen on port %d: %w", s.config.Port, err)
	}
	s.host, s.listener, s.ports = host, listener, dataPorts{all: s.config.DataPorts, used: map[uint16]bool{}}
	s.accepts, s.open, s.changed = make(chan struct{}), make(map[part]struct{}), make(chan struct{})
	go s.accept()
	return s, nil
}

// now is the time on the server's host.
func (s *Server) now() time.Time { return s.host.Clock().Now() }

// Addr returns the address of the control port.
func (s *Server) Addr() netip.AddrPort {
	return netip.AddrPortFrom(s.host.Addr(), s.config.Port)
}

func (s *Server) accept() {
	defer close(s.accepts)
	for {
		conn, err := s.listener.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			// The client gave up while it waited in the queue, or
			// the process is out of files: neither ends the server.
			network.Sleep(context.Background(), s.host.Clock(), time.Millisecond)
		default:
			s.serve(conn)
		}
	}
}

// Wait waits until everything that was open on behalf of clients is closed:
// control and data connections, listeners and uploads. The error is that of
// ctx.
func (s *Server) Wait(ctx context.Context) error {
	for {
		s.mu.Lock()
		open, changed := len(s.open), s.changed
		s.mu.Unlock()
		if open == 0 {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("ftpserver: waited for the clients to leave, %d connections are open: %w", open, ctx.Err())
		}
	}
}

// Close stops listening, closes what clients have open and waits until all of
// it has ended. The error is that of ctx.
func (s *Server) Close(ctx context.Context) error {
	s.mu.Lock()
	s.closing = true
	s.mu.Unlock()
	s.listener.Close()
	<-s.accepts

	s.mu.Lock()
	for p := range s.open {
		go p.abandon()
	}
	s.mu.Unlock()
	return s.Wait(ctx)
}

// enter notes that a part is open. On a server that is closing, it ends again
// at once.
func (s *Server) enter(p part) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open[p] = struct{}{}
	if s.closing {
		go p.abandon()
	}
}

// leave notes that a part has ended.
func (s *Server) leave(p part) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, p)
	close(s.changed)
	s.changed = make(chan struct{})
}
