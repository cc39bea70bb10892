package byhand

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"ftplab/lab/pcapng"
	"ftplab/lab/testbed/linux/ring"
)

// ringSize is room, in bytes, for what a class can send while the recorder
// waits for a processor.
const ringSize = 64 << 20

// Record records what a network device of this machine sends and receives. When
// ctx ends, it writes all frames up to that moment and returns nil. It needs
// CAP_NET_RAW. Ready is called when recording has started: no later frame is
// missed. If frames were lost, the error says how many.
func Record(ctx context.Context, device string, w *pcapng.Writer, ready func()) error {
	frames, err := ring.Open(device, ringSize)
	if errors.Is(err, os.ErrPermission) {
		return fmt.Errorf("%w: recording a device needs root, or the capability CAP_NET_RAW", err)
	}
	if err != nil {
		return err
	}
	r := &deviceRecorder{ring: frames, writer: w, done: make(chan struct{})}
	go r.run()
	ready()
	select {
	case <-ctx.Done():
		err = r.catchUp()
	case <-r.done:
	}
	frames.Interrupt()
	<-r.done
	return errors.Join(err, r.err, r.end())
}

// A deviceRecorder writes the frames of a ring to a capture.
type deviceRecorder struct {
	ring   *ring.Ring
	writer *pcapng.Writer
	seen   atomic.Uint64 // frames
	done   chan struct{} // closed when the ring is no longer read
	err    error         // of the writer, or of the device
}

// run writes frames until the ring is interrupted.
func (r *deviceRecorder) run() {
	defer close(r.done)
	var count uint64 // of frames that are not flushed yet
	for {
		frame, info, err := r.ring.ZeroCopyReadPacketData()
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return
		}
		if err == nil {
			r.writer.WritePacket(info, frame) // Flush returns its error too
			count++
			if r.ring.Buffered() > 0 {
				continue
			}
			err = r.writer.Flush()
		}
		if err != nil {
			r.err = err
			return
		}
		r.seen.Add(count)
		count = 0
	}
}

// dequeueTimeout limits the wait for frames that the kernel has counted. It
// hands them over within milliseconds.
var dequeueTimeout = 3 * time.Second // less in tests

// catchUp waits until everything is written that the device has received so
// far. Only the kernel's handover has a time limit. Writing has none: the
// program that reads a pipe at the other end may start reading only now.
func (r *deviceRecorder) catchUp() error {
	stats, err := r.ring.Stats()
	if err != nil {
		return err
	}
	deadline := time.Now().Add(dequeueTimeout)
	for r.seen.Load() < stats.Received-stats.Dropped {
		select {
		case <-r.done:
			return nil // r.err says why
		case <-time.After(time.Millisecond):
		}
		if r.ring.Backlog() > 0 {
			deadline = time.Now().Add(dequeueTimeout)
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("the end of the capture is missing: the kernel handed over %d of %d frames", r.seen.Load(), stats.Received)
		}
	}
	return nil
}

// end closes the ring and ends the capture with its statistics. Frames that
// arrive after the call are not recorded.
func (r *deviceRecorder) end() error {
	stats, err := r.ring.Stats()
	err = errors.Join(err, r.ring.Close())
	stats.Received = r.seen.Load() + stats.Dropped
	err = errors.Join(err, r.writer.Close(stats))
	if stats.Dropped > 0 {
		err = errors.Join(err, fmt.Errorf("the recorder lost %d of %d frames", stats.Dropped, stats.Received))
	}
	return err
}

// Recorded reports whether any program records the device, that is, whether a
// packet socket is bound to it (packet(7), /proc/net/packet).
func Recorded(device string) (bool, error) {
	inter, err := net.InterfaceByName(device)
	if err != nil {
		return false, fmt.Errorf("%s: %w", device, err)
	}
	table, err := os.Open("/proc/net/packet")
	if err != nil {
		return false, err
	}
	defer table.Close()
	lines := bufio.NewScanner(table)
	for lines.Scan() {
		// sk RefCnt Type Proto Iface R Rmem User Inode
		field := strings.Fields(lines.Text())
		if len(field) > 4 && field[4] == strconv.Itoa(inter.Index) {
			return true, nil
		}
	}
	return false, lines.Err()
}
