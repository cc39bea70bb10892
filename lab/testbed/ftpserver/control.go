package ftpserver

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"ftplab/lab/testbed/network"
)

// A controlConn is the control connection between a client and the library.
// It gives the library one command at a time, which the session may have replaced
// by another. It sends each line of a reply as one segment, in the server's own
// wording where it has one. It also detects idle clients, because the library
// counts whole seconds and does not see the end of a transfer.
type controlConn struct {
	net.Conn // conn, whose other methods the library must not find
	conn     network.Conn
	session  *session
	out      io.Writer // takes what is sent

	reader  *bufio.Reader
	line    []byte // of a command, as far as it has come
	command []byte // that the library has not taken yet

	mu      sync.Mutex
	active  time.Time // when the last command came or the last transfer ended
	data    int       // data connections that are open
	replies replyWriter
	next    *ruleRun // to be continued when the reply that is written has left
	refused bool     // the library closed the connection after a 530
	closed  bool
	ended   bool  // the library has ended the session
	failed  error // why the connection is of no use any more
}

func newControlConn(conn network.Conn, session *session) *controlConn {
	c := &controlConn{Conn: conn, conn: conn, session: session, active: session.server.now()}
	session.life, session.kill = context.WithCancel(context.Background())
	c.replies = replyWriter{wording: session.wording, done: session.replied, hides: session.hides,
		said: func(code int) { c.next = session.said(code) }}
	c.use(conn)
	return c
}

// A slowWriter writes every byte by itself, with a pause between them.
type slowWriter struct {
	conn    io.Writer
	session *session
	pause   time.Duration
}

func (w slowWriter) Write(p []byte) (n int, err error) {
	for n = range p {
		if n > 0 {
			network.Sleep(w.session.life, w.session.server.host.Clock(), w.pause)
		}
		if _, err := w.conn.Write(p[n : n+1]); err != nil {
			return n, err
		}
	}
	return len(p), nil
}

// SetDeadline does nothing: Read detects idle clients.
func (c *controlConn) SetDeadline(time.Time) error { return nil }

// Read reads at most one command for the library. It skips commands that the
// session executes by itself.
func (c *controlConn) Read(p []byte) (int, error) {
	for len(c.command) == 0 {
		if c.failed != nil {
			return 0, c.failed
		}
		line, err := c.readLine()
		if err == nil {
			line = c.refuseOptions(line)
			if library, ok := c.session.answeredDuring(line); ok {
				c.command = library
				continue
			}
		}
		c.session.awaitRun()
		if err != nil {
			return 0, err
		}
		if !c.session.silent.Load() {
			c.command = c.session.obey(line)
		}
	}
	n := copy(p, c.command)
	c.command = c.command[n:]
	return n, nil
}

// The longest lines, in bytes with the CR LF.
const (
	mostCommand = 4 << 10  // that the library reads; it closes the connection otherwise
	mostLine    = 64 << 10 // that are read
)

// readLine reads one line, or the first part of a line that is longer than mostLine. If
// the client is silent for too long, it returns [os.ErrDeadlineExceeded].
func (c *controlConn) readLine() ([]byte, error) {
	c.line = c.line[:0]
	for {
		c.Conn.SetReadDeadline(c.deadline())
		part, err := c.reader.ReadSlice('\n')
		c.line = append(c.line, part...)
		switch {
		case err == nil, errors.Is(err, bufio.ErrBufferFull) && len(c.line) >= mostLine:
			c.touch()
			return c.line, nil
		case errors.Is(err, bufio.ErrBufferFull):
		case !errors.Is(err, os.ErrDeadlineExceeded) || !c.session.server.now().Before(c.deadline()):
			return nil, err
		}
	}
}

// deadline returns when the client will have been idle for too long. It is not
// idle during a transfer.
func (c *controlConn) deadline() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.data > 0 {
		c.active = c.session.server.now()
	}
	return c.active.Add(c.session.server.config.Idle)
}

func (c *controlConn) touch() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.active = c.session.server.now()
}

