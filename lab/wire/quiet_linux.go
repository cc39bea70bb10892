package wire

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

// How long Close waits for what is under way.
const (
	breath   = 2 * time.Millisecond // between two looks
	givingUp = 10 * time.Second     // without a frame, while a connection waits for one
)

// quiesce waits until nothing is under way: no frame on the path, none that a
// host waits for, and none that the last to arrive gave rise to.
//
// A host's kernel waits for a frame as long as a connection has sent what is
// not acknowledged, or is being opened or closed. That covers what no queue
// shows, such as an acknowledgement that its sender delays. It waits in vain
// when the other side's program does not read any more; that is an error.
func (n *wire) quiesce(ctx context.Context) error {
	var last report
	var moved time.Time
	for ctx.Err() == nil {
		waiting, err := n.waiting()
		if err != nil {
			return err
		}
		now := n.path.ask()
		if now.quiet && last.quiet && now.crossed == last.crossed && waiting == "" {
			return nil
		}
		if now.crossed != last.crossed || !now.quiet || moved.IsZero() {
			moved = time.Now()
		}
		if time.Since(moved) > givingUp {
			return fmt.Errorf("nothing has crossed for %v, and still a connection waits: %s", givingUp, waiting)
		}
		last = now
		time.Sleep(breath)
	}
	return context.Cause(ctx)
}

// waiting names a connection that waits for a frame, or returns "".
func (n *wire) waiting() (connection string, err error) {
	for _, h := range n.hosts {
		err := h.namespace.Do(func() error {
			for _, table := range []string{"tcp", "tcp6"} {
				c, err := waitingIn("/proc/thread-self/net/" + table)
				if err != nil {
					return err
				}
				if c != "" {
					connection = h.plan.Name + ": " + c
				}
			}
			return nil
		})
		if err != nil {
			return "", fmt.Errorf("reading the connections of host %s: %w", h.plan.Name, err)
		}
	}
	return connection, nil
}

// waitingIn finds a connection that waits for a frame in one of the kernel's
// tables (proc(5), /proc/net/tcp).
func waitingIn(table string) (connection string, err error) {
	f, err := os.Open(table)
	if errors.Is(err, os.ErrNotExist) {
		return "", nil // a kernel without IPv6
	}
	if err != nil {
		return "", err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		// sl local_address rem_address st tx_queue:rx_queue ...
		field := strings.Fields(lines.Text())
		if len(field) < 5 || field[0] == "sl" {
			continue
		}
		unacknowledged, _, _ := strings.Cut(field[4], ":")
		if waitsIn(field[3]) || strings.Trim(unacknowledged, "0") != "" {
			connection = fmt.Sprintf("from %s to %s in state %s", field[1], field[2], field[3])
		}
	}
	return connection, lines.Err()
}

// waitsIn says whether a connection in the state, as the kernel's tables have
// it, waits for the other side's kernel.
func waitsIn(state string) bool {
	switch state {
	case "02", "03", "04", "09", "0B": // SYN-SENT, SYN-RECEIVED, FIN-WAIT-1, LAST-ACK, CLOSING
		return true
	}
	return false
}
