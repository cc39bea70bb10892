package wire

import (
	"fmt"
	"sync"
	"testing"
	"time"
)

// TestManyCellsAtOnce runs so many networks side by side, each in a cell of its
// own, on however few processors there are.
func TestManyCellsAtOnce(t *testing.T) {
	if testing.Short() {
		t.Skip("starts 200 processes")
	}
	const cells = 200
	var all sync.WaitGroup
	for i := range cells {
		all.Go(func() {
			plan := twoHosts(20 * time.Millisecond)
			var d downloaded
			r, err := experiment{Body: "download", Plan: plan, Bytes: 50_000}.try(t, &d)
			if err != nil {
				t.Errorf("cell %d: %v", i, err)
				return
			}
			if d.Bytes != 50_000 || d.Got != d.Sent {
				t.Errorf("cell %d: got %+v", i, d)
			}
			s := r.segments(t)
			if len(s) < 2 {
				t.Errorf("cell %d: got %d segments", i, len(s))
				return
			}
			seen := map[string]bool{}
			for _, f := range s {
				id := fmt.Sprint(f.tcp.SrcPort, f.tcp.Seq, f.payload(), f.tcp.SYN, f.tcp.FIN)
				if (f.payload() > 0 || f.tcp.SYN || f.tcp.FIN) && seen[id] {
					t.Errorf("cell %d: sent again: %v", i, f)
				}
				seen[id] = true
			}
			if rtt := s[1].at.Sub(s[0].at); rtt < 20*time.Millisecond || rtt > 21*time.Millisecond {
				t.Errorf("cell %d: SYN to SYN-ACK takes %v, want 20 ms", i, rtt)
			}
		})
	}
	all.Wait()
}
