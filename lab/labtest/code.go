package labtest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"ftplab/lab"
	"ftplab/lab/scenario"
	"ftplab/lab/testbed/network"
	"ftplab/lab/testbed/runner"
)

// An Option changes how [Scenario] runs a scenario.
type Option func(*session)

// Server makes a function of the test serve instead of the scenario's server. The function
// accepts connections from the listener until ctx ends and the listener is closed, and then
// returns. Its error fails the test, except [net.ErrClosed], as Accept returns it, or
// [context.Canceled] at the end; if a library has an error of its own for this end, such as
// http.ErrServerClosed, the function must return nil instead. The listener is a [Dialer],
// too.
func Server(serve func(ctx context.Context, l net.Listener) error) Option {
	return func(s *session) {
		if s.t.Helper(); serve == nil {
			s.t.Fatal("labtest.Server: the function is nil")
		}
		if s.server != nil {
			s.t.Fatal("labtest.Server is given twice, and a scenario has one server; leave one out")
		}
		s.server = serve
	}
}

// Client makes a function of the test the client, instead of the scenario's steps, if it has
// any. Its error fails the test. The scenario's deadline applies to the whole function.
func Client(use func(ctx context.Context, d Dialer) error) Option {
	return func(s *session) {
		if s.t.Helper(); use == nil {
			s.t.Fatal("labtest.Client: the function is nil")
		}
		if s.client != nil {
			s.t.Fatal("labtest.Client is given twice, and one function is the client; leave one out")
		}
		s.client = use
	}
}

// A Dialer connects to the network from one of its hosts.
type Dialer interface {
	// Dial and DialContext connect to an address such as "server:21". The hosts of the
	// scenario are known by their names.
	Dial(network, address string) (net.Conn, error)
	DialContext(ctx context.Context, network, address string) (net.Conn, error)

	// Listen listens at a port of this host, as for an active data connection. The
	// host in the address does not count; port 0 is any.
	Listen(network, address string) (net.Listener, error)

	// Server is the address of the server's control port, such as 192.0.2.21:21.
	Server() string

	// Files is a folder with the files of the scenario: for a server those of the
	// sections files, for a client those of the sections local.
	Files() string
}

// A session is a run of a scenario with functions of a test.
type session struct {
	t        *testing.T
	scenario *scenario.Scenario
	server   func(context.Context, net.Listener) error
	client   func(context.Context, Dialer) error
}

// The roles that a function can have.
const (
	serverRole = "server"
	clientRole = "client"
)

// options are those of the run, with the functions as code.
func (s *session) options(folder string) lab.Options {
	o := lab.Options{Results: folder}
	id := callOf(s.t)
	if s.server != nil {
		o.Server = s.code(serverRole, id, "labtest.Server", func(ctx context.Context, host network.Host, l network.Listener, files string) error {
			d := &hostDialer{dialer{s.scenario, host.Name(), files}, host}
			return s.serve(ctx, listener{hostListener{l, host.Clock()}, d})
		})
	}
	if s.client != nil {
		o.Client = s.code(clientRole, id, "labtest.Client", func(ctx context.Context, host network.Host, _ network.Listener, files string) error {
			return s.use(ctx, &hostDialer{dialer{s.scenario, host.Name(), files}, host})
		})
	}
	return o
}

// code is a function as the lab takes it: started in this process, or by this test
// again in another one; see [again].
func (s *session) code(role, id, name string, run func(context.Context, network.Host, network.Listener, string) error) *lab.Code {
	var pattern []string
	for part := range strings.SplitSeq(s.t.Name(), "/") {
		pattern = append(pattern, "^"+regexp.QuoteMeta(part)+"$")
	}
	args := []string{"-test.v", "-test.count=1", "-test.paniconexit0", "-test.run=" + strings.Join(pattern, "/")}
	if testing.Short() {
		args = append(args, "-test.short")
	}
	return &lab.Code{Name: name, Args: args, Env: []string{roleVariable + "=" + role, callVariable + "=" + id}, Run: run}
}

// The variables by which this test binary knows that it was started to run one
// function of a test, and which.
const (
	roleVariable = "FTPLAB_LABTEST_ROLE"
	callVariable = "FTPLAB_LABTEST_CALL"
)

// calls counts the calls of Scenario in each test that runs.
var calls sync.Map // of *atomic.Int32 by *testing.T

// callOf names a call of Scenario: by the test, and how many calls there were before.
func callOf(t *testing.T) string {
	number, counted := calls.LoadOrStore(t, new(atomic.Int32))
	if !counted {
		t.Cleanup(func() { calls.Delete(t) })
	}
	return fmt.Sprintf("%s %d", t.Name(), number.(*atomic.Int32).Add(1))
}

// again reports whether this process is the test, started again on a host of a
// network to run one function. If the function is of this call, it runs it and ends
// the process. Other calls in the process do nothing.
func (s *session) again() bool {
	role := os.Getenv(roleVariable)
	if role == "" {
		return false
	}
	if callOf(s.t) != os.Getenv(callVariable) {
		return true
	}
	err := s.runOnHost(role)
	if err != nil {
		fmt.Println(err)
	}
	if err != nil || s.t.Failed() {
		os.Exit(1)
	}
	syscall.Exit(0) // with -test.paniconexit0, os.Exit(0) would panic
	return true
}

// runOnHost runs a function in a process that is on its host with all its sockets,
// until it returns.
func (s *session) runOnHost(role string) error {
	ctx, stop := untilAskedToEnd(s.t.Context())
	defer stop()
	d := &kernelDialer{dialer{s.scenario, role, os.Getenv(runner.FilesVariable)}}
	if role == clientRole {
		return s.use(ctx, d)
	}
	l, err := net.Listen("tcp", d.own())
	if err != nil {
		return err
	}
	context.AfterFunc(ctx, func() { l.Close() })
	return s.serve(ctx, kernelListener{l.(*net.TCPListener), d})
}

// serve runs the function of the server, until it returns.
func (s *session) serve(ctx context.Context, l net.Listener) error {
	err := call(func() error { return s.server(ctx, l) })
	switch {
	case ctx.Err() != nil && ofTheEnd(err):
		return nil
	case ctx.Err() == nil && err == nil:
		return errEarly
	}
	return err
}

// errEarly is the error of a server that returns nil while clients may still come.
var errEarly = errors.New("the function returned before the listener was closed; it must serve until Accept returns an error")

// use runs the function of the client, until it returns.
func (s *session) use(ctx context.Context, d Dialer) error {
	return call(func() error { return s.client(ctx, d) })
}

// errGoexit is the error of a function that does not return.
var errGoexit = errors.New("it did not return, but called t.Fatal, t.Skip or the like")

// call calls a function of the test and returns its error. The function has a goroutine
// of its own, because t.Fatal and t.Skip end that of their caller.
func call(function func() error) error {
	ended := make(chan error, 1)
	go func() {
		err := errGoexit
		defer func() {
			if p := recover(); p != nil {
				panic(p) // it prints its message before the caller can end the process
			}
			ended <- err
		}()
		err = function()
	}()
	return <-ended
}

// ofTheEnd reports whether an error, with all that it joins, says only that a listener,
// a connection or ctx has ended.
func ofTheEnd(err error) bool {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return !slices.ContainsFunc(joined.Unwrap(), func(err error) bool { return !ofTheEnd(err) })
	}
	return errors.Is(err, net.ErrClosed) || errors.Is(err, context.Canceled)
}
