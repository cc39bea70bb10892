package cell

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
)

// Run starts a cell, sends it the job, and returns when the cell has ended and all
// of its messages have been delivered. Nothing of the cell is left then.
//
// If the body fails, the error has the text of the body's error, and wraps
// [ErrRefused] if that did. If the system refuses cells, the error wraps ErrRefused,
// too. A cell that ends before its body, or with a status other than 0, is another
// error. If ctx is cancelled, so is the body's context, and the error wraps
// ctx.Err(), unless the body returns nil.
func Run(ctx context.Context, job Job) error {
	if !initialized {
		return errors.New("cell: this program never called cell.Init, so it cannot be started as a cell")
	}
	if job.Grace == 0 {
		job.Grace = defaultGrace
	}
	spec, err := json.Marshal(job.Spec)
	if err != nil {
		return fmt.Errorf("cell: the job: %w", err)
	}
	var names []string
	for _, f := range job.Files {
		names = append(names, f.Name())
	}
	ways := []way{userNamespace, plain}
	if job.MachineNetwork {
		ways = []way{plain, userNamespace} // root of the machine may use all its ports
	}
	if job.InPlace {
		ways = append(ways, inPlace)
	}
	var refusals []refusal
	for _, w := range ways {
		err := runIn(ctx, job, order{Spec: spec, Files: names, Grace: job.Grace, Way: w, MachineNetwork: job.MachineNetwork})
		var r refusal
		if !errors.As(err, &r) {
			return err
		}
		refusals = append(refusals, r)
	}
	return explain(refusals)
}

// runIn runs the job in one way. A refusal means that the body never began.
func runIn(ctx context.Context, job Job, o order) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	p, err := start(job, o.Way)
	if err != nil {
		return err
	}
	defer p.messages.Close()
	defer p.orders.Close()

	sendErr := p.send(ctx, o)
	ended, heeded := make(chan struct{}), make(chan struct{})
	go func() {
		p.stopWith(ctx, job.Grace, ended)
		close(heeded)
	}()
	last := p.listen(job.Message)
	exit := p.wait()
	close(ended)
	<-heeded

	switch {
	case last.Refused != "":
		return refusal{o.Way, errors.New(last.Refused)}
	case last.End && last.Error == nil && (exit == nil || ctx.Err() != nil):
		return nil
	case last.End && last.Error == nil: // as the race detector ends a program
		return fmt.Errorf("cell: its work was done, but it ended with %w", exit)
	case last.End:
		return &bodyError{*last.Error, last.causes(ctx)}
	case p.killed.Load():
		return fmt.Errorf("cell: killed, as it had not ended %v after it was cancelled: %w", job.Grace, ctx.Err())
	case ctx.Err() != nil:
		return ctx.Err()
	case exit == nil && sendErr != nil:
		return fmt.Errorf("cell: ended before it had its orders: %w", sendErr)
	case exit == nil:
		return errors.New("cell: ended without an outcome")
	}
	return fmt.Errorf("cell: ended before its work was done: %w", exit)
}

// causes are the errors that the body's error wraps.
func (e envelope) causes(ctx context.Context) (causes []error) {
	if e.Unable {
		causes = append(causes, ErrRefused)
	}
	if err := ctx.Err(); err != nil {
		causes = append(causes, err)
	}
	return causes
}
