package lab

import (
	"context"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// whileRead returns a context that ends when a pipe has no reader any longer. A write would
// show that, too, but while no packet comes nothing is written. Stop ends the watch.
func whileRead(ctx context.Context, file *os.File) (reading context.Context, stop func()) {
	reading, cancel := context.WithCancelCause(ctx)
	info, err := file.Stat()
	if err != nil || info.Mode()&os.ModeNamedPipe == 0 {
		return reading, func() { cancel(nil) }
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		const interval = 100 * time.Millisecond
		for reading.Err() == nil {
			fds := []unix.PollFd{{Fd: int32(file.Fd())}}
			n, err := unix.Poll(fds, int(interval.Milliseconds()))
			if err == nil && n > 0 && fds[0].Revents&unix.POLLERR != 0 {
				cancel(fmt.Errorf("the reader of %s is gone", file.Name()))
			}
		}
	}()
	return reading, func() { cancel(nil); <-ended }
}
