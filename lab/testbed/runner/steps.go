package runner

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"ftplab/lab/scenario"
	"ftplab/lab/testbed/ftpclient"
	"ftplab/lab/testbed/network"
)

// An action is a step that a session takes, with its context.
type action struct {
	scenario.Step
	script  *script
	session *session
	begun   func()  // a step calls it when its transfer has begun
	broke   *error  // takes the error of the data connection of a refused transfer
	printed *string // takes the last lines that a program printed, for a message
}

// A stepFunc takes the steps of one verb. It returns the last reply of the step, or
// [none].
type stepFunc func(context.Context, action) (ftpclient.Reply, error)

// none is the reply to a step that gets no reply from the server.
var none ftpclient.Reply

// steps has the function of each verb.
var steps map[string]stepFunc

func init() {
	steps = map[string]stepFunc{
		"open":    open,
		"auth":    auth,
		"pbsz":    pbsz,
		"prot":    prot,
		"ccc":     command("CCC"),
		"login":   login,
		"quit":    quit,
		"hangup":  hangup,
		"wait":    wait,
		"pause":   pause,
		"run":     run,
		"active":  setMode,
		"passive": setMode,
		"type":    setType,
		"ls":      list("LIST"),
		"nlst":    list("NLST"),
		"mlsd":    list("MLSD"),
		"get":     get,
		"resume":  get,
		"abort":   abort,
		"put":     upload("STOR"),
		"append":  upload("APPE"),
		"cd":      command("CWD"),
		"cdup":    command("CDUP"),
		"pwd":     command("PWD"),
		"mkdir":   command("MKD"),
		"rmdir":   command("RMD"),
		"delete":  command("DELE"),
		"rename":  rename,
		"size":    command("SIZE"),
		"mdtm":    command("MDTM"),
		"mlst":    command("MLST"),
		"syst":    command("SYST"),
		"feat":    command("FEAT"),
		"noop":    command("NOOP"),
		"quote":   quote,

		"send":     send,
		"write":    write,
		"plain":    plain,
		"tls":      beginTLS,
		"urgent":   urgent,
		"await":    await,
		"download": download,
		"upload":   uploadBy,
		"arrange":  arrange,
		"rest":     rest,
		"dial":     dial,
		"listen":   listen,
		"accept":   acceptData,
		"read":     readData,
		"feed":     feed,
		"finish":   finish,
		"close":    closeByHand,
		"reset":    resetByHand,
	}
}

// command returns a function that sends a command, with the step's path if it has one.
func command(name string) stepFunc {
	return func(ctx context.Context, a action) (ftpclient.Reply, error) {
		return a.session.client.Command(ctx, name, a.Path)
	}
}

// list returns a function that downloads a listing.
func list(name string) stepFunc {
	return func(ctx context.Context, a action) (ftpclient.Reply, error) {
		return a.download(ctx, ftpclient.Download{Verb: name, Argument: a.Path})
	}
}

// open connects a session to the server.
func open(ctx context.Context, a action) (ftpclient.Reply, error) {
	s := a.session
	s.with, s.end = a.Name, netip.AddrPort{}
	home := a.script.Host(a.Host)
	servers, err := a.script.serverAddresses(ctx, home, a.Name)
	if err != nil {
		return none, err
	}
	if s.client != nil {
		if err := s.client.Close(ctx); err != nil && !s.broken {
			return none, err
		}
	}
	for i, server := range servers {
		s.host = a.script.facing(home, server.Addr())
		if err = a.connect(ctx, server, i < len(servers)-1); err == nil {
			break
		}
	}
	if err != nil {
		s.client = nil
		return none, err
	}
	s.end = s.client.LocalAddr()
	if s.mode != "" {
		err = s.client.SetMode(s.dataMode(), s.port)
	}
	return s.client.Greeting(), err
}

// attemptDelay is how long a client with IPv4 and IPv6 waits for a connection before it
// tries the other address (RFC 8305, 5).
const attemptDelay = 250 * time.Millisecond

// connect opens the session's control connection. It soon gives up if there is another
// address.
func (a action) connect(ctx context.Context, server netip.AddrPort, another bool) (err error) {
	s, client := a.session, a.script.scenario.Client
	port, err := s.host.NextPort()
	if err != nil {
		return err
	}
	config := ftpclient.Config{Server: server, Port: port, Mode: s.dataMode(), CommandFirst: client.CommandFirst, Linger: client.Linger,
		DataAddress: ftpclient.DataAddress(client.DataAddress), KeepAlive: client.KeepAlive, Notify: client.Notify, NoWait: a.NoWait}
	if another {
		config.ConnectWithin = attemptDelay
	}
	a.script.security.equip(&config, s.host, a.Name)
	if client.Kind == scenario.Jlaffaye {
		s.client, err = ftpclient.DialJlaffaye(ctx, s.host, config)
	} else {
		s.client, err = ftpclient.Dial(ctx, s.host, config)
	}
	return err
}

