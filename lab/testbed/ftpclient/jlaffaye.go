package ftpclient

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/textproto"
	"slices"
	"strings"

	"github.com/jlaffaye/ftp"

	"ftplab/lab/testbed/content"
	"ftplab/lab/testbed/ftps"
	"ftplab/lab/testbed/network"
)

// Jlaffaye is the client of github.com/jlaffaye/ftp. It implements [Client]
// as far as that client goes: passive mode only, and only the commands for
// which it has a function. It has habits: its Login sends USER, PASS, FEAT,
// TYPE I and OPTS UTF8 ON, its listing is MLSD where the server offers that,
// and it connects to a passive port before it sends RETR.
//
// By itself it would close its connections before the server has sent
// everything. The connections that this package gives it read to the end first.
type Jlaffaye struct {
	host     network.Host
	config   Config
	client   *ftp.ServerConn
	context  context.Context // of the method that is being executed
	control  *watchedConn
	greeting Reply
	state    *state
	transfer *jlaffayeTransfer // that is going on
	done     []func() bool     // to be called when the method ends

	downloaded int // bytes that a dialogue is given next, and that are not dialogue
}

// DialJlaffaye connects to a server and reads its greeting. Config.Mode is
// EPSV, which is what this client does by itself, or PASV.
func DialJlaffaye(ctx context.Context, host network.Host, config Config) (*Jlaffaye, error) {
	if config.Mode == "" {
		config.Mode = EPSV
	}
	if err := config.Mode.check(config.Server.Addr()); err != nil {
		return nil, err
	}
	if config.Mode.Active() {
		return nil, fmt.Errorf("%s: jlaffaye/ftp is passive only: %w", config.Mode, ErrUnable)
	}
	c := &Jlaffaye{host: host, config: config, state: newState()}
	replies, err := c.do(ctx, "open", func() (err error) {
		c.client, err = ftp.Dial(config.Server.String(), append(c.security(),
			ftp.DialWithDialFunc(c.dial), ftp.DialWithDisabledEPSV(config.Mode == PASV))...)
		return err
	})
	if err == nil && c.client == nil {
		err = fmt.Errorf("open: the server refused: %s", last(replies))
	}
	if err != nil {
		return nil, err
	}
	c.greeting = last(replies)
	return c, nil
}

// security says that the client is to speak TLS, if it is. Then it sends AUTH by itself
// when it has connected, unless TLS is implicit, and PBSZ and PROT when it has logged in.
func (c *Jlaffaye) security() []ftp.DialOption {
	switch {
	case c.config.TLS == nil:
		return nil
	case c.config.ImplicitTLS:
		return []ftp.DialOption{ftp.DialWithTLS(c.config.TLS)}
	}
	return []ftp.DialOption{ftp.DialWithExplicitTLS(c.config.TLS), ftp.DialWithDebugOutput(dialogue{c})}
}

// dial is how the client gets its connections. The first one is the control
// connection.
func (c *Jlaffaye) dial(_, address string) (net.Conn, error) {
	remote, err := netip.ParseAddrPort(address)
	if err != nil {
		return nil, err
	}
	var first uint16 // port, of the control connection
	if c.control == nil {
		first = c.config.Port
	}
	port, err := localPort(c.host, &first)
	if err != nil {
		return nil, err
	}
	conn, err := c.host.DialTCP(c.context, port, remote)
	if err != nil {
		return nil, err
	}
	c.done = append(c.done, network.Within(c.context, conn.SetDeadline))
	if c.control == nil {
		c.control = &watchedConn{Conn: conn, client: c, inside: c.config.TLS != nil && !c.config.ImplicitTLS}
		if c.config.ImplicitTLS {
			c.control.Conn = ftps.Client(conn, c.config.TLS)
		}
		return c.control, nil
	}
	c.transfer.ends(conn)
	if c.config.TLS != nil {
		conn = ftps.Client(conn, c.config.TLS)
	}
	return &jlaffayeData{Conn: conn, client: c, transfer: c.transfer}, nil
}

