package ring

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"ftplab/lab/labtest/optional"
	"ftplab/lab/pcapng"
	"ftplab/lab/testbed/cell"
)

func init() {
	cell.Init(func(ctx context.Context, c *cell.Cell) error {
		var job string
		if err := c.Spec(&job); err != nil {
			return err
		}
		if job == "count" {
			return countTogether(ctx, c)
		}
		return keepFrames(ctx, c)
	})
}

// sentTogether is how many datagrams countTogether sends.
const sentTogether = 5000

// countTogether asks a ring for its counts from several goroutines, while one
// reads it and one sends.
func countTogether(ctx context.Context, c *cell.Cell) error {
	ring, err := Open("lo", smallestRing)
	if err != nil {
		return err
	}
	read := make(chan error)
	go func() {
		for {
			if _, _, err := ring.ZeroCopyReadPacketData(); err != nil {
				read <- err
				return
			}
		}
	}()
	var asking sync.WaitGroup
	sent := make(chan struct{})
	for range 4 {
		asking.Go(func() {
			for {
				if _, err := ring.Stats(); err != nil {
					panic(err)
				}
				select {
				case <-sent:
					return
				default:
				}
			}
		})
	}
	if err := sendDatagrams(sentTogether); err != nil {
		return err
	}
	close(sent)
	asking.Wait()
	stats, err := ring.Stats()
	ring.Interrupt()
	if readErr := <-read; !errors.Is(readErr, os.ErrDeadlineExceeded) {
		return fmt.Errorf("reading until interrupted: %w", readErr)
	}
	return errors.Join(err, ring.Close(), c.Send(stats))
}

// keepFrames keeps frames for as long as the ring lets it, and reads them then.
func keepFrames(ctx context.Context, c *cell.Cell) error {
	ring, err := Open("lo", smallestRing)
	if err != nil {
		return err
	}
	began := time.Now()
	if err := sendDatagrams(sentTogether); err != nil {
		return err
	}
	var kept [][]byte
	for read := 1; read <= sentTogether; read++ {
		frame, info, err := ring.ZeroCopyReadPacketData()
		if err != nil {
			return err
		}
		if info.CaptureLength != len(frame) || info.Length != len(frame) || info.Timestamp.Before(began) || info.Timestamp.After(time.Now()) {
			return fmt.Errorf("frame %d, of %d bytes, has the CaptureInfo %+v", read, len(frame), info)
		}
		kept = append(kept, frame)
		if ring.Buffered() > 0 && read < sentTogether {
			continue
		}
		for i, frame := range kept {
			if want := fmt.Sprint("datagram ", read-len(kept)+i); !bytes.HasSuffix(frame, []byte(want)) {
				return fmt.Errorf("got the frame %q, want that of %s", frame, want)
			}
		}
		kept = kept[:0]
	}
	return ring.Close()
}

// TestFramesStay: more than a block of frames passes, and none changes before
// nothing is buffered.
func TestFramesStay(t *testing.T) {
	err := cell.Run(t.Context(), cell.Job{Spec: "keep"})
	if errors.Is(err, cell.ErrRefused) {
		optional.Missing(t, err)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// sendDatagrams sends as many to one who does not read them.
func sendDatagrams(count int) error {
	to, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer to.Close()
	from, err := net.Dial("udp4", to.LocalAddr().String())
	if err != nil {
		return err
	}
	defer from.Close()
	for i := range count {
		if _, err := fmt.Fprint(from, "datagram ", i); err != nil {
			return err
		}
	}
	return nil
}

// TestStatsFromManyGoroutines: the kernel forgets its counts when it is asked
// for them, and so none may be lost between those who ask.
func TestStatsFromManyGoroutines(t *testing.T) {
	var got pcapng.Stats
	err := cell.Run(t.Context(), cell.Job{
		Spec:    "count",
		Message: func(m json.RawMessage) { json.Unmarshal(m, &got) },
	})
	if errors.Is(err, cell.ErrRefused) {
		optional.Missing(t, err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if got.Received != sentTogether {
		t.Errorf("got %d frames received, want the %d that were sent", got.Received, sentTogether)
	}
}

// TestAKernelThatIsTooOld asks a socket that knows the option as little as such
// a kernel does.
func TestAKernelThatIsTooOld(t *testing.T) {
	s, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(s)
	if err := ignoreOutgoing(s); err == nil || !strings.Contains(err.Error(), "Linux 4.20") || !errors.Is(err, unix.ENOPROTOOPT) {
		t.Errorf("got error %v, want that it takes Linux 4.20", err)
	}
}
