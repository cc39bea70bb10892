package lab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"ftplab/lab/scenario"
	"ftplab/lab/testbed/cell"
	"ftplab/lab/testbed/gvisor"
	"ftplab/lab/testbed/runner"
)

// DefaultSeed is the seed of a run that names none.
const DefaultSeed = 1

// AskedFor is why a session was carried by the TCP that the options or the
// scenario named.
const AskedFor = "as was asked for"

// defaultStart is when a session begins that gVisor's TCP carries: in the month
// of RFC 959.
var defaultStart = time.Date(1985, time.October, 1, 0, 0, 0, 0, time.UTC)

// play has the session of a scenario take place, on the TCP that the options
// and the scenario ask for. Where neither does, it is Linux's if this system
// allows a cell, and gVisor's elsewhere. The result says which it was, and why.
// Done must be called when the capture has been judged.
func play(ctx context.Context, s *scenario.Scenario, file *os.File, o Options, result *Result) (outcome *runner.Outcome, done func(), err error) {
	done = func() {}
	if err := checkTCP(s, o.TCP); err != nil {
		return nil, done, err
	}
	result.TCP, result.Why = cmp.Or(o.TCP, s.Network.TCP), AskedFor
	if len(s.Server.Program) > 0 {
		result.TCP = scenario.LinuxTCP
	}
	if result.TCP != scenario.GVisorTCP {
		outcome, err = playInCell(ctx, s, file, o)
		if result.TCP == scenario.LinuxTCP {
			return outcome, done, err
		}
		result.TCP, result.Why = scenario.LinuxTCP, "as this system allows private networks"
		if !errors.Is(err, cell.ErrRefused) {
			return outcome, done, err
		}
		reason, _, _ := strings.Cut(err.Error(), ". Ways out: ")
		result.TCP, result.Why = scenario.GVisorTCP, "as "+reason
	}
	if done, err = takeTurn(ctx); err != nil {
		return nil, func() {}, err
	}
	outcome, err = playInProcess(ctx, s, file, o)
	return outcome, done, err
}

// checkTCP says why a scenario cannot take place on the TCP that was asked for.
func checkTCP(s *scenario.Scenario, asked scenario.TCP) error {
	switch {
	case asked == scenario.GVisorTCP && len(s.Server.Program) > 0:
		return fmt.Errorf("line %d: a program has the kernel's sockets, so it needs Linux's TCP: leave --tcp gvisor out", s.Server.ProgramLine)
	case asked != "" && s.Network.TCP != "" && asked != s.Network.TCP:
		return fmt.Errorf("the scenario says tcp=%s: leave --tcp %s out", s.Network.TCP, asked)
	}
	return nil
}

// playInCell is runCell, for a system that may lack IPv6: then nothing was
// written, and the error says that the system refused.
func playInCell(ctx context.Context, s *scenario.Scenario, file *os.File, o Options) (*runner.Outcome, error) {
	if s.Network.IPv6 {
		if err := cell.NeedIPv6(); err != nil {
			return nil, err
		}
	}
	return runCell(ctx, s, file, o)
}

// playInProcess has the session take place on gVisor's TCP, in this process.
func playInProcess(ctx context.Context, s *scenario.Scenario, file *os.File, o Options) (*runner.Outcome, error) {
	builder := gvisor.Builder{Seed: o.seed(), Start: s.Network.Start}
	if builder.Start.IsZero() {
		builder.Start = defaultStart
	}
	recording := runner.Recording{File: file, Format: o.Format, Info: captureInfo(s, scenario.GVisorTCP, o.seed())}
	return runner.Run(ctx, s, builder, recording, runner.Steps(o.Progress))
}

// seed is the seed of a run on gVisor's TCP.
func (o Options) seed() uint64 { return cmp.Or(o.Seed, DefaultSeed) }

// tcpText says which TCP carried a session, for a reader.
func tcpText(tcp scenario.TCP, seed uint64) string {
	if tcp == scenario.GVisorTCP {
		return fmt.Sprintf("gVisor's, in virtual time, with the seed %d", seed)
	}
	return "Linux's"
}

// A turn is held by a run that this process itself carries, from its session to
// its verdict. A network in user space waits until nothing else in the process
// computes, so two runs at once would only be in each other's way.
var turn = make(chan struct{}, 1)

// takeTurn waits until no other run is carried by this process.
func takeTurn(ctx context.Context) (done func(), err error) {
	select {
	case turn <- struct{}{}:
		return func() { <-turn }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}
