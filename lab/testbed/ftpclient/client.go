// Package ftpclient has the lab's FTP clients, which run on a [network.Host].
//
// [Dial] opens a session of the scripted client, in active or passive mode. The
// client sends exactly what the steps say and nothing else. It reads every
// stream to its end before it closes the connection, so that none of its
// connections ends with an RST. [DialJlaffaye] opens a session of
// github.com/jlaffaye/ftp, a client that many Go programs use, as an example of
// a client that decides by itself what to send.
//
// A reply with a refusal is a result and not an error, because refusals are
// normal FTP. An error means that the session itself failed; it says which
// command waited for what.
package ftpclient

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"time"

	"ftplab/lab/scenario"
	"ftplab/lab/testbed/content"
	"ftplab/lab/testbed/network"
)

// A Client is one session with a server. Every method gives up when its context
// ends. While a Download or an Upload goes on, other methods of [Scripted] may be
// called when it has begun; otherwise a client is not safe for concurrent use.
type Client interface {
	// Greeting returns what the server said first.
	Greeting() Reply

	// LocalAddr returns the client's end of the control connection.
	LocalAddr() netip.AddrPort

	// SetMode says how data connections are opened from now on. Port is
	// the client's own port of the next one, and the one after it that of
	// the one after that; with 0 the host chooses.
	SetMode(mode Mode, port uint16) error

	// Login sends USER, and PASS if the server asks for it. It returns the
	// last reply.
	Login(ctx context.Context, name, password string) (Reply, error)

	// Command sends one command that needs no data connection and returns
	// its reply.
	Command(ctx context.Context, verb, argument string) (Reply, error)

	// Rename sends RNFR and, unless it is refused, RNTO. It returns the
	// last reply.
	Rename(ctx context.Context, from, to string) (Reply, error)

	// Path returns the absolute path on the server of a name, as the client's CWDs have it.
	Path(name string) string

	// Download opens a data connection and takes what the server sends.
	Download(ctx context.Context, d Download) (Transfer, error)

	// Upload opens a data connection and sends a file.
	Upload(ctx context.Context, u Upload) (Transfer, error)

	// Quit sends QUIT, waits for the reply and for the server to close the
	// connection, and closes it.
	Quit(ctx context.Context) (Reply, error)

	// QuitAtOnce sends QUIT and closes the connection without waiting for
	// the reply. The client's TCP answers the reply with a reset.
	QuitAtOnce(ctx context.Context) error

	// Close closes the connection in order, without QUIT. It does nothing
	// after Quit.
	Close(ctx context.Context) error
}

// ErrUnable is the error of a client that lacks what another one can do.
var ErrUnable = errors.New("this client cannot do that")

// Config says how a client behaves. Only Server is needed.
type Config struct {
	Server netip.AddrPort // its control port
	Port   uint16         // the client's own port of the control connection; the host chooses when 0
	Mode   Mode           // until SetMode; what the client does by itself when empty

	// DataAddress says where to connect to when the server names another
	// address than its own in a 227.
	DataAddress DataAddress

	// KeepAlive is how long the control connection is silent before TCP looks
	// whether the server is there; it never does when this is 0.
	KeepAlive time.Duration

	// Notify is how the client ends TLS on its data connections.
	Notify scenario.Notify

	// ConnectWithin is how long the control connection may take to open; 0 is as long as
	// the context allows.
	ConnectWithin time.Duration

	// NoWait makes Dial return before the server's greeting, which is then the first
	// reply of [Scripted.NextReply].
	NoWait bool

	// TLS is what the client needs for TLS (RFC 4217); nil is none. With ImplicitTLS
	// it begins with the connection.
	TLS         *tls.Config
	ImplicitTLS bool

	// CommandFirst makes the client send RETR, LIST and the like before it
	// connects to a passive port, and not after it.
	CommandFirst bool

	// Linger is how long the client waits between the end of a transfer's
	// data and closing its end of the data connection. The acknowledgement
	// of the server's FIN then leaves on its own; without a wait it rides
	// on the client's FIN.
	Linger time.Duration
}

// A DataAddress says what the client does when the address in a 227 is not the
// server's.
type DataAddress string

// What the client does then.
const (
	RefuseAddress DataAddress = ""       // it does not connect
	FollowReply   DataAddress = "reply"  // it connects to the address
	KeepServer    DataAddress = "server" // it connects to the server's own address, as most clients do
)

// A Mode is the command with which data connections are arranged.
type Mode string

