package wire

import (
	"context"
	"fmt"
	"time"
)

// Limits of Close's wait for frames that are under way.
const (
	pause    = 2 * time.Millisecond // between two reports
	givingUp = 10 * time.Second     // without a frame, while a stream is not acknowledged
)

// quiesce waits until the network is at rest: no frame is on the path, every
// segment is acknowledged, and the hosts have answered the last frame. If a
// host never acknowledges, it returns an error.
func (n *wire) quiesce(ctx context.Context) error {
	last := n.forwarder.ask()
	moved := time.Now()
	for ctx.Err() == nil {
		time.Sleep(pause)
		now := n.forwarder.ask()
		still := now.quiet && last.quiet && now.crossed == last.crossed
		switch {
		case still && now.open == "":
			return nil
		case !still:
			moved = time.Now()
		case time.Since(moved) > givingUp:
			return fmt.Errorf("no frame was sent for %v, but this is not acknowledged: %s", givingUp, now.open)
		}
		last = now
	}
	return context.Cause(ctx)
}
