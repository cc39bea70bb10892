package main

import (
	"io"
	"os"
	"sync"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"ftplab/lab/scenario"
)

// worthABar is the smallest volume, in bytes, for which a run takes long enough to
// show its progress.
const worthABar = 32 << 20

// A transferBar shows how much of the runs' volume has been transferred. A nil transferBar
// shows nothing.
type transferBar struct {
	mu    sync.Mutex
	bar   *progressbar.ProgressBar
	bytes map[int]int64 // of each run
}

// newTransferBar returns a bar if w is a terminal and there is much to transfer.
func newTransferBar(w io.Writer, list []*scenario.Scenario) *transferBar {
	var total int64
	for _, s := range list {
		total += s.Network.Volume
	}
	if !isTerminal(w) || total < worthABar {
		return nil
	}
	return &transferBar{
		bytes: map[int]int64{},
		bar: progressbar.NewOptions64(total,
			progressbar.OptionSetWriter(w),
			progressbar.OptionShowBytes(true),
			progressbar.OptionClearOnFinish()),
	}
}

// isTerminal reports whether what is written to w is shown on a terminal.
func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// set sets how many bytes the i-th run has transferred.
func (b *transferBar) set(i int, bytes int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.bytes[i] = bytes
	var sum int64
	for _, n := range b.bytes {
		sum += n
	}
	b.bar.Set64(sum)
}

// clear removes the bar from the screen before a line is printed.
func (b *transferBar) clear() {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.bar.Clear()
}
