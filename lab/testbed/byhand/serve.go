package byhand

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/textproto"
	"os"
	"time"

	"ftplab/lab/scenario"
	"ftplab/lab/testbed/ftpserver"
	"ftplab/lab/testbed/network"
	"ftplab/lab/testbed/runner"
)

// farewell is how long the connections of a server that is told to stop may
// take to close in order.
const farewell = 3 * time.Second

// Serve runs a scenario's server, with its files, users and wording, on one
// address of this machine until ctx ends. A zero port is the scenario's own.
// Ready is called when clients can connect. Ended by ctx, it returns nil.
func Serve(ctx context.Context, s *scenario.Scenario, addr netip.Addr, port uint16, ready func(netip.AddrPort)) error {
	config := runner.ServerConfig(s)
	if port != 0 {
		config.Port = port
	}
	machine := network.NewMachine(scenario.Host{Name: "server", Addr: addr})
	server, err := ftpserver.Start(machine, config)
	if errors.Is(err, os.ErrPermission) {
		return fmt.Errorf("%w: ports below 1024 are root's here; another one, such as --port 2121, is anybody's", err)
	}
	if err != nil {
		return err
	}
	ready(server.Addr())
	<-ctx.Done()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), farewell)
	defer cancel()
	return server.Close(ctx)
}

// Greet opens a session with the server at addr and ends it again. It fails
// unless the server is ready for clients: its first reply must be 220 (RFC 959,
// 5.4).
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
