package byhand

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/textproto"
	"os"
	"path/filepath"
	"slices"
	"time"

	"ftplab/lab/scenario"
	"ftplab/lab/testbed/network"
	"ftplab/lab/testbed/runner"
)

// Serve runs a scenario's server, with its files, users and wording, on one
// address of this machine until ctx ends; then it returns nil. If the server ends before,
// the error is a [runner.ServerEnded]. If port is zero,
// it uses the scenario's. Ready is called when clients can connect. It must run in a
// cell if the server is a program, as that ends all that its process has started.
func Serve(ctx context.Context, s *scenario.Scenario, addr netip.Addr, port uint16, ready func(netip.AddrPort)) error {
	if replicas := s.Server.Replicas; len(replicas) > 0 {
		return fmt.Errorf("%s:%d: replica: serve has one address for one server, and a replica needs a host of its own, as in run and shell", s.File, replicas[0].Line)
	}
	served := *s
	served.Names = nil                                          // a name server would answer for the scenario's network, which is not used here
	isOther := func(h scenario.Host) bool { return h.Of != "" } // there is one address
	served.Network.Hosts = slices.DeleteFunc(slices.Clone(s.Network.Hosts), isOther)
	if port != 0 && len(s.Server.Program) > 0 {
		return fmt.Errorf("%s:%d: the server is a program, which chooses its own port; --port is for the lab's own server only", s.File, s.Server.ProgramLine)
	}
	if port != 0 {
		served.Server.Port = port
	}
	folder, err := os.MkdirTemp("", "ftplab-serve-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	here := thisMachine{network.NewMachine(scenario.Host{Name: "server", Addr: addr})}
	e, err := runner.Open(ctx, &served, here, runner.Recording{Files: filepath.Join(folder, "files"), Removed: true}, io.Discard)
	if errors.Is(err, os.ErrPermission) {
		return fmt.Errorf("%w: on this machine only root may use ports below 1024; choose another one, such as --port 2121", err)
	}
	if err != nil {
		return err
	}
	if note := e.Note(); note != "" {
		e.Close(ctx)
		return fmt.Errorf("%s:%d: the server is a program, and only served in a sandbox: %s", s.File, s.Server.ProgramLine, note)
	}
	ready(netip.AddrPortFrom(addr, e.Server().Port()))
	err = e.AwaitServer(ctx)
	return errors.Join(err, e.Close(ctx))
}

// thisMachine is a network with one host, this machine, without a recorder.
type thisMachine struct{ machine *network.Machine }

func (m thisMachine) Host(string) network.Host  { return m.machine }
func (m thisMachine) Clock() network.Clock      { return m.machine.Clock() }
func (m thisMachine) Close(time.Duration) error { return nil }

// UnmetRules implements [network.Network]. There is no path.
func (m thisMachine) UnmetRules() []network.UnmetRule { return nil }

// Greet opens a session with the server at addr and closes it. It fails unless
// the first reply is 220, which says that the server is ready (RFC 959, 5.4).
func Greet(ctx context.Context, addr netip.AddrPort) error {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", addr.String())
	if err != nil {
		return err
	}
	defer conn.Close()
	if deadline, ok := ctx.Deadline(); ok {
		conn.SetDeadline(deadline)
	}
	control := textproto.NewConn(conn)
	if _, _, err := control.ReadResponse(220); err != nil {
		return fmt.Errorf("the greeting of %v: %w", addr, err)
	}
	if err := control.PrintfLine("QUIT"); err != nil {
		return err
	}
	_, _, err = control.ReadResponse(221)
	return err
}
