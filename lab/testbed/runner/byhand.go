package runner

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"

	"ftplab/lab/testbed/ftpclient"
	"ftplab/lab/testbed/network"
)

// scripted returns the session's client. It is the lab's own client, because package
// scenario allows these steps for no other.
func (a action) scripted() *ftpclient.Scripted { return a.session.client.(*ftpclient.Scripted) }

func send(ctx context.Context, a action) (ftpclient.Reply, error) {
	return none, a.scripted().Send(ctx, a.Command)
}

func write(ctx context.Context, a action) (ftpclient.Reply, error) {
	return none, a.scripted().Write(ctx, a.Bytes)
}

// plain sends bytes that are not in TLS.
func plain(ctx context.Context, a action) (ftpclient.Reply, error) {
	return none, a.scripted().WritePlain(ctx, a.Bytes)
}

// beginTLS begins TLS after an AUTH that was sent by hand.
func beginTLS(ctx context.Context, a action) (ftpclient.Reply, error) {
	return none, a.scripted().BeginTLS(ctx, a.Pipelined)
}

func urgent(ctx context.Context, a action) (ftpclient.Reply, error) {
	return none, a.scripted().WriteUrgent(ctx, a.Bytes)
}

// await waits for a reply, and fails if it does not have the expected code.
func await(ctx context.Context, a action) (ftpclient.Reply, error) {
	reply, err := a.scripted().NextReply(ctx)
	if err == nil && a.Code != 0 && reply.Code != a.Code {
		err = fmt.Errorf("the server said %q%s", reply, meantCommand(a.sentBefore(), reply))
	}
	return none, err
}

// sentBefore returns the command of the last step send of the session, or "".
func (a action) sentBefore() (command string) {
	for _, s := range a.script.scenario.Steps {
		if s.Line < a.Line && s.Session == a.Session && s.Verb == "send" {
			command = s.Command
		}
	}
	return command
}

// download sends a command that the scenario chose and downloads the data.
func download(ctx context.Context, a action) (ftpclient.Reply, error) {
	verb, argument, _ := strings.Cut(a.Command, " ")
	return a.download(ctx, ftpclient.Download{Verb: verb, Argument: argument})
}

// uploadBy sends a command that the scenario chose and uploads a file.
func uploadBy(ctx context.Context, a action) (ftpclient.Reply, error) {
	verb, argument, _ := strings.Cut(a.Command, " ")
	file, _ := a.script.scenario.LocalFile(a.Local)
	t, err := a.upload(ctx, verb, argument, file)
	if err != nil || !t.Done() {
		return t.Reply(), err
	}
	return t.Reply(), compare(ContentOf(file), t.ASCII, t.Wire)
}

// arrange sends the command that arranges the next transfer's data connection.
func arrange(ctx context.Context, a action) (ftpclient.Reply, error) {
	return a.scripted().Arrange(ctx)
}

// rest notes the offset at which the next transfer begins.
func rest(_ context.Context, a action) (ftpclient.Reply, error) {
	a.session.offset = a.Size
	return none, nil
}

// dial opens a data connection, for the step dial.
func dial(ctx context.Context, a action) (ftpclient.Reply, error) {
	to, err := a.dataPort()
	if err != nil {
		return none, err
	}
	port, err := a.session.host.NextPort()
	if err != nil {
		return none, err
	}
	conn, err := a.session.host.DialTCP(ctx, port, to)
	if err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return none, fmt.Errorf("a data connection to %s: %w", to, err)
	}
	a.takeData(conn)
	return none, nil
}

// takeData makes a connection the data connection that the steps use.
func (a action) takeData(conn network.Conn) {
	if client, ok := a.session.client.(*ftpclient.Scripted); ok {
		conn = client.Secure(conn)
	}
	a.session.data = append(a.session.data, conn)
}

// dataPort returns the address that a step dial connects to.
func (a action) dataPort() (netip.AddrPort, error) {
	if a.Peer != "" {
		return netip.AddrPortFrom(a.script.Address(a.Peer), a.Port), nil
	}
	if a.session.client == nil {
		return netip.AddrPort{}, errors.New("the session is not open, so no server has named a port; say which, as in dial server.40000")
	}
	return a.scripted().DataAddr()
}

