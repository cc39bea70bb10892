// Package runner runs the session of a scenario: it builds the network, starts
// the server, lets the client do its part while the network records every
// frame, and ends everything in order.
//
// The client's part is a function, a [Client]. [Steps] is the one that takes a
// scenario's steps; a shell, a program or Go code can be used instead. A
// [Builder] builds the network.
//
// The runner checks only what client and server know: whether the server
// accepted each command that the scenario expects it to accept, whether every
// step ended in time, and whether a transfer brought what was sent. The
// analysis judges later, from the capture alone, what crossed the network.
package runner

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"ftplab/lab/pcapng"
	"ftplab/lab/scenario"
	"ftplab/lab/testbed/network"
)

// A Builder builds the networks of one kind of system.
type Builder interface {
	// Describe adds to the capture's information what the network is.
	Describe(n scenario.Network, info *pcapng.Info)

	// Build builds a network that writes what it records to w. It may call
	// failed, once, when recording fails while the network is in use.
	Build(ctx context.Context, n scenario.Network, w *pcapng.Writer, failed func(error)) (network.Network, error)
}

// A Client is what happens in the client's place: it uses the environment until
// it is done, or ctx ends. What is not as the scenario says is a Failure; an
// error means that it could not do its part.
type Client func(ctx context.Context, e *Environment) ([]Failure, error)

// A Recording is where the capture goes.
type Recording struct {
	File   io.Writer
	Format pcapng.Format
	Info   pcapng.Info
	Server *Code  // in the place of the scenario's server; nil is none
	Files  string // a folder for the files of a server that is a program; beside it is what other programs leave
}

// An Outcome is how a session went, as client and server saw it.
type Outcome struct {
	Frames   int // recorded
	Failures []Failure
	Stalls   []Stall
	Status   int    `json:",omitempty"` // exit status of the program in the client's place
	Keys     string // of the sessions in TLS: a TLS key log
	LateKeys string // the same of programs in the clients' place, which the capture has not got
	Note     string // what the user should know of how the server ran
}

// A Failure is something that is not as the scenario says.
type Failure struct {
	Line    int    `json:"line,omitempty"` // of the scenario file; 0 is none in particular
	Message string `json:"message"`
	Late    bool   `json:"late,omitempty"` // the step did not end within its deadline
}

// In is the failure as a compiler prints it: file:line: message.
func (f Failure) In(file string) string {
	if f.Line == 0 {
		return fmt.Sprintf("%s: %s", file, f.Message)
	}
	return fmt.Sprintf("%s:%d: %s", file, f.Line, f.Message)
}

// Run makes the environment of a scenario, has the client do its part in it, and
// ends it. What is not as the scenario says is in the Outcome; an error says why
// the session could not take place, or that ctx ended. Either way the capture
// has all frames that were seen.
func Run(ctx context.Context, s *scenario.Scenario, b Builder, r Recording, client Client) (*Outcome, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	b.Describe(s.Network, &r.Info)
	w, err := pcapng.NewWriter(r.File, r.Format, r.Info)
	if err != nil {
		return nil, err
	}
	n, err := b.Build(ctx, s.Network, w, cancel) // without a recorder the session need not go on
	if err != nil {
		return nil, err
	}
	stalls := watchForStalls(ctx, n.Clock())
	keys := &keyLog{}
	if !s.Server.TLS.NoKeys && r.Format != pcapng.PCAP {
		keys.capture = w
	}
	e, err := Open(ctx, s, n, r.Files, r.Server, keys)
	if err != nil {
		return nil, errors.Join(err, n.Close(silenceAfterFailure))
	}
	e.addNote(unrecorded(s))
	failures, err := client(ctx, e)
	if err == nil {
		err = context.Cause(ctx)
	}
	e.Wait(ctx)
	failures = append(failures, e.server.faults(len(failures) > 0)...)
	closed := e.Close(ctx)
	if len(failures) == 0 {
		closed = errors.Join(closed, n.Close(network.UsualSilence))
	} else if lost := n.Close(silenceAfterFailure); !errors.Is(lost, network.ErrUnacknowledged) { // which may well follow from the failure
		closed = errors.Join(closed, lost)
	}
	if err != nil {
		return nil, err // and closed may only repeat it
	}
	if closed != nil {
		if err := w.Flush(); err != nil {
			return nil, err // the capture could not be written
		}
		failures = append(failures, Failure{Message: closed.Error()})
	}
	return &Outcome{Frames: w.Frames(), Failures: failures, Stalls: stalls(), Keys: keys.text(), LateKeys: e.programKeys(), Note: e.Note()}, nil
}

// unrecorded says which sessions are not in the capture, and how they would be.
func unrecorded(s *scenario.Scenario) string {
	hosts := s.Unrecorded()
	if len(hosts) == 0 {
		return ""
	}
	places := s.Network.Places()
	return fmt.Sprintf("the capture is taken at %s, so the sessions of %s are not in it; capture=%s would record them, too",
		strings.Join(places, ", "), strings.Join(hosts, ", "), strings.Join(append(places, hosts...), ","))
}

// silenceAfterFailure is for how long the end of a session that has failed waits
// for an acknowledgement: it may never come.
const silenceAfterFailure = 300 * time.Millisecond

// InPlace reports whether a scenario can take place on a network that is not the
// cell's own: on the loopback device as it is.
func InPlace(s *scenario.Scenario) bool { return s.Network.Kind == scenario.Loopback }
