package ftpclient

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"os"
	"strings"
	"time"

	"ftplab/lab/testbed/network"
)

// Scripted is the lab's own client. It implements [Client].
type Scripted struct {
	host     network.Host
	config   Config
	conn     network.Conn
	text     *textproto.Conn
	greeting Reply

	mode  Mode
	port  uint16 // of the next active data connection; the host chooses when 0
	state state
}

// Dial connects to a server and reads its greeting.
func Dial(ctx context.Context, host network.Host, config Config) (*Scripted, error) {
	c := &Scripted{host: host, config: config, mode: config.Mode, state: initialState}
	if c.mode == "" {
		c.mode = DefaultMode(config.Server.Addr(), false)
	}
	if err := c.SetMode(c.mode, 0); err != nil {
		return nil, err
	}
	begun := host.Clock().Now()
	conn, err := host.DialTCP(ctx, localPort(host, &config.Port), config.Server)
	if err != nil {
		return nil, waited(ctx, "open", fmt.Sprintf("a connection to %s", config.Server), host.Clock().Now().Sub(begun), err)
	}
	c.conn, c.text = conn, textproto.NewConn(conn)
	c.greeting, err = c.reply(ctx, "open")
	if err != nil {
		conn.Close()
		return nil, err
	}
	return c, nil
}

// now is the time on the client's host.
func (c *Scripted) now() time.Time { return c.host.Clock().Now() }

// Greeting implements [Client].
func (c *Scripted) Greeting() Reply { return c.greeting }

// SetMode implements [Client].
func (c *Scripted) SetMode(mode Mode, port uint16) error {
	if err := mode.check(c.config.Server.Addr()); err != nil {
		return err
	}
	c.mode, c.port = mode, port
	return nil
}

// Login implements [Client].
func (c *Scripted) Login(ctx context.Context, name, password string) (Reply, error) {
	reply, err := c.Command(ctx, "USER", name)
	if err != nil || reply.Code != 331 {
		return reply, err
	}
	return c.Command(ctx, "PASS", password)
}

// Command implements [Client].
func (c *Scripted) Command(ctx context.Context, verb, argument string) (Reply, error) {
	command := join(verb, argument)
	if err := c.send(ctx, command); err != nil {
		return Reply{}, err
	}
	reply, err := c.finalReply(ctx, command)
	if err != nil {
		return reply, err
	}
	if reply.Code == 234 {
		return reply, fmt.Errorf("%s: the server accepted it (%s), and this client speaks no TLS", command, reply)
	}
	c.state.note(command, reply)
	return reply, nil
}

// Rename implements [Client].
func (c *Scripted) Rename(ctx context.Context, from, to string) (Reply, error) {
	reply, err := c.Command(ctx, "RNFR", from)
	if err != nil || reply.Refused() {
		return reply, err
	}
	return c.Command(ctx, "RNTO", to)
}

// Await waits for a reply that no command asked for. After a 421, with which a
// server ends a session by itself (RFC 959, 5.4), it also waits for the server
// to close the connection, and closes it.
func (c *Scripted) Await(ctx context.Context) (Reply, error) {
	reply, err := c.reply(ctx, "await")
	if err != nil || reply.Code != 421 {
		return reply, err
	}
	return reply, c.hangUp(ctx, "await")
}

// Quit implements [Client].
func (c *Scripted) Quit(ctx context.Context) (Reply, error) {
	reply, err := c.Command(ctx, "QUIT", "")
	if err != nil {
		c.conn.Close()
		return reply, err
	}
	return reply, c.hangUp(ctx, "QUIT")
}

// hangUp waits for the server to close the control connection and closes it.
func (c *Scripted) hangUp(ctx context.Context, command string) error {
	begun := c.now()
	err := drain(ctx, c.conn)
	c.conn.Close()
	if err != nil {
		return waited(ctx, command, "the server to close the connection", c.now().Sub(begun), err)
	}
	return nil
}

// QuitAtOnce implements [Client].
func (c *Scripted) QuitAtOnce(ctx context.Context) error {
	if err := c.send(ctx, "QUIT"); err != nil {
		return err
	}
	return c.conn.Close()
}

// Close implements [Client].
func (c *Scripted) Close(ctx context.Context) error {
	err := c.conn.CloseWrite()
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return errors.Join(err, c.hangUp(ctx, "close"))
}

// send sends one command, in one segment.
func (c *Scripted) send(ctx context.Context, command string) error {
	if strings.ContainsAny(command, "\r\n") {
		return fmt.Errorf("%q: a command is one line", command)
	}
	defer until(ctx, c.conn)()
	begun := c.now()
	if err := c.text.PrintfLine("%s", command); err != nil {
		return waited(ctx, command, "the network to take the command", c.now().Sub(begun), err)
	}
	return nil
}

// reply reads the next reply; command is what it answers.
func (c *Scripted) reply(ctx context.Context, command string) (Reply, error) {
	defer until(ctx, c.conn)()
	begun := c.now()
	code, text, err := c.text.ReadResponse(0)
	if err != nil {
		return Reply{}, waited(ctx, command, "the reply", c.now().Sub(begun), err)
	}
	return Reply{Code: code, Text: text}, nil
}

// finalReply reads replies up to the one that is not preliminary.
func (c *Scripted) finalReply(ctx context.Context, command string) (Reply, error) {
	for {
		reply, err := c.reply(ctx, command)
		if err != nil || !reply.Preliminary() {
			return reply, err
		}
	}
}

// join returns a command as it is sent.
func join(verb, argument string) string {
	if argument == "" {
		return verb
	}
	return verb + " " + argument
}

// waited returns an error that says which command waited for what, and how
// long, when it does not come because of err.
func waited(ctx context.Context, command, what string, duration time.Duration, err error) error {
	switch {
	case ctx.Err() != nil:
		err = context.Cause(ctx)
	case errors.Is(err, os.ErrDeadlineExceeded): // which was that of ctx
		err = context.DeadlineExceeded
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		err = errors.New("the server closed the connection")
	}
	return fmt.Errorf("%s: waited %v for %s: %w", command, duration.Round(time.Millisecond), what, err)
}

// until makes what is done with conn end when ctx does. The function that it
// returns must be called when it is done.
func until(ctx context.Context, conn net.Conn) (done func() bool) {
	deadline, _ := ctx.Deadline() // the zero time is none
	conn.SetDeadline(deadline)
	return context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
}

// drain reads what the other side still sends, until it closes its end.
func drain(ctx context.Context, conn net.Conn) error {
	defer until(ctx, conn)()
	_, err := io.Copy(io.Discard, conn)
	return err
}
