package loopback

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"ftplab/lab/testbed/cell"
	"ftplab/lab/testbed/cell/celltest"
	"ftplab/lab/testbed/network"
)

// closeEarly closes the network while nobody reads the capture yet. It tells
// the parent, who reads then, that it has waited longer than its closeTimeout.
func closeEarly(ctx context.Context, c *cell.Cell, job testJob) error {
	closeTimeout = 400 * time.Millisecond
	n, err := open(c, job)
	if err != nil {
		return err
	}
	if _, err := send(ctx, n.hosts["server"], n.hosts["client"], job); err != nil {
		return err
	}
	closed := make(chan error, 1)
	go func() { closed <- n.Close(network.UsualSilence) }()
	select {
	case err := <-closed:
		return fmt.Errorf("closed before anybody read the capture: got error %w", err)
	case <-time.After(2 * closeTimeout):
	}
	if err := errors.Join(c.Send("read now"), <-closed); err != nil {
		return err
	}
	return c.Send(n.Stats())
}

// TestAReaderThatComesLateGetsAll has it come when the session is over, and
// more of the capture is to be written than a pipe holds.
func TestAReaderThatComesLateGetsAll(t *testing.T) {
	celltest.Need(t)
	path := filepath.Join(t.TempDir(), "capture.pcapng")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	live, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	gate, copied := make(chan bool), make(chan error)
	go func() {
		<-gate
		_, err := io.Copy(file, live)
		copied <- err
	}()
	job := testJob{Body: "close early", Plan: plan("127.0.0.1"), Size: 2 << 20}
	job.Plan.Volume = job.Size
	var messages []string
	err = cell.Run(context.Background(), cell.Job{
		Spec: job, Files: []*os.File{out},
		Message: func(m json.RawMessage) {
			if messages = append(messages, string(m)); len(messages) == 1 {
				close(gate)
			}
		},
	})
	out.Close()
	if len(messages) == 0 {
		close(gate)
	}
	if err := errors.Join(err, <-copied, live.Close()); err != nil {
		t.Fatal(err)
	}
	frames, err := countFrames(path)
	want := fmt.Sprintf(`{"Received":%d,"Dropped":0}`, frames)
	if err != nil || len(messages) != 2 || messages[1] != want {
		t.Errorf("got messages %s, %v, want the second to be %s, as that many frames were read", messages, err, want)
	}
	if length := streamOf(t, path, 20); length != job.Size {
		t.Errorf("the capture holds %d bytes of the stream, want %d", length, job.Size)
	}
}

// withoutIPv6 opens a network of IPv6 where there is none any more.
func withoutIPv6(ctx context.Context, c *cell.Cell, job testJob) error {
	if err := os.WriteFile("/proc/sys/net/ipv6/conf/all/disable_ipv6", []byte("1"), 0); err != nil {
		return err
	}
	_, err := open(c, job)
	return err
}

func TestWithoutIPv6(t *testing.T) {
	out, err := os.Create(filepath.Join(t.TempDir(), "capture.pcapng"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	err = cell.Run(context.Background(), cell.Job{
		Spec: testJob{Body: "without IPv6", Plan: plan("::1")}, Files: []*os.File{out},
	})
	if !errors.Is(err, cell.ErrRefused) {
		t.Errorf("got error %v, want one that wraps ErrRefused", err)
	}
}
