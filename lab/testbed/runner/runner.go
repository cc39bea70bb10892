// Package runner runs a scenario: it builds the network, starts the server, runs the
// client while the network records every frame, and then ends client, server and network.
//
// A [Builder] builds the network. The client is a function, a [Client]: [Steps] returns
// the one that takes the scenario's steps; others run a shell, a program or Go code.
//
// The runner checks only what client and server know: whether the server accepted each
// command that the scenario expects it to accept, whether every step ended in time, and
// whether the receiver of a transfer got what the sender sent. The packages of
// lab/analysis judge later, from the capture alone, what crossed the network.
package runner

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"time"

	"ftplab/lab/oserror"
	"ftplab/lab/pcapng"
	"ftplab/lab/scenario"
	"ftplab/lab/testbed/network"
)

// A Builder builds the networks of one kind of system.
type Builder interface {
	// Describe adds a description of the network to the information of the capture.
	Describe(n scenario.Network, info *pcapng.Info)

	// Build builds a network that writes all frames to w. It may call failed, once, if
	// recording fails while the network is in use.
	Build(ctx context.Context, n scenario.Network, w *pcapng.Writer, failed func(error)) (network.Network, error)
}

// A Client does what the clients of the scenario do. It uses the environment until it
// is done or ctx ends. A Failure is something that is not as the scenario says; an
// error means that the client could not do its part.
type Client func(ctx context.Context, e *Environment) ([]Failure, error)

// A Recording says where the results go.
type Recording struct {
	File    io.Writer
	Format  pcapng.Format
	Info    pcapng.Info
	Server  *Code  // replaces the scenario's server; nil is none
	Files   string // a folder for the files of a server that is a program; files of other programs, and what all print, are put next to it
	Removed bool   // the caller removes these files, so messages name none of them
	Limit   int64  // bytes of the capture at which the session is stopped; 0 is the usual
	ByHand  bool   // a person is the client, who may leave rules of the server and of the path unused
}

// An Outcome is the result of a run, as client and server saw it.
type Outcome struct {
	Frames   int // recorded
	Failures []Failure
	Stalls   []Stall
	Status   int    `json:",omitempty"` // exit status of the program in the client's place
	Keys     string // a TLS key log of the sessions in TLS
	LateKeys string // the keys of programs in the place of clients, which are not in the capture
	Note     string // remarks for the user about how the server ran

	// Incomplete says what the recording lacks of a person's session, which cannot be done again; see
	// [network.ErrIncomplete]. Any other session has the error in place of an outcome.
	Incomplete string `json:",omitempty"`
}

// A Failure is something that is not as the scenario says.
type Failure struct {
	Line    int    `json:"line,omitempty"` // of the scenario file; 0 is none in particular
	Message string `json:"message"`
	Late    bool   `json:"late,omitempty"`    // the step did not end within its deadline
	Program bool   `json:"program,omitempty"` // its program ended with another status than the step says
	Crashed bool   `json:"crashed,omitempty"` // a signal ended its program, such as SIGSEGV, or a shell could not run it

	Began  time.Time      `json:"began,omitzero"`  // when the program began
	Client netip.AddrPort `json:"client,omitzero"` // the client's end of the session's control connection

	answered bool // the server answered the step, so an end of the server is not why it failed
}

// In returns the failure in the form of a compiler's error: file:line: message.
func (f Failure) In(file string) string {
	if f.Line == 0 {
		return fmt.Sprintf("%s: %s", file, f.Message)
	}
	return fmt.Sprintf("%s:%d: %s", file, f.Line, f.Message)
}

