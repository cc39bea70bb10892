package runner

import (
	"io"
	"sync"
	"time"

	"ftplab/lab/testbed/network"
)

// Progress is how far a run is.
type Progress struct {
	Bytes int64 // of data, so far

	// Waits, unless it is zero, is when a packet arrives that is late on its way. The steps have ended, and the run
	// waits for nothing else. Bytes then says nothing.
	Waits time.Time `json:",omitzero"`
}

// A meter counts the data of all transfers and reports the sum from time to time.
type meter struct {
	clock  network.Clock
	report func(Progress) // may be nil

	mu       sync.Mutex
	bytes    int64
	reported time.Time
}

// reportEvery is the time between two reports: a person sees no difference below it.
const reportEvery = 100 * time.Millisecond

func newMeter(clock network.Clock, report func(Progress)) *meter {
	return &meter{clock: clock, report: report, reported: clock.Now()}
}

// Write counts what was written, for downloads.
func (m *meter) Write(p []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.bytes += int64(len(p))
	if now := m.clock.Now(); m.report != nil && now.Sub(m.reported) >= reportEvery {
		m.reported = now
		defer network.Hold(m.clock)() // the network's clock does not count the time of a report
		m.report(Progress{Bytes: m.bytes})
	}
	return len(p), nil
}

// reader counts what is read from r, for uploads.
func (m *meter) reader(r io.Reader) io.Reader { return io.TeeReader(r, m) }
