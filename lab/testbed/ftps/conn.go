// Package ftps adds TLS to the lab's connections (RFC 4217): certificates,
// configurations of both sides, and connections that end in order.
//
// Certificates, keys and random numbers come from the scenario's seed and the network's
// clock. So on a network with virtual time, a session in TLS is the same in every run,
// byte for byte, on every processor; see ciphers.go. There is one exception. Go uses other
// random numbers than the system's only in a program that is built with the GODEBUG setting
// cryptocustomrand=1, like all programs and tests of this module. In other programs, such as
// the tests of another module, each session differs unless that module has the setting in
// its go.mod.
package ftps

import (
	"bufio"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"ftplab/lab/scenario"
	"ftplab/lab/testbed/network"
)

// A Conn is a connection in TLS. It implements [network.Conn]; what a network
// can do with the connection below is left to that.
type Conn struct {
	*tls.Conn
	tcp network.Conn

	end scenario.Notify // how this side ends TLS
}

// EndWith sets how this side ends TLS. It must be called before CloseWrite and Close.
func (c *Conn) EndWith(n scenario.Notify) { c.end = n }

// Server returns the server's side of TLS on a connection.
func Server(tcp network.Conn, config *tls.Config) *Conn {
	hello := &helloConn{timeless: timeless{tcp}}
	return &Conn{Conn: tls.Server(hello, noteResumed(seeded(config, tcp), hello)), tcp: tcp}
}

// Client returns the client's side of TLS on a connection.
func Client(tcp network.Conn, config *tls.Config) *Conn {
	return &Conn{Conn: tls.Client(timeless{tcp}, seeded(config, tcp)), tcp: tcp}
}

// A timeless connection has no write deadline: package tls sets one of the
// system's time when it sends close_notify, and the network has a time of its own.
type timeless struct{ network.Conn }

func (timeless) SetWriteDeadline(time.Time) error { return nil }

// ErrTruncated is the end of a connection that came without close_notify (RFC
// 8446, 6.1): something may be missing. Package tls accepts it between two
// records.
var ErrTruncated = fmt.Errorf("TLS ended without close_notify: %w", io.ErrUnexpectedEOF)

// Read returns ErrTruncated at the end: after close_notify nobody reads on.
func (t timeless) Read(b []byte) (int, error) {
	n, err := t.Conn.Read(b)
	if err == io.EOF {
		err = ErrTruncated
	}
	return n, err
}

// The deadlines are those of the connection below.
func (c *Conn) SetDeadline(t time.Time) error      { return c.tcp.SetDeadline(t) }
func (c *Conn) SetReadDeadline(t time.Time) error  { return c.tcp.SetReadDeadline(t) }
func (c *Conn) SetWriteDeadline(t time.Time) error { return c.tcp.SetWriteDeadline(t) }

// SetCork implements [network.Corker].
func (c *Conn) SetCork(on bool) error { return network.SetCork(c.tcp, on) }

// Reset implements [network.Resetter].
func (c *Conn) Reset() error { return network.Reset(c.tcp) }

// CloseWrite sends close_notify (RFC 8446, 6.1), and the FIN after it or, if EndWith says so,
// after the other side's close_notify.
func (c *Conn) CloseWrite() error {
	err := c.closeNotify()
	if c.end == scenario.AwaitNotify && err == nil {
		_, err = io.Copy(io.Discard, onlyReader{c.Conn})
	}
	return errors.Join(err, c.tcp.CloseWrite())
}

// Close sends close_notify if that was not done, and closes the connection.
func (c *Conn) Close() error {
	return errors.Join(c.closeNotify(), c.tcp.Close())
}

// closeNotify ends this side of TLS, if it has begun and EndWith does not forbid it.
func (c *Conn) closeNotify() error {
	if c.end == scenario.NoNotify || !c.ConnectionState().HandshakeComplete {
		return nil
	}
	return c.Conn.CloseWrite()
}

// Drain takes what the other side still sends, up to its FIN or a time of the
// network's clock, and closes the connection. A connection that is closed with
// the other side's close_notify unread would end with a reset.
func (c *Conn) Drain(until time.Time) error {
	c.tcp.SetReadDeadline(until)
	io.Copy(io.Discard, onlyReader{c.tcp})
	return c.tcp.Close()
}

// Below returns the connection that carries TLS.
func (c *Conn) Below() network.Conn { return c.tcp }

// Abort closes the connection as it is.
func (c *Conn) Abort() error { return c.tcp.Close() }

// onlyReader hides what else a connection can do.
type onlyReader struct{ io.Reader }

// Leave ends TLS in both directions and returns the connection below, on which the dialogue
// goes on in clear (CCC: RFC 4217, 5). It is for the client, which says close_notify
// first, so that the server has read it when clear text comes.
func (c *Conn) Leave() (network.Conn, error) {
	if err := c.closeNotify(); err != nil {
		return nil, err
	}
	if _, err := io.Copy(io.Discard, onlyReader{c.Conn}); err != nil {
		return nil, err
	}
	return c.tcp, nil
}

// LeaveAsServer is Leave for the server, which answers the client's close_notify. RFC 4217
// does not say who is first, and some clients wait for the server's, such as curl with
// --ftp-ssl-ccc. So if none has come by a time of the network's clock, the server sends its
// own. Such a client may answer or go on in clear at once.
func (c *Conn) LeaveAsServer(until time.Time) (io.ReadWriter, error) {
	c.tcp.SetReadDeadline(until)
	_, err := io.Copy(io.Discard, onlyReader{c.Conn})
	late := errors.Is(err, os.ErrDeadlineExceeded)
	if err != nil && !late {
		return nil, err
	}
	if err := c.closeNotify(); err != nil {
		return nil, err
	}
	if late {
		return &clearing{Writer: c.tcp, from: bufio.NewReader(c.tcp)}, nil
	}
	return c.tcp, nil
}

// A clearing is a connection on which the other side may still send a close_notify before
// it goes on in clear.
type clearing struct {
	io.Writer
	from  *bufio.Reader
	begun bool
}

func (c *clearing) Read(b []byte) (int, error) {
	const alert, header = 21, 5 // RFC 8446, 5.1
	if !c.begun {
		if _, err := c.from.Peek(1); err != nil {
			return 0, err
		}
		c.begun = true
		if head, _ := c.from.Peek(1); head[0] == alert {
			head, err := c.from.Peek(header)
			if err == nil {
				_, err = c.from.Discard(header + int(binary.BigEndian.Uint16(head[3:])))
			}
			if err != nil {
				return 0, err
			}
		}
	}
	return c.from.Read(b)
}
