package runner

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"path"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"ftplab/lab/oserror"
	"ftplab/lab/scenario"
	"ftplab/lab/testbed/ftpclient"
	"ftplab/lab/testbed/network"
)

// Steps returns the client that takes the scenario's steps, up to the first that fails.
// It calls report with the progress of the transfers, at most ten times a second;
// report may be nil.
func Steps(report func(Progress)) Client { return StepsWith(report, nil) }

// StepsWith is like Steps, and also calls transfer after each transfer; transfer may be
// nil.
func StepsWith(report func(Progress), transfer func(Transfer)) Client {
	return func(ctx context.Context, e *Environment) ([]Failure, error) {
		r := &script{Environment: e, meter: newMeter(e.network.Clock(), report), transfer: transfer, sessions: map[string]*session{}}
		failures := r.run(ctx)
		r.close(ctx, len(failures) > 0)
		return failures, nil
	}
}

// A script takes the steps of a scenario.
type script struct {
	*Environment
	meter    *meter
	transfer func(Transfer) // called for each that has ended; may be nil
	sessions map[string]*session
}

// A session is one client with its control connection.
type session struct {
	host   network.Host
	client ftpclient.Client
	end    netip.AddrPort // the client's end of its control connection
	with   string         // the name in its step open; "" is the server
	mode   ftpclient.Mode // that the steps chose, PASV and PORT for any address; "" is the default
	port   uint16
	broken bool  // a step broke as expected, and so may the end of the session
	hangs  bool  // a step had no answer, as expected, and none has come since
	offset int64 // where the next transfer begins, bytes

	data     []network.Conn // data connections that steps opened
	listener network.Listener

	closedBy   atomic.Pointer[scenario.Step] // the last step that closed a connection, perhaps under a step in the background
	begun      chan struct{}                 // closed when the next step may be taken
	background sync.WaitGroup                // steps that run in the background
	transfers  atomic.Int32                  // the transfers among them
}

// run takes the steps, up to the first failure or the end of ctx.
func (r *script) run(ctx context.Context) []Failure {
	failed := make(chan Failure, len(r.scenario.Steps))
	for _, step := range r.scenario.Steps {
		s := r.session(step)
		<-s.begun
		if step.Verb == "wait" {
			r.wait(step.Of)
		}
		if len(failed) > 0 || ctx.Err() != nil { // perhaps a step that wait waited for has failed
			break
		}
		if step.Background {
			r.takeInBackground(ctx, s, step, failed)
		} else {
			r.take(ctx, s, step, func() {}, failed)
		}
	}
	r.wait("")
	close(failed)
	var failures []Failure
	for f := range failed {
		failures = append(failures, f)
	}
	return failures
}

// session returns the session of a step.
func (r *script) session(step scenario.Step) *session {
	s, ok := r.sessions[step.Session]
	if !ok {
		s = &session{host: r.Host(step.Host), begun: make(chan struct{})}
		close(s.begun)
		r.sessions[step.Session] = s
	}
	return s
}

// wait waits for the steps that run in the background: all of them, or those of one
// session.
func (r *script) wait(of string) {
	for name, s := range r.sessions {
		if of == "" || of == name {
			s.background.Wait()
		}
	}
}

// takeInBackground begins a step. The next step of the session can begin when the
// server has replied to the command of a transfer, or when another step has ended.
func (r *script) takeInBackground(ctx context.Context, s *session, step scenario.Step, failed chan<- Failure) {
	begun := make(chan struct{})
	begin := sync.OnceFunc(func() { close(begun) })
	s.begun = begun
	if step.Transfers() {
		s.transfers.Add(1)
	}
	s.background.Go(func() {
		r.take(ctx, s, step, begin, failed)
		if step.Transfers() {
			s.transfers.Add(-1)
		}
		begin()
	})
}

// close ends the sessions that the steps left open, in the order of
// their names, so that a capture is the same in every run. If ctx has ended, it does not
// wait for the server, and not long if the session has failed or the server does not answer.
func (r *script) close(ctx context.Context, failed bool) {
	ctx, cancel := network.WithTimeout(ctx, r.network.Clock(), toClose(failed))
	defer cancel()
	for _, name := range slices.Sorted(maps.Keys(r.sessions)) {
		s := r.sessions[name]
		s.closeData()
		if s.client != nil {
			r.hangs = r.hangs || s.hangs
			closing, cancel := network.WithTimeout(ctx, r.network.Clock(), toClose(failed || s.hangs))
			s.client.Close(closing)
			cancel()
		}
	}
}

