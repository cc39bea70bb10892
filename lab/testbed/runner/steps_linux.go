package runner

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"ftplab/lab/scenario"
	"ftplab/lab/testbed/ftpclient"
	"ftplab/lab/testbed/network"
)

// A session is one client program at work.
type session struct {
	host   network.Host
	client ftpclient.Client
	mode   ftpclient.Mode // for the next open; "" is the usual one
	port   uint16
	busy   chan struct{} // closed when its step that goes on in the background has ended
}

// play takes the steps, up to the first failure or the end of ctx.
func (st *stage) play(ctx context.Context) []Failure {
	failed := make(chan Failure, len(st.scenario.Steps))
	for _, step := range st.scenario.Steps {
		s := st.session(step)
		if step.Verb == "wait" {
			st.waitForAll()
		} else {
			s.wait()
		}
		if len(failed) > 0 || ctx.Err() != nil { // perhaps of what was waited for
			break
		}
		if step.Background {
			s.busy = make(chan struct{})
			go func() {
				defer close(s.busy)
				st.take(ctx, s, step, failed)
			}()
		} else {
			st.take(ctx, s, step, failed)
		}
	}
	st.waitForAll()
	close(failed)
	var failures []Failure
	for f := range failed {
		failures = append(failures, f)
	}
	return failures
}

// session returns the session that takes a step.
func (st *stage) session(step scenario.Step) *session {
	s, ok := st.sessions[step.Session]
	if !ok {
		s = &session{host: st.network.Host(step.Host), busy: make(chan struct{})}
		close(s.busy)
		st.sessions[step.Session] = s
	}
	return s
}

func (s *session) wait() { <-s.busy }

func (st *stage) waitForAll() {
	for _, s := range st.sessions {
		s.wait()
	}
}

// close ends a session that the steps left open.
func (s *session) close(ctx context.Context) {
	if s.client != nil {
		s.client.Close(ctx)
	}
}

// take takes one step within its deadline and says what is wrong with it.
func (st *stage) take(ctx context.Context, s *session, step scenario.Step, failed chan<- Failure) {
	ctx, cancel := network.WithTimeout(ctx, s.host.Clock(), st.deadline(step))
	defer cancel()
	reply, err := steps[step.Verb](st, ctx, s, step)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		err = fmt.Errorf("%w; the deadline for this step was %v", err, st.deadline(step))
	case err != nil:
	case step.Refused && !reply.Refused():
		err = fmt.Errorf("the server said %q, and the ! says that it should refuse", reply)
	case !step.Refused && reply.Refused() && step.Verb != "auth":
		err = fmt.Errorf("the server refused: %q", reply)
	}
	if err != nil {
		failed <- Failure{step.Line, fmt.Sprintf("%s: %v", step.Text, err)}
	}
}

// deadline is how long a step may take: the scenario's deadline, and for a
// transfer the time that all of the scenario's data needs, as others may be under
// way, at a slow machine's pace or on the scenario's path.
func (st *stage) deadline(step scenario.Step) time.Duration {
	limit := st.scenario.Deadline
	switch {
	case step.Transfers():
		const pace = 10 << 20 // bytes a second
		seconds := float64(st.scenario.Network.Volume) / pace
		if rate := st.scenario.Network.Rate; rate > 0 {
			seconds += 4 * 8 * float64(st.scenario.Network.Volume) / float64(rate)
		}
		limit += time.Duration(seconds * float64(time.Second))
	case step.Verb == "pause":
		limit += step.Pause
	}
	return limit
}

// A taker takes a step of one verb. The reply is the last one of the step; of a
// step to which the server says nothing it is the zero Reply.
type taker func(*stage, context.Context, *session, scenario.Step) (ftpclient.Reply, error)

// steps has the taker of each verb.
var steps map[string]taker

func init() {
	steps = map[string]taker{
		"open":    (*stage).open,
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
		"get":     (*stage).get,
		"resume":  (*stage).get,
		"abort":   (*stage).abort,
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
	return func(_ *stage, ctx context.Context, s *session, step scenario.Step) (ftpclient.Reply, error) {
		return s.client.Command(ctx, name, step.Path)
	}
}

// list returns the taker that downloads a listing.
func list(name string) taker {
	return func(st *stage, ctx context.Context, s *session, step scenario.Step) (ftpclient.Reply, error) {
		t, err := s.client.Download(ctx, ftpclient.Download{Verb: name, Argument: step.Path, To: st.meter})
		return t.Reply(), err
	}
}

// open connects a session to the server.
func (st *stage) open(ctx context.Context, s *session, step scenario.Step) (ftpclient.Reply, error) {
	server, err := st.serverAddress(ctx, s.host, step.Name)
	if err != nil {
		return ftpclient.Reply{}, err
	}
	if s.client != nil {
		if err := s.client.Close(ctx); err != nil {
			return ftpclient.Reply{}, err
		}
	}
	client := st.scenario.Client
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

func auth(_ *stage, ctx context.Context, s *session, step scenario.Step) (ftpclient.Reply, error) {
	return s.client.Command(ctx, "AUTH", cmp.Or(step.Mechanism, "TLS"))
}

func login(_ *stage, ctx context.Context, s *session, step scenario.Step) (ftpclient.Reply, error) {
	return s.client.Login(ctx, step.User, step.Password)
}

// setMode is the step active or passive.
func setMode(st *stage, _ context.Context, s *session, step scenario.Step) (ftpclient.Reply, error) {
	active := step.Verb == "active"
	switch {
	case active && step.Extended:
		s.mode = ftpclient.EPRT
	case step.Extended:
		s.mode = ftpclient.EPSV
	default:
		s.mode = ftpclient.DefaultMode(st.server.Addr().Addr(), active)
	}
	s.port = step.Port
	if s.client == nil {
		return ftpclient.Reply{}, nil
	}
	return ftpclient.Reply{}, s.client.SetMode(s.mode, s.port)
}

func setType(_ *stage, ctx context.Context, s *session, step scenario.Step) (ftpclient.Reply, error) {
	code := "I"
	if step.ASCII {
		code = "A"
	}
	return s.client.Command(ctx, "TYPE", code)
}

func rename(_ *stage, ctx context.Context, s *session, step scenario.Step) (ftpclient.Reply, error) {
	return s.client.Rename(ctx, step.Path, step.To)
}

// quote sends a command as it stands.
func quote(_ *stage, ctx context.Context, s *session, step scenario.Step) (ftpclient.Reply, error) {
	return s.client.Command(ctx, step.Command, "")
}

func pause(_ *stage, ctx context.Context, s *session, step scenario.Step) (ftpclient.Reply, error) {
	return ftpclient.Reply{}, network.Sleep(ctx, s.host.Clock(), step.Pause)
}

// wait does nothing: what was to be waited for has ended before the step is taken.
func wait(*stage, context.Context, *session, scenario.Step) (ftpclient.Reply, error) {
	return ftpclient.Reply{}, nil
}

// hangup waits until the server ends the session by itself, which it says with
// 421 (RFC 959, 5.4): that reply is no refusal, but what was waited for.
func hangup(_ *stage, ctx context.Context, s *session, _ scenario.Step) (ftpclient.Reply, error) {
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

func quit(_ *stage, ctx context.Context, s *session, step scenario.Step) (reply ftpclient.Reply, err error) {
	client := s.client
	s.client = nil
	if step.NoWait {
		return ftpclient.Reply{}, client.QuitAtOnce(ctx)
	}
	return client.Quit(ctx)
}
