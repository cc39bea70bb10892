package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"

	"ftplab/lab/scenario"
	"ftplab/lab/testbed/byhand"
	"ftplab/lab/testbed/cell"
	"ftplab/lab/testbed/runner"
)

// A serving is what a cell does that serves.
type serving struct {
	Addr netip.Addr
	Port uint16
}

// A ServerEnded is the error of [Serve] if a server that is a program has ended by itself. It
// says how, and what the program printed last.
type ServerEnded = runner.ServerEnded

// Serve runs a scenario's server on an address of this machine until ctx ends; then
// it returns nil. If port is zero, it uses the scenario's. Ready is called when
// clients can connect.
//
// A server that is a program runs in a sandbox, as in a session, and ends with all
// that it has started. Serve fails where the system does not allow that, and with a
// [ServerEnded] if the program ends before ctx.
func Serve(ctx context.Context, s *scenario.Scenario, addr netip.Addr, port uint16, ready func(netip.AddrPort)) error {
	if len(s.Server.Program) == 0 {
		return byhand.Serve(ctx, s, addr, port, ready)
	}
	if err := runner.FindServer(s); err != nil {
		return err
	}
	var ended ServerEnded
	err := cell.Run(ctx, cell.Job{
		Spec:           job{File: s.File, Source: s.Source, Serve: &serving{addr, port}},
		AllIDs:         true,
		MachineNetwork: true,
		Message: func(text json.RawMessage) {
			var m message
			if json.Unmarshal(text, &m) != nil {
				return
			}
			ended = m.Ended
			if m.Serving != nil {
				ready(*m.Serving)
			}
		},
	})
	if errors.Is(err, cell.ErrRefused) {
		return fmt.Errorf("%s:%d: the server is a program, and only served in a sandbox: %w", s.File, s.Server.ProgramLine, err)
	}
	if err == nil && ended != "" {
		return ended
	}
	return err
}