// listen listens for a data connection that the server opens.
func listen(_ context.Context, a action) (ftpclient.Reply, error) {
	listener, err := a.session.host.ListenTCP(a.Port)
	if err != nil {
		return none, err
	}
	if a.session.listener != nil {
		a.session.listener.Close()
	}
	a.session.listener = listener
	return none, nil
}

// acceptData waits for the connection that listen made possible.
func acceptData(ctx context.Context, a action) (ftpclient.Reply, error) {
	if a.session.listener == nil {
		return none, errors.New("nobody listens; a step listen comes first")
	}
	defer network.Within(ctx, a.session.listener.SetDeadline)()
	conn, err := a.session.listener.Accept()
	if err != nil {
		return none, err
	}
	a.takeData(conn)
	return none, nil
}

var errNoData = errors.New("there is no data connection; a step dial or accept comes first")

// conn returns the data connection that the steps use: the last one opened.
func (a action) conn() (network.Conn, error) {
	if len(a.session.data) == 0 {
		return nil, errNoData
	}
	return a.session.data[len(a.session.data)-1], nil
}

// readData reads from the data connection.
func readData(ctx context.Context, a action) (ftpclient.Reply, error) {
	conn, err := a.conn()
	if err != nil {
		return none, err
	}
	defer network.Within(ctx, conn.SetReadDeadline)()
	if a.Size > 0 {
		var got int64
		if got, err = io.CopyN(a.script.meter, conn, a.Size); errors.Is(err, io.EOF) {
			err = fmt.Errorf("%w after %d bytes", ftpclient.ErrClosed, got)
		}
		return none, err
	}
	_, err = io.Copy(a.script.meter, struct{ io.Reader }{conn})
	return none, err
}

// feed writes a file, or its beginning, to the data connection.
func feed(ctx context.Context, a action) (ftpclient.Reply, error) {
	conn, err := a.conn()
	if err != nil {
		return none, err
	}
	defer network.Within(ctx, conn.SetDeadline)() // a handshake reads, too
	if err := ftpclient.BeginData(conn); err != nil {
		return none, err
	}
	file, _ := a.script.scenario.LocalFile(a.Local)
	from := ContentOf(file)
	if a.Size > 0 {
		from = io.LimitReader(from, a.Size)
	}
	_, err = io.Copy(struct{ io.Writer }{conn}, a.script.meter.reader(from))
	return none, err
}

func finish(ctx context.Context, a action) (ftpclient.Reply, error) {
	if !a.Data {
		return none, a.scripted().Finish()
	}
	conn, err := a.conn()
	if err != nil {
		return none, err
	}
	defer network.Within(ctx, conn.SetDeadline)()
	return none, conn.CloseWrite()
}

// closeByHand closes a connection, for the step close.
func closeByHand(_ context.Context, a action) (ftpclient.Reply, error) {
	return none, a.endBy(network.Conn.Close, (*ftpclient.Scripted).Drop)
}

// resetByHand resets a connection, for the step reset.
func resetByHand(_ context.Context, a action) (ftpclient.Reply, error) {
	return none, a.endBy(network.Reset, (*ftpclient.Scripted).Reset)
}

// endBy ends the last data connection, or the control connection.
func (a action) endBy(data func(network.Conn) error, control func(*ftpclient.Scripted) error) error {
	a.session.closedBy.Store(&a.Step)
	if !a.Data {
		client := a.scripted()
		a.session.client = nil
		return control(client)
	}
	conn, err := a.conn()
	if err != nil {
		return err
	}
	a.session.data = a.session.data[:len(a.session.data)-1]
	return data(conn)
}

// closeData closes the data connections that steps opened and did not close.
func (s *session) closeData() {
	for _, conn := range s.data {
		conn.Close()
	}
	if s.listener != nil {
		s.listener.Close()
	}
}
