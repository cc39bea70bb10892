package runner

import (
	"context"
	"errors"
	"fmt"
	"time"

	"ftplab/lab/scenario"
	"ftplab/lab/testbed/ftpclient"
	"ftplab/lab/testbed/network"
)

// Steps is the client that takes the scenario's steps, up to the first that
// fails. It tells now and then how far the transfers are; tell may be nil.
func Steps(tell func(Progress)) Client {
	return func(ctx context.Context, e *Environment) ([]Failure, error) {
		r := &script{Environment: e, meter: newMeter(e.network.Clock(), tell), sessions: map[string]*session{}}
		failures := r.run(ctx)
		r.close(ctx)
		return failures, nil
	}
}

// A script takes the steps of a scenario.
type script struct {
	*Environment
	meter    *meter
	sessions map[string]*session
}

// A session is one client program at work.
type session struct {
	host   network.Host
	client ftpclient.Client
	mode   ftpclient.Mode // for the next open; "" is the usual one
	port   uint16
	busy   chan struct{} // closed when its step that goes on in the background has ended
}

// run takes the steps, up to the first failure or the end of ctx.
func (r *script) run(ctx context.Context) []Failure {
	failed := make(chan Failure, len(r.scenario.Steps))
	for _, step := range r.scenario.Steps {
		s := r.session(step)
		if step.Verb == "wait" {
			r.waitForAll()
		} else {
			s.wait()
		}
		if len(failed) > 0 || ctx.Err() != nil { // perhaps of what was waited for
			break
		}
		if step.Background {
			s.busy = make(chan struct{})
			go func() {
				defer close(s.busy)
				r.take(ctx, s, step, failed)
			}()
		} else {
			r.take(ctx, s, step, failed)
		}
	}
	r.waitForAll()
	close(failed)
	var failures []Failure
	for f := range failed {
		failures = append(failures, f)
	}
	return failures
}

// session returns the session that takes a step.
func (r *script) session(step scenario.Step) *session {
	s, ok := r.sessions[step.Session]
	if !ok {
		s = &session{host: r.Host(step.Host), busy: make(chan struct{})}
		close(s.busy)
		r.sessions[step.Session] = s
	}
	return s
}

func (s *session) wait() { <-s.busy }

func (r *script) waitForAll() {
	for _, s := range r.sessions {
		s.wait()
	}
}

// close ends the sessions that the steps left open.
func (r *script) close(ctx context.Context) {
	ctx, cancel := network.WithTimeout(context.WithoutCancel(ctx), r.network.Clock(), timeToClose)
	defer cancel()
	for _, s := range r.sessions {
		if s.client != nil {
			s.client.Close(ctx)
		}
	}
}

// take takes one step within its deadline and says what is wrong with it.
func (r *script) take(ctx context.Context, s *session, step scenario.Step, failed chan<- Failure) {
	ctx, cancel := network.WithTimeout(ctx, s.host.Clock(), r.deadline(step))
	defer cancel()
	reply, err := steps[step.Verb](r, ctx, s, step)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		err = fmt.Errorf("%w; the deadline for this step was %v", err, r.deadline(step))
	case err != nil:
	case step.Refused && !reply.Refused():
		err = fmt.Errorf("the server said %q, and the ! says that it should refuse", reply)
	case !step.Refused && reply.Refused() && step.Verb != "auth":
		err = fmt.Errorf("the server refused: %q", reply)
	}
	if err != nil {
		failed <- Failure{step.Line, fmt.Sprintf("%s: %v", step.Text, err)}
	}
}

// deadline is how long a step may take: the scenario's deadline, and for a
// transfer the time that all of the scenario's data needs, as others may be under
// way, at a slow machine's pace or on the scenario's path.
func (r *script) deadline(step scenario.Step) time.Duration {
	limit := r.scenario.Deadline
	switch {
	case step.Transfers():
		const pace = 10 << 20 // bytes a second
		seconds := float64(r.scenario.Network.Volume) / pace
		if rate := r.scenario.Network.Rate; rate > 0 {
			seconds += 4 * 8 * float64(r.scenario.Network.Volume) / float64(rate)
		}
		limit += time.Duration(seconds * float64(time.Second))
	case step.Verb == "pause":
		limit += step.Pause
	}
	return limit
}
