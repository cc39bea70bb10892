package ftpclient

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strings"

	"ftplab/lab/testbed/ftps"
	"ftplab/lab/testbed/network"
)

// ErrCertificate is why a client breaks off the handshake of TLS: it does not take
// the server's certificate.
var ErrCertificate = errors.New("the client refuses the server's certificate")

// enterTLS begins TLS on the control connection, because of a command.
func (c *Scripted) enterTLS(ctx context.Context, command string) error {
	if c.config.TLS == nil {
		return fmt.Errorf("%s: the server accepted it, and this client has no TLS: the setting `server tls=` gives it one", command)
	}
	secured := ftps.Client(c.control.conn, c.config.TLS)
	begun := c.now()
	defer network.Within(ctx, secured.SetDeadline)()
	if err := secured.Handshake(); err != nil {
		secured.Close()
		var refused *tls.CertificateVerificationError
		if errors.As(err, &refused) {
			return fmt.Errorf("%s: %w: %v", command, ErrCertificate, refused.Err)
		}
		var other tls.RecordHeaderError
		if errors.As(err, &other) { // it is not TLS
			err = fmt.Errorf("%w: %w", ErrUnreadable, err)
		}
		return waited(ctx, command, "the handshake of TLS", c.now().Sub(begun), err)
	}
	c.secured = secured
	c.control.use(secured, nil)
	return nil
}

// BeginTLS begins TLS on the control connection, after an AUTH that was sent by hand.
// Replies that came in clear after that to AUTH are dropped, or with pipelined count as
// if they had come in TLS.
func (c *Scripted) BeginTLS(ctx context.Context, pipelined bool) error {
	if c.secured != nil {
		return errors.New("tls: the control connection is in TLS already")
	}
	early := c.control.unread()
	if err := c.enterTLS(ctx, "tls"); err != nil {
		return err
	}
	if pipelined {
		c.control.use(c.secured, early)
	}
	return nil
}

// Secure returns a data connection that was opened by hand, in TLS if data connections
// are protected. TLS begins with the first read or write; see [BeginData].
func (c *Scripted) Secure(conn network.Conn) network.Conn {
	if !c.protect {
		return conn
	}
	secured := ftps.Client(conn, c.config.TLS)
	secured.EndWith(c.config.Notify)
	return secured
}

// noteTLS does what a command asks of TLS, when the server has replied to it.
func (c *Scripted) noteTLS(ctx context.Context, command string, reply Reply) error {
	verb, argument, _ := strings.Cut(command, " ")
	if reply.Code/100 != 2 {
		return nil
	}
	switch strings.ToUpper(verb) {
	case "PROT":
		c.protect = strings.EqualFold(argument, "P")
		if c.protect && c.config.TLS == nil {
			return errors.New("PROT P: the server accepted it, and this client has no TLS: the setting `server tls=` gives it one")
		}
	case "CCC":
		return c.leaveTLS(ctx)
	}
	return nil
}

// leaveTLS goes on in clear on the control connection.
func (c *Scripted) leaveTLS(ctx context.Context) error {
	if c.secured == nil {
		return errors.New("CCC: the server accepted it, and the control connection is in clear already")
	}
	begun := c.now()
	defer network.Within(ctx, c.secured.SetDeadline)()
	plain, err := c.secured.Leave()
	if err != nil {
		return waited(ctx, "CCC", "the end of TLS", c.now().Sub(begun), err)
	}
	c.secured = nil
	c.control.use(plain, nil)
	return nil
}

// use makes the dialogue go through a connection, in TLS or in clear. Early is what counts
// as received on it already.
func (c *control) use(conn network.Conn, early []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dialogueOn(conn, early)
}

// unread returns what has come and was not read.
func (c *control) unread() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	early, _ := c.text.R.Peek(c.text.R.Buffered())
	return bytes.Clone(early)
}
