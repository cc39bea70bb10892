package ftpclient

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
	"unicode/utf8"

	"ftplab/lab/testbed/ftps"
	"ftplab/lab/testbed/network"
)

// A control is a control connection. A command may be sent while a transfer
// goes on: its replies then come after those to the transfer, as a server
// answers its commands in order.
type control struct {
	conn  network.Conn
	text  *textproto.Conn
	clock network.Clock

	mu   sync.Mutex    // of sending, and of last
	last chan struct{} // closed when the replies to all commands so far have come; nil is none
}

func newControl(conn network.Conn, clock network.Clock) *control {
	return &control{conn: conn, text: lines(conn, nil), clock: clock}
}

// lines reads and writes lines on a connection, without Telnet's commands. Early is what
// was received before.
func lines(conn net.Conn, early []byte) *textproto.Conn {
	return textproto.NewConn(struct {
		io.Reader
		io.Writer
		io.Closer
	}{&telnetReader{from: io.MultiReader(bytes.NewReader(early), conn)}, conn, conn})
}

// An exchange is a command and its replies.
type exchange struct {
	control *control
	command string
	turn    chan struct{} // closed when the replies to all earlier commands have come; nil is at once
	over    chan struct{}

	complete chan struct{} // closed when the final reply of a transfer has come
}

// send sends a command, in one segment. The exchange must be ended when its last
// reply has come.
func (c *control) send(ctx context.Context, command string) (*exchange, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.write(ctx, command); err != nil {
		return nil, err
	}
	return c.next(command), nil
}

// await begins an exchange in which the server sends a reply without a command.
func (c *control) await(what string) *exchange {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.next(what)
}

// next is the exchange that follows the last one. The caller holds mu.
func (c *control) next(command string) *exchange {
	e := &exchange{control: c, command: command, turn: c.last, over: make(chan struct{})}
	c.last = e.over
	return e
}

// write sends a command. The caller holds mu.
func (c *control) write(ctx context.Context, command string) error {
	if strings.ContainsAny(command, "\r\n") {
		return fmt.Errorf("%q: a command is one line", command)
	}
	defer network.Within(ctx, c.conn.SetWriteDeadline)()
	begun := c.clock.Now()
	if err := c.text.PrintfLine("%s", command); err != nil {
		return waited(ctx, command, "the network to take the command", c.clock.Now().Sub(begun), err)
	}
	return nil
}

// add sends another command within the exchange.
func (e *exchange) add(ctx context.Context, command string) error {
	e.control.mu.Lock()
	defer e.control.mu.Unlock()
	return e.control.write(ctx, command)
}

// reply reads the next reply of the exchange.
func (e *exchange) reply(ctx context.Context) (Reply, error) {
	c := e.control
	begun := c.clock.Now()
	fail := func(err error) (Reply, error) {
		return Reply{}, waited(ctx, e.command, "the reply", c.clock.Now().Sub(begun), err)
	}
	if e.turn != nil {
		select {
		case <-e.turn:
		case <-ctx.Done():
			return fail(ctx.Err())
		}
	}
	defer network.Within(ctx, c.conn.SetReadDeadline)()
	code, text, err := c.text.ReadResponse(0)
	var malformed textproto.ProtocolError
	var clear tls.RecordHeaderError
	switch {
	case errors.As(err, &malformed):
		err = fmt.Errorf("%w: %s", ErrUnreadable, noReply(malformed))
	case errors.As(err, &clear):
		err = fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	if err != nil {
		return fail(err)
	}
	return Reply{Code: code, Text: text}, nil
}

// noReply says what is wrong with a line that textproto cannot read. Its error is a few words,
// a colon and the line in quotes.
func noReply(err textproto.ProtocolError) string {
	_, quoted, _ := strings.Cut(err.Error(), ": ")
	line, unquoteErr := strconv.Unquote(quoted)
	if unquoteErr != nil {
		return err.Error()
	}
	return fmt.Sprintf("%q does not begin with a reply code of three digits (RFC 959, 4.2)", shortened(line))
}

// mostOfReply is how much of a reply a message has, bytes.
const mostOfReply = 200

// shortened is a text of a server as a message has it.
func shortened(text string) string {
	if len(text) <= mostOfReply {
		return text
	}
	end := mostOfReply
	for end > mostOfReply-utf8.UTFMax && !utf8.RuneStart(text[end]) {
		end--
	}
	return fmt.Sprintf("%s… (%d bytes)", text[:end], len(text))
}

// final reads replies up to the one that is not preliminary.
func (e *exchange) final(ctx context.Context) (Reply, error) {
	for {
		reply, err := e.reply(ctx)
		if err != nil || !reply.Preliminary() {
			return reply, err
		}
	}
}

// hangUp waits for the server to close the connection, and closes it.
func (e *exchange) hangUp(ctx context.Context) error {
	c := e.control
	begun := c.clock.Now()
	err := drain(ctx, c.conn)
	c.conn.Close()
	if err != nil {
		return waited(ctx, e.command, "the server to close the connection", c.clock.Now().Sub(begun), err)
	}
	return nil
}

// end lets the next exchange have its replies.
func (e *exchange) end() { close(e.over) }

// waited returns an error that says which command waited for what, and how
// long, when it does not come because of err.
func waited(ctx context.Context, command, what string, duration time.Duration, err error) error {
	switch {
	case ctx.Err() != nil:
		err = context.Cause(ctx)
	case errors.Is(err, os.ErrDeadlineExceeded): // which was that of ctx
		err = context.DeadlineExceeded
	case errors.Is(err, ftps.ErrTruncated):
		err = fmt.Errorf("%w: %w", ErrClosed, err)
	case closed(err):
		err = ErrClosed
	}
	return fmt.Errorf("%s: waited %v for %s: %w", command, duration.Round(time.Millisecond), what, err)
}

// ErrUnreadable is the error of a reply that has no meaning to the client.
var ErrUnreadable = errors.New("unreadable")

// ErrClosed is the error of waiting for a server that has closed the connection.
var ErrClosed = errors.New("the server closed the connection")

// closed reports whether err is the other side's FIN.
func closed(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// reset reports whether err is the other side's RST.
func reset(err error) bool { return errors.Is(err, syscall.ECONNRESET) }

// drain reads what the other side still sends, until it closes its end.
func drain(ctx context.Context, conn net.Conn) error {
	defer network.Within(ctx, conn.SetDeadline)()
	_, err := io.Copy(io.Discard, conn)
	return err
}

// timeToClose is how long a server may take to close its end of a data connection
// after it has said that an upload is complete. Some never do, and clients go on.
const timeToClose = time.Second

// drainUpload reads until the server closes its end, or has had timeToClose for it
// since complete was closed.
func drainUpload(ctx context.Context, clock network.Clock, conn net.Conn, complete <-chan struct{}) error {
	draining, giveUp := context.WithCancel(ctx)
	defer giveUp()
	go func() {
		select {
		case <-complete:
			network.Sleep(draining, clock, timeToClose)
			giveUp()
		case <-draining.Done():
		}
	}()
	err := drain(draining, conn)
	if draining.Err() != nil && ctx.Err() == nil {
		return nil
	}
	return err
}
