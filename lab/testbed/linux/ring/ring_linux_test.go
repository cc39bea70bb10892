package ring

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"ftplab/lab/labtest/optional"
	"ftplab/lab/pcapng"
	"ftplab/lab/testbed/cell"
)

func init() { cell.Init(countTogether) }

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
			frames, err := ring.Next()
			if err != nil {
				read <- err
				return
			}
			for range frames {
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
	for range count {
		if _, err := from.Write([]byte("count me")); err != nil {
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
