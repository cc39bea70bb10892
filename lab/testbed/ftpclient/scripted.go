package ftpclient

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"ftplab/lab/testbed/ftps"
	"ftplab/lab/testbed/network"
)

// Scripted is the lab's own client. It implements [Client].
type Scripted struct {
	host     network.Host
	config   Config
	control  *control
	greeting Reply

	mode  Mode
	port  uint16 // of the next active data connection; the host chooses when 0
	state *state
	ready *expectedConn // by Arrange, for the next transfer; nil for none

	unfinished string   // of a command that was sent by hand
	unanswered []string // commands that were sent by hand
	dataAddr   netip.AddrPort
	dataErr    error // of the last 227 or 229

	secured *ftps.Conn // the control connection in TLS; nil in clear
	protect bool       // data connections are in TLS
}

// Dial connects to a server and waits for its greeting. A server that is not
// ready yet says 120 first (RFC 959, 5.4).
func Dial(ctx context.Context, host network.Host, config Config) (*Scripted, error) {
	c := &Scripted{host: host, config: config, mode: config.Mode, state: newState()}
	if c.mode == "" {
		c.mode = DefaultMode(config.Server.Addr(), false)
	}
	if err := c.SetMode(c.mode, 0); err != nil {
		return nil, err
	}
	port, err := localPort(host, &config.Port)
	if err != nil {
		return nil, err
	}
	begun := host.Clock().Now()
	connecting := ctx
	if config.ConnectWithin > 0 {
		var stop context.CancelFunc
		connecting, stop = network.WithTimeout(ctx, host.Clock(), config.ConnectWithin)
		defer stop()
	}
	conn, err := host.DialTCP(connecting, port, config.Server)
	if err != nil {
		return nil, waited(ctx, "open", fmt.Sprintf("a connection to %s", config.Server), host.Clock().Now().Sub(begun), err)
	}
	if k, ok := conn.(network.KeepAliver); ok && config.KeepAlive > 0 {
		if err := k.KeepAlive(config.KeepAlive); err != nil {
			conn.Close()
			return nil, fmt.Errorf("open: keeping the connection alive: %w", err)
		}
	}
	c.control = newControl(conn, host.Clock())
	if config.ImplicitTLS {
		if err := c.enterTLS(ctx, "open"); err != nil {
			conn.Close()
			return nil, err
		}
		c.protect = true // as every implicit server has it
	}
	if config.NoWait {
		c.unanswered = []string{""} // the greeting answers no command
		return c, nil
	}
	e := c.control.await("open")
	defer e.end()
	c.greeting, err = e.final(ctx)
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

// LocalAddr implements [Client].
func (c *Scripted) LocalAddr() netip.AddrPort { return addrPort(c.control.conn.LocalAddr()) }

// SetMode implements [Client].
func (c *Scripted) SetMode(mode Mode, port uint16) error {
	if err := mode.check(c.config.Server.Addr()); err != nil {
		return err
	}
	c.mode, c.port = mode, port
	return nil
}

// Arrange sends the command of the client's mode before other commands, as some programs do.
// The data connection is for the next transfer, which then sends no such command itself.
func (c *Scripted) Arrange(ctx context.Context) (Reply, error) {
	c.dropReady()
	var t Transfer
	data, err := c.arrange(ctx, &t)
	c.ready = data
	return t.Reply(), err
}

// dropReady closes a data connection that no transfer used.
func (c *Scripted) dropReady() {
	if c.ready != nil {
		c.ready.close()
		c.ready = nil
	}
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
	e, err := c.control.send(ctx, command)
	if err != nil {
		return Reply{}, err
	}
	defer e.end()
	reply, err := e.final(ctx)
	if err != nil {
		return reply, err
	}
	if reply.Code == 234 || strings.EqualFold(verb, "CCC") {
		if err := e.alone(ctx); err != nil {
			return reply, err
		}
	}
	if reply.Code == 234 {
		return reply, c.enterTLS(ctx, command)
	}
	c.note(command, reply)
	return reply, c.noteTLS(ctx, command, reply)
}

// Rename implements [Client].
func (c *Scripted) Rename(ctx context.Context, from, to string) (Reply, error) {
	reply, err := c.Command(ctx, "RNFR", from)
	if err != nil || !reply.accepted() {
		return reply, err
	}
	return c.Command(ctx, "RNTO", to)
}

// Await waits until the server ends the session by itself, and closes the
// connection. A server may say so, with 421 (RFC 959, 5.4), and it may end with a
// reset. Any other reply is returned, and the session goes on. If the server sends
// no reply, the Reply is zero.
func (c *Scripted) Await(ctx context.Context) (Reply, error) {
	e := c.control.await("hangup")
	defer e.end()
	reply, err := e.reply(ctx)
	if errors.Is(err, ErrClosed) || reset(err) {
		return Reply{}, c.control.conn.Close()
	}
	if err != nil || reply.Code != 421 {
		return reply, err
	}
	if err := e.hangUp(ctx); err != nil && !reset(err) {
		return reply, err
	}
	return reply, nil
}

// Quit implements [Client].
func (c *Scripted) Quit(ctx context.Context) (Reply, error) {
	defer c.dropReady()
	e, err := c.control.send(ctx, "QUIT")
	if err != nil {
		c.control.conn.Close()
		return Reply{}, err
	}
	defer e.end()
	reply, err := e.final(ctx)
	if err != nil {
		c.control.conn.Close()
		return reply, err
	}
	return reply, e.hangUp(ctx)
}

// QuitAtOnce implements [Client].
func (c *Scripted) QuitAtOnce(ctx context.Context) error {
	defer network.StopArrivals(c.host)() // a reply that arrives before the close makes it a reset
	e, err := c.control.send(ctx, "QUIT")
	if err != nil {
		return err
	}
	defer e.end()
	return c.control.conn.Close()
}

// Close implements [Client].
func (c *Scripted) Close(ctx context.Context) error {
	defer c.dropReady()
	err := c.control.conn.CloseWrite()
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	e := c.control.await("close")
	defer e.end()
	return errors.Join(err, e.hangUp(ctx))
}

// join returns a command as it is sent.
func join(verb, argument string) string {
	if argument == "" {
		return verb
	}
	return verb + " " + argument
}

// Path implements Client.
func (c *Scripted) Path(name string) string { return c.state.path(name) }