// facing returns a host under the address from which it connects to another one.
func (r *script) facing(host network.Host, addr netip.Addr) network.Host {
	other, dual := r.scenario.Network.Other(host.Name())
	if dual && other.Addr.Is6() == addr.Is6() {
		return r.Host(other.Name)
	}
	return host
}

func auth(ctx context.Context, a action) (ftpclient.Reply, error) {
	return a.session.client.Command(ctx, "AUTH", strings.ToUpper(cmp.Or(a.Mechanism, "TLS"))) // Wireshark recognises only capital letters
}

func pbsz(ctx context.Context, a action) (ftpclient.Reply, error) {
	return a.session.client.Command(ctx, "PBSZ", "0")
}

func prot(ctx context.Context, a action) (ftpclient.Reply, error) {
	level := "C"
	if a.Protect {
		level = "P"
	}
	return a.session.client.Command(ctx, "PROT", level)
}

// login fails unless the server logs the user in. A server that also asks for an
// account has not logged him in (RFC 959, 5.4).
func login(ctx context.Context, a action) (ftpclient.Reply, error) {
	reply, err := a.session.client.Login(ctx, a.User, a.Password)
	if err == nil && reply.Code/100 == 3 && a.Code == 0 {
		err = fmt.Errorf("the server said %q, and so it has not let the user in; the steps quote USER, quote PASS and quote ACCT send an account", reply)
	}
	return reply, err
}

// setMode takes the steps active and passive.
func setMode(_ context.Context, a action) (ftpclient.Reply, error) {
	s, active := a.session, a.Verb == "active"
	switch {
	case active && a.Extended:
		s.mode = ftpclient.EPRT
	case a.Extended:
		s.mode = ftpclient.EPSV
	case active:
		s.mode = ftpclient.PORT
	default:
		s.mode = ftpclient.PASV
	}
	s.port = a.Port
	if s.client == nil {
		return none, nil
	}
	return none, s.client.SetMode(s.dataMode(), s.port)
}

// dataMode returns the mode of the session's data connections: with IPv6, EPSV or EPRT
// takes the place of PASV or PORT.
func (s *session) dataMode() ftpclient.Mode {
	if s.mode == ftpclient.PORT || s.mode == ftpclient.PASV {
		return ftpclient.DefaultMode(s.host.Addr(), s.mode.Active())
	}
	return s.mode
}

func setType(ctx context.Context, a action) (ftpclient.Reply, error) {
	code := "I"
	if a.ASCII {
		code = "A"
	}
	return a.session.client.Command(ctx, "TYPE", code)
}

func rename(ctx context.Context, a action) (ftpclient.Reply, error) {
	return a.session.client.Rename(ctx, a.Path, a.To)
}

// quote sends a command unchanged.
func quote(ctx context.Context, a action) (ftpclient.Reply, error) {
	return a.session.client.Command(ctx, a.Command, "")
}

func pause(ctx context.Context, a action) (ftpclient.Reply, error) {
	return none, network.Sleep(ctx, a.session.host.Clock(), a.Pause)
}

// wait does nothing: the script has waited before it takes the step.
func wait(context.Context, action) (ftpclient.Reply, error) {
	return none, nil
}

// hangup waits until the server ends the session by itself. The server may announce
// that with 421 (RFC 959, 5.4).
func hangup(ctx context.Context, a action) (ftpclient.Reply, error) {
	waiter, ok := a.session.client.(interface {
		Await(context.Context) (ftpclient.Reply, error)
	})
	if !ok {
		return none, ftpclient.ErrUnable
	}
	reply, err := waiter.Await(ctx)
	if err == nil && reply.Code != 0 && reply.Code != 421 {
		return reply, fmt.Errorf("the server said %q, and the end of the session was expected", reply)
	}
	if err == nil {
		err = a.session.client.Close(ctx)
	}
	return reply, err
}

func quit(ctx context.Context, a action) (ftpclient.Reply, error) {
	client := a.session.client
	a.session.client = nil
	if a.NoWait {
		a.session.closedBy.Store(&a.Step)
		return none, client.QuitAtOnce(ctx)
	}
	return client.Quit(ctx)
}

// serverAddresses returns the addresses to dial, in their order: the server's, or those that
// the name server answers.
func (r *script) serverAddresses(ctx context.Context, client network.Host, name string) ([]netip.AddrPort, error) {
	if name == "" {
		return []netip.AddrPort{r.Server()}, nil
	}
	if other, dual := r.scenario.Network.Other("server"); dual && name == other.Name {
		return []netip.AddrPort{netip.AddrPortFrom(other.Addr, r.Server().Port())}, nil
	}
	if replica, ok := r.replicas[name]; ok {
		return []netip.AddrPort{netip.AddrPortFrom(r.Address(name), replica.Addr().Port())}, nil
	}
	found, err := r.LookUp(ctx, client, name)
	if err != nil {
		return nil, fmt.Errorf("looking up %s: %w", name, err)
	}
	var servers []netip.AddrPort
	for _, addr := range found {
		servers = append(servers, netip.AddrPortFrom(addr, r.scenario.Server.Port))
	}
	return servers, nil
}
