package runner

import (
	"io"
	"sync/atomic"
	"time"
)

// A meter counts the data of all transfers and tells the sum now and then.
type meter struct {
	bytes atomic.Int64
	done  chan struct{}
}

// tellEvery is often enough for a person.
const tellEvery = 100 * time.Millisecond

func newMeter(tell func(Progress)) *meter {
	m := &meter{done: make(chan struct{})}
	go func() {
		ticker := time.NewTicker(tellEvery)
		defer ticker.Stop()
		var told int64
		for {
			select {
			case <-m.done:
				return
			case <-ticker.C:
			}
			if now := m.bytes.Load(); now != told {
				told = now
				tell(Progress{Bytes: now})
			}
		}
	}()
	return m
}

func (m *meter) stop() { close(m.done) }

// Write counts what was written, for downloads.
func (m *meter) Write(p []byte) (int, error) {
	m.bytes.Add(int64(len(p)))
	return len(p), nil
}

// reader counts what is read from r, for uploads.
func (m *meter) reader(r io.Reader) io.Reader { return io.TeeReader(r, m) }
