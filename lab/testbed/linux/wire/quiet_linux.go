package wire

import (
	"context"
	"fmt"
	"time"

	"ftplab/lab/testbed/network"
)

// Limits of Close's wait for frames that are under way.
const (
	shortPause = 2 * time.Millisecond  // between two reports
	longPause  = 20 * time.Millisecond // between two reports when no frame has crossed for long
	long       = 200 * time.Millisecond
)

// quiesce waits until the network is at rest: no frame is on the path, every
// segment is acknowledged, and the hosts have answered the last frame. If no
// frame is sent for the time silence before that, it returns
// [network.ErrUnacknowledged].
func (n *wire) quiesce(ctx context.Context, silence time.Duration) error {
	last := n.forwarder.ask()
	sent, crossed := time.Now(), time.Now() // when the last frame was on the path, and when one came or went
	pause := shortPause
	for ctx.Err() == nil {
		time.Sleep(pause)
		now := n.forwarder.ask()
		still := now.quiet && last.quiet && now.crossed == last.crossed
		switch {
		case still && now.open == "":
			return nil
		case !still:
			sent = time.Now()
		case time.Since(sent) > silence:
			return fmt.Errorf("%w: no frame was sent for %v after %s", network.ErrUnacknowledged, silence, now.open)
		}
		if now.crossed != last.crossed {
			crossed, pause = time.Now(), shortPause
		} else if time.Since(crossed) > long {
			pause = longPause
		}
		last = now
	}
	return context.Cause(ctx)
}
