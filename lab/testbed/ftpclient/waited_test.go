package ftpclient

import (
	"errors"
	"io"
	"testing"
	"time"
)

// A wait that was too short to be measured is not called one of 0 s.
func TestWaited(t *testing.T) {
	for duration, want := range map[time.Duration]string{
		0:                       "NOOP: while waiting for the reply: the server closed the connection",
		490 * time.Microsecond:  "NOOP: while waiting for the reply: the server closed the connection",
		1800 * time.Microsecond: "NOOP: waited 2ms for the reply: the server closed the connection",
	} {
		err := waited(t.Context(), "NOOP", "the reply", duration, io.EOF)
		if err.Error() != want || !errors.Is(err, ErrClosed) {
			t.Errorf("%v: got %v, want %s", duration, err, want)
		}
	}
}
