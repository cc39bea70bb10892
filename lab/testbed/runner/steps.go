package runner

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"

	"ftplab/lab/scenario"
	"ftplab/lab/testbed/ftpclient"
	"ftplab/lab/testbed/network"
)

// A taker takes a step of one verb. The reply is the last one of the step; of a
// step to which the server says nothing it is the zero Reply.
type taker func(*script, context.Context, *session, scenario.Step) (ftpclient.Reply, error)

// steps has the taker of each verb.
var steps map[string]taker

func init() {
	steps = map[string]taker{
		"open":    (*script).open,
		"auth":    auth,
		"login":   login,
		"quit":    quit,
		"hangup":  hangup,
		"wait":    wait,
		"pause":   pause,
		"active":  setMode,
		"passive": setMode,
		"type":    setType,
		"ls":      list("LIST"),
		"nlst":    list("NLST"),
		"mlsd":    list("MLSD"),
		"get":     (*script).get,
		"resume":  (*script).get,
		"abort":   (*script).abort,
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
	}
}

// command returns the taker that sends a command, with the step's path if it has one.
func command(name string) taker {
	return func(_ *script, ctx context.Context, s *session, step scenario.Step) (ftpclient.Reply, error) {
		return s.client.Command(ctx, name, step.Path)
	}
}

// list returns the taker that downloads a listing.
func list(name string) taker {
	return func(r *script, ctx context.Context, s *session, step scenario.Step) (ftpclient.Reply, error) {
		t, err := s.client.Download(ctx, ftpclient.Download{Verb: name, Argument: step.Path, To: r.meter})
		return t.Reply(), err
	}
}

// open connects a session to the server.
func (r *script) open(ctx context.Context, s *session, step scenario.Step) (ftpclient.Reply, error) {
	server, err := r.serverAddress(ctx, s.host, step.Name)
	if err != nil {
		return ftpclient.Reply{}, err
	}
	if s.client != nil {
		if err := s.client.Close(ctx); err != nil {
			return ftpclient.Reply{}, err
		}
	}
	client := r.scenario.Client
	config := ftpclient.Config{
		Server:       server,
		Port:         s.host.NextPort(),
		Mode:         s.mode,
		CommandFirst: client.CommandFirst,
		Linger:       client.Linger,
	}
	if client.Kind == scenario.Jlaffaye {
		s.client, err = ftpclient.DialJlaffaye(ctx, s.host, config)
	} else {
		s.client, err = ftpclient.Dial(ctx, s.host, config)
	}
	if err != nil {
		s.client = nil
		return ftpclient.Reply{}, err
	}
	if s.mode != "" {
		err = s.client.SetMode(s.mode, s.port)
	}
	return s.client.Greeting(), err
}

func auth(_ *script, ctx context.Context, s *session, step scenario.Step) (ftpclient.Reply, error) {
	return s.client.Command(ctx, "AUTH", cmp.Or(step.Mechanism, "TLS"))
}

func login(_ *script, ctx context.Context, s *session, step scenario.Step) (ftpclient.Reply, error) {
	return s.client.Login(ctx, step.User, step.Password)
}

// setMode is the step active or passive.
func setMode(r *script, _ context.Context, s *session, step scenario.Step) (ftpclient.Reply, error) {
	active := step.Verb == "active"
	switch {
	case active && step.Extended:
		s.mode = ftpclient.EPRT
	case step.Extended:
		s.mode = ftpclient.EPSV
	default:
		s.mode = ftpclient.DefaultMode(r.Server().Addr(), active)
	}
	s.port = step.Port
	if s.client == nil {
		return ftpclient.Reply{}, nil
	}
	return ftpclient.Reply{}, s.client.SetMode(s.mode, s.port)
}

func setType(_ *script, ctx context.Context, s *session, step scenario.Step) (ftpclient.Reply, error) {
	code := "I"
	if step.ASCII {
		code = "A"
	}
	return s.client.Command(ctx, "TYPE", code)
}

func rename(_ *script, ctx context.Context, s *session, step scenario.Step) (ftpclient.Reply, error) {
	return s.client.Rename(ctx, step.Path, step.To)
}

// quote sends a command as it stands.
func quote(_ *script, ctx context.Context, s *session, step scenario.Step) (ftpclient.Reply, error) {
	return s.client.Command(ctx, step.Command, "")
}

func pause(_ *script, ctx context.Context, s *session, step scenario.Step) (ftpclient.Reply, error) {
	return ftpclient.Reply{}, network.Sleep(ctx, s.host.Clock(), step.Pause)
}

// wait does nothing: what was to be waited for has ended before the step is taken.
func wait(*script, context.Context, *session, scenario.Step) (ftpclient.Reply, error) {
	return ftpclient.Reply{}, nil
}

// hangup waits until the server ends the session by itself, which it says with
// 421 (RFC 959, 5.4): that reply is no refusal, but what was waited for.
func hangup(_ *script, ctx context.Context, s *session, _ scenario.Step) (ftpclient.Reply, error) {
	waiter, ok := s.client.(interface {
		Await(context.Context) (ftpclient.Reply, error)
	})
	if !ok {
		return ftpclient.Reply{}, ftpclient.ErrUnable
	}
	reply, err := waiter.Await(ctx)
	if err == nil && reply.Code != 421 {
		return reply, fmt.Errorf("the server said %q, and 421 was expected", reply)
	}
	if err == nil {
		err = s.client.Close(ctx)
	}
	return ftpclient.Reply{}, err
}

func quit(_ *script, ctx context.Context, s *session, step scenario.Step) (reply ftpclient.Reply, err error) {
	client := s.client
	s.client = nil
	if step.NoWait {
		return ftpclient.Reply{}, client.QuitAtOnce(ctx)
	}
	return client.Quit(ctx)
}

// serverAddress finds the address to dial: the server's, or what the name
// server says.
func (r *script) serverAddress(ctx context.Context, client network.Host, name string) (netip.AddrPort, error) {
	if name == "" {
		return r.Server(), nil
	}
	addr, err := r.LookUp(ctx, client, name)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("looking up %s: %w", name, err)
	}
	return netip.AddrPortFrom(addr, r.scenario.Server.Port), nil
}
