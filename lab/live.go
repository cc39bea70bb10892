package lab

import (
	"context"
	"fmt"
	"io"
	"os"
)

// readAlong returns a file for a capture that goes to w while it is made, and a context that
// ends when w has no reader any longer. Stop passes on the rest, and returns the error of
// writing to w.
func readAlong(ctx context.Context, w io.Writer) (file *os.File, reading context.Context, stop func() error, err error) {
	if file, ok := w.(*os.File); ok {
		reading, stop := whileRead(ctx, file)
		return file, reading, func() error { stop(); return nil }, nil
	}
	out, file, err := os.Pipe()
	if err != nil {
		return nil, nil, nil, err
	}
	reading, cancel := context.WithCancelCause(ctx)
	written := make(chan error, 1)
	go func() {
		_, err := io.Copy(w, out)
		out.Close() // so that the recorder fails
		if err != nil {
			err = fmt.Errorf("passing on the capture: %w", err)
			cancel(err)
		}
		written <- err
	}()
	return file, reading, func() error {
		file.Close()
		defer cancel(nil)
		return <-written
	}, nil
}
