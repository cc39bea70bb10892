package ftpclient

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
	"unicode/utf8"

	"ftplab/lab/internal/replycode"
	"ftplab/lab/testbed/ftps"
	"ftplab/lab/testbed/network"
)

// A control is a control connection. A command may be sent while a transfer
// goes on, and may be answered before the transfer has ended.
type control struct {
	conn  network.Conn
	raw   *telnetReader // that text reads from
	text  *textproto.Conn
	clock network.Clock

	mu      sync.Mutex  // of sending, and of waiting
	waiting []*exchange // for replies, in the order of their commands
	sent    [2]string   // the last two commands, without their arguments
}

func newControl(conn network.Conn, clock network.Clock) *control {
	c := &control{clock: clock}
	c.dialogueOn(conn, nil)
	return c
}

// dialogueOn makes the dialogue go through a connection, without Telnet's commands. Early is
// what was received before.
func (c *control) dialogueOn(conn network.Conn, early []byte) {
	c.conn, c.raw = conn, &telnetReader{from: io.MultiReader(bytes.NewReader(early), conn)}
	c.text = textproto.NewConn(struct {
		io.Reader
		io.Writer
		io.Closer
	}{c.raw, conn, conn})
}

// An exchange is a command and its replies.
type exchange struct {
	control  *control
	command  string
	turn     chan struct{} // closed when all earlier exchanges have ended: it reads the replies then
	passed   chan Reply    // replies that an earlier exchange has read
	answered bool          // the final reply is among them
	begun    bool          // it is a transfer that has begun: a preliminary reply has come
	awaits   string        // what its next reply is, if that is known; "" for a reply of any kind

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
	e := &exchange{control: c, command: command, turn: make(chan struct{}), passed: make(chan Reply, maxPassed)}
	if c.waiting = append(c.waiting, e); len(c.waiting) == 1 {
		close(e.turn)
	}
	return e
}

// write sends a command. The caller holds mu.
func (c *control) write(ctx context.Context, command string) error {
	if strings.ContainsAny(command, "\r\n") {
		return fmt.Errorf("%q: a command is one line", command)
	}
	verb, _, _ := strings.Cut(command, " ")
	c.sent = [2]string{c.sent[1], strings.ToUpper(verb)}
	defer network.Within(ctx, c.conn.SetWriteDeadline)()
	begun := c.clock.Now()
	if err := c.text.PrintfLine("%s", command); err != nil {
		return waited(ctx, command, "the network to take the command", c.clock.Now().Sub(begun), err)
	}
	return nil
}

// tooMany is the end of a message about a wrong reply: it names the command before the last one if the
// reply fits that one only. Then the server has answered that one, or an earlier one, more than once.
func (c *control) tooMany(reply Reply) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	before, last := c.sent[0], c.sent[1]
	if replycode.Fits(last, reply.Code) || !slices.Contains(replycode.Allowed[before], reply.Code) {
		return ""
	}
	return fmt.Sprintf("; %d fits %s, the command before, so the server seems to have sent one reply too many (RFC 959, 4.2)", reply.Code, before)
}

// reply returns the next reply of the exchange.
func (e *exchange) reply(ctx context.Context) (Reply, error) {
	begun := e.control.clock.Now()
	reply, err := e.next(ctx)
	if err != nil {
		return Reply{}, waited(ctx, e.command, cmp.Or(e.awaits, "the reply"), e.control.clock.Now().Sub(begun), err)
	}
	e.begun, e.awaits = e.begun || reply.Preliminary(), ""
	return reply, nil
}

// next returns the reply that an earlier exchange has read for this one, or waits for its
// turn and reads.
func (e *exchange) next(ctx context.Context) (Reply, error) {
	select {
	case reply := <-e.passed:
		return reply, nil
	case <-e.turn:
	case <-ctx.Done():
		return Reply{}, ctx.Err()
	}
	select { // both may have happened
	case reply := <-e.passed:
		return reply, nil
	default:
	}
	for {
		reply, err := e.control.read(ctx)
		if err != nil || !e.pass(reply) {
			return reply, err
		}
	}
}

// maxPassed limits the replies that wait for an exchange to take them.
const maxPassed = 16

// pass gives a reply to a later exchange if it is not of this one, and reports whether it
// has. This one is the first. A server answers in order, except that a command that was
// sent during a transfer may be answered before the transfer has ended; and only some
// replies end a transfer (RFC 959, 5.4). Package ftp of the analysis matches them alike.
func (e *exchange) pass(reply Reply) bool {
	c := e.control
	c.mu.Lock()
	defer c.mu.Unlock()
	if !e.begun {
		return false
	}
	for _, later := range c.waiting {
		if later == e || later.answered || !later.takes(reply) {
			continue
		}
		later.answered = !reply.Preliminary()
		select {
		case later.passed <- reply:
			return true
		default: // more replies than any command has
		}
	}
	return false
}

