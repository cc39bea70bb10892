package wire

import (
	"context"
	"fmt"
	"time"
)

// How long Close waits for what is under way.
const (
	breath   = 2 * time.Millisecond // between two looks
	givingUp = 10 * time.Second     // without a frame, while something is not acknowledged
)

// quiesce waits until nothing is under way: no frame on the path, no segment
// that is not acknowledged, and nothing that the last frame to arrive gave rise
// to. It waits in vain for a host that does not answer; that is an error.
func (n *wire) quiesce(ctx context.Context) error {
	last := n.forwarder.ask()
	moved := time.Now()
	for ctx.Err() == nil {
		time.Sleep(breath)
		now := n.forwarder.ask()
		still := now.quiet && last.quiet && now.crossed == last.crossed
		switch {
		case still && now.open == "":
			return nil
		case !still:
			moved = time.Now()
		case time.Since(moved) > givingUp:
			return fmt.Errorf("nothing has crossed for %v, and still nobody has acknowledged %s", givingUp, now.open)
		}
		last = now
	}
	return context.Cause(ctx)
}
