package loopback

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"ftplab/lab/pcapng"
	"ftplab/lab/scenario"
	"ftplab/lab/testbed/linux/ring"
	"ftplab/lab/testbed/network"
)

// A recorder writes the frames on lo, from when it is made until it is closed.
type recorder struct {
	ring   *ring.Ring
	writer *pcapng.Writer
	failed func(error)
	others *others // whose frames are left out; nil if lo is not shared
	marks  *marks
	holds  bool // the ring has room for the whole session

	done  chan struct{} // closed when the last frame is written
	err   error         // of the writer or the ring
	stats pcapng.Stats
}

// closeTimeout limits the wait for connections to end, and for marks to pass
// while no frame waits to be written. Both take milliseconds at most; after
// this time, something is wrong.
var closeTimeout = 3 * time.Second // less in tests

// record starts to record.
func record(plan scenario.Network, how Recording) (*recorder, error) {
	r := &recorder{writer: how.Writer, failed: how.Failed, done: make(chan struct{})}
	var err error
	if how.Shared {
		if r.others, err = findOthers(plan.Hosts); err != nil {
			return nil, err
		}
	}
	if r.marks, err = newMarks(); err != nil {
		return nil, err
	}
	if err := pin(); err != nil {
		return nil, err
	}
	size, holds := ring.Size(plan.Volume)
	if r.ring, err = ring.Open(device, size); err != nil {
		return nil, err
	}
	r.holds = holds
	go r.run()
	return r, nil
}

// run writes frames until all marks have passed.
func (r *recorder) run() {
	unpin(r.marks.allowed)
	defer close(r.done)
	for r.ring.Buffered() > 0 || !r.marks.complete() {
		frame, info, err := r.ring.ZeroCopyReadPacketData()
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return // close returns the error
		}
		if err != nil {
			r.fail(err)
			return
		}
		if !r.marks.pass(frame) && !r.others.sent(frame) {
			r.writer.WritePacket(info, frame) // Flush returns its error too
		}
		if r.ring.Buffered() > 0 {
			continue
		}
		if err := r.writer.Flush(); err != nil {
			r.fail(err)
		}
	}
}

// fail keeps the first error and reports it, to end the session. The ring is
// read to its end all the same.
func (r *recorder) fail(err error) {
	if r.err == nil {
		r.err = err
		if r.failed != nil {
			r.failed(err)
		}
	}
}

// behind reports whether so many frames wait to be written that the session must wait too.
//
// Data crosses lo at several GB a second, and a disk may write a tenth of that. What the
// connections have sent already, a few MiB for each, still fits in the ring. The capture
// shows a sender that pauses: no window closes, and no segment is retransmitted.
func (r *recorder) behind() bool { return r.ring.Backlog() > behindAbove }

// behindAbove is the share of the ring that may wait to be written before senders wait.
const behindAbove = 0.125

// close waits until all connections have ended and then until all their frames
// are recorded, and ends the capture.
func (r *recorder) close() error {
	open, late := r.waitForConnections(), r.waitForFrames()
	<-r.done
	kernel, statsErr := r.ring.Stats()
	go r.ring.Close() // not awaited: it takes as long as a short session

	// The kernel counts the marks as received frames.
	r.stats = pcapng.Stats{Received: uint64(r.writer.Frames()) + kernel.Dropped, Dropped: kernel.Dropped}
	err := errors.Join(open, r.err, r.incomplete(late, statsErr))
	if r.err != nil {
		return err
	}
	return errors.Join(err, r.writer.Close(r.stats))
}

// incomplete returns the error of a capture that lacks frames: for the reasons that are not nil, or
// because the ring had no room for them.
func (r *recorder) incomplete(reasons ...error) error {
	if r.stats.Dropped > 0 {
		reasons = append(reasons, fmt.Errorf("the recorder lost %d of %d frames; %s", r.stats.Dropped, r.stats.Received, network.LessWork))
	}
	if err := errors.Join(reasons...); err != nil {
		return fmt.Errorf("loopback: %w: %w", network.ErrIncomplete, err)
	}
	return nil
}

// waitForConnections waits until every TCP connection of the session is closed
// or in TIME-WAIT: then its last acknowledgement was received, and so recorded.
func (r *recorder) waitForConnections() error {
	deadline := time.Now().Add(closeTimeout)
	for {
		open, err := r.openConnections()
		if err != nil || len(open) == 0 {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("loopback: connections that were not closed: %s", strings.Join(open, ", "))
		}
		time.Sleep(time.Millisecond)
	}
}

// openConnections lists the session's connections that may still send.
func (r *recorder) openConnections() (open []string, err error) {
	if r.others == nil && network.NoConnections() {
		return nil, nil
	}
	all, err := network.Sockets("tcp", "tcp6")
	if err != nil {
		return nil, fmt.Errorf("loopback: %w", err)
	}
	for _, s := range all {
		quiet := s.State == "TIME-WAIT" || s.State == "LISTEN" || s.State == "CLOSED"
		if !quiet && (r.others == nil || !r.others.has(flow{s.Local, s.Remote})) {
			open = append(open, s.String())
		}
	}
	slices.Sort(open)
	return open, nil
}

// waitForFrames waits until the recorder has read all frames. Writing them has
// no time limit: the reader of a pipe may start only when the session is over.
func (r *recorder) waitForFrames() error {
	const tries = 10
	for range tries {
		if r.waitForRing(roomForMarks, time.Millisecond) {
			return nil
		}
		if err := r.marks.send(r.ring); err != nil {
			r.ring.Interrupt()
			return fmt.Errorf("sending the marks for the end of the capture: %w", err)
		}
		// A mark may still be lost if other programs fill the ring.
		if r.waitForRing(0, closeTimeout/tries) {
			return nil
		}
	}
	r.ring.Interrupt()
	return errors.New("the recorder did not reach the end of the frames")
}

// roomForMarks is the largest backlog, as a share of the ring, that leaves room
// for marks.
const roomForMarks = 0.5

// waitForRing waits until the backlog is at most the given one, and checks at
// the given interval. It reports whether the recorder ended before that.
func (r *recorder) waitForRing(backlog float64, each time.Duration) (done bool) {
	for {
		select {
		case <-r.done:
			return true
		case <-time.After(each):
		}
		if r.ring.Backlog() <= backlog {
			return false
		}
	}
}