// take takes one step within its deadline and reports a failure. It calls begun when a
// transfer has begun.
func (r *script) take(ctx context.Context, s *session, step scenario.Step, begun func(), failed chan<- Failure) {
	limit := r.deadline(step, s.transfers.Load() > 0)
	ctx, cancel := network.WithTimeout(ctx, s.host.Clock(), limit)
	defer cancel()
	began := s.host.Clock().Now()
	end := ending{}
	end.reply, end.err = steps[step.Verb](ctx, action{Step: step, script: r, session: s, begun: begun, broke: &end.broke, printed: &end.printed})
	err := end.asExpected(step)
	if err != nil && end.err == nil && end.reply.Code == 550 && !step.Refused && !r.makes(step.Path) {
		err = fmt.Errorf("%w%s", err, meantFile(r.scenario, step.Path))
	}
	if by := s.closedBy.Load(); by != nil && by.Line != step.Line && errors.Is(err, net.ErrClosed) {
		err = fmt.Errorf("%w, by the step %s of line %d", err, by.Text, by.Line)
	}
	if !step.Background { // else another step may run, and this one is not expected to break
		s.broken = s.broken || step.Break != "" && err == nil
		s.hangs = step.Break == scenario.Timeout && err == nil || s.hangs && end.reply.Code == 0
	}
	if err != nil {
		var exit exitError
		f := Failure{Line: step.Line, Message: reason(step, err, limit) + end.printed, Late: errors.Is(err, context.DeadlineExceeded), Client: s.end, answered: end.err == nil && end.broke == nil}
		if errors.As(err, &exit) {
			f.Program, f.Crashed, f.Began = true, exit.accident, began
		}
		failed <- f
	}
}

// makes reports whether a step makes a file or a folder of this name on the server. Then a refusal is
// not because of a file that was never there.
func (r *script) makes(name string) bool {
	return slices.ContainsFunc(r.scenario.Steps, func(s scenario.Step) bool {
		made := s.To
		if s.Local != "" || s.Verb == "mkdir" {
			made = s.Path
		}
		return made != "" && path.Base(made) == path.Base(name)
	})
}

// meantFile is the end of a message about a file or folder that the server does not have: a
// similar name that it has, or that the client has the file.
func meantFile(s *scenario.Scenario, name string) string {
	name = strings.Trim(name, "/")
	var known []string
	for _, f := range s.Files {
		for p := strings.TrimSuffix(f.Path, "/"); p != "."; p = path.Dir(p) {
			known = append(known, p, path.Base(p))
		}
	}
	if name == "" || slices.Contains(known, name) {
		return ""
	}
	for _, k := range known {
		if strings.EqualFold(k, name) {
			return fmt.Sprintf("; did you mean %s? Capital letters matter", k)
		}
	}
	if _, ok := s.LocalFile(name); ok {
		return fmt.Sprintf("; the client has this file, of local/%s, and the server's are those of files/", name)
	}
	return scenario.DidYouMean(name, known)
}

// reason says why a step with the time limit failed. It leaves out repetitions: that
// the time was over, and the text of the step.
func reason(step scenario.Step, err error, limit time.Duration) string {
	why := strings.TrimPrefix(oserror.Text(err), withoutPrefix(step)+": ")
	if errors.Is(err, context.DeadlineExceeded) {
		why = strings.ReplaceAll(why, ": "+context.DeadlineExceeded.Error(), "")
		why += fmt.Sprintf("; the deadline for this step was %v", limit.Round(time.Millisecond))
	}
	return step.Text + ": " + strings.ReplaceAll(why, "\n", "; ")
}

// withoutPrefix is the text of a step without its ! or "expect WHAT:".
func withoutPrefix(step scenario.Step) string {
	text := strings.TrimPrefix(step.Text, "!")
	if step.Break != "" || strings.HasPrefix(text, "expect") {
		_, text, _ = strings.Cut(text, ":")
	}
	return strings.TrimSpace(text)
}

// deadline returns how long a step may take: the scenario's deadline. A transfer, and a
// step after one, also gets the time that all data of the scenario needs on a slow
// machine or on the scenario's path, because other transfers may run at the same time.
func (r *script) deadline(step scenario.Step, afterTransfer bool) time.Duration {
	limit := r.scenario.Deadline + step.Pause
	if step.Transfers() || len(step.Program) > 0 || afterTransfer {
		const pace = 10 << 20 // bytes a second
		seconds := float64(r.scenario.Network.Volume) / pace
		if rate := r.scenario.Network.SlowestRate(); rate > 0 {
			seconds += 4 * 8 * float64(r.scenario.Network.Volume) / float64(rate)
		}
		limit += time.Duration(seconds * float64(time.Second))
	}
	return limit
}
