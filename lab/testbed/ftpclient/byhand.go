package ftpclient

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"ftplab/lab/testbed/network"
)

// Send sends a command and waits for nothing. [Scripted.NextReply] returns its
// replies.
func (c *Scripted) Send(ctx context.Context, command string) error {
	c.control.mu.Lock()
	defer c.control.mu.Unlock()
	c.sent(command + "\r\n")
	return c.control.write(ctx, command)
}

// Write sends bytes as they stand, in one segment if it has room for them, and
// waits for nothing.
func (c *Scripted) Write(ctx context.Context, bytes string) error {
	c.sent(bytes)
	return c.control.writeBytes(ctx, bytes, c.control.conn.Write)
}

// WritePlain is like Write, but the bytes are not in TLS, even if the connection is.
func (c *Scripted) WritePlain(ctx context.Context, bytes string) error {
	if c.secured == nil {
		return c.Write(ctx, bytes)
	}
	return c.control.writeBytes(ctx, bytes, c.secured.Below().Write)
}

// WriteUrgent sends bytes as TCP's urgent data, and waits for nothing.
func (c *Scripted) WriteUrgent(ctx context.Context, bytes string) error {
	c.sent(bytes)
	return c.control.writeBytes(ctx, bytes, func(p []byte) (int, error) { return network.WriteUrgent(c.control.conn, p) })
}

// sent notes the commands in what is sent by hand, for when their replies come.
func (c *Scripted) sent(bytes string) {
	c.unfinished += bytes
	for {
		line, rest, ok := strings.Cut(c.unfinished, "\n")
		if !ok {
			return
		}
		c.unfinished = rest
		c.unanswered = append(c.unanswered, strings.TrimRight(line, "\r"))
	}
}

// NextReply waits for the next reply, which may be a preliminary one.
func (c *Scripted) NextReply(ctx context.Context) (Reply, error) {
	e := c.control.await("await")
	defer e.end()
	reply, err := e.reply(ctx)
	if err == nil && !reply.Preliminary() && len(c.unanswered) > 0 {
		c.note(c.unanswered[0], reply)
		c.unanswered = c.unanswered[1:]
	}
	return reply, err
}

// note updates the state of the session after a command and its last reply.
func (c *Scripted) note(command string, reply Reply) {
	c.state.note(command, reply)
	switch reply.Code {
	case 227:
		c.dataAddr, c.dataErr = parsePassive(PASV, reply, c.config)
	case 229:
		c.dataAddr, c.dataErr = parsePassive(EPSV, reply, c.config)
	}
}

// DataAddr is where the last 227 or 229 said that the client should connect to.
func (c *Scripted) DataAddr() (netip.AddrPort, error) {
	if !c.dataAddr.IsValid() && c.dataErr == nil {
		return c.dataAddr, errors.New("the server has named no data port yet; quote PASV asks it for one")
	}
	return c.dataAddr, c.dataErr
}

// Finish ends what the client sends on the control connection, with a FIN.
func (c *Scripted) Finish() error { return c.control.conn.CloseWrite() }

// Drop closes the control connection at once, without QUIT.
func (c *Scripted) Drop() error { return c.control.conn.Close() }

// Reset ends the control connection with a reset.
func (c *Scripted) Reset() error { return network.Reset(c.control.conn) }

// writeBytes sends bytes as they stand.
func (c *control) writeBytes(ctx context.Context, bytes string, write func([]byte) (int, error)) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	defer network.Within(ctx, c.conn.SetWriteDeadline)()
	begun := c.clock.Now()
	if _, err := write([]byte(bytes)); err != nil {
		return waited(ctx, fmt.Sprintf("%q", bytes), "the network to take it", c.clock.Now().Sub(begun), err)
	}
	return nil
}

// Telnet's Interrupt Process, and its Synch, whose data mark is urgent (RFC 854,
// and RFC 959, 4.1.3).
const (
	telnetIP    = "\xff\xf4"
	telnetSynch = "\xff\xf2"
)

// addTelnet sends Interrupt Process and Synch, which come before ABOR (RFC 959,
// 4.1.3).
func (e *exchange) addTelnet(ctx context.Context) error {
	c := e.control
	if err := c.writeBytes(ctx, telnetIP, c.conn.Write); err != nil {
		return err
	}
	return c.writeBytes(ctx, telnetSynch, func(p []byte) (int, error) { return network.WriteUrgent(c.conn, p) })
}