// takes reports whether a reply that came during an earlier transfer answers this command.
func (e *exchange) takes(reply Reply) bool {
	verb, _, _ := strings.Cut(e.command, " ")
	verb = strings.ToUpper(verb)
	if replycode.Completes(reply.Code) {
		return replycode.Meanwhile(verb, reply.Code)
	}
	return !reply.Preliminary() || replycode.Fits(verb, reply.Code)
}

// read reads a reply.
func (c *control) read(ctx context.Context) (Reply, error) {
	defer network.Within(ctx, c.conn.SetReadDeadline)()
	code, text, err := c.text.ReadResponse(0)
	if err == nil && !c.lineEnded() {
		return Reply{}, noEnd(code)
	}
	var malformed textproto.ProtocolError
	var clear tls.RecordHeaderError
	switch {
	case errors.As(err, &malformed):
		err = fmt.Errorf("%w: %s", ErrUnreadable, noReply(malformed))
	case errors.As(err, &clear):
		err = fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	return Reply{Code: code, Text: text}, err
}

// noEnd is the error of a reply whose last line has no end.
func noEnd(code int) error {
	return fmt.Errorf("%w: the last line of the reply %d has no end (RFC 959, 4.2)", ErrUnreadable, code)
}

// lineEnded reports whether the line that was read last has an end. Without one, textproto takes
// what it has when no more comes.
func (c *control) lineEnded() bool { return c.text.R.Buffered() > 0 || c.raw.last == '\n' }

// noReply says what is wrong with a line that textproto cannot read. Its error is a few words,
// a colon and the line in quotes.
func noReply(err textproto.ProtocolError) string {
	_, quoted, _ := strings.Cut(err.Error(), ": ")
	line, unquoteErr := strconv.Unquote(quoted)
	if unquoteErr != nil {
		return err.Error()
	}
	fault := "does not begin with a reply code of three digits"
	if code, err := strconv.ParseUint(line[:min(3, len(line))], 10, 16); err == nil && len(line) >= 3 {
		fault = "has no space after the reply code"
		if code < 100 {
			fault = "begins with a code whose first digit is 0, and 1 to 5 have a meaning"
		}
	}
	return fmt.Sprintf("%q %s (RFC 959, 4.2)", shortened(line), fault)
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

// alone waits until all earlier exchanges have ended.
func (e *exchange) alone(ctx context.Context) error {
	select {
	case <-e.turn:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// hangUp waits for the server to close the connection, and closes it.
func (e *exchange) hangUp(ctx context.Context) error {
	c := e.control
	begun := c.clock.Now()
	err := e.alone(ctx)
	if err == nil {
		err = drain(ctx, c.conn)
	}
	c.conn.Close()
	if err != nil {
		return waited(ctx, e.command, "the server to close the connection", c.clock.Now().Sub(begun), err)
	}
	return nil
}

// end lets the next exchange read its replies. It may be called again.
func (e *exchange) end() {
	c := e.control
	c.mu.Lock()
	defer c.mu.Unlock()
	at := slices.Index(c.waiting, e)
	if at < 0 {
		return
	}
	if c.waiting = slices.Delete(c.waiting, at, at+1); at == 0 && len(c.waiting) > 0 {
		close(c.waiting[0].turn)
	}
}

// waited returns an error that says which command waited for what, and how
// long, if that can be measured, when it does not come because of err. An unreadable reply has
// come, and so has the refusal of a connection.
func waited(ctx context.Context, command, what string, duration time.Duration, err error) error {
	switch {
	case errors.Is(err, ErrUnreadable):
		return fmt.Errorf("%s: the reply is %w", command, err)
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("%s: %w", command, err)
	case ctx.Err() != nil:
		err = context.Cause(ctx)
	case errors.Is(err, os.ErrDeadlineExceeded): // which was that of ctx
		err = context.DeadlineExceeded
	case errors.Is(err, ftps.ErrTruncated):
		err = fmt.Errorf("%w: %w", ErrClosed, err)
	case closed(err):
		err = ErrClosed
	}
	if duration = duration.Round(time.Millisecond); duration == 0 {
		return fmt.Errorf("%s: while waiting for %s: %w", command, what, err)
	}
	return fmt.Errorf("%s: waited %v for %s: %w", command, duration, what, err)
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
