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
	longWait   = 2 * time.Second // for a frame: somebody may ask what the run waits for
)

// quiesce waits until the network is at rest: no frame is on the path, every
// segment is acknowledged, and the hosts have answered the last frame. If no
// frame is sent for the time silence before that, it returns
// [network.ErrUnacknowledged].
func (n *wire) quiesce(ctx context.Context, silence time.Duration) error {
	last := n.forwarder.ask()
	sent, crossed := time.Now(), time.Now() // when the last frame was on the path, and when one came or went
	said := n.waits == nil
	for {
		if !said && last.arrives > longWait {
			said = true
			n.waits(time.Now().Add(last.arrives))
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(last.pause(time.Since(crossed))):
		}
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
			crossed = time.Now()
		}
		last = now
	}
}

// pause is how long to wait before the next report, when no frame has crossed for a time. The
// network is not at rest before the next frame has arrived, however late that is.
func (r report) pause(silent time.Duration) time.Duration {
	if silent > long {
		return max(longPause, r.arrives)
	}
	return max(shortPause, r.arrives)
}