// transferring notes that a data connection was opened, +1, or closed, -1.
func (c *controlConn) transferring(change int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.active = c.session.server.now()
	c.data += change
}

// Write takes what the library writes of its replies.
func (c *controlConn) Write(p []byte) (int, error) {
	c.session.goOn()
	c.mu.Lock()
	n, err := c.replies.Write(p)
	next := c.next
	c.next = nil
	c.mu.Unlock()
	if next != nil {
		next.resume()
	}
	return n, err
}

// replyFirst sends the reply to a transfer command now. The library sends it
// when the data connection is open.
func (c *controlConn) replyFirst() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.replies.sendEarly(Reply{150, "Using transfer connection"})
}

// Close closes the connection, but not after a refused login. The library closes
// it then, and the client's next command would be answered with a reset. RFC 959,
// 5.4, lets the client try again or QUIT.
func (c *controlConn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.replies.last == 530 && !c.ended {
		c.refused = true
		return nil
	}
	return c.close()
}

// end is called when the library ends the session.
func (c *controlConn) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = true
	c.session.kill()
	if c.closed {
		c.session.server.leave(c)
	}
	if c.refused { // the library believes that it is closed
		c.close()
	}
}

func (c *controlConn) close() error {
	if c.closed {
		return nil
	}
	c.closed = true
	if c.ended {
		defer c.session.server.leave(c)
	}
	if secured := c.session.protection.control; secured != nil {
		return c.hangUp(secured)
	}
	return c.Conn.Close()
}

// abandon makes the library find the connection closed, also while it waits for
// the client to take a reply.
func (c *controlConn) abandon() {
	c.session.kill()
	c.Conn.Close()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.close()
}

// obey follows the rule for a command, or has the library execute it. It returns
// what the library executes, or nil if that is nothing.
func (s *session) obey(line []byte) []byte {
	command, argument := parseCommand(line)
	s.note(command, argument)
	if rule := s.server.rules.find(command, argument); rule != nil {
		return s.follow(rule, line, command, argument)
	}
	return s.exchange(line)
}

// exchange returns the command that the library executes for the client's.
func (s *session) exchange(line []byte) []byte {
	verb, argument, _ := strings.Cut(string(bytes.TrimRight(line, "\r\n")), " ")
	verb = strings.ToUpper(verb)
	s.refuse(Reply{})
	if len(line) > mostCommand && line[len(line)-1] == '\n' {
		s.control.say(Reply{500, "The command line is too long"}) // RFC 959, 4.2.1
		return nil
	}
	if s.secure(verb, strings.TrimSpace(argument)) {
		return nil
	}
	s.setDataPort(nil)
	s.unique = ""
	if instead := s.answered(verb, argument); instead != nil {
		return instead
	}
	switch verb {
	case "PORT", "EPRT":
		return s.exchangePort(line, verb, argument)
	case "PASV":
		if !s.peer.Is4() {
			return []byte("LPSV\r\n") // 502: its reply has no room for an IPv6 address (RFC 2428, 3)
		}
	case "XCUP": // RFC 775, which the library does not have
		return []byte("CDUP\r\n")
	case "STOU":
		s.unique = s.server.tree.unique()
		return []byte("STOR " + s.unique + "\r\n")
	case "PBSZ", "PROT":
		return []byte(unimplemented) // 502: the library would ask for TLS on data connections ever after
	}
	return line
}

// exchangePort replaces PORT and EPRT by EPSV, so that the library asks for a
// listener. That listener then dials (type active). So the connection comes from
// this server's host, and can be corked.
func (s *session) exchangePort(line []byte, verb, argument string) []byte {
	addr, err := parsePort(verb, argument)
	if err != nil {
		return []byte(verb + " ?\r\n") // 501
	}
	if addr.Addr() != s.peer && !s.server.config.ThirdParty {
		return line // 501: the library refuses third parties
	}
	s.setDataPort(&dataPort{verb: verb, addr: addr})
	return []byte("EPSV\r\n")
}
