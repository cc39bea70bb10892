package lab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"ftplab/lab/pcapng"
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

// defaultStart is the time at which a session on gVisor's TCP begins: the month of RFC 959.
var defaultStart = time.Date(1985, time.October, 1, 0, 0, 0, 0, time.UTC)

// A sessionRun is a session of a scenario that has run.
type sessionRun struct {
	outcome *runner.Outcome
	tcp     scenario.TCP // that carried it
	why     string       // it was this TCP
	end     func() error // must be called when the capture has been judged; its error means that the outcome does not count
}

// runSession runs the session of a scenario, on the TCP that the options and the scenario
// ask for. If neither does, that is Linux's if this system allows a cell, and else gVisor's.
// The capture is written to file. A server that is a program has its files in the folder
// files.
func runSession(ctx context.Context, s *scenario.Scenario, file *os.File, files string, o Options) (*sessionRun, error) {
	tcp, why := cmp.Or(o.TCP, s.Network.TCP), AskedFor
	switch {
	case tcp == scenario.GVisorTCP:
		return sessionInProcess(ctx, s, file, files, o, why)
	case tcp == "" && s.ProgramLine() > 0:
		tcp, why = scenario.LinuxTCP, "as a program uses the kernel's sockets"
	case tcp == "":
		why = "as this system allows private networks"
	}
	outcome, end, err := sessionInCell(ctx, s, file, files, o)
	if tcp == "" && errors.Is(err, cell.ErrRefused) {
		reason, _, _ := strings.Cut(err.Error(), ". Ways out: ")
		return sessionInProcess(ctx, s, file, files, o, "as "+reason)
	}
	return &sessionRun{outcome, scenario.LinuxTCP, why, end}, err
}

// checkTCP says why a scenario cannot take place on the TCP that was asked for.
func checkTCP(s *scenario.Scenario, asked scenario.TCP) error {
	switch {
	case s.ProgramLine() > 0 && (asked == scenario.GVisorTCP || s.Network.TCP == scenario.GVisorTCP):
		return &scenario.Error{File: s.File, Line: s.ProgramLine(), Msg: "a program uses the kernel's sockets, and so needs Linux's TCP: it cannot run with --tcp gvisor, with tcp=gvisor, or in a browser"}
	case asked == scenario.GVisorTCP && s.Network.TCP == scenario.LinuxTCP:
		return &scenario.Error{File: s.File, Line: max(1, s.Network.Line), Msg: "tcp=linux asks for Linux's TCP: it cannot run with --tcp gvisor, be exported, or run in a browser; leave tcp=linux out for these"}
	case asked != "" && s.Network.TCP != "" && asked != s.Network.TCP:
		return &scenario.Error{File: s.File, Line: max(1, s.Network.Line), Msg: fmt.Sprintf("the scenario says tcp=%s: leave --tcp %s out", s.Network.TCP, asked)}
	}
	return nil
}

// checkPlaces refuses a scenario that records at several places for a pcap file. The remedy says
// what else there is than another scenario.
func checkPlaces(s *scenario.Scenario, remedy string) error {
	places := s.Network.Places()
	if len(places) == 1 {
		return nil
	}
	return &scenario.Error{File: s.File, Line: max(1, s.Network.Line), Msg: fmt.Sprintf(
		"the capture is taken at %s, and a pcap file has one interface: %s capture=%s", strings.Join(places, " and "), remedy, places[0])}
}

// checkGVisor refuses a setting that gVisor's TCP does not have.
func checkGVisor(s *scenario.Scenario) error {
	for _, h := range s.Network.Hosts {
		if c := h.Congestion; c != "" && c != gvisor.Congestion {
			return &scenario.Error{File: s.File, Line: h.Line, Msg: fmt.Sprintf(
				"host %s: gVisor's TCP has no congestion=%s: leave it out, which means %s, or use Linux's TCP (--tcp linux, or network wire tcp=linux)", h.Name, c, gvisor.Congestion)}
		}
	}
	return nil
}

// sessionInCell runs the session in a cell. See runInCell for what it returns. It is an
// error if the scenario needs IPv6 and this system lacks it.
func sessionInCell(ctx context.Context, s *scenario.Scenario, file *os.File, files string, o Options) (*runner.Outcome, func() error, error) {
	if s.Network.IPv6 {
		if err := cell.NeedIPv6(); err != nil {
			return nil, nil, err
		}
	}
	outcome, end, err := runInCell(ctx, cell.Job{
		Spec:    job{File: s.File, Source: s.Source, Files: files, Removed: o.Removed, Format: o.Format, Server: o.Server, Client: o.Client},
		Files:   []*os.File{file},
		AllIDs:  len(s.Server.Program) > 0,
		InPlace: runner.InPlace(s),
	}, o.Progress)
	if err == nil && s.ProgramLine() == 0 && o.Server == nil && o.Client == nil && !raceDetector {
		// The kernel still takes the network down. That takes 20 ms and cannot change
		// the outcome any more.
		end = func() error { return nil }
	}
	return outcome, end, err
}

// sessionInProcess runs the session on gVisor's TCP, in this process.
func sessionInProcess(ctx context.Context, s *scenario.Scenario, file *os.File, files string, o Options, why string) (*sessionRun, error) {
	if err := checkGVisor(s); err != nil {
		return nil, err
	}
	done, err := takeTurn(ctx)
	if err != nil {
		return nil, err
	}
	builder := gvisor.Builder{Seed: o.seed(), Start: s.Network.Start}
	if builder.Start.IsZero() {
		builder.Start = defaultStart
	}
	recording := runner.Recording{File: file, Format: o.Format, Info: captureInfo(s, scenario.GVisorTCP, o.seed())}
	client := runner.Steps(o.Progress)
	if o.Server != nil || o.Client != nil {
		recording.Files, recording.Removed, recording.Server = files, o.Removed, o.Server
	}
	if o.Client != nil {
		client = o.Client.Client()
	}
	if o.Bare {
		recording.Info = pcapng.Info{Application: recording.Info.Application}
	}
	outcome, err := runner.Run(ctx, s, builder, recording, client)
	if err != nil {
		done()
		return nil, err
	}
	return &sessionRun{outcome, scenario.GVisorTCP, why, func() error { done(); return nil }}, nil
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

// turn has one element while a run on gVisor's TCP is under way in this process, from its
// session to its verdict. A network in user space waits until nothing else in the process
// computes, so two runs at once would only delay each other.
var turn = make(chan struct{}, 1)

// takeTurn waits until no other run is under way in this process.
func takeTurn(ctx context.Context) (done func(), err error) {
	select {
	case turn <- struct{}{}:
		return func() { <-turn }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}
