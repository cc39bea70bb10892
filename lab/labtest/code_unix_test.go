//go:build unix

package labtest_test

import (
	"context"
	"syscall"
	"testing"
	"time"

	"github.com/jlaffaye/ftp"

	"ftplab/lab/labtest"
)

// TestClientInSystemCall has a client wait for the system in the middle of a session.
// Its deadline is a time of the network, which does not pass meanwhile.
func TestClientInSystemCall(t *testing.T) {
	var pipe [2]int
	if err := syscall.Pipe(pipe[:]); err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(pipe[0])
	defer syscall.Close(pipe[1])
	labtest.Scenario(t, parse(t, "network wire tcp=gvisor", "user alice secret"), labtest.Client(func(ctx context.Context, d labtest.Dialer) error {
		c, err := ftp.Dial("server:21", ftp.DialWithContext(ctx), ftp.DialWithDialFunc(d.Dial))
		if err != nil {
			return err
		}
		time.AfterFunc(50*time.Millisecond, func() { syscall.Write(pipe[1], []byte{0}) })
		if _, err := syscall.Read(pipe[0], make([]byte, 1)); err != nil {
			return err
		}
		if err := c.Login("alice", "secret"); err != nil {
			return err
		}
		return c.Quit()
	}))
}
