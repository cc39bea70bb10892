package ftpclient

import (
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
	defer until(ctx, secured.SetDeadline)()
	if err := secured.Handshake(); err != nil {
		secured.Close()
		var refused *tls.CertificateVerificationError
		if errors.As(err, &refused) {
			return fmt.Errorf("%s: %w: %v", command, ErrCertificate, refused.Err)
		}
		var other tls.RecordHeaderError
		if errors.As(err, &other) { // it is no TLS
			err = fmt.Errorf("%w: %w", ErrUnreadable, err)
		}
		return waited(ctx, command, "the handshake of TLS", c.now().Sub(begun), err)
	}
	c.secured = secured
	c.control.use(secured)
	return nil
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
	defer until(ctx, c.secured.SetDeadline)()
	plain, err := c.secured.Leave(true)
	if err != nil {
		return waited(ctx, "CCC", "the end of TLS", c.now().Sub(begun), err)
	}
	c.secured = nil
	c.control.use(plain)
	return nil
}

// use makes the dialogue go through a connection, in TLS or in clear.
func (c *control) use(conn network.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.conn, c.text = conn, lines(conn)
}