// Run makes the environment of a scenario, runs the client in it, and ends it. The
// Outcome has the failures: what is not as the scenario says. An error says why the
// scenario could not run, that frames were lost in places where none may be
// ([network.ErrIncomplete]), or that ctx ended before the last frame was recorded. In all
// cases the capture has all frames that were recorded.
func Run(ctx context.Context, s *scenario.Scenario, b Builder, r Recording, client Client) (*Outcome, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	b.Describe(s.Network, &r.Info)
	w, err := pcapng.NewWriter(r.File, r.Format, r.Info)
	if err != nil {
		return nil, err
	}
	stopped := r.stopAtLimit(s, w, cancel)
	n, err := b.Build(ctx, s.Network, w, cancel) // without a recorder there is no reason to continue
	if err != nil {
		return nil, err
	}
	stalls := watchForStalls(ctx, n.Clock())
	keys := &keyLog{}
	if !s.Server.TLS.NoKeys && r.Format != pcapng.PCAP {
		keys.capture = w
	}
	e, err := Open(ctx, s, n, r, keys)
	if err != nil {
		return nil, errors.Join(err, n.Close(silenceAfterFailure))
	}
	e.addNote(unrecorded(s))
	failures, err := client(ctx, e)
	if err == nil {
		err = context.Cause(ctx)
	}
	if errors.Is(err, stopped) {
		failures, err = stoppedAt(failures, stopped), nil
	}
	e.Wait(ctx, len(failures) > 0)
	failures = withFaults(failures, e.server, r.ByHand)
	closed := errors.Join(e.Close(ctx), closeNetwork(n, len(failures) > 0))
	if !r.ByHand {
		failures = append(failures, unmetRules(s, n, failures)...)
	}
	if ended := context.Cause(ctx); err == nil && !errors.Is(ended, stopped) {
		err = ended // while the servers and the network were closed, which is part of the session
	}
	if err != nil {
		return nil, err // closed may only repeat it
	}
	incomplete := errors.Is(closed, network.ErrIncomplete) && !errors.Is(context.Cause(ctx), stopped)
	if incomplete && !r.ByHand {
		return nil, closed
	}
	o := &Outcome{Stalls: stalls(), Keys: keys.text(), LateKeys: e.programKeys(), Note: e.Note()}
	if closed != nil && !errors.Is(closed, stopped) {
		if err := w.Flush(); err != nil {
			return nil, err // the capture could not be written
		}
		if text := oserror.Text(closed); incomplete {
			o.Incomplete = text
		} else {
			failures = append(failures, Failure{Message: text})
		}
	}
	o.Frames, o.Failures = w.Frames(), failures
	return o, nil
}

// withFaults puts the server's failures before those of the clients: a server's early end is
// why its clients failed, unless it answered them. Without any, what the server printed last
// may be the reason.
func withFaults(failures []Failure, from server, byHand bool) []Failure {
	faults := from.faults(len(failures) > 0 || byHand)
	if len(failures) > 0 && len(faults) == 0 {
		failures[0].Message = withWords(failures[0].Message, from.printed())
	}
	if len(failures) > 0 && failures[0].answered {
		return append(failures, faults...)
	}
	return append(faults, failures...)
}

// closeNetwork ends the network after the servers have closed their connections. In a
// session that has failed, data that nobody acknowledged is a likely result of the failure
// and no error.
func closeNetwork(n network.Network, failed bool) error {
	if !failed {
		return n.Close(network.UsualSilence)
	}
	err := n.Close(silenceAfterFailure)
	if errors.Is(err, network.ErrUnacknowledged) && !errors.Is(err, network.ErrIncomplete) {
		return nil
	}
	return err
}

// ServerLog is how a message about a step calls what a server that is a program printed.
const ServerLog = "the server's log"

// withWords adds to the message about a step what the server printed last, which may be the
// reason.
func withWords(message, words string) string {
	if strings.Contains(message, "\n") && words != "" { // below what a client printed
		words = "\n\t" + strings.TrimPrefix(words, "; ")
	}
	return message + words
}

// unmetRules returns the rules of the path that no packet has met. In a session that has
// failed they may be those of steps that were not taken, unless the failed step should
// have broken: then the rule may be why it did not.
func unmetRules(s *scenario.Scenario, n network.Network, failures []Failure) (unmet []Failure) {
	for _, f := range failures {
		breaking := func(step scenario.Step) bool { return step.Line == f.Line && step.Break != "" }
		if !slices.ContainsFunc(s.Steps, breaking) {
			return nil
		}
	}
	for _, rule := range n.UnmetRules() {
		unmet = append(unmet, Failure{Line: rule.Line, Message: rule.Message})
	}
	return unmet
}

// unrecorded says which sessions are not in the capture, and how to record them, too.
func unrecorded(s *scenario.Scenario) string {
	hosts := s.Unrecorded()
	if len(hosts) == 0 {
		return ""
	}
	places := s.Network.Places()
	return fmt.Sprintf("the capture is taken at %s, so the sessions of %s are not in it; capture=%s would record them, too",
		strings.Join(places, ", "), strings.Join(hosts, ", "), strings.Join(append(places, hosts...), ","))
}

// silenceAfterFailure is how long the end of a failed session waits for an
// acknowledgement, which may never come.
const silenceAfterFailure = 300 * time.Millisecond

// InPlace reports whether a scenario can run outside a cell, on the machine's own
// loopback device.
func InPlace(s *scenario.Scenario) bool { return s.Network.Kind == scenario.Loopback }