// do calls a function of the client within ctx, and returns the replies that
// arrived. An error about a refusal is dropped, because a refusal is a result. Any
// other error ends the session.
func (c *Jlaffaye) do(ctx context.Context, command string, something func() error) ([]Reply, error) {
	c.context = ctx
	if c.control != nil {
		c.done = append(c.done, network.Within(ctx, c.control.SetDeadline))
	}
	begun := c.host.Clock().Now()
	err := something()
	for _, done := range c.done {
		done()
	}
	c.done = nil
	var replies []Reply
	if c.control != nil {
		replies = c.control.replies
		c.control.replies = nil
	}
	var complaint *textproto.Error
	var unreadable textproto.ProtocolError
	if c.control != nil && (err == nil || errors.As(err, &complaint)) {
		if err := c.control.unended(last(replies)); err != nil {
			return replies, fmt.Errorf("%s: %w", command, err)
		}
	}
	switch {
	case err == nil:
		return replies, nil
	case complaint != nil && complaint.Code/100 == 2 && c.transfer.unannounced(replies):
		return replies, unannounced(last(replies))
	case complaint != nil && complaint.Code < 400:
		return replies, fmt.Errorf("%s: jlaffaye/ftp does not take the reply %q", command, Reply{Code: complaint.Code, Text: complaint.Msg})
	case complaint != nil || last(replies).Refused():
		return replies, nil
	}
	what := "the server"
	if c.transfer.unannounced(replies) {
		what = announcement
	}
	if errors.As(err, &unreadable) {
		err = fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	return replies, waited(ctx, command, what, c.host.Clock().Now().Sub(begun), err)
}

func last(replies []Reply) Reply { return Transfer{Replies: replies}.Reply() }

// Greeting implements [Client].
func (c *Jlaffaye) Greeting() Reply { return c.greeting }

// LocalAddr implements [Client].
func (c *Jlaffaye) LocalAddr() netip.AddrPort { return addrPort(c.control.LocalAddr()) }

// SetMode implements [Client]. This client keeps the mode with which it was
// dialed.
func (c *Jlaffaye) SetMode(mode Mode, port uint16) error {
	if mode != c.config.Mode || port != 0 {
		return fmt.Errorf("%s: jlaffaye/ftp was dialed for %s: %w", mode, c.config.Mode, ErrUnable)
	}
	return nil
}

// Login implements [Client]. The reply is that to USER or PASS: this client sends more
// when it has logged in, and does not mind if the server refuses OPTS UTF8 ON.
func (c *Jlaffaye) Login(ctx context.Context, name, password string) (Reply, error) {
	var complaint error
	replies, err := c.do(ctx, "login", func() error {
		complaint = c.client.Login(name, password)
		return complaint
	})
	if err != nil || complaint != nil {
		return last(replies), err
	}
	c.state.note("TYPE I", Reply{Code: 200}) // which it sends, too
	in := slices.IndexFunc(replies, func(r Reply) bool { return r.Code/100 == 2 })
	return replies[in], nil
}

// Command implements [Client] for CWD, CDUP, PWD, MKD, RMD, DELE, SIZE, MDTM,
// MLST, NOOP and TYPE.
func (c *Jlaffaye) Command(ctx context.Context, verb, argument string) (Reply, error) {
	verb = strings.ToUpper(verb)
	command := c.function(verb, argument)
	if command == nil {
		return Reply{}, fmt.Errorf("%s: jlaffaye/ftp has no function for it: %w", verb, ErrUnable)
	}
	c.control.sent = false
	var complaint error
	replies, err := c.do(ctx, join(verb, argument), func() error {
		complaint = command()
		return complaint
	})
	if !c.control.sent {
		return Reply{}, fmt.Errorf("%s: jlaffaye/ftp did not send it (%v): %w", verb, complaint, ErrUnable)
	}
	c.state.note(join(verb, argument), last(replies))
	return last(replies), err
}

// function returns the client's function for a command, nil if there is none.
func (c *Jlaffaye) function(verb, argument string) func() error {
	switch verb {
	case "CWD":
		return func() error { return c.client.ChangeDir(argument) }
	case "CDUP":
		return c.client.ChangeDirToParent
	case "PWD":
		return func() error { _, err := c.client.CurrentDir(); return err }
	case "MKD":
		return func() error { return c.client.MakeDir(argument) }
	case "RMD":
		return func() error { return c.client.RemoveDir(argument) }
	case "DELE":
		return func() error { return c.client.Delete(argument) }
	case "SIZE":
		return func() error { _, err := c.client.FileSize(argument); return err }
	case "MDTM":
		return func() error { _, err := c.client.GetTime(argument); return err }
	case "MLST":
		return func() error { _, err := c.client.GetEntry(argument); return err }
	case "NOOP":
		return c.client.NoOp
	case "TYPE":
		return func() error { return c.client.Type(ftp.TransferType(argument)) }
	}
	return nil
}

// Rename implements [Client].
func (c *Jlaffaye) Rename(ctx context.Context, from, to string) (Reply, error) {
	replies, err := c.do(ctx, "RNFR "+from, func() error { return c.client.Rename(from, to) })
	return last(replies), err
}

// Download implements [Client]. LIST and MLSD are both the client's List,
// which chooses between them.
func (c *Jlaffaye) Download(ctx context.Context, d Download) (Transfer, error) {
	if d.AbortAfter > 0 {
		return Transfer{}, fmt.Errorf("ABOR: jlaffaye/ftp has no function for it: %w", ErrUnable)
	}
	return c.transferring(ctx, d.Verb, d.Argument, d.To, func() error {
		switch strings.ToUpper(d.Verb) {
		case "LIST", "MLSD":
			c.transfer.listing = true
			_, err := c.client.List(d.Argument)
			return err
		case "NLST":
			c.transfer.listing = true
			_, err := c.client.NameList(d.Argument)
			return err
		}
		response, err := c.client.RetrFrom(d.Argument, uint64(d.Offset))
		if err != nil {
			return err
		}
		_, err = io.CopyBuffer(io.Discard, onlyReader{response}, make([]byte, pieceSize))
		return errors.Join(err, response.Close())
	})
}

// Upload implements [Client]. This client leaves it to its user to send text
// as TYPE A asks.
func (c *Jlaffaye) Upload(ctx context.Context, u Upload) (Transfer, error) {
	return c.transferring(ctx, u.Verb, u.Argument, nil, func() error {
		c.transfer.upload = true
		if c.transfer.ASCII {
			u.From = content.ToNVT(u.From)
		}
		if strings.ToUpper(u.Verb) == "APPE" {
			return c.client.Append(u.Argument, u.From)
		}
		return c.client.StorFrom(u.Argument, u.From, uint64(u.Offset))
	})
}

func (c *Jlaffaye) transferring(ctx context.Context, verb, argument string, to io.Writer, move func() error) (Transfer, error) {
	c.transfer = &jlaffayeTransfer{Transfer: c.state.transfer(argument), digest: content.NewDigester(), to: to}
	defer func() { c.transfer = nil }()
	var err error
	c.transfer.Replies, err = c.do(ctx, join(verb, argument), move)
	c.transfer.Wire = c.transfer.digest.Digest()
	return c.transfer.Transfer, err
}

// Quit implements [Client].
func (c *Jlaffaye) Quit(ctx context.Context) (Reply, error) {
	begun, before := c.host.Clock().Now(), c.control.records.data
	replies, err := c.do(ctx, "QUIT", c.client.Quit)
	inTLS := c.control.records.data > before // where this client does not read it
	if err == nil && len(replies) == 0 && !inTLS {
		err = waited(ctx, "QUIT", "the reply", c.host.Clock().Now().Sub(begun), io.EOF)
	}
	return last(replies), err
}

// QuitAtOnce implements [Client]. It is what this client does by itself.
func (c *Jlaffaye) QuitAtOnce(ctx context.Context) error {
	defer network.StopArrivals(c.host)() // as in Scripted.QuitAtOnce
	c.control.hasty = true
	_, err := c.do(ctx, "QUIT", c.client.Quit)
	return err
}

// Close implements [Client].
func (c *Jlaffaye) Close(ctx context.Context) error {
	if c.control.closed {
		return nil
	}
	c.context = ctx
	return errors.Join(c.control.CloseWrite(), c.control.Close())
}

// Path implements Client.
func (c *Jlaffaye) Path(name string) string { return c.state.path(name) }
