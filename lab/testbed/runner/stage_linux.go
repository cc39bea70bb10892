package runner

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"ftplab/lab/pcapng"
	"ftplab/lab/scenario"
	"ftplab/lab/testbed/linux/loopback"
	"ftplab/lab/testbed/linux/wire"
	"ftplab/lab/testbed/network"
)

// farewell is how long clients and server may take to end in order what is open
// after the last step, before the server closes it.
const farewell = 3 * time.Second

// A stage is everything that a scenario is played with.
type stage struct {
	scenario *scenario.Scenario
	network  network.Network
	writer   *pcapng.Writer // of the network's recorder
	server   server
	names    net.PacketConn // the name server's; nil without one
	lookups  uint16         // so far
	meter    *meter
	sessions map[string]*session
}

// Play plays a scenario to its end. What is not as the scenario says is in the
// Outcome; an error says why it could not be played, or that ctx ended. Either
// way the capture has all frames that were seen.
func Play(ctx context.Context, s *scenario.Scenario, r Recording, tell func(Progress)) (*Outcome, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stalls := watchForStalls(ctx)
	st := &stage{scenario: s, meter: newMeter(tell), sessions: map[string]*session{}}
	defer st.meter.stop()
	if err := st.raise(ctx, r, cancel); err != nil {
		return nil, err
	}
	failures := st.play(ctx)
	if err := context.Cause(ctx); err != nil {
		st.close(ctx)
		return nil, err
	}
	outcome, err := st.end(ctx, failures)
	if err != nil {
		return nil, err
	}
	outcome.Stalls = stalls()
	return outcome, nil
}

// Visit sets the stage for a scenario, its network and its server, and records
// all that happens. But the client's part is not the scenario's steps: it is
// whatever visit does on the client's host. The error is that of visit, or says
// that the stage could not be set.
func Visit(ctx context.Context, s *scenario.Scenario, r Recording, visit func(ctx context.Context, client network.Host) error) (*Outcome, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	st := &stage{scenario: s}
	if err := st.raise(ctx, r, cancel); err != nil {
		return nil, err
	}
	if err := visit(ctx, st.network.Host("client")); err != nil {
		return nil, errors.Join(err, st.close(ctx))
	}
	return st.end(ctx, nil)
}

// raise builds the network and starts the server on it.
func (st *stage) raise(ctx context.Context, r Recording, cancel context.CancelCauseFunc) (err error) {
	if err := st.openNetwork(ctx, r, cancel); err != nil {
		return err
	}
	if err := st.startServer(ctx, r.Files); err != nil {
		return errors.Join(err, st.network.Close())
	}
	if err := st.startNameserver(); err != nil {
		return errors.Join(err, st.close(ctx))
	}
	return nil
}

// end closes the stage and says how it all went.
func (st *stage) end(ctx context.Context, failures []Failure) (*Outcome, error) {
	if err := st.close(ctx); err != nil {
		if err := st.writer.Flush(); err != nil {
			return nil, err // the capture could not be written
		}
		failures = append(failures, Failure{Message: err.Error()})
	}
	return &Outcome{Frames: st.writer.Frames(), Failures: failures}, nil
}

// openNetwork builds the scenario's network, which records from then on. When
// recording fails the scenario need not go on: cancel tells it so.
func (st *stage) openNetwork(ctx context.Context, r Recording, cancel context.CancelCauseFunc) error {
	plan := st.scenario.Network
	if plan.Kind == scenario.Loopback {
		r.Info.Interface, r.Info.Remark = "lo", loopback.Remark
		if r.Shared {
			r.Info.Remark = loopback.SharedRemark
		}
	} else {
		r.Info.Interface = plan.Capture
	}
	var err error
	if st.writer, err = pcapng.NewWriter(r.File, r.Format, r.Info); err != nil {
		return err
	}
	if plan.Kind == scenario.Loopback {
		st.network, err = loopback.Open(plan, loopback.Recording{Writer: st.writer, Failed: cancel, Shared: r.Shared})
	} else {
		st.network, err = wire.New(ctx, plan, st.writer)
	}
	return err
}

// close ends the sessions, the server and the network, in this order, so that
// every connection is closed in order and all of it is recorded. The server is
// given the time to hear and answer what is still under way, such as a QUIT
// whose sender did not wait.
func (st *stage) close(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	clock := st.network.Clock()
	patience, cancel := network.WithTimeout(ctx, clock, farewell)
	defer cancel()
	for _, s := range st.sessions {
		s.close(patience)
	}
	st.server.Wait(patience) // whose error is that of Close, below
	ctx, cancel = network.WithTimeout(ctx, clock, farewell)
	defer cancel()
	if st.names != nil {
		st.names.Close()
	}
	return errors.Join(st.server.Close(ctx), st.network.Close())
}

// serverAddress finds the address to dial: the server's, or what the name
// server says.
func (st *stage) serverAddress(ctx context.Context, client network.Host, name string) (netip.AddrPort, error) {
	if name == "" {
		return st.server.Addr(), nil
	}
	addr, err := st.lookUp(ctx, client, name)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("looking up %s: %w", name, err)
	}
	return netip.AddrPortFrom(addr, st.scenario.Server.Port), nil
}