// The modes. An active data connection is opened by the server, a passive one
// by the client.
const (
	PORT Mode = "PORT" // active, IPv4 (RFC 959, 4.1.2)
	EPRT Mode = "EPRT" // active (RFC 2428, 2)
	PASV Mode = "PASV" // passive, IPv4 (RFC 959, 4.1.2)
	EPSV Mode = "EPSV" // passive (RFC 2428, 3)
)

// Active reports whether the server opens the data connection.
func (m Mode) Active() bool { return m == PORT || m == EPRT }

// DefaultMode returns the passive or active mode that is usual for an address.
func DefaultMode(addr netip.Addr, active bool) Mode {
	switch v4 := addr.Unmap().Is4(); {
	case v4 && active:
		return PORT
	case v4:
		return PASV
	case active:
		return EPRT
	}
	return EPSV
}

func (m Mode) check(addr netip.Addr) error {
	switch m {
	case EPRT, EPSV:
		return nil
	case PORT, PASV:
		if addr.Unmap().Is4() {
			return nil
		}
		return fmt.Errorf("%s has no room for an IPv6 address; use %s (RFC 2428)", m, DefaultMode(addr, m.Active()))
	}
	return fmt.Errorf("mode %q: want PORT, EPRT, PASV or EPSV", string(m))
}

// A Reply is what a server answered (RFC 959, 4.2).
type Reply struct {
	Code int
	Text string // without the code; the lines of a multi-line reply are joined by "\n"
}

// String returns the reply as it was sent, on one line if it was one.
func (r Reply) String() string { return shortened(fmt.Sprintf("%d %s", r.Code, r.Text)) }

// Refused reports whether the reply is negative: 4xx or 5xx.
func (r Reply) Refused() bool { return r.Code/100 == 4 || r.Code/100 == 5 }

// Complete reports whether the reply says that the command is done: 2yz.
func (r Reply) Complete() bool { return r.Code/100 == 2 }

// accepted reports whether the reply is positive: 1yz to 3yz.
func (r Reply) accepted() bool { return r.Code < 400 }

// Preliminary reports whether another reply follows: 1xx.
func (r Reply) Preliminary() bool { return r.Code < 200 }

// A Download is a transfer towards the client.
type Download struct {
	Verb       string    // RETR, LIST, NLST or MLSD
	Argument   string    // path; may be empty for a listing
	Offset     int64     // in the file at which to begin (REST); bytes
	AbortAfter int64     // bytes after which to send ABOR; 0 is never
	Telnet     bool      // send Telnet's IP and Synch before ABOR (RFC 959, 4.1.3)
	To         io.Writer // takes what comes, as it crosses the network; nil discards it
	Begun      func()    // called when the server has replied to Verb; may be nil
}

// An Upload is a transfer towards the server.
type Upload struct {
	Verb     string    // STOR or APPE
	Argument string    // path
	Offset   int64     // in the server's file at which to begin (REST); bytes
	From     io.Reader // the client's file
	Begun    func()    // called when the server has replied to Verb; may be nil
}

// A Transfer is the result of a Download or an Upload.
type Transfer struct {
	Path    string         // on the server, absolute, as the client's CWDs have it
	ASCII   bool           // it was of TYPE A
	Replies []Reply        // to all commands that it took; the last one says how it ended
	Wire    content.Digest // of what crossed the data connection

	Client, Server netip.AddrPort // the ends of the data connection; zero if there was none

	Broke   error // why the data connection broke, if the server has refused the transfer, too
	Aborted bool  // ABOR was sent, so one more reply came: the last one

	aborting *exchange // that of ABOR
}

// ends notes the ends of the data connection.
func (t *Transfer) ends(conn network.Conn) {
	t.Client, t.Server = addrPort(conn.LocalAddr()), addrPort(conn.RemoteAddr())
}

func addrPort(end net.Addr) netip.AddrPort { return end.(*net.TCPAddr).AddrPort() }

// Reply returns the last reply.
func (t Transfer) Reply() Reply {
	if len(t.Replies) == 0 {
		return Reply{}
	}
	return t.Replies[len(t.Replies)-1]
}

// Done reports whether the transfer went through.
func (t Transfer) Done() bool { return t.Reply().Complete() }

// localPort returns the port that a client takes next.
func localPort(host network.Host, next *uint16) (uint16, error) {
	if *next == 0 {
		return host.NextPort()
	}
	port := *next
	*next++
	return port, nil
}
