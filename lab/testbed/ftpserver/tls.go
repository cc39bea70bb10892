package ftpserver

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"strings"
	"time"

	"ftplab/lab/testbed/ftps"
)

// TLS says how a server uses TLS (RFC 4217). The zero value is not TLS.
type TLS struct {
	Config   *tls.Config // nil without TLS
	Implicit bool        // from the first byte on
	Required bool        // nobody logs in, and nothing is transferred, in clear
	Reuse    bool        // a data connection must resume a session of the client
}

// A protection is how far a session is protected. It belongs to the goroutine
// that reads the commands.
type protection struct {
	control *ftps.Conn // nil in clear
	pbsz    bool       // PBSZ was sent
	data    bool       // PROT P
}

// drainTime is how long the server waits for the other side's close_notify.
const drainTime = 5 * time.Second

// notifyTime is how long the server waits after CCC for the client's close_notify before it
// sends its own.
const notifyTime = time.Second

// secure executes the commands about TLS, and reports whether it was one. The
// library does not get these: it would put TLS above the control connection of
// this package, which then could not rewrite the library's replies.
func (s *session) secure(verb, argument string) bool {
	config := s.server.config.TLS
	if config.Config == nil {
		return false
	}
	switch verb {
	case "AUTH":
		s.auth(strings.ToUpper(argument))
	case "PBSZ":
		s.pbsz()
	case "PROT":
		s.prot(strings.ToUpper(argument))
	case "CCC":
		s.clearControl()
	case "USER":
		if !config.Required || s.protection.control != nil {
			return false
		}
		s.control.say(Reply{530, "Log in over TLS: AUTH TLS comes first"})
	case "RETR", "STOR", "STOU", "APPE", "LIST", "NLST", "MLSD":
		if !config.Required || s.protection.data {
			return false
		}
		// The data connection ends before the reply: upon that, the client closes its side, too.
		s.refuseData()
		s.control.say(Reply{521, "Data connections must be protected: PROT P comes first"}) // RFC 4217, 10
	default:
		return false
	}
	return true
}

// auth answers AUTH. The name SSL is older than RFC 4217 and not registered; Wireshark does
// not look for TLS after it. A client that begins with it, such as curl, goes on with TLS
// when it is refused.
func (s *session) auth(mechanism string) {
	switch {
	case s.protection.control != nil:
		s.control.say(Reply{503, "The control connection is in TLS already"})
	case mechanism != "TLS" && mechanism != "TLS-C": // RFC 4217, 17
		s.control.say(Reply{504, "The only mechanism is TLS"})
	default:
		s.control.say(Reply{234, "AUTH " + mechanism + " accepted, TLS begins"})
		s.control.enterTLS(false)
	}
}

func (s *session) pbsz() {
	if s.protection.control == nil {
		s.control.say(Reply{503, "PBSZ comes after AUTH"})
		return
	}
	s.protection.pbsz = true
	s.control.say(Reply{200, "PBSZ=0"}) // the only size with TLS (RFC 4217, 9)
}

func (s *session) prot(level string) {
	switch {
	case !s.protection.pbsz:
		s.control.say(Reply{503, "PROT comes after PBSZ"})
	case level == "P":
		s.protection.data = true
		s.control.say(Reply{200, "Data connections are protected"})
	case level == "C" && s.server.config.TLS.Required:
		s.control.say(Reply{534, "Data connections must be protected"})
	case level == "C":
		s.protection.data = false
		s.control.say(Reply{200, "Data connections are in clear"})
	case level == "S" || level == "E":
		s.control.say(Reply{536, "TLS has the levels C and P only"})
	default:
		s.control.say(Reply{504, "The levels are C and P"})
	}
}

// clearControl takes the control connection out of TLS (CCC).
func (s *session) clearControl() {
	if s.protection.control == nil {
		s.control.say(Reply{533, "The control connection is in clear already"})
		return
	}
	s.control.say(Reply{200, "The control connection goes on in clear"})
	s.control.leaveTLS()
}

// refuse sets the reply that is sent in place of the library's next refusal. A
// zero Reply removes it.
func (s *session) refuse(with Reply) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refusal = with
}

// refuseData closes a data connection that waits for a transfer.
func (s *session) refuseData() {
	s.mu.Lock()
	listener := s.data
	s.mu.Unlock()
	if listener != nil {
		listener.refuse()
	}
}

// say sends a reply that does not come from the library.
func (c *controlConn) say(reply Reply) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if worded, other := c.replies.wording(reply.Code, fmt.Sprintf("%d %s", reply.Code, reply.Text)); other {
		reply = worded
	}
	c.replies.send(reply)
}

// enterTLS has the client begin TLS. Where that fails, the connection is of no
// use any more. Commands that came in clear together with AUTH are dropped, or with
// pipelined count as if they had come in TLS.
func (c *controlConn) enterTLS(pipelined bool) {
	early, _ := c.reader.Peek(c.reader.Buffered())
	early = bytes.Clone(early)
	secured := ftps.Server(c.conn, c.session.server.config.TLS.Config)
	c.Conn.SetReadDeadline(c.deadline())
	if err := secured.Handshake(); err != nil {
		c.failed = fmt.Errorf("TLS: %w", err)
		return
	}
	c.session.protection.control = secured
	c.use(secured)
	if pipelined {
		c.reader = bufio.NewReader(io.MultiReader(bytes.NewReader(early), secured))
	}
}

// leaveTLS takes the control connection out of TLS, when the client has said close_notify or
// waits for the server's.
func (c *controlConn) leaveTLS() {
	plain, err := c.session.protection.control.LeaveAsServer(c.session.server.now().Add(notifyTime))
	if err != nil {
		c.failed = fmt.Errorf("CCC: %w", err)
		return
	}
	c.Conn.SetReadDeadline(c.deadline())
	c.session.protection.control = nil
	c.use(plain)
}

// hangUp closes a connection in TLS when the client has closed its side, too.
func (c *controlConn) hangUp(secured *ftps.Conn) error {
	err := secured.CloseWrite()
	c.session.server.drain(secured)
	return err
}

// A draining is a connection in TLS that the server has closed and the client has
// not.
type draining struct{ *ftps.Conn }

func (d *draining) abandon() { d.Abort() }

// drain closes a connection when the client has closed its side. The server does
// not wait for that.
func (s *Server) drain(conn *ftps.Conn) {
	d := &draining{conn}
	s.enter(d)
	go func() {
		conn.Drain(s.now().Add(drainTime))
		s.leave(d)
	}()
}

// use makes commands and replies go through a connection, in TLS or in clear.
func (c *controlConn) use(conn io.ReadWriter) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reader = bufio.NewReader(conn)
	c.out = conn
	if slow := c.session.server.config.Slow; slow > 0 {
		c.out = slowWriter{conn, c.session, slow}
	}
	c.replies.to = c.out
}
